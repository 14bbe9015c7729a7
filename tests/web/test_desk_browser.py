"""The desk without files, in a real Chromium: a manager adds a language, a template in it and a step that uses it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from dispatcher.configuration.domain.kinds import BY_WORD
from tests.web.house import Web, import_sample
from tests.web.live import served, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

# What of the English texts a reader of this story meets, in Swedish.
IN_SWEDISH = {
    "{{ sender.legal_name }} sent you this message.": "{{ sender.legal_name }} skickade det här meddelandet till dig.",
    "Your contact: {{ sender.contact_person }}, phone {{ sender.phone }}, e-mail {{ sender.email }}": (
        "Din kontakt: {{ sender.contact_person }}, telefon {{ sender.phone }}, e-post {{ sender.email }}"
    ),
    "Stop e-mails to this address": "Inga fler e-postmeddelanden till den här adressen",
    "stop e-?mails? to this address": "inga fler e-postmeddelanden",
}
STOPWORDS = "och att det som en är på för av den till med de inte om ett har du din vi oss ditt kan här"
MAIL = """---
subject: {{ debtor.name }}, ett meddelande från {{ sender.name }}
preheader: Om ditt konto, och hur du når oss
---
Hej {{ debtor.name }},

Det här kan ha fallit bort: **{{ total }}** är öppet den {{ as_of }}. Har du redan betalat? Då kan du bortse från det här.

Hör gärna av dig om något inte stämmer, eller om du vill dela upp det.
"""
SENTENCE = "Det här kan ha fallit bort"


@pytest.fixture
def pages(open_web: Callable[..., Web]) -> Web:
    """A desk that keeps everything on the pages."""
    web = open_web(configuration=dict.fromkeys(BY_WORD, "pages"), templates={"source": "pages"})
    add_reader(web)
    return web


def add_reader(web: Web) -> None:
    """Somebody who reads Swedish owes something that is due."""
    file: Path = web.house.home / "swedish.csv"
    file.write_text(
        "creditor,debtor_reference,debtor_name,language,country,region,postal_code,city,email,debt_reference,currency,"
        "original_amount,balance,due_date,issued_on,disputed_on,promise_date\n"
        "acme,S-1,Siv Svensson,sv,US,US-NY,10001,New York,siv@debtors.example,S-1,USD,90.00,90.00,2026-11-10,2026-10-01,,\n"
    )
    import_sample(web.house, file)


def test_a_manager_adds_a_language_a_template_in_it_and_a_step_that_uses_it(
    pages: Web, browser: Browser
) -> None:
    with served(pages) as base:

        def opened(name: str, path: str) -> Page:
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            page.set_default_timeout(30_000)
            sign_in(page, base, name, path)
            return page

        manager, approver = opened("manager", "/languages"), opened("approver", "/languages")
        write_language(manager)
        decide_language(approver)
        write_template(manager, base)
        publish_template(approver, base)
        write_step(manager, base)
        approve_step(approver, base)
        mail = planned_mail(opened("operator", "/runs"))

    assert SENTENCE in mail
    assert "Inga fler e-postmeddelanden till den här adressen" in mail
    pages.house.follow_configuration()
    assert "sv" in pages.house.layouts.wordings
    steps = {(s.name, step.name): step.template for s in pages.house.policy.strategies for step in s.steps}
    assert steps["consumer", "first-reminder"] == "vanlig-paminnelse"


def write_language(page: Page) -> None:
    page.get_by_label("Code of the language").fill("sv")
    page.get_by_label("Begin from").select_option("en")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("status").first).to_contain_text("7 texts begun")
    expect(page.locator("main")).to_contain_text("Letters in it are held.")
    expect(page.locator("main")).to_contain_text("name: English is what en is called already")
    expect(page.locator("main")).to_contain_text("opening: is what en says, word for word")
    assert serious(page) == []
    translate(page, "own page sv", {"name: English": "name: Svenska"})
    translate(page, "calls sv", {"Good day, I am calling from": "Hej, jag ringer från"})
    stopwords = re.compile(r"^stopwords: .*$", re.MULTILINE)
    translate(page, "wording sv", IN_SWEDISH, lambda text: stopwords.sub(f"stopwords: {STOPWORDS}", text))
    page.get_by_label("What changes and why").fill("many of our readers are in Sweden")
    page.get_by_role("button", name="Hand all of it in").click()
    expect(page.locator("main")).to_contain_text("You wrote of it: another person decides.")


def translate(
    page: Page, link: str, words: dict[str, str], more: Callable[[str], str] = lambda text: text
) -> None:
    page.get_by_role("link", name=link, exact=True).click()
    text = page.locator("#text")
    now = text.input_value()
    for english, swedish in words.items():
        assert english in now, english
        now = now.replace(english, swedish)
    text.fill(more(now))
    page.get_by_role("button", name="Save draft").last.click()
    expect(page.get_by_role("status").first).to_contain_text("Saved as draft")
    page.goto(page.url.partition("/configuration")[0] + "/languages/sv")


def decide_language(page: Page) -> None:
    page.reload()
    page.get_by_role("link", name="Swedish").click()
    page.get_by_role("button", name="Put all of it in force").click()
    expect(page.get_by_role("status").first).to_contain_text("It is decided")
    expect(page.locator("main")).not_to_contain_text("Letters in it are held.")
    expect(page.locator("main")).to_contain_text("first-reminder: e-mail")


def write_template(page: Page, base: str) -> None:
    page.goto(f"{base}/templates/new")
    page.get_by_label("Name").fill("vanlig-paminnelse")
    page.get_by_label("Begin with the texts of").select_option("first-reminder")
    page.get_by_role("button", name="Begin").click()
    page.get_by_text("Add a text").click()
    page.locator("#newlanguage").fill("sv")
    page.get_by_role("button", name="Begin it").click()
    expect(page.locator("main")).to_contain_text("Begun from E-mail in English: write it in Swedish.")
    page.get_by_label("E-mail in Swedish").fill(MAIL)
    expect(page.frame_locator("iframe.mailframe").locator("body")).to_contain_text(SENTENCE)
    expect(page.locator("#preview-says")).to_have_text("Preview updated, nothing to see to")
    page.get_by_label("What changes").fill("a reminder in Swedish")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("link", name="Hand in").click()
    page.get_by_role("button", name="Hand in for review").click()
    expect(page.locator("main")).to_contain_text("another person reviews it")


def publish_template(page: Page, base: str) -> None:
    page.goto(f"{base}/templates/vanlig-paminnelse/versions/1")
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".tag", has_text="in force")).to_be_visible()


def write_step(page: Page, base: str) -> None:
    page.goto(f"{base}/configuration/strategies/consumer")
    page.get_by_role("link", name="Change it").click()
    page.get_by_label("Text of first-reminder").select_option("vanlig-paminnelse")
    page.get_by_label("What changes and why").first.fill("the first reminder is written in Swedish too")
    page.get_by_role("button", name="Save draft").first.click()
    page.get_by_role("button", name="Hand in").click()
    expect(page.locator("main")).to_contain_text("You wrote this version: another person decides.")


def approve_step(page: Page, base: str) -> None:
    page.goto(f"{base}/configuration/strategies/consumer/versions/2")
    page.get_by_role("button", name="Put it in force").click()
    expect(page.locator(".tag", has_text="in force")).to_be_visible()


def planned_mail(page: Page) -> str:
    page.get_by_role("button", name="Plan it").click()
    page.get_by_role("link", name="See the plan").click()  # once it is made
    page.get_by_role("link", name="Siv Svensson").click()
    body = page.frame_locator("iframe.mailframe").locator("body")
    expect(body).not_to_be_empty()
    return body.inner_text()


def test_a_person_who_does_not_program_writes_a_template_with_a_table_and_a_condition(
    web: Web, browser: Browser
) -> None:
    with served(web) as base:
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        sign_in(page, base, "manager", "/templates")
        page.get_by_role("link", name="New template").click()
        page.get_by_label("Name").fill("larger-sums")
        page.get_by_role("button", name="Begin").click()
        expect(page.get_by_role("alert")).to_contain_text("Say what it is for")
        page.get_by_label("What it is for").fill("Offers help where much is open")
        page.get_by_label("Who answers for it").fill("Receivables")
        page.get_by_label("Why it may be sent").fill("Performance of the contract")
        page.get_by_label("collection: after the due date").check()
        assert serious(page) == []
        page.get_by_role("button", name="Begin").click()

        text = page.get_by_label("E-mail in English")
        text.press("Control+End")
        page.get_by_role("button", name="total", exact=True).click()
        page.keyboard.type(" is open as of ")
        page.get_by_role("button", name="as_of", exact=True).click()
        page.keyboard.type(".\n")
        page.get_by_role("button", name="table of debts").click()
        page.get_by_role("button", name="only above an amount").click()
        page.keyboard.type(
            "We can agree on smaller payments."
        )  # where the cursor stands: inside the condition
        preview = page.frame_locator("iframe.mailframe").locator("body")
        expect(preview).to_contain_text("Due date")
        expect(page.locator("#preview-says")).to_have_text("Preview updated, nothing to see to")
        assert "600 %}\nWe can agree on smaller payments.\n{% endif %}" in text.input_value()
        page.get_by_text("Conditions: ").click()
        page.get_by_role("button", name="shown for").first.click()
        expect(preview).to_contain_text("We can agree on smaller payments.")
        page.get_by_label("What changes").fill("a new text for larger sums")
        page.get_by_role("button", name="Save draft").click()
        page.get_by_role("link", name="Hand in").click()
        page.get_by_role("button", name="Test send").click()
        expect(page.get_by_role("status").first).to_contain_text("manager@acme.example")
        page.get_by_role("button", name="Hand in for review").click()
        expect(page.locator("main")).to_contain_text("another person reviews it")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_practice_page_is_readable_by_everybody_and_fits_every_screen(
    practised: Web, browser: Browser, scheme: str
) -> None:
    with served(practised) as base:
        page = browser.new_context(color_scheme=scheme).new_page()
        sign_in(page, base, "anna", "/practice")
        for width in (1280, 390, 320):
            page.set_viewport_size({"width": width, "height": 800})
            expect(page.get_by_role("heading", name="Who has finished")).to_be_visible()
            over = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert (width, over, serious(page)) == (width, 0, [])


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [one["id"] for one in found if one["impact"] in {"serious", "critical"}]
