"""A stranger's ledger on the pages: handed in, read as a person says, tried out, imported; or refused, saying why."""

import json
import re
from datetime import date
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import select

from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.portfolio import debtors, debts, ledgers, mappings
from dispatcher.portfolio.storage import uploads
from dispatcher.web.operators.import_files import upload_of
from dispatcher.web.site import body_limit
from tests.portfolio.books import an_import
from tests.portfolio.exports import DATEV_BATCH, XERO
from tests.web.house import PORTFOLIO, Desk, Web

TITLED = (
    "Müller GmbH\nOffene Posten\n\n"
    "Kundennummer;Kundenname;Rechnungsnummer;Währung;Offener Betrag;Fälligkeit;E-Mail;Land;Zustand\n"
    "100;Jäger KG;R-1;EUR;1.234,50;31.10.2026;j@debtors.example;Deutschland;offen\n"
    "101;Weiß AG;R-2;EUR;90,00;13.11.2026;w@debtors.example;Narnia;offen\n"
    "102;Blau AG;R-3;EUR;1,2,3;14.11.2026;b@debtors.example;Österreich;offen\n"
    "103;Grün AG;R-4;EUR;70,00;15.11.2026;g@debtors.example;Österreich;bezahlt\n"
)


def handed_in(desk: Desk, name: str, content: bytes) -> str:
    """Hand a file in; where it can be worked on."""
    answer = desk.post("/imports", files={"file": (name, content, "text/csv")})
    assert answer.status_code == 303
    assert re.fullmatch(r"/imports/\d+", answer.headers["location"]), desk.said(answer)
    return str(answer.headers["location"])


def finished(web: Web, desk: Desk, path: str) -> str:
    """The page once what runs beside it has ended."""
    site = web.app
    while not hasattr(site, "state"):
        site = site._app
    for lane in (site.state.site.jobs._executor, site.state.site.jobs._own_lane):
        lane.submit(lambda: None).result(20)
    text = desk.page(path)
    while "data-refresh" in text:  # two work at a time: the other may be at it still
        text = desk.page(path)
    return re.sub(r"\s+", " ", unescape(text))


def tried_out(web: Web, desk: Desk, path: str, **more: object) -> str:
    form = {"as_of": "2026-11-16", "creditor": "acme", **more}
    answer = desk.post(f"{path}/check", form)
    assert answer.status_code == 303, re.sub(r"<[^>]+>|\s+", " ", answer.text)[-400:]
    return finished(web, desk, path)


def known(web: Web, table, *columns):
    with web.house.database.reading() as connection:
        return connection.execute(select(*columns).select_from(table).order_by(table.c.id)).all()


def form_of(page: str) -> dict[str, object]:
    """The form of the columns as a browser would send it."""
    form = page.partition('class="match"')[2].partition("</form>")[0]
    sent: dict[str, list[str]] = {}
    for found in re.finditer(r'<select[^>]* name="([^"]+)">(.*?)</select>|<input([^>]*)>', form, re.DOTALL):
        if found[1]:
            chosen = re.search(r'<option(?=[^>]* selected)[^>]*?(?: value="([^"]*)")?[^>]*>', found[2])
            first = re.search(r'<option[^>]*? value="([^"]*)"', found[2])
            sent.setdefault(found[1], []).append(unescape((chosen or first)[1] or ""))
        elif name := re.search(r' name="([^"]+)"', found[3]):
            value = re.search(r' value="([^"]*)"', found[3])
            sent.setdefault(name[1], []).append(unescape(value[1]) if value else "")
    return dict(sent)


def test_a_datev_file_is_known_and_comes_in_after_a_look(web: Web) -> None:
    desk = web.signed_in("operator")
    path = handed_in(desk, "EXTF_Buchungsstapel.csv", DATEV_BATCH.encode("cp1252"))
    page = desk.page(path)
    assert re.search(r'<option value="datev-buchungsstapel" selected>', page)
    assert "1,190.00" in page.partition('id="rows"')[2]

    text = tried_out(web, desk, path)
    assert "RE-1004" in text
    assert "Due on: Is missing" in text
    assert known(web, ledgers, ledgers.c.file)[-1][0] != "EXTF_Buchungsstapel.csv"

    assert desk.post(f"{path}/import", {"looked": "yes"}).status_code == 303
    assert "Imported" in finished(web, desk, path)
    row = known(web, ledgers, ledgers.c.file, ledgers.c.mapping, ledgers.c.actor)[-1]
    assert tuple(row) == ("EXTF_Buchungsstapel.csv", "datev-buchungsstapel", "user:operator")
    assert not (web.house.home / "uploads" / path.rsplit("/", 1)[1] / "EXTF_Buchungsstapel.csv").exists()
    assert "8,due_date,,is missing" in desk.get(f"{path}/refused").text


def test_a_file_with_title_lines_is_guessed_corrected_and_its_mapping_saved_with_who_and_when(
    web: Web,
) -> None:
    desk = web.signed_in("operator")
    path = handed_in(desk, "opos.csv", TITLED.encode("cp1252"))
    page = desk.page(path)
    assert "guessed from this file" in page
    assert "1,234.50" in page.partition('id="rows"')[2]
    assert page.partition('id="rows"')[2].partition("</table>")[0].count(">held<") == 1  # nobody knows Narnia
    form = form_of(page)
    assert form["code_country"] == ["DE", "", "AT"]

    form |= {
        "code_country": ["DE", "CH", "AT"],
        "skip_column": "Zustand",
        "skip_values": "bezahlt; storniert",
    }
    assert desk.post(f"{path}/mapping", form).headers["location"] == f"{path}#rows"
    page = desk.page(path)
    assert "R-4" not in page.partition('id="rows"')[2]
    assert form_of(page)["code_country"] == ["DE", "CH", "AT"]
    assert "held" not in page.partition('id="rows"')[2].partition("</table>")[0]

    assert "Name the mapping" in desk.post(f"{path}/check", {"as_of": "2026-11-16", "creditor": "acme"}).text
    text = tried_out(web, desk, path, name="mueller-opos")
    assert "1 by the mapping" in text
    desk.post(f"{path}/import", {"looked": "yes"})
    finished(web, desk, path)

    [saved] = known(web, mappings, mappings.c.name, mappings.c.saved_by, mappings.c.text)
    assert (saved.name, saved.saved_by) == ("mueller-opos", "user:operator")
    with web.house.database.reading() as connection:
        entry = connection.scalar(select(log_entries.c.entry).where(log_entries.c.event == "mapping_saved"))
    assert json.loads(entry)["details"]["text"] == saved.text
    found = known(web, debtors, debtors.c.reference, debtors.c.country)
    assert {("100", "DE"), ("101", "CH")} <= {tuple(row) for row in found}

    again = handed_in(desk, "opos.csv", TITLED.encode("cp1252"))
    page = desk.page(again)
    assert re.search(r'<option value="mueller-opos" selected>', page)
    assert re.search(r"<option selected>acme", page)
    mapping = web.house.mapping("mueller-opos")  # a command finds it by its name too
    assert mapping is not None
    file = web.house.home / "opos.csv"
    file.write_bytes(TITLED.encode("cp1252"))
    assert an_import(web.house.database, file, mapping=mapping, creditor="acme").debts.unchanged == 2


def test_a_file_that_cannot_be_read_as_was_said_keeps_the_columns_that_were_chosen(web: Web) -> None:
    desk = web.signed_in("operator")
    path = handed_in(desk, "opos.csv", TITLED.encode("cp1252"))
    form = form_of(desk.page(path))
    assert form["col_city"] != ["h:Zustand"]

    said = desk.post(f"{path}/mapping", form | {"encoding": "klingon", "col_city": ["h:Zustand"]})

    assert said.status_code == 422
    assert "nknown encoding: klingon" in said.text
    assert form_of(said.text)["col_city"] == ["h:Zustand"]
    assert "Weiß AG" in said.text  # it is read as before meanwhile


def test_a_workbooks_other_sheet_is_found_and_can_be_chosen(web: Web, tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = "Notes"
    book.active.append(["Made on Monday"])
    for name, number in (("Open items", "S-1"), ("Closed items", "S-2")):
        sheet = book.create_sheet(name)
        sheet.append(["Open items of Acme"])
        sheet.append(["Invoice", "Account Number", "Customer", "Currency", "Amount Due", "Due Date"])
        sheet.append([number, 300, "Shop", "USD", 100.5, date(2026, 11, 1)])
    book.save(tmp_path / "items.xlsx")
    desk = web.signed_in("operator")
    path = handed_in(desk, "items.xlsx", (tmp_path / "items.xlsx").read_bytes())
    page = desk.page(path)
    assert re.search(r'<option value="Open items" selected>', page)
    assert "S-1" in page

    desk.post(f"{path}/mapping", form_of(page) | {"sheet": "Closed items"})
    assert "S-2" in desk.page(path)


def test_what_jumped_is_imported_once_somebody_says_why_and_the_log_keeps_it(web: Web) -> None:
    desk = web.signed_in("operator")
    columns = "creditor,debt_reference,debtor_reference,currency,balance,due_date\n"
    rows = [f"acme,J-{i},C-{i},USD,{{}},2026-10-31\n" for i in range(120)]
    first = web.house.home / "first.csv"
    first.write_text(columns + "".join(row.format("12.34") for row in rows))
    an_import(web.house.database, first, accept=frozenset({"columns"}), why="another export")
    jumped = columns + "".join(row.format("1234.00") for row in rows)

    path = handed_in(desk, "second.csv", jumped.encode())
    text = tried_out(web, desk, path)
    assert "Balances jumped." in text
    assert "Import it" not in text
    assert "--" not in text.partition('id="result"')[2].partition("</section>")[0]
    assert "what is imported is what was looked at" in desk.said(
        desk.post(f"{path}/import", {"looked": "yes"})
    )
    answer = desk.post(f"{path}/check", {"as_of": "2026-11-16", "creditor": "", "accept": "balances"})
    assert "Say why" in answer.text

    text = tried_out(web, desk, path, creditor="", accept="balances", why="the prices were in cents")
    assert "120 changed" in text
    desk.post(f"{path}/import", {"looked": "yes"})
    finished(web, desk, path)
    assert known(web, ledgers, ledgers.c.accepted)[-1][0] == {"balances": "the prices were in cents"}
    assert "the prices were in cents" in desk.page("/imports")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("ledger.pdf", b"%PDF-1.7\n", "this is a PDF"),
        (
            "ledger.xls",
            b"<html><body><table><tr><td>Invoice</td></tr></table>",
            "a web page, whatever its name says",
        ),
        ("scan.png", b"\x89PNG\r\n\x1a\n", "a picture"),
        ("letter.txt", b"Dear all,\n\nplease find, as agreed, the list.\n", "text and no table"),
        ("empty.csv", b"", "the file is empty"),
    ],
)
def test_what_is_no_table_is_told_and_forgotten(web: Web, name: str, content: bytes, said: str) -> None:
    desk = web.signed_in("operator")
    answer = desk.post("/imports", files={"file": (name, content, "text/plain")})
    assert said in desk.said(answer)
    assert [path for path in (web.house.home / "uploads").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("name", "day"), [("opos.csv", ""), ("opos 2026-02-31.csv", ""), ("opos-2026-11-15.csv", "2026-11-15")]
)
def test_the_day_of_a_ledger_is_asked_where_nothing_says_it(web: Web, name: str, day: str) -> None:
    desk = web.signed_in("operator")
    page = desk.page(handed_in(desk, name, TITLED.encode("cp1252")))
    assert re.search(r'name="as_of" type="date"\s+required value="([^"]*)"', page)[1] == day


def test_a_mapping_that_was_not_touched_needs_no_name(web: Web) -> None:
    desk = web.signed_in("operator")
    for name, content in (("xero.csv", XERO.encode()), ("own.csv", PORTFOLIO.read_bytes())):
        path = handed_in(desk, name, content)
        desk.post(f"{path}/mapping", form_of(desk.page(path)))
        assert "Save this mapping as" not in desk.page(path)


def test_choices_made_after_a_trial_need_a_trial_of_their_own(web: Web) -> None:
    desk = web.signed_in("operator")
    path = handed_in(desk, "opos.csv", TITLED.encode("cp1252"))
    tried_out(web, desk, path, name="opos")
    desk.post(f"{path}/mapping", form_of(desk.page(path)) | {"col_email": ""})
    assert "Try the whole file out first" in desk.said(desk.post(f"{path}/import", {"looked": "yes"}))


def test_a_dropped_file_leaves_nothing_and_opens_nothing(web: Web) -> None:
    desk = web.signed_in("operator")
    path = handed_in(desk, "opos.csv", TITLED.encode("cp1252"))
    assert "nothing of it was imported" in desk.said(desk.post(f"{path}/drop"))
    assert not (web.house.home / "uploads" / path.rsplit("/", 1)[1]).exists()
    assert desk.post(f"{path}/check", {"as_of": "2026-11-16"}).status_code == 409
    assert "was dropped" in desk.page(path)


def test_a_name_that_reaches_elsewhere_stays_in_its_folder(web: Web) -> None:
    desk = web.signed_in("operator")
    path = handed_in(desk, "../../..\\keys/ledger.csv", PORTFOLIO.read_bytes())
    with web.house.database.reading() as connection:
        upload = uploads.get(connection, int(path.rsplit("/", 1)[1]))
    assert upload is not None
    assert upload.file == "ledger.csv"
    assert (web.house.home / "uploads" / str(upload.id) / "ledger.csv").is_file()


def test_nobody_but_an_operator_hands_anything_in_and_nothing_is_kept_of_it(web: Web) -> None:
    for client in (web.visitor(), web.signed_in("auditor").client):
        answer = client.post("/imports", files={"file": ("a.csv", b"x" * 1000, "text/csv")})
        assert answer.status_code in {303, 403}
    assert not (web.house.home / "uploads").exists()


def test_a_form_of_another_session_hands_nothing_in(web: Web) -> None:
    desk = web.signed_in("operator")
    answer = desk.client.post(
        "/imports", data={"csrf": "x"}, files={"file": ("a.csv", b"a,b\n1,2\n", "text/csv")}
    )
    assert answer.status_code == 403
    assert not (web.house.home / "uploads").exists()


def test_a_ledger_may_be_large_and_no_other_form(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = web.signed_in("operator")
    large = PORTFOLIO.read_bytes() + b"\n" * (body_limit.LARGEST_FORM + 10)
    path = handed_in(desk, "large.csv", large)
    answer = desk.post(f"{path}/mapping", {"base": "x" * body_limit.LARGEST_FORM})
    assert answer.status_code == 413
    monkeypatch.setattr(body_limit, "LARGEST_LEDGER", 2_000_000)
    assert desk.post("/imports", files={"file": ("a.csv", b"x" * 2_000_001, "text/csv")}).status_code == 413


def test_debts_of_a_whole_ledger_that_it_does_not_name_are_held(web: Web) -> None:
    desk = web.signed_in("operator")
    lines = PORTFOLIO.read_text().splitlines()
    path = handed_in(desk, "part.csv", "\n".join(lines[:4]).encode())
    assert "no longer in it" in tried_out(web, desk, path, creditor="", whole="yes")
    assert all(row.in_ledger for row in known(web, debts, debts.c.in_ledger))


def test_a_page_that_is_read_while_its_import_ends_shows_the_end(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row was read before the import ended, its file is looked for after."""
    desk = web.signed_in("operator")
    path = handed_in(desk, "EXTF_Buchungsstapel.csv", DATEV_BATCH.encode("cp1252"))
    tried_out(web, desk, path)
    with web.house.database.reading() as connection:
        before = [uploads.get(connection, int(path.rpartition("/")[2]))]
    assert desk.post(f"{path}/import", {"looked": "yes"}).status_code == 303
    finished(web, desk, path)
    monkeypatch.setattr(
        "dispatcher.web.operators.imports.upload_of",
        lambda *given: before.pop() if before else upload_of(*given),
    )
    assert "Imported" in desk.page(path)
