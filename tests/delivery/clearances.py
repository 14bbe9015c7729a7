"""Cleared messages for tests: a desk that judges both ways, and a book in which much hangs together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import insert

from dispatcher.agreements.domain.offer_terms import OfferTerms, SettlementTerms
from dispatcher.database.engine import Connection, Database
from dispatcher.database.tables.agreements import (
    arrangement_debts,
    arrangement_parties,
    arrangements,
    handovers,
    instalments,
    sent_offers,
)
from dispatcher.database.tables.people import (
    affordability,
    consents,
    contacts,
    holds,
    notices,
    opt_outs,
    wishes,
)
from dispatcher.database.tables.portfolio import payments
from dispatcher.delivery.clear_messages import Clearing, judge_or_clear
from dispatcher.delivery.domain.verdict import Verdict
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

NOW = at(TODAY)
BODY = b"Hello"
HERE, THERE = "acme", "northwind"
SETTLEMENTS = SettlementTerms(least_percent=Decimal(60), valid_days=10, not_again_within_days=20)
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
WISHED = {  # whatever kind the wish is made
    "days": ["SU"], "from": "09:00", "to": "20:00", "source": "consumer_statement", "place": "home", "language": "en",
}  # fmt: skip


def the_segments() -> tuple[Segment, ...]:
    card = load_scorecard(config_path(None, "scorecard.yaml"))
    return load_segments(config_path(None, "segments.yaml"), card)


def the_policy(**changes: Any) -> Policy:
    desk = a_desk(
        a_ladder(1, 10, 20, join="debtor", parties="all"),
        packs=("default", "house", "us-bankruptcy", "us-ma"),
        read_from="as it was",
        segments=tuple(one for one in the_segments() if not one.asks_for_the_book()),
        offers=(OfferTerms(name="some", settlements=SETTLEMENTS),),
    )
    return replace(desk, senders=dict.fromkeys((HERE, THERE), desk.senders[HERE]), **changes)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What judges, both ways."""

    clearing: Clearing
    context: JudgingContext

    @classmethod
    def of(cls, policy: Policy, *, program: str = "1", key: bytes = b"k" * 32) -> "Desk":
        """Bytes are in order, whatever they are."""
        return cls(
            clearing=Clearing(policy=policy, program=program, key=key),
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

    def judge(
        self, connection: Connection, found: Sequence[Message], bodies: Mapping[str, bytes], now: datetime
    ) -> Mapping[str, Verdict]:
        """The second gate as a delivery asks it."""
        return judge_or_clear(
            connection, found, bodies=bodies, now=now, context=self.context, clearing=self.clearing
        )


def bodies(found: Sequence[Message], body: bytes = BODY) -> dict[str, bytes]:
    return {str(one.content_sha256): body for one in found}


CONTENT = contents.Content.of(BODY, "text/plain", BODY.decode())


def make_ready(database: Database, desk: Desk, content: contents.Content = CONTENT) -> list[str]:
    """Give every planned message its text and what it may go by, as preparing does; returns the ids of the cleared."""
    rows = texts_of(database, desk, content)
    keep_texts(database, rows, content)
    return [row["id"] for row in rows if row["clearance"]]


def texts_of(database: Database, desk: Desk, content: contents.Content = CONTENT) -> list[dict[str, Any]]:
    """The columns of what is planned, once its texts are made; nothing is written."""
    ids = [row.id for row in rows_of(database) if row.state == "planned"]
    with database.reading() as connection:
        found = outbox.read(connection, ids)
        files = gather(connection, found, now=NOW, segments=desk.context.policy.segments)
        clear = desk.clearing.clear_prepared(connection, found, files, NOW)
        digests = {one.id: files.inputs(one, desk.context.policy) for one in found}
    rows = []
    for one in found:
        columns = {
            "content_sha256": content.sha256, "inputs_digest": digests[one.id].digest(), "template_version": 1,
        }  # fmt: skip
        clearance = clear(one._replace(**columns), REPORT)
        rows.append(
            {"id": one.id, "state": "queued", "clearance": clearance and clearance.as_json(), **columns}
        )
    return rows


def keep_texts(
    database: Database, rows: Sequence[Mapping[str, Any]], content: contents.Content = CONTENT
) -> None:
    with database.writing() as connection:
        contents.keep(connection, [content], now=NOW)
        outbox.change(connection, rows)


def read(connection: Connection, ids: Sequence[str]) -> list[Message]:
    return outbox.read(connection, ids)


def a_cleared_message(database: Database, desk: Desk, **debtor: Any) -> str:
    """One message to one person, cleared; returns its id."""
    a_debt(database, a_debtor(database, **debtor), TODAY - timedelta(days=1))
    plan(database, TODAY, desk.context.policy)
    (key,) = make_ready(database, desk)
    return key


@dataclass(frozen=True, kw_only=True)
class Book:
    """Cleared messages of a book in which much hangs together."""

    cleared: tuple[str, ...]
    people: tuple[int, ...]
    owed: tuple[int, ...]


def a_book(database: Database, desk: Desk) -> Book:
    """Alone; twice the same human; two who owe together, one of them a human twice; a mailbox that two share."""
    due = TODAY - timedelta(days=1)
    home = {"address_lines": ["12 High Street"], "postal_code": "12201", "city": "Albany"}
    first = a_debtor(database, email="ana@mail.example", phone="+12125550101", **home)
    again = a_debtor(database, creditor=THERE, email="ANA@mail.example", **home)
    joint = a_debtor(database, email="joe@mail.example", name="Joe Example")
    shared = a_debtor(database, email="office@mail.example", name="Kim Example")
    other = a_debtor(database, creditor=THERE, email="office@mail.example", name="Lee Example")
    boston = a_debtor(database, name="Max Example", region="MA", email="max@mail.example")
    london = a_debtor(
        database, name="Pat Example", country="GB", region="", city="London", email="pat@mail.example"
    )
    people = (first, again, joint, shared, other, boston, london)
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
        connection.execute(insert(wishes).values(**base, kind="time", details=WISHED))
        connection.execute(insert(consents).values(**base, kind="contact", given_on=long_ago))
        connection.execute(insert(affordability).values(**base, stated_on=long_ago))
        connection.execute(insert(notices).values(**base, kind="validation", sent_on=long_ago))
        connection.execute(insert(contacts).values(**base, at=then, channel="call", outcome="no_answer"))
        connection.execute(insert(opt_outs).values(debtor_id=who, at=then, revoked_at=then))
        spoken = insert(contacts).values(**base, at=then, channel="call", outcome="conversation")
        (call,) = connection.execute(spoken).inserted_primary_key or ()
        connection.execute(
            insert(sent_offers).values(
                contact_id=call, debtor_id=who, offered_on=long_ago, valid_until=long_ago, currency="USD",
                total_minor=1, debts=[], plans=[], settlements=[], base={},
            )
        )  # fmt: skip
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
