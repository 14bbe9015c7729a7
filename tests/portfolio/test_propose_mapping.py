"""A mapping is proposed for a stranger's file, with what is sure and what has to be asked."""

import zipfile
from datetime import date

import pytest

from dispatcher.database.tables.portfolio import debtors, debts
from dispatcher.portfolio.apply_mapping import PortfolioFileError
from dispatcher.portfolio.propose_mapping import propose_mapping
from dispatcher.rulebook.mappings import load_mapping
from tests.portfolio.books import a_text_file, an_import, rows_of

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

GERMAN = (
    "Müller GmbH\nOffene Posten\n\n"
    "Kundennummer;Kundenname;Rechnungsnummer;Währung;Offener Betrag;Rechnungsdatum;Fälligkeit;E-Mail\n"
    "100;Jäger KG;R-1;EUR;1.234,50;01.10.2026;31.10.2026;j@debtors.example\n"
    "101;Weiß AG;R-2;EUR;90,00;02.10.2026;13.11.2026;w@debtors.example\n"
)


def test_what_is_proposed_for_a_german_export_imports_it(database, tmp_path):
    file = a_text_file(tmp_path, GERMAN.encode("cp1252"), "opos.csv")
    proposal = propose_mapping(file)
    (tmp_path / "proposed.yaml").write_text(proposal.as_yaml(), encoding="utf-8")
    report = an_import(database, file, mapping=load_mapping(tmp_path, "proposed"), creditor="acme")
    assert (proposal.missing, report.refused) == ((), 0)
    assert [(d.reference, d.balance_minor, d.due_date) for d in rows_of(database, debts)] == [
        ("R-1", 123450, date(2026, 10, 31)),
        ("R-2", 9000, date(2026, 11, 13)),
    ]
    assert [d.name for d in rows_of(database, debtors)] == ["Jäger KG", "Weiß AG"]


def test_what_cannot_be_told_is_asked(database, tmp_path):
    file = a_text_file(tmp_path, "Invoice No,Customer,Due Date,Amount Due\n1,7,03/04/2026,5.00\n")
    proposal = propose_mapping(file)
    settings = {guess.key: guess for guess in proposal.settings}
    assert settings["date_format"].sure == "asked"
    assert set(proposal.missing) == {"debtor_reference", "currency"}


def test_a_spoilt_cell_costs_no_guess(database, tmp_path):
    text = "Invoice No;Customer ID;Currency;Amount Due;Due Date\n" + "".join(
        f"{i};7;EUR;{'1,2,3' if i == 2 else '1.200,50'};{'31.11.2026' if i == 3 else '30.11.2026'}\n"
        for i in range(5)
    )
    settings = {guess.key: guess for guess in propose_mapping(a_text_file(tmp_path, text)).settings}
    assert (settings["decimal"].value, settings["decimal"].sure) == (",", "likely")
    assert settings["date_format"].value == "DD.MM.YYYY"


def test_names_of_countries_and_signs_of_currencies_become_codes(database, tmp_path):
    text = "Invoice No,Customer ID,Country,Currency,Amount Due,Due Date\n1,7,Deutschland,€,5.00,2026-10-31\n2,8,USA,€,6.00,2026-10-31\n"
    file = a_text_file(tmp_path, text)
    (tmp_path / "proposed.yaml").write_text(propose_mapping(file).as_yaml(), encoding="utf-8")
    report = an_import(database, file, mapping=load_mapping(tmp_path, "proposed"), creditor="acme")
    assert report.refused == 0
    assert [debtor.country for debtor in rows_of(database, debtors)] == ["DE", "US"]
    assert [debt.currency for debt in rows_of(database, debts)] == ["EUR", "EUR"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.4\n%\xe2\xe3", "a PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a picture"),
        (b"{\\rtf1 Invoice}", "a text document"),
        (b"<!DOCTYPE html>\n<table><tr><td>1</td></tr></table>", "a web page"),
        (b"\xef\xbb\xbf<html><body>", "a web page"),
        (b'<?xml version="1.0"?>\n<?mso-application?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">', "an old spreadsheet in XML"),
        (b'<?xml version="1.0"?><Document/>', "an XML document"),
        (b"Dear Sir, dear Madam,\n\nplease find the list, as agreed.\nYours, Ana\n", "text and no table"),
        (b"1 2 3\n4 5 6\n", "text and no table"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_named_and_nothing_is_said_to_be_sure(database, tmp_path, content, said):
    with pytest.raises(PortfolioFileError, match=said):
        propose_mapping(a_text_file(tmp_path, content))


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("content.xml", "an OpenDocument file"),
        ("word/document.xml", "a text document"),
        ("xl/workbook.bin", "binary"),
    ],
)
def test_what_an_office_program_packed_is_named(database, tmp_path, part, said):
    with zipfile.ZipFile(tmp_path / "ledger.xlsx", "w") as archive:
        archive.writestr(part, "x")
        archive.writestr("meta.xml", "x")
    with pytest.raises(PortfolioFileError, match=said):
        an_import(database, tmp_path / "ledger.xlsx")
