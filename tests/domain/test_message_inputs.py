from dataclasses import replace
from datetime import date

import pytest

from dispatcher.messages.domain.spoken import How
from dispatcher.people.domain.person import DebtFile
from dispatcher.values.money import Money
from dispatcher.writing.domain.message_inputs import debt_view, parts_of

AS_OF = date(2026, 3, 11)


def usd(minor):
    return Money(minor, "USD")


def a_debt(*, ledger, original=None, paid=0, credit=0, **extra):
    return DebtFile(
        id=1,
        creditor_id=1,
        creditor="acme",
        debtor_id=1,
        reference="INV-1",
        ledger=usd(ledger),
        original=None if original is None else usd(original),
        paid=usd(paid),
        credit=usd(credit),
        due_date=date(2026, 3, 1),
        extra=extra,
    )


@pytest.mark.parametrize(
    ("debt", "paid"),
    [
        (a_debt(ledger=12_000, original=15_000), 3_000),
        (a_debt(ledger=12_000, original=15_000, interest="12.00", fees="8.00"), 5_000),
        (a_debt(ledger=12_000, original=11_000, interest="10.00"), 0),
        (a_debt(ledger=12_000, interest="10.00"), 0),
        (a_debt(ledger=12_000, original=15_000, paid=2_000, credit=1_000), 5_000),
        (a_debt(ledger=12_000), 0),
    ],
)
def test_what_is_shown_of_a_debt_adds_up_to_its_balance(debt, paid):
    view = debt_view(debt, AS_OF)
    shown = {
        name: getattr(view, name).minor if getattr(view, name) else 0
        for name in ("interest", "fees", "paid", "credit")
    }
    assert shown["paid"] == paid
    assert (
        view.balance.minor == view.original.minor + shown["interest"] + shown["fees"] - paid - shown["credit"]
    )


@pytest.mark.parametrize(
    ("hows", "at_a_step", "main", "apart"),
    [
        ({1: How.DUE, 2: How.LISTED, 3: How.NEW}, (1, 3), (1, 2), (3,)),
        ({1: How.LISTED, 2: How.LISTED, 3: How.NEW}, (3,), (3,), (1, 2)),
        ({1: How.LISTED, 2: How.LISTED, 3: How.LISTED}, (2,), (2,), (1, 3)),
        ({1: How.LISTED, 2: How.LISTED, 3: How.LISTED}, (), (1, 2, 3), ()),
    ],
    ids=[
        "a reminder of known ones",
        "a first reminder",
        "a first reminder after a broken promise",
        "no step",
    ],
)
def test_what_a_reminder_is_about_stands_apart_from_what_was_told_before(hows, at_a_step, main, apart):
    debts = [replace(a_debt(ledger=100), id=number) for number in hows]
    found = parts_of(debts, hows, at_a_step)
    assert tuple(tuple(debt.id for debt in part) for part in found) == (main, apart)
