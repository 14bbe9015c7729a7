"""The volume guard over a quarter: a first run, growth, a month's end, a doubled import; what went, and by whose word."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select, update

from dispatcher.database.engine import Database
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.planning import runs
from dispatcher.runs.domain.volume import VolumeLimits
from dispatcher.runs.guard_volume import confirm_volume, guard_volume
from tests.delivery.builders import a_run, queued

LIMITS = VolumeLimits(factor=3.0, minimum=10, history=5, first=30)
FIRST, LAST = date(2026, 1, 5), date(2026, 3, 31)
BEGIN, GROWN = 8, 24  # messages a day, at the quarter's begin and at its end: threefold, by and by
PEAK = 5  # so many times as much on the last working day of a month, when instalments fall due
MONTHS_ENDS = (date(2026, 1, 30), date(2026, 2, 27), date(2026, 3, 31))
DOUBLED = date(2026, 2, 11)  # a ledger is imported a second time under other references


def working_days() -> Iterator[date]:
    day = FIRST
    while day <= LAST:
        if day.weekday() < 5:
            yield day
        day += timedelta(days=1)


def usual_on(day: date) -> int:
    share = (day - FIRST) / (LAST - FIRST)
    return round(BEGIN + (GROWN - BEGIN) * share)


def planned_on(day: date) -> int:
    if day == FIRST:
        return 40  # everything that has been overdue for long
    return usual_on(day) * (PEAK if day in MONTHS_ENDS else 10 if day == DOUBLED else 1)


@dataclass
class Quarter:
    """What the desk did, day by day."""

    database: Database
    held: dict[date, str] = field(default_factory=dict)
    runs: dict[date, int] = field(default_factory=dict)

    def run(self, day: date) -> str:
        run_id = self.runs[day] = a_run(self.database, as_of=day)
        half = planned_on(day) // 2
        for creditor, count in (("acme", planned_on(day) - half), ("ibm", half)):
            queued(self.database, count, run_id=run_id, creditor=creditor, as_of=day)
        said = guard_volume(
            self.database,
            run_id,
            LIMITS,
            confirmed=False,
            now=_noon(day),
            actor="ana",
            real_channels=["email"],
        )
        if said:
            self.held[day] = said
        self.deliver()
        return said

    def confirm(self, day: date, by: str) -> int:
        released = confirm_volume(self.database, now=_noon(day), actor=by, run_id=self.runs[day])
        self.deliver()
        return released

    def deliver(self) -> None:
        """What may go has gone."""
        with self.database.writing() as connection:
            connection.execute(
                update(messages)
                .where(messages.c.state == "queued")
                .values(state="accepted", sent_at=_noon(LAST))
            )

    def gone(self, day: date) -> int:
        query = select(func.count()).where(
            messages.c.run_id == self.runs[day], messages.c.state == "accepted"
        )
        with self.database.reading() as connection:
            return connection.scalar(query) or 0

    def verdict(self, day: date) -> str:
        with self.database.reading() as connection:
            summary = connection.scalar(select(runs.c.summary).where(runs.c.id == self.runs[day]))
        return str(summary["volume"]["verdict"])

    def words(self) -> list[tuple[int, str]]:
        """(run, who) of each confirmation in the log."""
        query = select(log_entries.c.run_id, log_entries.c.entry).where(
            log_entries.c.event == "volume_confirmed"
        )
        with self.database.reading() as connection:
            return [
                (row.run_id, _actor(row.entry))
                for row in connection.execute(query.order_by(log_entries.c.id))
            ]


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def _actor(entry: str) -> str:
    import json

    return str(json.loads(entry)["actor"])


def test_a_quarter_holds_what_nobody_would_expect_and_lets_growth_go_by_itself(database: Database) -> None:
    quarter = Quarter(database)
    for day in working_days():
        quarter.run(day)
        if day in quarter.held:
            assert quarter.gone(day) == 0, "a run above the usual waits whole"
        if day == FIRST:
            assert "40 of real channel email" in quarter.held[day]
            assert quarter.confirm(day, "user:bea") == 40
        if day == MONTHS_ENDS[0]:  # the desk has seen no month's end yet
            assert quarter.confirm(day, "user:bea") == planned_on(day)
    # Held: the first run towards a real channel, the first month's end, the doubled import. Nothing else in 62 days.
    assert sorted(quarter.held) == [FIRST, MONTHS_ENDS[0], DOUBLED]
    assert quarter.words() == [
        (quarter.runs[FIRST], "user:bea"),
        (quarter.runs[MONTHS_ENDS[0]], "user:bea"),
    ]
    others = [day for day in working_days() if day not in quarter.held]
    assert [day for day in others if quarter.gone(day) != planned_on(day)] == []
    assert quarter.gone(FIRST) == planned_on(FIRST)
    assert quarter.gone(DOUBLED) == 0
    assert {quarter.verdict(day) for day in others} == {"usual"}
    assert quarter.verdict(DOUBLED) == "held"
    # The doubled import was no history: the same again is held again, whatever has gone since.
    assert planned_on(LAST) < planned_on(DOUBLED) * 2
    again = a_run(database, as_of=LAST)
    queued(database, planned_on(DOUBLED) * 2, run_id=again, as_of=LAST)
    said = guard_volume(
        database, again, LIMITS, confirmed=False, now=_noon(LAST), actor="ana", real_channels=["email"]
    )
    assert "waits whole" in said


def test_a_doubled_import_that_somebody_confirms_goes_once_and_by_their_name(database: Database) -> None:
    quarter = Quarter(database)
    for day in working_days():
        if day > DOUBLED:
            break
        quarter.run(day)
        if day in quarter.held:
            quarter.confirm(day, "user:bea" if day == FIRST else "user:carl")
    assert quarter.gone(DOUBLED) == planned_on(DOUBLED)
    assert quarter.words()[-1] == (quarter.runs[DOUBLED], "user:carl")
    assert quarter.confirm(DOUBLED, "user:carl") == 0
    assert len(quarter.words()) == len(quarter.held)


def test_creditor_channel_and_template_are_looked_at_each_for_itself(database: Database) -> None:
    quarter = Quarter(database)
    days = [day for day in working_days() if day < date(2026, 1, 29)]
    for day in days[:-1]:
        quarter.run(day)
        if day in quarter.held:
            quarter.confirm(day, "user:bea")
    day = days[-1]
    run_id = quarter.runs[day] = a_run(database, as_of=day)
    queued(database, 2, run_id=run_id, creditor="acme", as_of=day)
    queued(database, 16, run_id=run_id, creditor="ibm", as_of=day)  # no more in all than before
    said = guard_volume(
        database, run_id, LIMITS, confirmed=False, now=_noon(day), actor="ana", real_channels=["email"]
    )
    assert "of creditor ibm" in said
    assert "in all" not in said
