"""Each shipped mapping reads a file as its program writes it; the structure is the program's, the contents are ours."""

from datetime import date

import pytest

from dispatcher.database.tables.portfolio import contact_points, debtors, debts
from tests.portfolio.books import a_text_file, an_import, rejects, rows_of
from tests.portfolio.exports import (
    CONTPAQI,
    DATEV_BATCH,
    DATEV_CUSTOMERS,
    HOLDED,
    SAGE_CUSTOMERS,
    SAGE_TRANSACTIONS,
    XERO,
)

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def owed(database) -> list[tuple[str, int, str, str]]:
    """(reference, balance in the smallest unit, currency, due day) of every debt."""
    return [
        (row.reference, row.balance_minor, row.currency, row.due_date.isoformat())
        for row in rows_of(database, debts)
    ]


def test_xero_makes_one_debt_of_an_invoices_lines_and_a_credit_of_a_credit_note(database, tmp_path):
    file = a_text_file(tmp_path, XERO)
    report = an_import(database, file, mapping="xero-invoices")
    assert (report.refused, report.repeated, report.passed_over) == (0, 1, {"skip": 1})
    assert owed(database) == [
        ("INV-0041", 120000, "GBP", "2026-10-31"),
        ("CN-0007", -5000, "GBP", "2026-11-03"),
    ]
    assert [(row.name, row.country, row.city) for row in rows_of(database, debtors)] == [
        ("Ridgeway Print Ltd", "GB", "Leeds")
    ]
    assert rows_of(database, debts)[0].extra == {"Reference": "PO 88"}


def test_sage_takes_customers_from_one_file_and_what_they_owe_from_another(database, tmp_path):
    people = a_text_file(tmp_path, SAGE_CUSTOMERS.encode("cp1252"), "customers.csv")
    money = a_text_file(tmp_path, SAGE_TRANSACTIONS, "transactions.csv")
    assert an_import(database, people, mapping="sage-50-customers").refused == 0
    report = an_import(database, money, mapping="sage-50-transactions", full=True)
    assert (report.refused, report.passed_over) == (0, {"skip": 2})
    assert owed(database) == [
        ("101/1044", 15000, "GBP", "2026-10-30"),
        ("102/88", -2500, "GBP", "2026-10-05"),
        ("104/1047", 9000, "GBP", "2026-11-12"),
    ]
    assert [row.disputed_on for row in rows_of(database, debts)] == [None, None, date(2026, 10, 13)]
    assert [(row.reference, row.name, row.city, row.postal_code) for row in rows_of(database, debtors)] == [
        ("CAF001", "Café Lumière", "York", "YO1 7HH"),
        ("HIL001", "Hill & Sons", "Hull", "HU1 1AA"),
    ]


def test_datev_reads_a_batch_with_its_own_year_and_signs(database, tmp_path):
    file = a_text_file(tmp_path, DATEV_BATCH.encode("cp1252"), "EXTF_Buchungsstapel.csv")
    report = an_import(database, file, mapping="datev-buchungsstapel")
    assert (report.refused, report.passed_over) == (1, {"skip": 1})
    assert owed(database) == [
        ("RE-1001", 119000, "EUR", "2026-10-31"),
        ("GS-0007", -5950, "EUR", "2026-10-20"),
        ("RE-1002", 23800, "EUR", "2026-11-15"),
        ("RE-1003", 10000, "CHF", "2026-11-30"),
    ]
    assert rows_of(database, debts)[0].issued_on == date(2026, 10, 1)
    assert [(problem["line"], problem["column"]) for problem in rejects(file)] == [("8", "due_date")]


def test_datev_reads_customers_and_leaves_suppliers_out(database, tmp_path):
    file = a_text_file(tmp_path, DATEV_CUSTOMERS.encode("cp1252"), "EXTF_Debitoren.csv")
    report = an_import(database, file, mapping="datev-debitoren")
    assert (report.refused, report.passed_over) == (0, {"skip": 1})
    assert [
        (row.reference, row.name, row.kind, row.language, row.city) for row in rows_of(database, debtors)
    ] == [
        ("10001", "Müller & Söhne GmbH", "company", "de", "Köln"),
        ("10002", "Ana Jäger", "person", "es", "Wien"),
    ]
    assert [row.address for row in rows_of(database, contact_points)] == [
        "buchhaltung@debtors.example",
        "+49221500100",
        "ana@debtors.example",
    ]


def test_holded_passes_over_what_is_paid(database, tmp_path):
    report = an_import(database, a_text_file(tmp_path, HOLDED), mapping="holded-invoices")
    assert (report.refused, report.passed_over) == (0, {"skip": 1})
    assert owed(database) == [("F26-0012", 121050, "EUR", "2026-10-31")]
    [debtor] = rows_of(database, debtors)
    assert (debtor.reference, debtor.name, debtor.country, debtor.city) == (
        "B12345674",
        "Peña Luz SL",
        "ES",
        "Cádiz",
    )


def test_contpaqi_finds_its_names_under_the_title_and_its_currency_by_name(database, tmp_path):
    file = a_text_file(tmp_path, CONTPAQI.encode("cp1252"))
    report = an_import(database, file, mapping="contpaqi-comercial")
    assert (report.refused, report.passed_over) == (0, {"skip": 1, "total": 1})
    assert owed(database) == [("A/204", 580000, "MXN", "2026-10-31"), ("205", 10000, "USD", "2026-11-15")]


def test_a_creditor_that_is_named_for_the_file_goes_before_the_one_that_a_mapping_names(database, tmp_path):
    report = an_import(database, a_text_file(tmp_path, XERO), mapping="xero-invoices", creditor="ibm")
    assert report.creditors == ("ibm",)
