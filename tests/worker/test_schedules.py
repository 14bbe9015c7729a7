"""Schedules fire once, on both clock changes of a year, through take-over, and say what they missed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dispatcher.database.engine import Database
from dispatcher.rulebook.schedules import load_schedules
from dispatcher.rulebook.yaml_file import ConfigError
from dispatcher.runs.domain.schedule import JOBS, Schedule, fires_between, fires_to_make, next_fire
from dispatcher.runs.fire_schedules import SchedulerPorts, fire_schedules, resign
from dispatcher.runs.storage import fires
from dispatcher.worker.jobs import _JOBS

ROOT = Path(__file__).parents[2]
YEAR = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def a_schedule(cron: str, zone: str = "America/New_York", **fields) -> Schedule:
    return Schedule(name="daily", job="run", cron=cron, zone=zone, **fields)


def test_whatever_a_schedule_may_name_there_is_a_job_for_it() -> None:
    assert set(_JOBS) == set(JOBS)


@pytest.mark.parametrize(
    ("zone", "cron", "around", "expected"),
    [
        (
            "America/New_York",
            "30 2 * * *",
            "2026-03-08",
            "2026-03-08T07:30Z",
        ),  # 02:30 does not exist: 03:30 EDT
        ("America/New_York", "30 1 * * *", "2026-11-01", "2026-11-01T05:30Z"),  # 01:30 comes twice: the first
        ("Europe/Berlin", "30 2 * * *", "2026-03-29", "2026-03-29T01:30Z"),
        ("Europe/Berlin", "30 2 * * *", "2026-10-25", "2026-10-25T00:30Z"),
        ("Australia/Lord_Howe", "15 2 * * *", "2026-10-04", "2026-10-03T15:45Z"),  # moves by half an hour
        (
            "America/Mexico_City",
            "0 7 * * *",
            "2026-04-05",
            "2026-04-05T13:00Z",
        ),  # has no summer time any more
    ],
)
def test_a_time_that_is_skipped_or_doubled_fires_once(
    zone: str, cron: str, around: str, expected: str
) -> None:
    day = datetime.fromisoformat(around).replace(tzinfo=UTC)
    window = {"after": day - timedelta(days=2), "until": day + timedelta(days=3)}
    found = list(fires_between(a_schedule(cron, zone), **window))
    assert at(expected) in found
    assert len(found) == 5


@pytest.mark.parametrize(
    "zone", ["America/New_York", "Europe/Berlin", "Asia/Kolkata", "America/Santiago", "Australia/Lord_Howe"]
)
def test_a_daily_schedule_fires_once_a_day_all_year(zone: str) -> None:
    start, end = YEAR
    found = list(fires_between(a_schedule("30 2 * * *", zone), after=start, until=end))
    assert len(found) == 365
    assert found == sorted(set(found))


def test_a_schedule_of_minutes_goes_on_through_the_doubled_hour() -> None:
    day = datetime(2026, 11, 1, 4, tzinfo=UTC)
    found = list(fires_between(a_schedule("*/15 * * * *"), after=day, until=day + timedelta(hours=4)))
    assert len(found) == 16


@pytest.mark.parametrize(("catch_up", "made", "missed"), [("once", 1, 2), ("all", 3, 0), ("skip", 0, 3)])
def test_missed_fires_are_made_up_for_as_told(catch_up, made: int, missed: int) -> None:
    now = at("2026-05-04T18:00Z")
    schedule = a_schedule("0 7 * * *", catch_up=catch_up)
    found = fires_to_make(schedule, after=now - timedelta(days=3), now=now)
    assert ([f.missed for f in found].count(False), [f.missed for f in found].count(True)) == (made, missed)
    assert made == 0 or not found[-1].missed


def test_the_next_fire_is_known() -> None:
    assert next_fire(a_schedule("0 7 1 1 *"), after=at("2026-05-04T18:00Z")) == at("2027-01-01T12:00Z")


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def scheduler(database: Database, clock: Clock, owner: str, ran: list, job=None) -> SchedulerPorts:
    jobs = {"run": job or (lambda fired: ran.append((owner, fired.astimezone(UTC))) or "done")}
    return SchedulerPorts(
        database=database, schedules=[a_schedule("30 2 * * *")], jobs=jobs, now=clock, owner=owner
    )


def test_two_schedulers_run_each_fire_once_through_take_over_and_both_clock_changes(
    database: Database,
) -> None:
    """A year in steps of some hours; the leader vanishes now and then without a word."""
    clock, ran = Clock(at("2026-03-01T00:00Z")), []
    pair = [scheduler(database, clock, owner, ran) for owner in ("one", "two")]
    fire_schedules(pair[0])
    for step in range(275):
        clock.now = at("2026-03-01T00:00Z") + timedelta(days=step, hours=13)
        alive = pair if step % 4 else [pair[step // 4 % 2]]
        for one in alive:
            fire_schedules(one)
    fired = [instant for _, instant in ran]
    assert fired == list(
        fires_between(a_schedule("30 2 * * *"), after=at("2026-03-01T00:00Z"), until=clock.now)
    )
    assert {owner for owner, _ in ran} == {"one", "two"}


def test_only_the_leader_fires_and_another_takes_over_when_it_resigns(database: Database) -> None:
    clock, ran = Clock(at("2026-05-04T00:00Z")), []
    one, two = scheduler(database, clock, "one", ran), scheduler(database, clock, "two", ran)
    fire_schedules(one)
    clock.now = at("2026-05-04T06:31Z")
    fire_schedules(one)
    assert fire_schedules(two) == []
    clock.now += timedelta(seconds=1)
    resign(one)
    clock.now += timedelta(days=1)
    fire_schedules(two)
    assert [owner for owner, _ in ran] == ["one", "two"]


def test_a_fire_whose_leader_died_in_the_middle_is_finished_by_the_next(database: Database) -> None:
    clock, ran = Clock(at("2026-05-04T00:00Z")), []

    def die(fired: datetime) -> str:
        raise KeyboardInterrupt  # what no job catches: the process is gone

    dying, heir = scheduler(database, clock, "dying", ran, die), scheduler(database, clock, "heir", ran)
    fire_schedules(dying)
    clock.now = at("2026-05-04T06:31Z")
    with pytest.raises(KeyboardInterrupt):
        fire_schedules(dying)
    clock.now += timedelta(minutes=5)
    fire_schedules(heir)
    fire_schedules(heir)
    assert ran == [("heir", at("2026-05-04T06:30Z"))]
    with database.reading() as connection:
        assert [(row.owner, row.state) for row in fires.recent(connection)] == [("heir", "done")]


def test_a_job_that_fails_is_recorded_and_keeps_no_other_from_its_hour(database: Database) -> None:
    clock = Clock(at("2026-05-04T00:00Z"))

    def fail(fired: datetime) -> str:
        raise ValueError("no ledger")

    one = scheduler(database, clock, "one", [], fail)
    fire_schedules(one)
    clock.now = at("2026-05-04T06:31Z")
    fire_schedules(one)
    with database.reading() as connection:
        assert [(row.state, row.note) for row in fires.recent(connection)] == [
            ("failed", "ValueError: no ledger")
        ]


@pytest.mark.parametrize(
    "broken",
    [
        {"cron": "0 0 31 2 *"},  # never fires: to look for its next time fails
        {"cron": "99 7 * * *"},
        {"zone": "Mars/Olympus"},
        {"job": "raises"},
        {"job": "is gone"},
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_whatever_is_wrong_with_one_schedule_the_others_fire_and_it_is_told(
    database: Database, broken: dict[str, str], place: int
) -> None:
    def raises(fired: datetime) -> str:
        raise OSError("disk full")

    clock, ran, told = Clock(at("2026-05-04T00:00Z")), [], []
    good = [
        Schedule(name=name, job="run", cron="30 2 * * *", zone="America/New_York")
        for name in ("first", "second")
    ]
    bad = replace(good[0], name="bad", **broken)
    ports = replace(
        scheduler(database, clock, "one", ran),
        schedules=[*good[:place], bad, *good[place:]],
        trouble=lambda name, _: told.append(name),
    )
    ports = replace(ports, jobs={**ports.jobs, "raises": raises})
    fire_schedules(ports)
    clock.now = at("2026-05-04T06:31Z")
    fired = [name for name, _ in fire_schedules(ports)]
    assert [name for name in fired if name != "bad"] == ["first", "second"]
    assert ran == [("one", at("2026-05-04T06:30Z"))] * 2
    assert set(told) == {"bad"}


def test_the_shipped_schedules_are_read() -> None:
    found = load_schedules(ROOT / "config" / "schedules.yaml", jobs=JOBS)
    assert {"daily-run", "sweep", "seal"} <= {schedule.name for schedule in found}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{name: a, job: rum, cron: '0 7 * * *', zone: UTC}", "there is no job 'rum'"),
        ("{name: a, job: run, cron: '0 25 * * *', zone: UTC}", "is no cron expression"),
        ("{name: a, job: run, cron: '59/15 * * * *', zone: UTC}", "write a step as"),
        ("{name: a, job: run, cron: '15 4 30 2 *', zone: UTC}", "never fires: there is no such day"),
        ("{name: a, job: run, cron: '0 7 * * *', zone: Mars}", "is no IANA time zone"),
        ("{name: a, job: run, cron: '0 7 * * *', zone: UTC, catchup: all}", "unknown key"),
        ("{name: a, job: run, cron: '0 * * * *', zone: UTC, catch_up: all}", "cannot make up for all"),
    ],
)
def test_a_wrong_schedule_is_named_with_its_line(tmp_path: Path, line: str, complaint: str) -> None:
    path = tmp_path / "schedules.yaml"
    path.write_text(f"schedules:\n  - {line}\n")
    with pytest.raises(ConfigError, match=complaint) as error:
        load_schedules(path, jobs=JOBS)
    assert f"{path}:2" in str(error.value)
