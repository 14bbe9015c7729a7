"""The day of a ledger stands in its file's name, in whatever form people write it; what is not understood is refused."""

from datetime import date

import pytest

from dispatcher.portfolio.domain.ledger_day import day_in_name

TODAY = date(2026, 11, 17)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("ledger-2026-11-10", date(2026, 11, 10)),
        ("ledger_20261110", date(2026, 11, 10)),
        ("2026_11_10 open items", date(2026, 11, 10)),
        ("open items 10-11-2026", date(2026, 11, 10)),
        ("OPOS 10.11.2026", date(2026, 11, 10)),
        ("report 11-16-2026", date(2026, 11, 16)),  # there is no sixteenth month
        ("report_20261001_20261031", date(2026, 10, 31)),
        ("report_2026-10-01_2026-10-31", date(2026, 10, 31)),
        ("customers", None),
        ("ledger-0012345678", None),
    ],
)
def test_the_usual_forms_are_read_and_of_a_period_its_end(name, day):
    assert day_in_name(name, TODAY) == day


@pytest.mark.parametrize("name", ["ledger-2026-02-31", "ledger_20261350", "ledger 32-11-2026"])
def test_what_looks_like_a_date_and_is_none_is_refused(name):
    with pytest.raises(ValueError, match="looks like a date and is none"):
        day_in_name(name, TODAY)


def test_a_day_that_has_not_come_is_refused():
    with pytest.raises(ValueError, match="has not come yet"):
        day_in_name("ledger-2026-11-18", TODAY)
