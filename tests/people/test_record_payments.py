"""What is written down of payments: it lowers what is owed, once, and can be taken back."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from dispatcher.database.tables.portfolio import creditors, debts, payments
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.record_hold import record_hold
from dispatcher.people.record_payment import record_payment, reverse_payment
from tests.people.people import NOW, SAID, last_entry
from tests.portfolio.books import rows_of


def test_a_payment_lowers_what_is_owed_and_is_an_entry_of_the_log(book):
    found = record_payment(book, "acme/07", "20.50", SAID, debt="D1", paid_on=date(2026, 11, 16))
    assert found.details["left"] == "100.00"
    [payment] = rows_of(book, payments)
    assert (payment.amount_minor, payment.paid_on, payment.source, payment.note, payment.recorded_at) == (
        2050,
        date(2026, 11, 16),
        "call 5512",
        "spoke for two minutes",
        NOW,
    )
    assert {d.reference: d.paid_minor for d in rows_of(book, debts)} == {
        "D1": 2050,
        "D2": 0,
        "X1": 0,
        "X2": 0,
    }
    entry, kept = last_entry(book)
    assert (entry["event"], entry["actor"], entry["creditor"]) == ("payment_recorded", "desk:maria", "acme")
    assert kept == {"debtor": "acme/07", "debts": ["acme/D1"], "note": "spoke for two minutes"}
    assert "two minutes" not in str(entry)


def test_a_joint_debtor_may_pay_the_debt(book):
    record_payment(book, "acme/08", "120.50", SAID)
    assert {d.reference: d.paid_minor for d in rows_of(book, debts)}["D1"] == 12050


def test_a_payment_that_the_ledger_holds_by_its_day_lowers_nothing_twice(book):
    found = record_payment(book, "acme/07", "20.50", SAID, debt="D1", paid_on=date(2026, 11, 14))
    assert found.details["left"] == "120.50"
    [payment] = rows_of(book, payments)
    assert payment.absorbed_at == NOW


def test_a_payment_on_the_ledger_s_own_day_counts_where_it_is_written_down_that_day(book):
    with book.writing() as connection:
        connection.execute(update(creditors).values(ledger_as_of=NOW.date()))
    assert record_payment(book, "acme/07", "20.50", SAID, debt="D1").details["left"] == "100.00"
    later = replace(SAID, now=NOW + timedelta(days=1))
    found = record_payment(book, "acme/07", "10", later, debt="D1", paid_on=NOW.date())
    assert found.details["left"] == "100.00"


def test_a_payment_of_unknown_aim_pays_the_oldest_first_and_the_last_takes_what_is_over(book):
    assert record_payment(book, "other/99", "5", SAID).debts == ("other/X2",)
    found = record_payment(book, "acme/07", "130", SAID)
    assert (found.debts, found.details["left"]) == (("acme/D1", "acme/D2"), "70.50")
    assert {d.reference: d.paid_minor for d in rows_of(book, debts) if d.paid_minor} == {
        "D1": 12050,
        "D2": 950,
        "X2": 500,
    }


def test_a_payment_of_unknown_aim_touches_no_disputed_debt(book):
    record_hold(book, "acme/07", "dispute", SAID, debts=["D1"])
    assert record_payment(book, "acme/07", "10", SAID).debts == ("acme/D2",)
    record_hold(book, "acme/07", "dispute", SAID, debts=["D2"])
    with pytest.raises(RecordError, match=r"D1 is disputed; D2 is disputed\): say with --debt"):
        record_payment(book, "acme/07", "11", SAID)


def test_a_payment_that_was_taken_back_counts_nowhere_in_all_its_parts(book):
    key = record_payment(book, "acme/07", "130", SAID).details["id"]
    found = reverse_payment(book, "acme/07", key, SAID)
    assert found.details == {"id": key, "amount": "130.00", "currency": "USD"}
    assert not any(debt.paid_minor for debt in rows_of(book, debts))
    assert last_entry(book)[0]["event"] == "payment_reversed"
    with pytest.raises(RecordError, match="taken back before"):
        reverse_payment(book, "acme/07", key, SAID)
    record_payment(book, "acme/07", "130", SAID)  # the same once more is no repeat of what was taken back
    with pytest.raises(RecordError, match="no payment 99"):
        reverse_payment(book, "acme/07", 99, SAID)


def test_the_same_payment_twice_needs_to_be_meant(book):
    record_payment(book, "acme/07", "5", SAID, debt="D1")
    with pytest.raises(RecordError, match="--again"):
        record_payment(book, "acme/07", "5.00", SAID, debt="D1")
    record_payment(book, "acme/07", "5.00", SAID, debt="D1", again=True)
    assert {d.reference: d.paid_minor for d in rows_of(book, debts)}["D1"] == 1000


@pytest.mark.parametrize("amount", ["0", "-5", "5.001", "five", "", "1,2"])
def test_an_amount_that_is_none_is_refused(book, amount):
    with pytest.raises(RecordError, match="amount"):
        record_payment(book, "acme/07", amount, SAID, debt="D1")
    assert rows_of(book, payments) == []


def test_a_payment_above_what_is_owed_is_asked_about(book):
    with pytest.raises(RecordError, match=r"1205\.00 USD is more than the 120\.50 USD that are owed on D1"):
        record_payment(book, "acme/07", "1205", SAID, debt="D1")
    assert rows_of(book, payments) == []
    assert record_payment(book, "acme/07", "1205", SAID, debt="D1", sure=True).details["amount"] == "1205.00"


def test_a_payment_of_a_day_that_has_come_nowhere_yet_is_asked_about(book):
    far = NOW.date() + timedelta(days=30)
    with pytest.raises(RecordError, match="has not come yet"):
        record_payment(book, "acme/07", "20.50", SAID, debt="D1", paid_on=far)
    assert rows_of(book, payments) == []
    record_payment(book, "acme/07", "20.50", SAID, debt="D1", paid_on=far, sure=True)


def test_a_payment_that_the_ledger_holds_by_its_day_may_be_more_than_is_left(book):
    record_payment(book, "acme/07", "999", SAID, debt="D1", paid_on=date(2026, 11, 1))
