"""The pages in a real Chromium: a whole day end to end, accessibility, small screens, keyboard, no script, print."""

import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from openpyxl import Workbook
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select, update

from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.portfolio import contact_points, debtors
from dispatcher.record.verify.verify_file import verify_file
from dispatcher.worker.daily_run import run_today
from tests.web.house import ALL, PASSWORD, Web
from tests.web.live import complaints, served, sign_in
from tests.web.test_debtors_page import token_of
from tests.web.test_operating import planned
from tests.web.test_pages_open import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TALL, SMALL = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
NARROW = {"width": 320, "height": 640}
A_LINE = 64  # pixels that a row with a button takes; two lines of text take 68


@pytest.fixture
def base(web: Web) -> Iterator[str]:
    with served(web) as address:
        yield address


@pytest.fixture
def page_of(browser: Browser, base: str) -> Iterator[Callable[..., Page]]:
    """Opens a page signed in as somebody, in a window of one's own."""
    opened: list[BrowserContext] = []

    def open_(name: str = ALL, path: str = "/", **more: Any) -> Page:
        context = browser.new_context(**({"viewport": TALL} | more))
        context.set_default_timeout(15_000)
        opened.append(context)
        page = context.new_page()
        if name:
            sign_in(page, base, name, path)
        else:
            page.goto(base + path)
        return page

    yield open_
    for context in opened:
        context.close()


def everything(web: Web) -> list[str]:
    """Every page there is, with one message of each channel, a plan, an error and the debtors' page.

    Somebody has an address as long as they come.
    """
    with web.house.database.writing() as connection:
        ana = contact_points.c.address == "ana@debtors.example"
        connection.execute(
            update(contact_points).where(ana).values(address=f"{'ana.' * 14}perez@debtors.example")
        )
    plan = planned(web.signed_in(ALL), "2026-11-16")
    with web.house.database.reading() as connection:
        ids = [
            connection.scalar(
                select(messages.c.id).where(messages.c.channel == channel, messages.c.state == "accepted")
            )
            for channel in ("email", "sms", "letter")
        ]
    return [
        *PAGES,
        *(f"/messages/{one}" for one in ids),
        "/people/acme/A-2",
        "/people/acme/A-8",
        f"/runs/plan/{plan}",
        f"/jobs/{plan}",
        "/nowhere",
        f"/u/{token_of(web)}",
        "/u/x",
    ]


HIGH_ROWS = """line => [...document.querySelectorAll("table.lines tbody tr")]
    .filter(row => row.offsetHeight > line).map(row => row.innerText.slice(0, 80))"""
# In the dark nothing but the colours is another.
SCHEMES: dict[Any, dict[str, Any]] = {
    "light": {},
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast"]}},
}


@pytest.mark.parametrize(
    "size", [TALL, pytest.param(SMALL, marks=pytest.mark.deep), pytest.param(NARROW, marks=pytest.mark.deep)]
)
def test_no_page_has_an_accessibility_fault_in_light_or_dark(
    web: Web, base: str, page_of: Callable[..., Page], size: dict[str, int]
) -> None:
    page, axe, found = page_of(color_scheme="light", viewport=size), Axe(), []
    for path in everything(web):
        page.goto(base + path)
        for scheme, rules in SCHEMES.items():
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            options = {"resultTypes": ["violations"], **rules}
            for violation in axe.run(page, options=options).response["violations"]:
                nodes = [node["html"][:160] for node in violation["nodes"][:3]]
                found.append((path, scheme, violation["id"], violation["help"], nodes))
        page.emulate_media(color_scheme="light")

    assert found == []


def test_the_sign_in_page_and_its_errors_are_accessible(base: str, page_of: Callable[..., Page]) -> None:
    page = page_of("", "/sign-in")
    page.get_by_label("Name").fill("nobody")
    page.get_by_label("Password").fill("a wrong password")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_contain_text("do not go together")
    expect(page.get_by_label("Password")).to_be_focused()
    assert [
        one["id"]
        for one in Axe().run(page).response["violations"]
        if one["impact"] in {"serious", "critical"}
    ] == []


@pytest.mark.parametrize("size", [SMALL, TALL, pytest.param(NARROW, marks=pytest.mark.deep)])
def test_no_page_is_wider_than_the_screen_or_complains(
    web: Web, base: str, page_of: Callable[..., Page], size: dict[str, int]
) -> None:
    page = page_of(viewport=size)
    said, wide, high = complaints(page), [], set()
    for path in everything(web):
        page.goto(base + path)
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            wide.append((path, over))
        if size == TALL:
            high.update({(path, row) for row in page.evaluate(HIGH_ROWS, A_LINE)})

    assert wide == []
    assert high == set(), "rows of lists that take more than a line"
    assert [one for one in said if "404" not in one] == []


def test_a_whole_day_from_template_to_proof(
    web: Web, base: str, page_of: Callable[..., Page], tmp_path: Path
) -> None:
    sentence = "We are glad to look at it with you."
    version = write_and_hand_in(page_of("manager", "/templates"), sentence)
    review_and_publish(page_of("approver", "/tasks"), version, sentence)

    web.house.templates.forget()
    add_a_debtor(web, "N-1", "Nora New")
    run_today(web.house, date(2026, 11, 17), actor="schedule")

    auditor = page_of("auditor", "/messages")
    find_the_message(auditor, "N-1", sentence)
    export_and_verify(auditor, base, tmp_path)

    operator = page_of("operator", "/stops")
    stop_and_resume(operator)

    opt_out_as_a_debtor(page_of("", f"/u/{token_of(web, 'N-1')}"))
    run_today(web.house, date(2026, 11, 28), actor="schedule")
    with web.house.database.reading() as connection:
        later = select(messages.c.id).join(debtors, debtors.c.id == messages.c.recipient_id)
        assert (
            connection.scalars(
                later.where(debtors.c.reference == "N-1", messages.c.as_of > date(2026, 11, 17))
            ).all()
            == []
        )
    operator.goto(f"{base}/people/acme/N-1")
    expect(operator.locator("main")).to_contain_text("opted out")


def test_counsel_reviews_a_pack_without_a_terminal(open_web: Callable[..., Web], browser: Browser) -> None:
    web = open_web(rules={"reviews": "pages"})
    with served(web) as base:
        page = browser.new_page(viewport=SMALL)
        sign_in(page, base, "counsel")
        page.locator("main a[href='/rules']").click()
        page.get_by_role("link", name="United States, Regulation F (12 CFR 1006)").click()
        page.get_by_label("Note").fill("read beside 12 CFR 1006")
        page.get_by_role("button", name="I have reviewed this pack").click()
        expect(page.locator("main")).to_contain_text("Reviewed by counsel")
        found = [one["id"] for one in Axe().run(page).response["violations"] if one["impact"] != "minor"]
        page.close()

    assert found == []


def write_and_hand_in(page: Page, sentence: str) -> int:
    page.get_by_role("link", name="first-reminder").click()
    page.get_by_role("link", name="Edit").click()
    text = page.get_by_label("E-mail in English")
    text.fill(text.input_value().replace("Kind regards,", "{{ debtor.nmae }}\n\nKind regards,"))
    expect(page.locator("#findings")).to_contain_text("Did you mean debtor.name")
    text.fill(text.input_value().replace("{{ debtor.nmae }}", sentence))
    expect(page.frame_locator("iframe.mailframe").locator("body")).to_contain_text(sentence)
    expect(page.locator("#preview-says")).to_have_text("Preview updated, nothing to see to")
    page.get_by_label("Plain text").check()
    expect(page.locator(".letterpress")).to_contain_text(sentence)
    page.get_by_label("What changes").fill("an offer")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved as draft 2")
    page.get_by_role("link", name="Hand in").click()
    expect(page.get_by_label("What changes")).to_have_value("an offer")
    page.get_by_label("What changes").fill("an offer to look at it together")
    page.get_by_role("button", name="Hand in for review").click()
    expect(page.locator("main")).to_contain_text("You wrote this version: another person reviews it")
    return 2


def review_and_publish(page: Page, version: int, sentence: str) -> None:
    page.get_by_role("link", name=f"first-reminder, version {version}").click()
    expect(page.locator("main")).to_contain_text("an offer to look at it together")
    page.get_by_role("link", name="Compare with version 1").click()
    expect(page.locator(".diff .add", has_text=sentence)).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".tag", has_text="in force")).to_be_visible()


def add_a_debtor(web: Web, reference: str, name: str) -> None:
    from tests.web.house import import_sample

    file = web.house.home / "new.csv"
    file.write_text(
        "creditor,debtor_reference,debtor_name,language,country,region,postal_code,city,email,debt_reference,currency,original_amount,balance,due_date,issued_on,disputed_on,promise_date\n"
        f"acme,{reference},{name},en,US,US-NY,10001,New York,nora@debtors.example,{reference},USD,90.00,90.00,2026-11-10,2026-10-01,,\n"
    )
    import_sample(web.house, file)


def find_the_message(page: Page, reference: str, sentence: str) -> None:
    page.get_by_label("Address", exact=True).fill("nora@debtors.example")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="Nora New").click()
    expect(page.frame_locator("iframe.mailframe").locator("body")).to_contain_text(sentence)
    expect(page.locator("#h-proof + p")).to_contain_text("give the hash that was sealed")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the exact bytes").click()
    assert b"Nora New" in download.value.path().read_bytes()
    expect(page.get_by_role("link", name=f"acme/{reference}", exact=True)).to_be_visible()


def export_and_verify(page: Page, base: str, tmp_path: Path) -> None:
    page.goto(f"{base}/log")
    page.locator("#x-debtor").fill("acme/N-1")
    page.get_by_role("button", name="Export").click()
    page.wait_for_url(re.compile(r"/jobs/\d+"))
    page.get_by_role("link", name="Exports and checks").first.click()
    page.get_by_role("link", name="Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download evidence-").click()
    bundle = tmp_path / "bundle.zip"
    download.value.save_as(bundle)
    entries, findings = verify_file(bundle)
    assert (entries > 3, findings) == (True, [])
    assert any(name.endswith(".eml") for name in zipfile.ZipFile(bundle).namelist())
    page.goto(f"{base}/log")
    page.get_by_role("button", name="Verify the whole log").click()
    expect(page.locator("main")).to_contain_text("Everything holds.")


def stop_and_resume(page: Page) -> None:
    page.get_by_label("What").select_option("channel:sms")
    page.get_by_label("Why").last.fill("wrong texts went out")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("main")).to_contain_text("Stopped: channel sms.")
    page.get_by_placeholder("Why it may go on").fill("texts are right")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("main")).to_contain_text("Nothing is stopped.")


def opt_out_as_a_debtor(page: Page) -> None:
    page.get_by_label("Stop every kind of message from Acme").check()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("status")).to_contain_text("We will not write to you this way any more")


def test_the_keyboard_alone_does_it(base: str, page_of: Callable[..., Page], web: Web) -> None:
    page = page_of("", "/sign-in")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("operator")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{base}/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()

    page.goto(f"{base}/stops")
    page.get_by_label("What").focus()
    page.keyboard.type("every")
    page.keyboard.press("Tab")
    page.keyboard.type("by keyboard")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Stopped: all.")


def test_every_control_can_be_reached_and_is_seen_to_be(base: str, page_of: Callable[..., Page]) -> None:
    page = page_of("manager", "/templates/first-reminder/edit")
    wanted = page.evaluate(
        "[...document.querySelectorAll('main a[href], main button, main input:not([type=hidden], [type=radio]:not(:checked)), main select, main textarea, main summary')]"
        ".filter((one) => one.checkVisibility()).length"
    )
    reached = page.evaluate("document.activeElement?.tagName") and 0
    outlines = 0
    for _ in range(400):
        page.keyboard.press("Tab")
        inside, seen = page.evaluate(
            "(() => { const one = document.activeElement; const main = document.getElementById('main');"
            "if (!main.contains(one) || one === main) return [false, false];"
            "return [true, parseFloat(getComputedStyle(one).outlineWidth) > 0 || one.tagName === 'IFRAME']; })()"
        )
        reached += inside
        outlines += seen
        if reached and not inside:
            break

    assert reached >= wanted
    assert outlines == reached


def test_the_menu_of_a_small_screen_opens_by_keyboard(base: str, page_of: Callable[..., Page]) -> None:
    page = page_of(viewport=SMALL)
    menu = page.get_by_text("Menu", exact=True)
    menu.focus()
    page.keyboard.press("Enter")

    page.get_by_role("navigation", name="Main, small screen").get_by_role("link", name="Messages").click()

    page.wait_for_url(f"{base}/messages")
    assert page.get_by_role("heading", level=1).inner_text() == "Messages"


def test_leaving_with_changes_asks_and_saving_does_not(base: str, page_of: Callable[..., Page]) -> None:
    page = page_of("manager", "/templates/first-reminder/edit")
    asked: list[str] = []

    def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_label("E-mail in English").press_sequentially("x")
    page.evaluate("setTimeout(() => (location.href = '/'), 0)")
    page.wait_for_event("dialog")

    assert asked == ["beforeunload"]
    assert "/edit" in page.url
    assert "x" in page.get_by_label("E-mail in English").input_value()
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("main")).to_contain_text("Saved as draft")
    assert asked == ["beforeunload"]


def test_a_placeholder_is_inserted_where_the_cursor_stands(page_of: Callable[..., Page]) -> None:
    page = page_of("manager", "/templates/first-reminder/edit?file=en/sms.txt")
    text = page.get_by_label("SMS in English")
    text.fill("Hello , call us.")
    text.evaluate("(one) => one.setSelectionRange(6, 6)")
    page.get_by_role("button", name="debtor.name", exact=True).click()

    assert text.input_value() == "Hello {{ debtor.name }}, call us."
    expect(page.locator(".sms")).to_contain_text("Hello Ana Pérez, call us.")


def test_everything_can_be_read_without_script(web: Web, base: str, page_of: Callable[..., Page]) -> None:
    page = page_of(java_script_enabled=False)
    for path in PAGES:
        page.goto(base + path)
        assert PAGES[path].lower() in page.content().lower(), path  # alternative texts count as reading
    page.goto(f"{base}/templates/first-reminder/edit")
    page.get_by_label("E-mail in English").fill(
        "---\nsubject: Read without script\npreheader: x\n---\nHello {{ debtor.name }}\n"
    )
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.locator("#preview-body")).to_contain_text("Read without script")


def test_what_is_printed_is_the_record_and_not_the_menu(
    base: str, page_of: Callable[..., Page], web: Web
) -> None:
    page = page_of("auditor", "/people/acme/A-1")
    page.emulate_media(media="print")

    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    expect(page.locator(".side")).to_be_hidden()
    expect(page.locator("form").first).to_be_hidden()
    assert "UTC" in page.evaluate("getComputedStyle(document.querySelector('time'), '::after').content")


def test_an_emails_script_does_not_run_in_its_frame(
    web: Web, base: str, page_of: Callable[..., Page]
) -> None:
    """Even if a body held one: the frame's own policy and sandbox forbid it."""
    import hashlib
    import zlib

    from sqlalchemy import update

    from dispatcher.database.tables.messages import contents

    evil = b"Content-Type: text/html\r\n\r\n<h1 id=x>as sent</h1><script>parent.document.title = 'owned'; document.getElementById('x').textContent = 'ran'</script>"
    digest = hashlib.sha256(evil).hexdigest()
    with web.house.database.writing() as connection:
        message_id = connection.scalar(
            select(messages.c.id).where(messages.c.channel == "email", messages.c.state == "accepted")
        )
        old = select(messages.c.content_sha256).where(messages.c.id == message_id).scalar_subquery()
        values = {"body": zlib.compress(evil), "encoding": "zlib", "sha256": digest, "size": len(evil)}
        connection.execute(update(contents).where(contents.c.sha256 == old).values(values))
        connection.execute(update(messages).where(messages.c.id == message_id).values(content_sha256=digest))
    page = page_of("auditor", f"/messages/{message_id}")

    expect(page.frame_locator("iframe.mailframe").locator("#x")).to_have_text("as sent")
    assert "owned" not in page.title()
    page.goto(f"{base}/messages/{message_id}/email")
    assert "ran" not in page.content().replace("textContent = 'ran'", "")


@pytest.mark.parametrize("size", [SMALL, TALL])
def test_a_strangers_spreadsheet_comes_in_without_a_terminal(
    web: Web, base: str, page_of: Callable[..., Page], tmp_path: Path, size: dict[str, int]
) -> None:
    book = Workbook()
    book.active.append(["Made by Rosa"])
    sheet = book.create_sheet("Open items")
    sheet.append(["Open items of the shop"])
    sheet.append(["Invoice", "Client code", "Country", "Amount Due", "Due Date"])
    for i in range(12):
        sheet.append([f"X-{i}", f"C-{i}", "United States", 10.5 + i, date(2026, 11, 1 + i)])
    book.save(tmp_path / "shop 2026-11-15.xlsx")
    page = page_of("operator", "/imports", viewport=size)
    said = complaints(page)
    page.get_by_label("The file").set_input_files(tmp_path / "shop 2026-11-15.xlsx")
    page.get_by_role("button", name="Hand it in").click()

    expect(page.get_by_text("Every debt needs them")).to_contain_text("number of the customer, currency")
    page.get_by_label("Number of the customer", exact=True).select_option("Client code")
    page.locator("#fix_currency").fill("USD")
    page.get_by_role("button", name="Read it like this").click()
    expect(page.locator("#rows")).to_contain_text("2026-11-10")
    assert serious(page) == []
    page.get_by_label("Save this mapping as").fill("shop")
    page.get_by_label("Whose debts").select_option("acme")
    expect(page.get_by_label("The ledger is of")).to_have_value("2026-11-15")
    page.get_by_role("button", name="Try it out").click()
    expect(page.get_by_role("heading", name="4. What it would do")).to_be_visible()
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    page.get_by_label("I have looked at it: 12 new debts").check()
    page.get_by_role("button", name="Import it").click()
    expect(page.get_by_role("heading", name="Imported")).to_be_visible()

    assert (over, said) == (0, [])
    with web.house.database.reading() as connection:
        assert connection.scalar(select(debtors.c.country).where(debtors.c.reference == "C-3")) == "US"


def serious(page: Page) -> list[str]:
    """Accessibility faults that keep somebody out."""
    found = Axe().run(page).response["violations"]
    return [one["id"] for one in found if one["impact"] in {"serious", "critical"}]
