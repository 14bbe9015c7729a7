"""What messages brought in over time: the figures of outcomes in a row, a warning at a limit, tables behind charts."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from dispatcher.database.tables.messages import messages
from dispatcher.treatment.domain.outcomes import WINDOWS, Outcome, PaidWithin, Sign
from dispatcher.treatment.domain.over_time import FEWEST, RATES, Point, recent, stretches
from tests.web.house import Web

DAY = date(2026, 11, 16)
COMPLAINED = next(rate for rate in RATES if rate.name == "complained")


def point(sent: int, complained: int, days: int = 1) -> Point:
    outcome = Outcome(
        group="", sent=sent, delivered=0, complained=complained, people=sent, signs=dict.fromkeys(Sign, 0),
        paid=tuple(PaidWithin(days=each) for each in WINDOWS), cost=None,
    )  # fmt: skip
    return Point(since=DAY, days=days, outcome=outcome)


@given(first=st.dates(date(2024, 1, 1), date(2027, 1, 1)), length=st.integers(0, 800))
def test_every_day_stands_in_one_stretch_and_no_stretch_is_left_out(first: date, length: int) -> None:
    last = first + timedelta(days=length)
    covered = [since + timedelta(days=more) for since, days in stretches(first, last) for more in range(days)]

    assert len(covered) == len(set(covered))
    assert {first + timedelta(days=more) for more in range(length + 1)} <= set(covered)
    assert covered == sorted(covered)


def test_a_limit_warns_of_enough_messages_alone_and_of_the_last_seven_days() -> None:
    quiet, loud = point(1000, 2), point(1000, 4)

    assert COMPLAINED.share(loud) == Decimal("0.4")
    assert [COMPLAINED.is_passed([one]) for one in (quiet, loud)] == [False, True]
    assert not COMPLAINED.is_passed([point(FEWEST - 1, FEWEST - 1)])
    assert not COMPLAINED.is_passed([Point(since=DAY, days=1)])
    assert recent([loud] * 3 + [quiet] * 7) == [quiet] * 7
    assert recent([loud, point(1, 0, days=7)]) == [point(1, 0, days=7)]


def test_the_page_and_its_file_say_what_outcomes_say(web: Web) -> None:
    desk = web.signed_in("manager")
    with web.house.database.writing() as connection:
        one = connection.scalar(select(messages.c.id).where(messages.c.state == "accepted"))
        connection.execute(update(messages).where(messages.c.id == one).values(state="bounced"))

    page = desk.page("/outcomes/days?from=2026-11-10&to=2026-11-16")
    rows = desk.get("/outcomes/days?from=2026-11-10&to=2026-11-16&format=csv").content.decode("utf-8-sig")
    figures = desk.get("/outcomes?by=channel&from=2026-11-10&to=2026-11-16&format=json").json()["outcomes"]

    table = {row["since"]: row for row in csv.DictReader(io.StringIO(rows))}
    assert len(table) == 7
    assert int(table["2026-11-16"]["sent"]) == sum(one["sent"] for one in figures) > 0
    assert table["2026-11-16"]["came_back"] == "1"
    assert table["2026-11-12"]["came_back_percent"] == ""
    assert page.count("<summary>The numbers</summary>") == 1 + len(RATES)
    assert "16 Nov 2026" in page
    assert desk.get("/outcomes/days?from=2026-11-16&to=2026-11-10").status_code == 400
