"""A payment of unknown aim goes the same way whatever order and ids a database gave the debts."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.people.domain.allocation import AllocationError, Payable, allocate
from dispatcher.values.money import Money

DUE = date(2026, 10, 31)
REFERENCES = ["D1", "D2", "D3"]


def a_debt(reference: str, debt_id: int, **columns) -> Payable:
    return Payable(
        **{"debt_id": debt_id, "reference": reference, "owed": Money(1000, "USD"), "due_date": DUE, **columns}
    )


def in_any_order(**columns) -> st.SearchStrategy[list[Payable]]:
    """Debts due on one day, of any ids, in any order."""
    ids = st.permutations(range(len(REFERENCES)))
    debts = ids.map(lambda keys: [a_debt(*each, **columns) for each in zip(REFERENCES, keys, strict=True)])
    return debts.flatmap(st.permutations)


@given(in_any_order())
def test_of_debts_due_on_one_day_the_first_reference_is_paid_first(debts):
    parts = [(debt.reference, money.minor) for debt, money in allocate(Money(2500, "USD"), debts)]
    assert parts == [("D1", 1000), ("D2", 1000), ("D3", 500)]


@given(in_any_order(withheld="disputed"))
def test_a_refusal_names_the_debts_in_one_order(debts):
    with pytest.raises(AllocationError, match="D1 is disputed; D2 is disputed; D3 is disputed"):
        allocate(Money(2500, "USD"), debts)
