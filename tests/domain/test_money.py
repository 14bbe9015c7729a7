"""Money: whole minor units, exact both ways, never across currencies."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.values.money import Money, exponent

currencies = st.sampled_from(["USD", "EUR", "MXN", "COP", "JPY", "CLP", "KWD", "TND", "CLF"])


@given(minor=st.integers(-(10**15), 10**15), currency=currencies)
def test_an_amount_goes_to_decimal_and_back_unchanged(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.of(money.amount, currency) == money
    assert Money.of(str(money.amount), currency) == money
    assert -money.amount.as_tuple().exponent == exponent(currency)


@given(a=st.integers(), b=st.integers(), currency=currencies)
def test_adding_and_subtracting_are_exact(a: int, b: int, currency: str) -> None:
    assert (Money(a, currency) + Money(b, currency)) - Money(b, currency) == Money(a, currency)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("120.50", "USD", 12_050), ("120", "USD", 12_000), ("1E+2", "USD", 10_000), ("120", "JPY", 120), ("1.234", "KWD", 1_234), (Decimal("-0.01"), "EUR", -1)],
)  # fmt: skip
def test_amounts_are_read_in_the_currencys_own_unit(amount: object, currency: str, minor: int) -> None:
    assert Money.of(amount, currency).minor == minor


@pytest.mark.parametrize(
    ("amount", "currency", "says"),
    [
        ("1.005", "USD", "more decimals than USD knows"),
        ("0.5", "JPY", "more decimals than JPY knows"),
        ("NaN", "USD", "decimals"),
        ("Infinity", "USD", "decimals"),
        ("ten", "USD", "is not an amount"),
    ],
)
def test_an_amount_that_is_none_is_refused_and_never_rounded(amount: str, currency: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Money.of(amount, currency)


def test_currencies_are_never_mixed() -> None:
    with pytest.raises(ValueError, match="EUR and USD cannot be added"):
        Money(1, "EUR") + Money(1, "USD")


def test_money_is_written_with_all_its_decimals() -> None:
    assert [str(Money(12_050, code)) for code in ("USD", "JPY", "KWD")] == [
        "120.50 USD",
        "12050 JPY",
        "12.050 KWD",
    ]
