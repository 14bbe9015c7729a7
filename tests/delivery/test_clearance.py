"""What is cleared goes without being judged again: only while the whole gate would say the same of it, to the second."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Table, insert, select, text

from dispatcher.agreements.domain.agreed import Base
from dispatcher.agreements.domain.offered_before import SettlementOffer
from dispatcher.agreements.storage import sent_offers
from dispatcher.agreements.storage.sent_offers import SentOffer
from dispatcher.database.engine import Database
from dispatcher.database.tables.delivery import stops, tasks
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.people import contacts, handlers, holds
from dispatcher.database.tables.users import users
from dispatcher.delivery import clear_messages
from dispatcher.delivery.begin_attempts import begin_attempts
from dispatcher.delivery.contradicted_clearances import CONTRADICTED
from dispatcher.delivery.deliver_messages import deliver_messages
from dispatcher.delivery.domain.verdict import VerdictKind
from dispatcher.delivery.work_on_tasks import finish_tasks
from dispatcher.messages.storage import outbox
from dispatcher.runs.storage.day_counts import waiting_for_a_person
from dispatcher.runs.summarise_run import summarise_run
from dispatcher.values.money import Money
from dispatcher.writing.message_files import gather
from tests.builders import TODAY, a_debt, a_debtor, at, plan, rows_of
from tests.delivery.builders import a_channel_delivery, attempt_rows, hand_out, message
from tests.delivery.clearances import (
    NOW,
    Book,
    Desk,
    a_book,
    a_cleared_message,
    bodies,
    make_ready,
    read,
    the_policy,
    the_segments,
)


@pytest.fixture
def desk() -> Desk:
    return Desk.of(the_policy())


@pytest.fixture
def one(database: Database, desk: Desk) -> str:
    return a_cleared_message(database, desk)


@pytest.fixture
def book(database: Database, desk: Desk) -> Book:
    return a_book(database, desk)


# ---- what ends a clearance that no fact ends


def stands(database: Database, desk: Desk, key: str, **how: Any) -> bool:
    with database.writing() as connection:
        return key in desk.cleared(connection, read(connection, [key]), **how)


def test_a_message_is_cleared_for_as_long_as_nothing_happens_and_says_by_when_it_was_judged(
    database: Database, desk: Desk, one: str
) -> None:
    soon = NOW + timedelta(minutes=30)
    with database.writing() as connection:
        found = read(connection, [one])
        (verdict,), (whole,) = (
            list(way(connection, found, soon).values()) for way in (desk.cleared, desk.judged)
        )
    assert verdict == replace(whole, grounds={}, cleared_at=NOW)


@pytest.mark.parametrize(
    ("where", "ends"),
    [
        ({"country": "GB", "region": "", "city": "London"}, None),  # its evening comes before midnight in UTC
        ({"country": "US", "region": "CA"}, at(TODAY + timedelta(days=1), 0)),
    ],
    ids=["the window's end", "midnight in UTC"],
)
def test_time_ends_it(
    database: Database, desk: Desk, where: Mapping[str, str], ends: datetime | None
) -> None:
    key = a_cleared_message(database, desk, **where)
    with database.reading() as connection:
        clearance = read(connection, [key])[0].clearance
    assert clearance.until == (ends or clearance.not_after)
    assert ends or clearance.until < at(TODAY + timedelta(days=1), 0)
    assert stands(database, desk, key, now=clearance.until - timedelta(microseconds=1))
    assert not stands(database, desk, key, now=clearance.until)
    assert not stands(database, desk, key, now=NOW - timedelta(microseconds=1))  # a clock behind


def test_its_hours_are_asked_again_at_the_call(database: Database, desk: Desk) -> None:
    key = a_cleared_message(database, desk, country="GB", region="", city="London")
    with database.reading() as connection:
        closes = read(connection, [key])[0].clearance.not_after
    clock = iter([NOW])  # at the claim; the machine sleeps before the call
    delivery = a_channel_delivery(database, judge=desk.judge, clock=lambda: next(clock, closes))
    deliver_messages(delivery, hand_out(database, [key]), [key])
    assert delivery.channel.attempts == []
    assert attempt_rows(database, key)[0].reason == "the legal window closed before the call"


def test_other_bytes_end_it(database: Database, desk: Desk, one: str) -> None:
    assert not stands(database, desk, one, body=b"Hullo")


@pytest.mark.parametrize(
    "columns",
    [
        {"address": "else@debtors.example"}, {"template_version": 2}, {"inputs_digest": "0" * 64}, {"attempts": 1},
        {"sent_at": NOW}, {"expires_at": at(TODAY + timedelta(days=9))}, {"kind": "notice"}, {"clearance": {}},
        {"balance_minor": 1}, {"rule_packs": []}, {"not_before": NOW}, {"clearance": None}, {"notice": "validation"},
        {"envelope": {"to": "else@debtors.example"}}, {"segment": "other"}, {"days_past_due": 99}, {"language": "es"},
    ],
    ids=lambda columns: next(iter(columns)),
)  # fmt: skip
def test_a_message_that_was_changed_is_judged(
    database: Database, desk: Desk, one: str, columns: Mapping[str, Any]
) -> None:
    with database.writing() as connection:
        outbox.change(connection, [{"id": one, **columns}])
    assert not stands(database, desk, one)


@pytest.mark.parametrize("part", ["judged_at", "since", "until", "not_after", "seal"])
def test_a_clearance_that_was_changed_is_none(database: Database, desk: Desk, one: str, part: str) -> None:
    with database.writing() as connection:
        kept = read(connection, [one])[0].clearance.as_json()
        kept[part] = "0" * 64 if part == "seal" else (NOW + timedelta(hours=5)).isoformat()
        outbox.change(connection, [{"id": one, "clearance": kept}])
    assert not stands(database, desk, one, now=NOW + timedelta(hours=5) - timedelta(seconds=1))
    assert not stands(database, desk, one)


def test_what_a_call_offers_meanwhile_ends_it_since_its_text_would_name_another_last_day(
    database: Database, desk: Desk
) -> None:
    who = a_debtor(database)
    debt = a_debt(database, who, TODAY - timedelta(days=1))
    with database.writing() as connection:
        talk = insert(contacts).values(
            debtor_id=who,
            at=NOW - timedelta(hours=9),
            channel="call",
            outcome="conversation",
            recorded_at=NOW,
        )
        (call,) = connection.execute(talk).inserted_primary_key or ()
    plan(database, TODAY, desk.context.policy)
    (key,) = make_ready(database, desk)
    assert stands(database, desk, key)
    before = settlement_until(database, desk, key)
    until = TODAY + timedelta(days=4)
    settlement = SettlementOffer(amount=Money(6_000, "USD"), percent=Decimal(60), valid_until=until)
    with database.writing() as connection:
        sent_offers.add(
            connection,
            SentOffer(
                contact_id=call, debtor_id=who, offered_on=TODAY, valid_until=until, total=Money(10_000, "USD"),
                debts=(debt,), plans=(), settlements=(settlement,), base=Base(),
            ),
        )  # fmt: skip
    assert (before, settlement_until(database, desk, key)) == (TODAY + timedelta(days=10), until)
    assert not stands(database, desk, key)


def settlement_until(database: Database, desk: Desk, key: str) -> date | None:
    with database.reading() as connection:
        [found] = read(connection, [key])
        files = gather(connection, [found], now=NOW)
    return files.inputs(found, desk.context.policy).settlement_until


@pytest.mark.parametrize(
    "other",
    [
        lambda: Desk.of(the_policy(), program="2"),
        lambda: Desk.of(the_policy(), program=""),
        lambda: Desk.of(the_policy(), key=b"another home's"),
        lambda: Desk.of(replace(the_policy(), read_from="other")),
        lambda: Desk.of(replace(the_policy(), read_from="")),
        lambda: Desk.of(the_policy(reviews=lambda: frozenset({("pack", "HOUSE", "1")}))),
    ],
    ids=[
        "another program",
        "an unknown program",
        "another home's key",
        "another configuration",
        "an unknown configuration",
        "another review",
    ],
)
def test_whoever_decides_by_something_else_judges(
    database: Database, one: str, other: Callable[[], Desk]
) -> None:
    assert not stands(database, other(), one)


def test_nothing_is_cleared_where_the_configuration_is_not_known(database: Database) -> None:
    a_debt(database, a_debtor(database), TODAY - timedelta(days=1))
    unknown = Desk.of(replace(the_policy(), read_from=""))
    plan(database, TODAY, unknown.context.policy)
    assert make_ready(database, unknown) == []


def test_what_hangs_on_all_that_a_creditor_is_owed_is_judged(database: Database) -> None:
    """By the shipped segments that is a company's debt alone."""
    desk = Desk.of(the_policy(segments=the_segments()))
    people = {kind: a_debtor(database, kind=kind) for kind in ("person", "company")}
    for who in people.values():
        a_debt(database, who, TODAY - timedelta(days=1))
    plan(database, TODAY, desk.context.policy)
    cleared = make_ready(database, desk)
    found = {row.recipient_id: row.id for row in rows_of(database)}
    assert (found.keys(), cleared) == (set(people.values()), [found[people["person"]]])


def test_two_messages_to_one_human_are_judged_one_after_the_other(
    database: Database, desk: Desk, book: Book
) -> None:
    with database.writing() as connection:
        found = {one.recipient_id: one for one in read(connection, book.cleared)}
        ana = found[book.people[0]]
        assert ana.id in desk.cleared(connection, list(found.values()))
        for who in book.people[:2]:  # her record, and the other creditor's
            second = ana._replace(id="another", recipient_id=who)
            assert ana.id not in desk.cleared(connection, [*found.values(), second])


def test_the_log_says_when_what_goes_unjudged_was_judged(database: Database, desk: Desk, one: str) -> None:
    delivery = a_channel_delivery(database, clock=lambda: NOW, judge=desk.judge)
    owner = hand_out(database, [one])
    with database.writing() as connection:
        (begun,) = begin_attempts(connection, delivery, owner, [one]).begun
    with database.reading() as connection:
        said = connection.scalars(
            select(log_entries.c.entry).where(log_entries.c.event == "attempting")
        ).one()
    assert (begun.message.id, message(database, one).clearance) == (one, None)
    assert "judged at 2026-03-04T18:00:00Z" in str(said)


def test_a_review_that_is_taken_back_while_texts_are_made_clears_nothing(database: Database) -> None:
    said = iter([frozenset({("pack", "HOUSE", "1")}), *[frozenset()] * 99])
    a_debt(database, a_debtor(database), TODAY - timedelta(days=1))
    desk = Desk.of(the_policy(reviews=lambda: next(said), require_review=False))
    plan(database, TODAY, the_policy(require_review=False))
    assert make_ready(database, desk) == []


def test_where_a_table_raises_no_version_nothing_is_cleared(database: Database, desk: Desk, one: str) -> None:
    gone = "DROP TRIGGER holds_raises_insert" + ("" if database.is_sqlite else " ON holds")
    with database.at_once(keep=False) as connection:
        connection.execute(text(gone))
        assert not stands(database, desk, one)
    other = "CREATE TRIGGER holds_raises_insert AFTER INSERT ON holds BEGIN SELECT 1; END"
    idle = "ALTER TABLE holds DISABLE TRIGGER holds_raises_insert"
    with database.at_once(keep=False) as connection:
        for statement in (gone, other) if database.is_sqlite else (idle,):
            connection.execute(text(statement))
        assert not stands(database, desk, one)
    assert stands(database, desk, one)


# ---- a clearance that the gate contradicts


@pytest.fixture
def refuses(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Clears what its gate would not let go, and judges all that it clears."""
    monkeypatch.setattr(clear_messages, "SAMPLE", 1)
    return replace(desk, context=replace(desk.context, policy=replace(desk.context.policy, senders={})))


def judged(database: Database, desk: Desk, key: str) -> Any:
    with database.writing() as connection:
        found = read(connection, [key])
        return desk.judge(connection, found, bodies(found), NOW)[key]


def test_a_contradiction_stops_the_channel_and_leaves_a_task_for_each_message(
    database: Database, refuses: Desk, one: str
) -> None:
    assert judged(database, refuses, one).kind is VerdictKind.HOLD
    assert judged(database, refuses, one).kind is VerdictKind.HOLD  # and tells it once
    with database.reading() as connection:
        assert connection.execute(select(stops.c.scope, stops.c.name)).all() == [("channel", "email")]
        (task,) = connection.execute(select(tasks)).all()
        assert waiting_for_a_person(connection, now=NOW).tasks == {CONTRADICTED: 1}
    assert (task.kind, task.message_id) == (CONTRADICTED, one)
    assert task.debtor_id == message(database, one).recipient_id
    assert "has no entry" in task.text  # why the gate would not let it go


def test_other_hours_are_a_contradiction_too(
    database: Database, desk: Desk, one: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clear_messages, "SAMPLE", 1)
    plain = clear_messages.judge_messages
    earlier = NOW + timedelta(minutes=1)

    def ends_earlier(*given: Any, **named: Any) -> Mapping[str, Any]:
        return {key: replace(one, not_after=earlier) for key, one in plain(*given, **named).items()}

    monkeypatch.setattr(clear_messages, "judge_messages", ends_earlier)
    assert judged(database, desk, one).not_after == earlier
    with database.reading() as connection:
        assert connection.scalars(select(tasks.c.kind)).all() == [CONTRADICTED]


def test_until_a_person_has_looked_nothing_is_cleared_and_every_run_says_so(
    database: Database, desk: Desk, refuses: Desk, one: str
) -> None:
    run_id = message(database, one).run_id
    assert not summarise_run(database, run_id).is_contradicted
    judged(database, refuses, one)
    with database.writing() as connection:
        connection.execute(stops.delete())  # a person lets the channel go on, and has not looked at the task
    assert not stands(database, desk, one)
    summary = summarise_run(database, run_id)
    assert summary.has_findings
    assert "1 message was cleared" in " ".join(summary.notes)
    with database.reading() as connection:
        ids = connection.scalars(select(tasks.c.id)).all()
    finish_tasks(database, ids, outcome="a sender was missing", release_quiet=False, actor="kim", now=NOW)
    assert stands(database, desk, one)
    assert not summarise_run(database, run_id).has_findings


# ---- what ends it because a fact has changed


@pytest.mark.parametrize(
    ("table", "values"),
    [
        (handlers, {"user": "kim", "shown_as": "Kim", "set_by": "test", "set_at": NOW}),
        (users, {"name": "kim", "password_hash": "-", "roles": [], "created_at": NOW}),
    ],
    ids=["handlers", "users"],
)
def test_who_handles_people_ends_every_clearance(
    database: Database, desk: Desk, one: str, table: Table, values: Mapping[str, Any]
) -> None:
    with database.writing() as connection:
        connection.execute(insert(table).values(**values))
    assert not stands(database, desk, one)


def test_a_debts_owner_ends_it_for_all_who_owe_with_them(database: Database, desk: Desk, book: Book) -> None:
    """The owner's facts bind who owes with them, and the owner's other records bind them too."""
    joint = next(row.id for row in rows_of(database) if row.recipient_id == book.people[2])
    for who in book.people[:2]:
        with database.at_once(keep=False) as connection:
            values = {"debtor_id": who, "kind": "bankruptcy", "starts_on": TODAY, "recorded_at": NOW}
            connection.execute(insert(holds).values(**values))
            assert joint not in desk.cleared(connection, read(connection, [joint]))
