"""A debtor in a real browser: learns nothing by a wrong answer, agrees by right ones; desk and auditor see it."""

import json
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from dispatcher.database.tables.messages import messages
from dispatcher.record.verify.verify_file import verify_file
from dispatcher.worker.daily_run import run_today
from tests.web.house import Web
from tests.web.live import complaints, served, sign_in
from tests.web.own_account import know, path_of, turn_on

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
NARROW = {"width": 360, "height": 740}


@pytest.fixture
def base(web: Web) -> Iterator[str]:
    turn_on(web)
    know(web, "A-1", date(1980, 5, 31), "TULIP 4471")
    know(web, "A-8", date(1980, 5, 31), "TULIP 4471")
    with served(web) as address:
        yield address


def opened(browser: Browser, address: str, **more: Any) -> Page:
    context = browser.new_context(**({"locale": "en-US", "viewport": NARROW} | more))
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(address)
    return page


def answer(page: Page, code: str) -> None:
    for label, text in (("Day", "31"), ("Month", "5"), ("Year", "1980"), ("Your access code", code)):
        page.get_by_label(label, exact=label != "Your access code").fill(text)
    page.get_by_role("button", name="Continue").click()


def test_a_debtor_agrees_on_a_plan_it_is_confirmed_the_desk_sees_it_and_the_auditor_verifies(
    web: Web, base: str, browser: Browser, tmp_path: Path
) -> None:
    page = opened(browser, base + path_of(web), java_script_enabled=False)
    answer(page, "TULIP 4470")
    expect(page.get_by_role("alert")).to_contain_text("not the ones we hold")
    assert not any(private in page.content() for private in ("D-1", "Ana", "120.00"))

    answer(page, "tulip4471")
    expect(page.locator("main")).to_contain_text("Still open")
    expect(page.locator("main")).to_contain_text("$120.00")
    words = page.locator("form.offer p.small").first.inner_text()
    page.get_by_role("button", name="Agree to option 1").click()
    expect(page.get_by_role("status")).to_contain_text("Agreed. We confirm it in writing.")
    expect(page.get_by_role("heading", name="What we agreed")).to_be_visible()

    page.goto(base + path_of(web, "A-8"))  # another's link, in the same browser
    expect(page.get_by_label("Your access code")).to_be_visible()
    assert "D-8" not in page.content()

    run_today(web.house, date(2026, 11, 17), actor="schedule")
    with web.house.database.reading() as connection:
        query = select(messages.c.state).where(messages.c.step == "arrangement-confirmation")
        assert connection.scalars(query).all() == ["accepted"]

    desk = opened(browser, base, viewport={"width": 1280, "height": 900})
    sign_in(desk, base, "operator", "/people/acme/A-1")
    expect(desk.locator("main")).to_contain_text("debtors' page")

    auditor = opened(browser, base, viewport={"width": 1280, "height": 900})
    sign_in(auditor, base, "auditor", "/log")
    auditor.locator("#x-debtor").fill("acme/A-1")
    auditor.get_by_role("button", name="Export").click()
    auditor.get_by_role("link", name="Exports and checks").first.click()
    auditor.get_by_role("link", name="Export", exact=True).click()
    with auditor.expect_download() as download:
        auditor.get_by_role("link", name="Download evidence-").click()
    bundle = tmp_path / "bundle.zip"
    download.value.save_as(bundle)
    assert verify_file(bundle)[1] == []
    [agreed] = [line for line in lines_of(bundle) if line.get("event") == "arrangement_agreed"]
    assert agreed["personal"]["agreed_words"] == words
    assert [one["amount"] for one in agreed["details"]["instalments"]] == ["60.00", "60.00"]


def lines_of(bundle: Path) -> list[dict[str, Any]]:
    with zipfile.ZipFile(bundle) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("entries.jsonl")]
        return [json.loads(line) for line in archive.read(name).splitlines()]


def test_the_page_is_for_everybody_narrow_by_keyboard_and_accessible(
    web: Web, base: str, browser: Browser
) -> None:
    page = opened(browser, base + path_of(web))
    said = complaints(page)
    _is_fine(page)
    page.get_by_label("Day", exact=True).focus()
    for text in ("31", "5", "1980", "tulip 4471"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Still open")
    for fold in page.locator("details").all():
        fold.locator("summary").press("Enter")
    _is_fine(page)
    page.locator("#t-dispute").fill("the meter was read wrongly")
    page.locator("#t-dispute").press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("A person reads it")
    expect(page.locator("main")).to_contain_text("the meter was read wrongly")
    _is_fine(page)
    assert said == []


def _is_fine(page: Page) -> None:
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 0
    found = Axe().run(page).response["violations"]
    assert [
        (one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in {"serious", "critical"}
    ] == []
