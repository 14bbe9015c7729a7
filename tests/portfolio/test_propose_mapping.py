"""A mapping is proposed for a stranger's file, with what is sure and what has to be asked."""

from datetime import date

import pytest

from dispatcher.database.tables.portfolio import debtors, debts
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
