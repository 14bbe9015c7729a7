from datetime import date
from decimal import Decimal

import pytest

from dispatcher.database.tables.portfolio import contact_points, debtors, debts
from dispatcher.people.record_payment import record_payment
from dispatcher.people.recording import Said
from dispatcher.portfolio.portfolio_status import portfolio_status
from tests.portfolio.books import LEDGER_DAY, NOW, a_file, a_row, an_import, rows_of


def totals(total):
    return total.count, total.amount.amount


@pytest.fixture
def real_book(shared):
    return shared / "data" / "ibm_accounts_receivable.csv"


def test_the_real_book_adds_up_to_the_cent(database, real_book, tmp_path):
    ask = {
        "mapping": "ibm-ar",
        "as_of": date(2012, 3, 1),
        "rejects": tmp_path / "r.csv",
        "warnings": tmp_path / "w.csv",
    }
    report = an_import(database, real_book, **ask)
    assert (report.rows, report.imported, report.refused) == (2466, 2466, 0)

    march = portfolio_status(database, date(2012, 3, 1)).currencies["USD"]
    assert totals(march.open) == (97, Decimal("5964.28"))
    assert totals(march.overdue) == (17, Decimal("1070.28"))
    assert march.disputed.count == 9

    june = portfolio_status(database, date(2013, 6, 1)).currencies["USD"]
    assert totals(june.open) == (111, Decimal("6905.01"))
    assert totals(june.overdue) == (16, Decimal("856.10"))
    assert june.disputed.count == 11

    again = an_import(database, real_book, **ask)
    assert (again.debts.unchanged, again.debtors.unchanged, again.contact_points_changed) == (2466, 100, 0)


def test_the_real_book_keeps_zeros_zones_and_addresses(database, real_book, tmp_path):
    an_import(
        database,
        real_book,
        mapping="ibm-ar",
        as_of=date(2012, 3, 1),
        rejects=tmp_path / "r.csv",
        warnings=tmp_path / "w.csv",
    )
    zones = {(d.country, d.time_zone) for d in rows_of(database, debtors)}
    assert zones == {
        ("US", "America/New_York"), ("US", "America/Denver"), ("MX", "America/Mexico_City"), ("US", "America/Los_Angeles"), ("CO", "America/Bogota"),
    }  # fmt: skip
    assert {d.kind for d in rows_of(database, debtors)} == {"company"}
    book = {d.reference: d for d in rows_of(database, debts)}
    assert book["0000611365"].issued_on == date(2013, 1, 2)
    assert book["0007900770"].disputed_on == date(2013, 1, 26)
    assert book["0000611365"].disputed_on is None
    assert {d.debt_type for d in book.values()} == {"commercial"}
    assert "0379-nevhp@debtors.example" in {p.address for p in rows_of(database, contact_points)}


def test_each_age_has_its_bucket_and_the_buckets_add_up(database, tmp_path):
    due = {
        "2026-11-16": "1.00",
        "2026-11-15": "2.00",
        "2026-10-17": "4.00",
        "2026-10-16": "8.00",
        "2026-09-16": "16.00",
        "2026-08-17": "32.00",
        "2026-08-18": "64.00",
        "2026-12-01": "128.00",
    }
    rows = [
        a_row(debt_reference=str(i), due_date=day, balance=amount, issued_on="")
        for i, (day, amount) in enumerate(due.items())
    ]
    an_import(database, a_file(tmp_path, *rows))
    one = portfolio_status(database, LEDGER_DAY).currencies["USD"]
    assert {name: str(total.amount.amount) for name, total in one.buckets.items()} == {
        "current": "129.00", "1-30": "6.00", "31-60": "8.00", "61-90": "80.00", "90+": "32.00",
    }  # fmt: skip
    assert sum(total.amount.minor for total in one.buckets.values()) == one.open.amount.minor
    assert one.overdue.amount.minor == one.open.amount.minor - one.buckets["current"].amount.minor


def test_settled_unissued_and_paid_debts_are_not_open_and_credits_lower_what_is(database, tmp_path):
    rows = (
        a_row(debt_reference="1"),
        a_row(debt_reference="2", settled_on="2026-11-16"),
        a_row(debt_reference="3", settled_on="2026-11-17"),
        a_row(debt_reference="4", issued_on="2026-11-17"),
        a_row(debt_reference="5", balance="-20.50"),
        a_row(debt_reference="6", balance="0.00"),
        a_row(debt_reference="7", balance="30.00"),
        a_row(debt_reference="8", currency="JPY", balance="5000"),
    )
    an_import(database, a_file(tmp_path, *rows))
    record_payment(database, "acme/07", "30.00", Said(now=NOW, actor="test"), debt="7", paid_on=LEDGER_DAY)

    found = portfolio_status(database, LEDGER_DAY)
    assert totals(found.currencies["USD"].open) == (3, Decimal("220.50"))
    assert totals(found.currencies["USD"].credits) == (1, Decimal("-20.50"))
    assert str(found.currencies["JPY"].open.amount) == "5000 JPY"


def test_one_creditor_can_be_asked_for_alone(database, tmp_path):
    an_import(database, a_file(tmp_path, a_row(), a_row(creditor="other", balance="7.00")))
    found = portfolio_status(database, LEDGER_DAY, creditor="other")
    assert totals(found.currencies["USD"].open) == (1, Decimal("7.00"))
    assert list(found.creditors) == ["other"]
