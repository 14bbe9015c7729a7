"""Planning day by day agrees with a slow model that knows nothing of the code: from the strategy's words alone."""

import itertools
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.kind import ChannelKind
from dispatcher.database.engine import Database
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.planning.plan_reminders import RunRefused
from tests.builders import (
    TODAY,
    a_debt,
    a_debtor,
    a_desk,
    a_ladder,
    mark_sent,
    mark_unsent,
    plan,
    planned,
    rows_of,
)
from tests.builders import at as hour_of

_numbers = itertools.count()
MOST_TRIES = 5


@dataclass
class Invoice:
    """An invoice in the model's own words."""

    due: date
    issued: date
    settled: date | None
    disputed: date | None
    sent: list[tuple[int, date]] = field(default_factory=list)  # place of the step, day
    tries: dict[int, int] = field(default_factory=dict)

    def is_asked_for(self, day: date) -> bool:
        if day < self.issued or (self.settled is not None and day >= self.settled):
            return False
        return self.disputed is None or day < self.disputed

    def next_step(self, ladder: Strategy, day: date) -> int | None:
        """Walk up from the last step sent: courtesies of the past are skipped, anything else is waited for."""
        place, sent_on = self.sent[-1] if self.sent else (-1, None)
        for i in range(place + 1, len(ladder.steps)):
            step = ladder.steps[i]
            if step.day <= 0 and day > self.due:
                continue
            if day < self.due + timedelta(days=step.day):
                return None
            behind_courtesy = place >= 0 and ladder.steps[place].day <= 0 < step.day  # which is no rung
            if (
                sent_on
                and not behind_courtesy
                and day < sent_on + timedelta(days=step.day - ladder.steps[place].day)
            ):
                return None
            return i if self.tries.get(i, 0) < MOST_TRIES else None
        return None


@st.composite
def invoices(draw: st.DrawFn, start: date) -> Invoice:
    due = start + timedelta(days=draw(st.integers(-20, 30)))
    later = st.none() | st.integers(-5, 60).map(lambda days: start + timedelta(days=days))
    return Invoice(due, due - timedelta(days=draw(st.integers(0, 30))), draw(later), draw(later))


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_every_day_of_a_book_goes_as_the_words_say(database: Database, data: st.DataObject) -> None:
    ladder = data.draw(
        st.sampled_from([a_ladder(-3, 3, 10, 21), a_ladder(3, 10, 21), a_ladder(-7, -2, 1, 4, 5)])
    )
    start = TODAY + timedelta(days=200 * next(_numbers))
    book = data.draw(st.lists(invoices(start), min_size=1, max_size=4))
    debtor = a_debtor(database)
    ids = [
        a_debt(database, debtor, i.due, issued_on=i.issued, settled_on=i.settled, disputed_on=i.disputed)
        for i in book
    ]
    desk = a_desk(ladder)
    for day in _days_with_a_run(data, start):
        expected = {
            (key, i.next_step(ladder, day)) for key, i in zip(ids, book, strict=True) if i.is_asked_for(day)
        }
        summary = plan(database, day, desk, debtor_id=debtor)
        found = {(debt, step) for _, debt, step, _ in planned(database, run_id=summary.run_id)}
        assert found == {(key, ladder.steps[place].name) for key, place in expected if place is not None}
        _deliver(database, data, summary.run_id, dict(zip(ids, book, strict=True)), ladder, day)


def _days_with_a_run(data: st.DataObject, start: date) -> list[date]:
    """Forty days with outages: days on which nobody ran anything."""
    ran = data.draw(st.lists(st.booleans() | st.just(value=True), min_size=40, max_size=40))
    return [start + timedelta(days=i) for i, happened in enumerate(ran) if happened]


def _deliver(
    database: Database,
    data: st.DataObject,
    run_id: int,
    book: dict[int, Invoice],
    ladder: Strategy,
    day: date,
) -> None:
    """Some messages fail and are given back; the others have arrived."""
    rows, steps = rows_of(database, run_id), planned(database, run_id=run_id)
    failed = (
        data.draw(st.sets(st.sampled_from([row.id for row in rows])))
        if rows and data.draw(st.integers(0, 4)) == 0
        else set()
    )
    mark_unsent(database, sorted(failed))
    mark_sent(database, at=hour_of(day))
    gone = {_debt_of(database, key) for key in failed}
    for _, debt, name, _ in steps:
        place = [step.name for step in ladder.steps].index(name)
        book[debt].tries[place] = book[debt].tries.get(place, 0) + 1
        if debt not in gone:
            book[debt].sent.append((place, day))


def _debt_of(database: Database, message_id: str) -> int:
    from sqlalchemy import select

    from dispatcher.database.tables.messages import message_debts

    with database.reading() as connection:
        return connection.scalar(
            select(message_debts.c.debt_id).where(message_debts.c.message_id == message_id)
        )


def test_a_second_run_of_the_day_finds_nothing(database: Database) -> None:
    a_debt(database, a_debtor(database), TODAY - timedelta(days=3))
    desk = a_desk()
    assert [plan(database, TODAY, desk).due for _ in range(3)] == [1, 0, 0]


def test_a_run_for_a_day_before_the_newest_is_refused_with_what_to_do(database: Database) -> None:
    plan(database, TODAY, a_desk())
    with pytest.raises(RunRefused, match=f"lies before run 1 of {TODAY}.*--dry-run"):
        plan(database, TODAY - timedelta(days=1), a_desk())


def test_the_same_inputs_give_the_same_plan_hash(database: Database) -> None:
    debtor = a_debtor(database)
    for days in (3, 4, 5):
        a_debt(database, debtor, TODAY - timedelta(days=days))
    first = plan(database, TODAY, a_desk())
    mark_unsent(database, [row.id for row in rows_of(database)])
    second = plan(database, TODAY, a_desk())
    assert (first.due, first.digest) == (second.due, second.digest)


def test_nobody_is_spared_a_real_message_because_a_replay_wrote_one(database: Database) -> None:
    a_debt(database, a_debtor(database), TODAY - timedelta(days=3))
    desk = a_desk()
    plan(database, TODAY, desk, mode="simulated")
    real = replace(desk, real_channels=frozenset({ChannelKind.EMAIL}), require_review=False)
    with pytest.raises(RunRefused, match="this home holds a replay"):
        plan(database, TODAY, real)
    assert plan(database, TODAY, desk).due == 0
