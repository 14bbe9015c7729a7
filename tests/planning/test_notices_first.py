"""The notice that the law wants first: sent by the program, waited for, and sent again where it came back."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import or_, select, update

from channels.kind import ChannelKind
from dispatcher.database.engine import Database
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.portfolio import debtors
from dispatcher.people.record_notice import record_notice
from dispatcher.people.recording import Said
from dispatcher.people.storage.people import load_people
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.planning.policy import Policy
from dispatcher.rulebook.senders import load_senders
from dispatcher.values.sender import Sender
from tests.builders import a_debt, a_debtor, a_desk, a_ladder, a_step, at, days, mark_unsent, plan
from tests.shared import ROOT

DUE = date(2026, 3, 2)  # a Monday
ONTARIO = {"country": "CA", "region": "ON", "time_zone": "America/Toronto"}


def a_notice_first(*later: int, notice: str = "first_written") -> Strategy:
    """The notice on the first day, then reminders."""
    steps = (
        a_step("notice", 1, kind="notice", notice=notice, template="first-notice"),
        *(a_step(f"day{day}", day) for day in later),
    )
    return a_ladder(name="notice-first", steps=steps)


def deliver(database: Database, day: date) -> list[tuple[date, str]]:
    """What may go out by noon of the desk's day is accepted; (day, step) of each."""
    noon = datetime(day.year, day.month, day.day, 17, tzinfo=UTC)
    due = or_(messages.c.not_before.is_(None), messages.c.not_before <= noon)
    waiting = messages.c.state.in_(("planned", "deferred"))
    with database.writing() as connection:
        found = connection.execute(select(messages.c.id, messages.c.step).where(waiting, due)).all()
        ids = [row.id for row in found]
        connection.execute(
            update(messages).where(messages.c.id.in_(ids)).values(state="accepted", sent_at=noon)
        )
    return [(day, row.step) for row in found]


def replay(
    database: Database, desk: Policy, first: date, count: int, **came_back: date
) -> list[tuple[date, str]]:
    """Each day planned and delivered; `came_back`: the day on which a step's newest message bounces."""
    sent: list[tuple[date, str]] = []
    for day in days(first, count):
        plan(database, day, desk)
        sent += deliver(database, day)
        for step, when in came_back.items():
            if when == day:
                mark_unsent(database, [_newest(database, step)], state="bounced")
    return sent


def _newest(database: Database, step: str) -> str:
    query = select(messages.c.id).where(messages.c.step == step).order_by(messages.c.sent_at.desc())
    with database.reading() as connection:
        return connection.execute(query).scalars().first() or ""


def an_ontario_debt(database: Database) -> int:
    debtor = a_debtor(database, **ONTARIO)
    a_debt(database, debtor, DUE, currency="CAD", sender_role="third_party")
    return debtor


@pytest.fixture
def collector(tmp_path: Path) -> Mapping[str, Sender]:
    """The shipped senders, collecting for others."""
    path = tmp_path / "senders.yaml"
    shipped = (ROOT / "config" / "senders.yaml").read_text(encoding="utf-8")
    path.write_text(
        shipped.replace("role: original_creditor", "role: third_party\n    creditor_name: Acme Inc."),
        encoding="utf-8",
    )
    return load_senders(path)


@pytest.fixture
def ontario(collector: Mapping[str, Sender]) -> Policy:
    return a_desk(a_notice_first(3, 12, 30), packs=("default", "ca-on"), senders=collector)


def test_a_year_in_ontario_asks_for_nothing_before_the_notice_and_its_six_days(
    database: Database, ontario: Policy
) -> None:
    an_ontario_debt(database)
    sent = replay(database, ontario, DUE, 365)
    assert sent == [
        (date(2026, 3, 3), "notice"),  # the day after it was due
        (date(2026, 3, 9), "day3"),  # due on the 5th: six days after the notice
        (date(2026, 3, 15), "day12"),  # a Sunday, at one in the afternoon
        (date(2026, 4, 2), "day30"),
    ]


def test_a_notice_that_bounced_is_sent_again_and_its_days_begin_anew(
    database: Database, ontario: Policy
) -> None:
    an_ontario_debt(database)
    sent = replay(database, ontario, DUE, 40, notice=date(2026, 3, 5))
    assert sent[:3] == [
        (date(2026, 3, 3), "notice"),
        (date(2026, 3, 6), "notice"),
        (date(2026, 3, 12), "day3"),
    ]


def test_without_a_step_for_the_notice_nothing_is_ever_asked_for(
    database: Database, collector: Mapping[str, Sender]
) -> None:
    an_ontario_debt(database)
    desk = a_desk(a_ladder(1, 10), packs=("default", "ca-on"), senders=collector)
    assert replay(database, desk, DUE, 60) == []


def test_a_debtor_who_says_that_it_never_arrived_gets_nothing_but_another_notice(
    database: Database, ontario: Policy, collector: Mapping[str, Sender]
) -> None:
    debtor = an_ontario_debt(database)
    said = Said(now=at(date(2026, 3, 4)), actor="test")
    with database.reading() as connection:
        who = load_people(connection, [debtor], now=at(DUE))[debtor].reference
    details = {"returned_on": "2026-03-04"}
    record_notice(database, f"acme/{who}", "first_written", said, sent_on=date(2026, 3, 2), details=details)
    desk = a_desk(a_ladder(1, 10), packs=("default", "ca-on"), senders=collector)
    assert replay(database, desk, date(2026, 3, 5), 30) == []
    assert replay(database, ontario, date(2026, 4, 4), 1) == [(date(2026, 4, 4), "notice")]


@pytest.mark.parametrize(
    ("details", "first"),
    [
        (
            {"channel": "letter"},
            date(2026, 3, 19),
        ),  # posted Monday the 2nd: from Thursday the 5th on, fourteen days
        ({"channel": "email"}, date(2026, 3, 17)),
        ({}, date(2026, 3, 19)),  # nobody knows the medium: the one that takes longest
        ({"channel": "letter", "received_on": "2026-03-09"}, date(2026, 3, 23)),
    ],
)
def test_in_belgium_the_days_run_from_the_receipt_that_is_known_or_assumed_for_the_medium(
    database: Database, details: dict[str, str], first: date
) -> None:
    debtor = a_debtor(database, country="BE", region="", time_zone="Europe/Brussels", reference="B1")
    a_debt(database, debtor, date(2026, 2, 20), currency="EUR")
    said = Said(now=at(date(2026, 3, 10)), actor="test")
    record_notice(database, "acme/B1", "first_written", said, sent_on=date(2026, 3, 2), details=details)
    desk = a_desk(a_ladder(1), packs=("default", "be-xix"))
    sent = replay(database, desk, date(2026, 3, 10), 40)
    assert [day for day, _ in sent][:1] == [first]


def by_channel(database: Database) -> list[tuple[str, date, str, str]]:
    """(who, day, step, channel) of everything that went out, by who and day."""
    shown = select(debtors.c.reference, messages.c.sent_at, messages.c.step, messages.c.channel)
    query = shown.join_from(messages, debtors, debtors.c.id == messages.c.recipient_id)
    with database.reading() as connection:
        rows = connection.execute(query.where(messages.c.sent_at.is_not(None))).all()
    return sorted((row.reference, row.sent_at.date(), row.step, row.channel) for row in rows)


def test_a_year_of_a_german_collector_begins_where_the_first_data_have_room_and_nowhere_else(
    sqlite_database: Database, collector: Mapping[str, Sender]
) -> None:
    mobile = {"country": "DE", "region": "BE", "time_zone": "Europe/Berlin", "phone": "+4915112345678"}
    for reference, reached in {"both": mobile, "mobile-alone": {**mobile, "email": ""}}.items():
        debtor = a_debtor(sqlite_database, reference=reference, **reached)
        a_debt(sqlite_database, debtor, DUE, currency="EUR", sender_role="third_party")
    steps = tuple(
        a_step(f"day{day}", day, channels=(ChannelKind.SMS, ChannelKind.EMAIL)) for day in (3, 12, 30, 89)
    )
    desk = a_desk(a_ladder(steps=steps), packs=("default", "de-rdg", "eu-2021-2167"), senders=collector)
    replay(sqlite_database, desk, DUE, 365)
    assert by_channel(sqlite_database) == [
        (
            "both",
            date(2026, 3, 5),
            "day3",
            "email",
        ),  # the step would rather text: no room there for the first data
        ("both", date(2026, 3, 14), "day12", "sms"),
        (
            "both",
            date(2026, 4, 2),
            "day30",
            "sms",
        ),  # planned at eight in the evening of summer time: next day
        ("both", date(2026, 6, 1), "day89", "sms"),  # May 31 is a Sunday
    ]


def test_a_year_of_a_belgian_and_a_dutch_creditor_waits_where_the_law_wants_a_free_reminder_first(
    sqlite_database: Database,
) -> None:
    for country, zone in {"BE": "Europe/Brussels", "NL": "Europe/Amsterdam"}.items():
        place = {"country": country, "region": "", "time_zone": zone, "language": "nl", "reference": country}
        a_debt(sqlite_database, a_debtor(sqlite_database, **place), DUE, currency="EUR")
    desk = a_desk(a_notice_first(3, 12, 30), packs=("default", "be-xix", "nl-bw", "eu-2021-2167"))
    replay(sqlite_database, desk, DUE, 365)
    assert by_channel(sqlite_database) == [
        ("BE", date(2026, 3, 3), "notice", "email"),
        ("BE", date(2026, 3, 18), "day3", "email"),  # fourteen days from the day after
        ("BE", date(2026, 3, 24), "day12", "email"),
        ("BE", date(2026, 4, 11), "day30", "email"),
        ("NL", date(2026, 3, 3), "notice", "email"),
        (
            "NL",
            date(2026, 3, 5),
            "day3",
            "email",
        ),  # no costs are asked for, so no fourteen days are waited for
        ("NL", date(2026, 3, 14), "day12", "email"),
        (
            "NL",
            date(2026, 4, 2),
            "day30",
            "email",
        ),  # planned at eight in the evening of summer time: next day
    ]
