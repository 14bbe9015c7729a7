"""Interest against a second plain way of counting, day counts against published examples, charges by their dates."""

import re
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher import resources
from dispatcher.rulebook.charges import load_charges
from dispatcher.rulebook.yaml_file import ConfigError
from dispatcher.values.charges import Charge, ChargeRefusedError, FixedSum, Rate, charged, unknown_on
from dispatcher.values.interest import DayCount, SimpleInterest
from dispatcher.values.money import Money

days = st.dates(date(2000, 1, 1), date(2040, 12, 31))


@given(days, st.integers(0, 4000))
def test_a_year_s_parts_add_up_day_by_day(start: date, length: int) -> None:
    end = start + timedelta(days=length)
    assert DayCount.ACT_365.fraction(start, end) == Fraction(length, 365)
    assert DayCount.ACT_360.fraction(start, end) == Fraction(length, 360)
    by_day = sum(
        (Fraction(1, 366 if _leap(day.year) else 365) for day in _days(start, length)), start=Fraction(0)
    )
    assert DayCount.ACT_ACT.fraction(start, end) == by_day


@given(days, st.integers(0, 4000))
def test_thirty_360_counts_months_of_thirty_days(start: date, length: int) -> None:
    end = start + timedelta(days=length)
    first, last = start.day, end.day
    if first == 31:
        first = 30
    if last == 31 and first == 30:
        last = 30
    months = (end.year - start.year) * 12 + end.month - start.month
    expected = Fraction(months * 30 + last - first, 360) if length else Fraction(0)
    assert DayCount.THIRTY_360.fraction(start, end) == expected


@pytest.mark.parametrize(
    ("count", "start", "end", "part"),
    [  # ISDA's paper on day counts ("EMU and market conventions", 1998), and SIFMA's standard securities examples
        (DayCount.ACT_ACT, date(2003, 11, 1), date(2004, 5, 1), Fraction(61, 365) + Fraction(121, 366)),
        (DayCount.ACT_ACT, date(1999, 2, 1), date(1999, 7, 1), Fraction(150, 365)),
        (DayCount.ACT_365, date(2024, 2, 28), date(2024, 3, 1), Fraction(2, 365)),
        (DayCount.ACT_360, date(2007, 12, 28), date(2008, 2, 28), Fraction(62, 360)),
        (DayCount.THIRTY_360, date(2007, 12, 28), date(2008, 2, 28), Fraction(60, 360)),
        (DayCount.THIRTY_360, date(2007, 10, 31), date(2008, 11, 30), Fraction(390, 360)),
        (DayCount.THIRTY_360, date(2008, 2, 1), date(2009, 5, 31), Fraction(480, 360)),
    ],
)
def test_day_counts_are_the_published_ones(count: DayCount, start: date, end: date, part: Fraction) -> None:
    assert count.fraction(start, end) == part


def test_nothing_accrues_before_the_stated_day() -> None:
    interest = SimpleInterest(yearly_percent=Decimal(8))
    assert interest.accrued(Money(10_000, "USD"), date(2026, 3, 2), date(2026, 3, 1)).minor == 0


def test_a_year_at_eight_per_cent_and_a_day_of_it() -> None:
    interest = SimpleInterest(yearly_percent=Decimal(8))
    principal = Money(100_000, "GBP")
    assert interest.accrued(principal, date(2025, 3, 1), date(2026, 3, 1)).minor == 8_000
    assert interest.per_diem(principal, date(2026, 3, 1)).minor == 22  # 80.00 / 365 = 0.2192 a day


def _days(start: date, length: int) -> list[date]:
    return [start + timedelta(days=i) for i in range(length)]


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


A_CHARGE = Charge(
    name="test",
    title="A statute",
    reference="art. 1",
    link="https://law.example",
    valid_from=date(2013, 3, 16),
    day_count=DayCount.ACT_365,
    rates=(
        Rate(valid_from=date(2026, 1, 1), percent=Decimal("10.15"), source="s"),
        Rate(valid_from=date(2026, 7, 1), percent=Decimal("11.15"), source="s"),
    ),
    fixed={"EUR": (FixedSum(amount=Money(4_000, "EUR")),)},
    cap_percent=Decimal(12),
    debt_types=frozenset({"commercial"}),
)


def test_a_statute_s_rate_changes_on_its_published_day() -> None:
    found = charged(
        A_CHARGE, Money(100_000, "EUR"), date(2026, 6, 20), date(2026, 7, 10), debt_type="commercial"
    )
    first = 100_000 * Fraction("0.1015") * 10 / 365  # 21 to 30 June
    then = 100_000 * Fraction("0.1115") * 10 / 365  # 1 to 10 July
    assert found.interest.minor == round(first) + round(then)
    assert found.fixed.minor == 4_000
    assert found.total == found.interest + found.fixed
    assert found.per_diem.minor == round(100_000 * Fraction("0.1115") / 365)


def test_what_the_ledger_holds_is_not_computed_twice() -> None:
    found = charged(
        A_CHARGE, Money(100_000, "EUR"), date(2026, 6, 20), date(2026, 7, 10), debt_type="commercial",
        in_ledger=("interest", "fees"),
    )  # fmt: skip
    assert (found.interest.minor, found.fixed.minor, found.per_diem.minor) == (0, 0, 0)


@pytest.mark.parametrize(
    ("changes", "debt_type", "due", "says"),
    [
        ({}, "consumer", date(2026, 6, 20), "commercial debts"),
        ({}, "commercial", date(2012, 1, 1), "lateness began before"),
        ({}, "commercial", date(2025, 6, 20), "no rate is known for 2025-06-21"),
        ({"cap_percent": Decimal(9)}, "commercial", date(2026, 2, 1), "the most that"),
    ],
)
def test_what_the_law_does_not_allow_is_refused(changes, debt_type, due, says) -> None:
    from dataclasses import replace

    with pytest.raises(ChargeRefusedError, match=says):
        charged(
            replace(A_CHARGE, **changes), Money(1_000, "EUR"), due, date(2026, 7, 10), debt_type=debt_type
        )


def test_the_shipped_statutes_cite_where_each_figure_comes_from() -> None:
    shipped = load_charges(resources.config_path(None, "charges"))
    assert {charge.name for charge in shipped} >= {"eu-2011-7", "uk-1998"}
    for charge in shipped:
        assert charge.reference
        assert charge.link.startswith("https://")
        assert all(rate.source for rate in charge.rates)


def test_the_uk_s_fixed_sums_follow_the_size_of_the_debt() -> None:
    [uk] = [one for one in load_charges(resources.config_path(None, "charges")) if one.name == "uk-1998"]
    sums = {}
    for pounds in (500, 999, 1_000, 9_999, 10_000):
        found = charged(
            uk, Money(pounds * 100, "GBP"), date(2025, 9, 1), date(2025, 9, 30), debt_type="commercial"
        )
        sums[pounds] = found.fixed.minor
    assert sums == {500: 4_000, 999: 4_000, 1_000: 7_000, 9_999: 7_000, 10_000: 10_000}


def test_a_rate_that_stays_is_that_of_the_first_late_day() -> None:
    from dataclasses import replace

    stays = replace(A_CHARGE, rate_stays=True)
    found = charged(
        stays, Money(100_000, "EUR"), date(2026, 6, 20), date(2026, 7, 10), debt_type="commercial"
    )
    assert found.interest.minor == round(100_000 * Fraction("0.1015") * 20 / 365)
    assert found.per_diem.minor == round(100_000 * Fraction("0.1015") / 365)


def test_of_a_half_year_without_its_own_rate_nothing_is_known() -> None:
    from dataclasses import replace

    halves = replace(A_CHARGE, half_years=True)
    with pytest.raises(ChargeRefusedError, match="none is known for 2027-01-01"):
        charged(halves, Money(1_000, "EUR"), date(2026, 12, 1), date(2027, 1, 10), debt_type="commercial")
    gap = replace(
        halves, rates=(*halves.rates, Rate(valid_from=date(2027, 7, 1), percent=Decimal(9), source="s"))
    )
    assert unknown_on(halves, date(2026, 12, 31)) == ""
    assert "none is known for 2027-01-10" in unknown_on(halves, date(2027, 1, 10))  # what `check` says
    with pytest.raises(ChargeRefusedError, match="none is known for 2027-01-01"):
        charged(gap, Money(1_000, "EUR"), date(2026, 12, 1), date(2027, 8, 1), debt_type="commercial")


@pytest.mark.parametrize(
    "charge", load_charges(resources.config_path(None, "charges")), ids=lambda it: it.name
)
def test_the_shipped_rates_leave_no_half_year_out_and_add_to_what_their_source_says(charge: Charge) -> None:
    halves = [(rate.valid_from.year, rate.valid_from.month) for rate in charge.rates]
    first = halves[0]
    assert halves == [(first[0] + n // 2, 1 + 6 * (n % 2)) for n in range(len(halves))]
    for rate in charge.rates:
        figures = [Decimal(said) for said in re.findall(r"(\d+\.\d\d)", rate.source)]
        assert sum(figures) + 8 == rate.percent, rate.source


def test_a_rate_above_the_cap_beside_it_is_refused_with_its_line(tmp_path) -> None:
    shipped = resources.config_path(None, "charges") / "eu-2011-7.yaml"
    (tmp_path / "own.yaml").write_text(shipped.read_text() + '\ncap_percent: "12.00"\n')
    with pytest.raises(ConfigError, match=r"own.yaml.*12.50 is above the cap of 12.00"):
        load_charges(tmp_path)
