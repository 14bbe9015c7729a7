"""What a later ledger does to what an earlier one brought: it ends, comes back, is held or counts as older."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from dispatcher.database.tables.log import personal_values
from dispatcher.database.tables.people import holds
from dispatcher.database.tables.portfolio import (
    contact_points,
    creditors,
    debt_parties,
    debtors,
    debts,
    payments,
)
from dispatcher.people.record_payment import record_payment
from dispatcher.people.recording import Said
from dispatcher.portfolio.apply_mapping import PortfolioFileError
from tests.portfolio.books import (
    LEDGER_DAY,
    NOW,
    a_file,
    a_mapping_of,
    a_row,
    an_import,
    entries,
    portfolio_of,
    rows_of,
)


def test_a_party_that_the_ledger_no_longer_names_owes_no_longer(database, tmp_path):
    person = {"creditor": "acme", "debtor_reference": "08", "debtor_name": "Luis"}
    an_import(database, a_file(tmp_path, a_row(joint_debtors="08"), person))
    an_import(database, a_file(tmp_path, a_row(joint_debtors=""), person))
    assert rows_of(database, debt_parties) == []


def test_a_contact_point_that_the_ledger_no_longer_names_is_left_aside_and_comes_back(database, tmp_path):
    an_import(database, a_file(tmp_path, a_row()))
    an_import(database, a_file(tmp_path, a_row(email="new@debtors.example")))
    assert {(p.address, p.in_ledger) for p in rows_of(database, contact_points)} == {
        ("ana@debtors.example", False), ("+12125550100", True), ("new@debtors.example", True),
    }  # fmt: skip
    an_import(database, a_file(tmp_path, a_row()))
    assert {(p.address, p.in_ledger) for p in rows_of(database, contact_points)} == {
        ("ana@debtors.example", True), ("+12125550100", True), ("new@debtors.example", False),
    }  # fmt: skip


def test_a_closed_address_stays_closed_when_the_ledger_names_it_again(database, tmp_path):
    an_import(database, a_file(tmp_path, a_row()))
    with database.writing() as connection:
        connection.execute(update(contact_points).values(closed_at=NOW, closed_reason="no such mailbox"))
    an_import(database, a_file(tmp_path, a_row(email_consent_on="2026-11-01")))
    assert {point.closed_reason for point in rows_of(database, contact_points)} == {"no such mailbox"}


def test_with_full_a_debt_that_vanished_is_held_and_returns(database, tmp_path):
    rows = (a_row(), a_row(debt_reference="0002"), a_row(creditor="other", debt_reference="0002"))
    both = a_file(tmp_path, *rows, name="both.csv")
    an_import(database, both)

    report = an_import(database, a_file(tmp_path, a_row()), full=True)
    assert report.vanished == 1
    assert sorted((debt.reference, debt.in_ledger, debt.balance_minor) for debt in rows_of(database, debts)) == [
        ("0001", True, 12050), ("0002", False, 12050), ("0002", True, 12050),
    ]  # fmt: skip

    report = an_import(database, both, full=True)
    assert (report.vanished, report.debts.changed, report.debts.unchanged) == (0, 1, 2)
    assert all(debt.in_ledger for debt in rows_of(database, debts))
    assert [e["details"]["hold"] for e in entries(database, "hold_recorded")] == ["not_in_ledger"]
    assert [e["details"]["hold"] for e in entries(database, "hold_released")] == ["not_in_ledger"]


def test_without_full_a_debt_that_is_not_named_stays_as_it_is(database, tmp_path):
    an_import(database, a_file(tmp_path, a_row(), a_row(debt_reference="0002")))
    an_import(database, a_file(tmp_path, a_row()))
    assert all(debt.in_ledger for debt in rows_of(database, debts))


def test_with_full_a_refused_row_has_not_vanished(database, tmp_path):
    an_import(database, a_file(tmp_path, a_row(), a_row(debt_reference="0002")))
    report = an_import(
        database, a_file(tmp_path, a_row(), a_row(debt_reference="0002", balance="?")), full=True
    )
    assert (report.vanished, report.refused) == (0, 1)
    assert [hold.kind for hold in rows_of(database, holds)] == ["row_refused"]


def test_a_payment_counts_until_a_ledger_of_a_later_day_contains_it(database, tmp_path):
    file = a_file(tmp_path, a_row())
    an_import(database, file)
    record_payment(database, "acme/07", "20.50", Said(now=NOW, actor="test"), paid_on=LEDGER_DAY)
    assert rows_of(database, debts)[0].paid_minor == 2050

    an_import(database, file)
    assert rows_of(database, debts)[0].paid_minor == 2050

    report = an_import(
        database, a_file(tmp_path, a_row(balance="100.00")), as_of=LEDGER_DAY + timedelta(days=1)
    )
    assert report.payments_absorbed == 1
    assert [(debt.balance_minor, debt.paid_minor) for debt in rows_of(database, debts)] == [(10000, 0)]
    assert [payment.absorbed_at for payment in rows_of(database, payments)] == [NOW]


def test_an_older_ledger_that_would_change_debts_is_refused_as_a_whole(database, tmp_path):
    an_import(database, a_file(tmp_path, a_row(balance="50.00")))
    before = portfolio_of(database)
    old = a_file(tmp_path, a_row())

    with pytest.raises(
        PortfolioFileError, match=r"2026-11-01, but one of 2026-11-16 .* 1 debts .* --allow-older"
    ):
        an_import(database, old, as_of=date(2026, 11, 1))
    assert portfolio_of(database) == before

    report = an_import(database, old, as_of=date(2026, 11, 1), allow_older=True)
    assert (report.debts.changed, report.older_than) == (1, LEDGER_DAY)


def test_an_older_ledger_neither_holds_what_it_cannot_know_nor_counts_as_fresh(database, tmp_path):
    old, day = a_file(tmp_path, a_row(), name="old.csv"), date(2026, 11, 1)
    an_import(database, a_file(tmp_path, a_row(), a_row(debt_reference="new")))
    known = [(row.ledger_as_of, row.ledger_imported_at) for row in rows_of(database, creditors)]
    later = NOW + timedelta(days=1)

    with pytest.raises(
        PortfolioFileError, match=r"1 debts that it does not know would be held.*--allow-older"
    ):
        an_import(database, old, as_of=day, now=later, full=True)
    an_import(database, old, as_of=day, now=later)
    assert [(row.ledger_as_of, row.ledger_imported_at) for row in rows_of(database, creditors)] == known

    report = an_import(database, old, as_of=day, now=later, full=True, allow_older=True)
    assert (report.vanished, rows_of(database, creditors)[0].ledger_as_of) == (1, day)


def test_each_import_and_each_hold_of_the_ledger_is_an_entry_of_the_log(database, tmp_path):
    file = a_file(
        tmp_path, a_row(disputed_on="2026-11-02", cease_received_on="2026-11-05", promise_date="2026-12-01")
    )
    report = an_import(database, file)

    [entry] = entries(database, "portfolio_imported")
    assert (entry["creditor"], entry["as_of"], entry["details"]["sha256"]) == (
        "acme",
        "2026-11-16",
        report.sha256,
    )
    assert (entry["details"]["rows"], entry["details"]["refused"]) == (1, 0)
    held = entries(database, "hold_recorded")
    assert sorted(e["details"]["hold"] for e in held) == ["cease", "dispute", "promise"]
    [person] = {e["person"] for e in held}
    assert person == rows_of(database, debtors)[0].person
    assert {row[0]["debtor"] for row in rows_of(database, personal_values, personal_values.c["values"])} == {
        "acme/07"
    }
    assert "Ana" not in json.dumps(held)

    columns = ("disputed_on", "cease_received_on", "promise_date")
    mapping = a_mapping_of(tmp_path, empty_ends=columns)
    an_import(database, a_file(tmp_path, a_row(**dict.fromkeys(columns, ""))), mapping=mapping)
    assert sorted(e["details"]["hold"] for e in entries(database, "hold_released")) == [
        "cease",
        "dispute",
        "promise",
    ]


def test_the_creditors_ledger_day_and_import_instant_are_kept(database, tmp_path):
    an_import(database, a_file(tmp_path, a_row(), a_row(creditor="other")))
    assert [(c.key, c.ledger_as_of, c.ledger_imported_at) for c in rows_of(database, creditors)] == [
        ("acme", LEDGER_DAY, NOW),
        ("other", LEDGER_DAY, NOW),
    ]
