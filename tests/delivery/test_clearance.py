"""What is cleared goes without being judged again: only while the whole gate would say the same of it, to the second."""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Boolean, Date, Table, delete, event, insert, select, update
from sqlalchemy.exc import DatabaseError

from dispatcher.database.engine import Connection, Database
from dispatcher.database.facts_versions import RAISES
from dispatcher.database.tables.agreements import (
    arrangement_debts,
    arrangement_parties,
    arrangements,
    handovers,
    instalments,
)
from dispatcher.database.tables.delivery import stops
from dispatcher.database.tables.metadata import metadata
from dispatcher.database.tables.people import (
    affordability,
    consents,
    contacts,
    facts_versions,
    handlers,
    holds,
    notices,
    opt_outs,
    wishes,
)
from dispatcher.database.tables.portfolio import payments
from dispatcher.database.tables.users import users
from dispatcher.database.types import Instant
from dispatcher.delivery import clear_messages
from dispatcher.delivery.begin_attempts import begin_attempts
from dispatcher.delivery.clear_messages import Clearing, judge_or_clear
from dispatcher.delivery.domain.verdict import Verdict, VerdictKind
from dispatcher.delivery.judge_messages import JudgingContext, judge_messages
from dispatcher.gate.facts import ContentFindings
from dispatcher.messages.domain.message import Message
from dispatcher.messages.storage import contents, outbox
from dispatcher.people.link_people import link_people
from dispatcher.planning.policy import Policy
from dispatcher.resources import config_path
from dispatcher.rulebook.scorecard import load_scorecard
from dispatcher.rulebook.segments import load_segments
from dispatcher.treatment.domain.segments import Segment
from dispatcher.writing.checks.checks import Report
from dispatcher.writing.message_files import gather
from tests.builders import TODAY, a_debt, a_debtor, a_desk, a_ladder, a_party, at, plan, rows_of
from tests.conftest import DEEP
from tests.delivery.builders import a_channel_delivery, hand_out, message

CHANGES = 5_000 if DEEP else 110
NOW = at(TODAY)
BODY = b"Hello"
HERE, THERE = "acme", "northwind"
IN_ORDER = ContentFindings(
    optout_notice=True,
    optout_methods=("link", "reply"),
    sender_identified=True,
    initial_disclosure=True,
    subsequent_disclosure=True,
    language="en",
    disclosure_language="en",
    confirms=True,
    complete=True,
    claims_costs=False,
)
REPORT = Report(findings=(), content=IN_ORDER)


def the_segments() -> tuple[Segment, ...]:
    card = load_scorecard(config_path(None, "scorecard.yaml"))
    return load_segments(config_path(None, "segments.yaml"), card)


def the_policy(**changes: Any) -> Policy:
    desk = a_desk(
        a_ladder(1, 10, 20, join="debtor", parties="all"),
        packs=("default", "house", "us-bankruptcy", "us-ma"),
        read_from="as it was",
        segments=tuple(one for one in the_segments() if not one.asks_for_the_book()),
    )
    return replace(desk, senders=dict.fromkeys((HERE, THERE), desk.senders[HERE]), **changes)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What judges, both ways."""

    clearing: Clearing
    context: JudgingContext

    @classmethod
    def of(cls, policy: Policy, *, program: str = "1") -> "Desk":
        """Bytes are in order, whatever they are."""
        return cls(
            clearing=Clearing(policy=policy, program=program, key=b"k" * 32),
            context=JudgingContext(policy=policy, check_content=lambda *_: REPORT),
        )

    def cleared(
        self, connection: Connection, found: Sequence[Message], now: datetime = NOW, body: bytes = BODY
    ) -> Mapping[str, Verdict]:
        """What the clearances say."""
        return self.clearing.cleared(connection, found, bodies(found, body), now)

    def judged(
        self, connection: Connection, found: Sequence[Message], now: datetime = NOW
    ) -> Mapping[str, Verdict]:
        """What the whole gate says."""
        return judge_messages(connection, found, bodies=bodies(found), now=now, context=self.context)


def bodies(found: Sequence[Message], body: bytes = BODY) -> dict[str, bytes]:
    return {str(one.content_sha256): body for one in found}


def make_ready(database: Database, desk: Desk, now: datetime = NOW) -> list[str]:
    """Give every planned message its text and what it may go by, as preparing does; returns the ids of the cleared."""
    content = contents.Content.of(BODY, "text/plain", BODY.decode())
    ids = [row.id for row in rows_of(database) if row.state == "planned"]
    with database.reading() as connection:
        found = outbox.read(connection, ids)
        files = gather(connection, found, now=now, segments=desk.context.policy.segments)
        clear = desk.clearing.clear_prepared(connection, found, files, now)
        digests = {one.id: files.inputs(one, desk.context.policy) for one in found}
    rows = []
    for one in found:
        columns = {
            "content_sha256": content.sha256, "inputs_digest": digests[one.id].digest(), "template_version": 1,
        }  # fmt: skip
        clearance = clear(replace(one, **columns), REPORT)
        rows.append(
            {"id": one.id, "state": "queued", "clearance": clearance and clearance.as_json(), **columns}
        )
    with database.writing() as connection:
        contents.keep(connection, [content], now=now)
        outbox.change(connection, rows)
    return [row["id"] for row in rows if row["clearance"]]


def read(connection: Connection, ids: Sequence[str]) -> list[Message]:
    return outbox.read(connection, ids)


@pytest.fixture
def desk() -> Desk:
    return Desk.of(the_policy())


@pytest.fixture
def one(database: Database, desk: Desk) -> str:
    """A cleared message."""
    a_debt(database, a_debtor(database), TODAY - timedelta(days=1))
    plan(database, TODAY, desk.context.policy)
    (key,) = make_ready(database, desk)
    return key


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
    a_debt(database, a_debtor(database, **where), TODAY - timedelta(days=1))
    plan(database, TODAY, desk.context.policy)
    (key,) = make_ready(database, desk)
    with database.reading() as connection:
        clearance = read(connection, [key])[0].clearance
    assert clearance.until == (ends or clearance.not_after)
    assert ends or clearance.until < at(TODAY + timedelta(days=1), 0)
    assert stands(database, desk, key, now=clearance.until - timedelta(microseconds=1))
    assert not stands(database, desk, key, now=clearance.until)
    assert not stands(database, desk, key, now=NOW - timedelta(microseconds=1))  # a clock behind


def test_other_bytes_end_it(database: Database, desk: Desk, one: str) -> None:
    assert not stands(database, desk, one, body=b"Hullo")


@pytest.mark.parametrize(
    "columns",
    [
        {"address": "else@debtors.example"}, {"template_version": 2}, {"inputs_digest": "0" * 64}, {"attempts": 1},
        {"sent_at": NOW}, {"expires_at": at(TODAY + timedelta(days=9))}, {"kind": "notice"}, {"clearance": {}},
        {"balance_minor": 1}, {"rule_packs": []}, {"not_before": NOW}, {"clearance": None},
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


@pytest.mark.parametrize(
    "other",
    [
        lambda: Desk.of(the_policy(), program="2"),
        lambda: Desk.of(replace(the_policy(), read_from="other")),
        lambda: Desk.of(replace(the_policy(), read_from="")),
        lambda: Desk.of(the_policy(reviews=lambda: frozenset({("pack", "HOUSE", "1")}))),
    ],
    ids=["another program", "another configuration", "an unknown configuration", "another review"],
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
    database: Database, desk: Desk, book: "Book"
) -> None:
    with database.writing() as connection:
        found = {one.recipient_id: one for one in read(connection, book.cleared)}
        ana = found[book.people[0]]
        assert ana.id in desk.cleared(connection, list(found.values()))
        for who in book.people[:2]:  # her record, and the other creditor's
            second = replace(ana, id="another", recipient_id=who)
            assert ana.id not in desk.cleared(connection, [*found.values(), second])


def test_the_log_says_when_what_goes_unjudged_was_judged(database: Database, desk: Desk, one: str) -> None:
    delivery = a_channel_delivery(
        database,
        clock=lambda: NOW,
        judge=lambda connection, found, its_bodies, now: judge_or_clear(
            connection, found, bodies=its_bodies, now=now, context=desk.context, clearing=desk.clearing
        ),
    )
    owner = hand_out(database, [one])
    with database.writing() as connection:
        (begun,) = begin_attempts(connection, delivery, owner, [one]).begun
    with database.reading() as connection:
        from dispatcher.database.tables.log import log_entries

        said = connection.scalars(
            select(log_entries.c.entry).where(log_entries.c.event == "attempting")
        ).one()
    assert (begun.message.id, message(database, one).clearance) == (one, None)
    assert "judged at 2026-03-04T18:00:00Z" in str(said)


def test_a_sample_is_judged_all_the_same_and_a_contradiction_stops_the_channel(
    database: Database, desk: Desk, one: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clear_messages, "SAMPLE", 1)
    refuses = replace(desk.context, policy=replace(desk.context.policy, senders={}))
    with database.writing() as connection:
        found = read(connection, [one])
        said = judge_or_clear(
            connection, found, bodies=bodies(found), now=NOW, context=refuses, clearing=desk.clearing
        )
        assert [verdict.kind for verdict in said.values()] == [VerdictKind.HOLD]
        assert connection.execute(select(stops.c.scope, stops.c.name)).all() == [("channel", "email")]


# ---- what ends it because a fact has changed


@dataclass(frozen=True, kw_only=True)
class Book:
    """Cleared messages of a book in which much hangs together."""

    cleared: tuple[str, ...]
    people: tuple[int, ...]
    owed: tuple[int, ...]


@pytest.fixture
def book(database: Database, desk: Desk) -> Book:
    """Alone; twice the same human; two who owe together, one of them a human twice; a mailbox that two share."""
    due = TODAY - timedelta(days=1)
    home = {"address_lines": ["12 High Street"], "postal_code": "12201", "city": "Albany"}
    first = a_debtor(database, email="ana@mail.example", phone="+12125550101", **home)
    again = a_debtor(database, creditor=THERE, email="ANA@mail.example", **home)
    joint = a_debtor(database, email="joe@mail.example", name="Joe Example")
    shared = a_debtor(database, email="office@mail.example", name="Kim Example")
    other = a_debtor(database, creditor=THERE, email="office@mail.example", name="Lee Example")
    boston = a_debtor(database, name="Max Example", region="MA", email="max@mail.example")
    people = (first, again, joint, shared, other, boston)
    owed = tuple(a_debt(database, who, due) for who in people)
    a_party(database, owed[0], joint)
    a_debt(database, shared, due, balance_minor=-500)
    with database.writing() as connection:
        link_people(connection, on=True, now=NOW, actor="import")
        _inert(connection, people, owed)
    plan(database, TODAY, desk.context.policy)
    cleared = make_ready(database, desk)
    recipients = {row.id: row.recipient_id for row in rows_of(database)}
    assert {recipients[key] for key in cleared} == set(people) - {
        again
    }  # who had one message as the other record
    return Book(cleared=tuple(cleared), people=people, owed=owed)


def _inert(connection: Connection, people: Sequence[int], owed: Sequence[int]) -> None:
    """A row that says nothing in each table of facts, so that any can be changed."""
    long_ago = date(2025, 3, 4)
    then = at(long_ago)
    for who in people:
        base = {"debtor_id": who, "recorded_at": then}
        connection.execute(insert(holds).values(**base, kind="manual", starts_on=long_ago, released_at=then))
        connection.execute(insert(wishes).values(**base, kind="place", details={}, released_at=then))
        connection.execute(insert(consents).values(**base, kind="contact", given_on=long_ago))
        connection.execute(insert(affordability).values(**base, stated_on=long_ago))
        connection.execute(insert(notices).values(**base, kind="validation", sent_on=long_ago))
        connection.execute(insert(contacts).values(**base, at=then, channel="call", outcome="no_answer"))
        connection.execute(insert(opt_outs).values(debtor_id=who, at=then, revoked_at=then))
    for debt in owed:
        values = {"debt_id": debt, "amount_minor": 1, "paid_on": long_ago, "recorded_at": then}
        connection.execute(insert(payments).values(**values, reversed_at=then))
        connection.execute(
            insert(handovers).values(debt_id=debt, state="refused", proposed_on=long_ago, recorded_at=then)
        )
    key = connection.scalar(
        insert(arrangements)
        .values(
            creditor_id=1, debtor_id=people[0], kind="plan", state="cancelled", currency="USD", total_minor=1,
            agreed_on=long_ago, agreed_at=then, recorded_at=then,
        )
        .returning(arrangements.c.id)
    )  # fmt: skip
    connection.execute(insert(arrangement_debts).values(arrangement_id=key, debt_id=owed[0], is_open=False))
    connection.execute(insert(arrangement_parties).values(arrangement_id=key, debtor_id=people[2]))
    connection.execute(
        insert(instalments).values(arrangement_id=key, number=1, due_on=long_ago, amount_minor=1)
    )


KINDS: Mapping[str, Sequence[str]] = {
    "holds.kind": (
        "dispute", "promise", "attorney", "cease", "bankruptcy", "deceased", "breathing_space", "care", "manual",
        "complaint",
    ),
    "consents.kind": ("contact", "email", "sms", "esign"),
    "notices.kind": ("validation", "first_written"),
    "arrangements.state": ("active", "kept", "cancelled"),
    "arrangements.kind": ("plan", "promise", "settlement"),
    "handovers.state": ("decided", "handed_over", "withdrawn"),
    "contact_points.medium": ("email", "phone"),
    "contact_points.address": ("ana@mail.example", "office@mail.example", "new@mail.example"),
    "opt_outs.address": ("", "ana@mail.example", "office@mail.example"),
    "opt_outs.medium": ("", "email"),
    "contacts.channel": ("call", "email", "letter"),
    "contacts.outcome": ("conversation", "no_answer", ""),
    "debtors.region": ("NY", "MA", "CA"),
    "debtors.country": ("US", "GB"),
    "debtors.name": ("Ana Example", "Somebody Else"),
    "debtors.kind": ("person", "company"),
    "debtors.language": ("en", "es"),
    "debtors.represented_by": ("", "Lawyers"),
    "messages.state": ("accepted", "bounced", "queued"),
    "message_debts.how": ("due", "new", "listed"),
}  # fmt: skip
_KEPT = {"id", "person", "reference", "number", "message_id"}


def any_change(connection: Connection, dice: random.Random, book: Book) -> str:
    """Change, add or take away a row of any table that the gate reads; returns which."""
    name = dice.choice(
        sorted(
            {*RAISES, "opt_outs", "messages", "holds", "debts"}
            - {"users", "handlers", "handler_rules", "debtor_handlers"}
        )
    )
    table = metadata.tables[name]
    rows = connection.execute(select(table)).mappings().all()
    row = dice.choice(rows) if rows else {}
    what = dice.choice(("change", "change", "add", "drop"))
    same = [column == row[column.name] for column in table.primary_key] if row else []
    if not row:
        what = "add"
    if what == "drop" and name not in {"debtors", "debts", "messages", "creditors", "arrangements"}:
        connection.execute(delete(table).where(*same))
        return f"drop {name}"
    changed = {}
    for _ in range(dice.choice((1, 2, 3))):
        changed |= _anything(table, row, dice, book)
    if not changed:
        return ""
    if what == "add" and name not in {
        "debtors",
        "debts",
        "messages",
        "message_debts",
        "creditors",
        "arrangements",
    }:
        values = {key: value for key, value in row.items() if key != "id"} | changed
        if not row and name == "humans":
            values = {"debtor_id": dice.choice(book.people), "human": book.people[2]}
        connection.execute(insert(table).values(**values))
        return f"add {name}: {changed}"
    connection.execute(update(table).where(*same).values(**changed))
    return f"change {name}: {changed}"


def _anything(table: Table, row: Mapping[str, Any], dice: random.Random, book: Book) -> dict[str, Any]:
    column = dice.choice([one for one in table.columns if one.name not in _KEPT])
    kinds = KINDS.get(f"{table.name}.{column.name}")
    if kinds is not None:
        return {column.name: dice.choice(kinds)}
    if column.name in {"debtor_id", "recipient_id", "human"}:
        return {column.name: dice.choice(book.people)}
    if column.name == "debt_id":
        return {column.name: dice.choice(book.owed)}
    if column.name.endswith("_minor"):
        return {column.name: dice.choice((0, 100, 9_999, 10_000, 60_000))}
    if isinstance(column.type, Boolean):
        return {column.name: dice.choice((True, False))}
    if isinstance(column.type, Instant):
        moments = [NOW - timedelta(days=dice.choice((0, 1, 3, 44))) - timedelta(minutes=5)]
        return {column.name: dice.choice(moments * 2 + [None] * bool(column.nullable))}
    if isinstance(column.type, Date):
        day = TODAY + timedelta(days=dice.choice((-30, -3, -1, 0, 1, 20)))
        return {column.name: dice.choice([day] * 2 + [None] * bool(column.nullable))}
    return {}


@contextmanager
def undone(database: Database) -> Iterator[Connection]:
    with database.at_once(keep=False) as connection:
        yield connection


def disagreements(connection: Connection, desk: Desk, book: Book, now: datetime) -> tuple[int, list[str]]:
    """How many clearances stand, and those that the whole gate would not give."""
    cleared = desk.cleared(connection, read(connection, book.cleared), now)
    standing = read(connection, list(cleared))
    whole = desk.judged(connection, standing, now) if standing else {}
    return len(cleared), [
        key
        for key, verdict in cleared.items()
        if verdict != replace(whole[key], grounds={}, cleared_at=verdict.cleared_at)
    ]


def try_changes(database: Database, desk: Desk, book: Book, *, forgetful: bool) -> tuple[int, list[str]]:
    """Try changes one by one, each undone; `forgetful`: without what the triggers wrote."""
    dice = random.Random(2_026)
    count, wrong = 0, []
    for _ in range(CHANGES):
        with undone(database) as connection:
            before = connection.execute(select(facts_versions)).mappings().all()
            said = []
            for _ in range(dice.choice((1, 1, 2))):
                try:
                    with connection.begin_nested():
                        said.append(any_change(connection, dice, book))
                except DatabaseError:  # a row that no table takes
                    continue
            if forgetful:
                connection.execute(delete(facts_versions))
                connection.execute(insert(facts_versions), [dict(row) for row in before])
            later = timedelta(seconds=dice.choice((0, 0, 0, 1, 3_600, 6 * 3_600 - 1, 6 * 3_600)))
            stood, refused = disagreements(connection, desk, book, NOW + later)
        count += stood
        wrong += [f"{key}: {said}" for key in refused]
    return count, wrong


def test_whatever_changes_no_clearance_stands_that_the_whole_gate_would_not_give(
    database: Database, desk: Desk, book: Book
) -> None:
    count, wrong = try_changes(database, desk, book, forgetful=False)
    assert wrong == []
    assert count > 2 * CHANGES  # of five a change: what does not concern a person leaves them alone


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_the_versions_such_changes_would_be_missed(
    database: Database, desk: Desk, book: Book
) -> None:
    _, wrong = try_changes(database, desk, book, forgetful=True)
    assert len(wrong) > CHANGES / 20


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
        with undone(database) as connection:
            values = {"debtor_id": who, "kind": "bankruptcy", "starts_on": TODAY, "recorded_at": NOW}
            connection.execute(insert(holds).values(**values))
            assert joint not in desk.cleared(connection, read(connection, [joint]))


# ---- nothing that is read is forgotten

READ_AS_IT_IS = {
    "messages": "what was sent is compared as it is; the message itself is under the seal",
    "message_debts": "those of a message never change after it is planned, or raise",
    "follow_ups": "written with its message and never changed",
    "sent_offers": "counts once its message has gone, and what was sent is compared",
    "runs": "a replay is asked for beside the clearance",
    "contents": "bytes are held against their digest",
    "ledger_balances": "read beside an arrangement, of which no message's text tells it",
}


def test_every_table_that_the_second_gate_reads_raises_a_version_or_is_read_again(
    database: Database, desk: Desk, book: Book
) -> None:
    seen: set[str] = set()

    def hear(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.update(re.findall(r'(?:FROM|JOIN)\s+"?([a-z_]+)', statement))

    event.listen(database.reader, "before_cursor_execute", hear)
    with database.reading() as connection:
        desk.judged(connection, read(connection, book.cleared))
    event.remove(database.reader, "before_cursor_execute", hear)
    known = seen & metadata.tables.keys()
    assert {"holds", "debts", "opt_outs", "humans"} <= known
    assert known <= RAISES.keys() | READ_AS_IT_IS.keys(), known - RAISES.keys() - READ_AS_IT_IS.keys()
