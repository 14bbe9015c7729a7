"""Builds an outbox without planner and templates: people, debts and finished messages, and what delivers them."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from channels.breaker import Breaker
from channels.kind import ChannelKind
from channels.port import Channel
from dispatcher.database.engine import Connection, Database
from dispatcher.database.tables.delivery import attempts
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.planning import ladder, runs
from dispatcher.database.tables.portfolio import debtors, debts
from dispatcher.delivery.channel_delivery import ChannelDelivery
from dispatcher.delivery.domain.call_pace import CallPace
from dispatcher.delivery.domain.verdict import Verdict, VerdictKind
from dispatcher.messages.domain.envelope import Envelope
from dispatcher.messages.domain.message import Message, State
from dispatcher.messages.storage import contents, outbox
from tests.builders import creditor_of
from tests.doubles.fake_channel import FakeChannel

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
TODAY = NOW.date()
ALLOW = Verdict(kind=VerdictKind.SEND)

_numbers = itertools.count(1)


def a_message(**columns: Any) -> Message:
    """A first reminder by e-mail as it was claimed, its first attempt about to begin."""
    return Message(
        **{
            "id": "m",
            "run_id": 1,
            "creditor_id": 1,
            "creditor": "acme",
            "recipient_id": 1,
            "person": "p",
            "relation": "debtor",
            "as_of": NOW.date(),
            "strategy": "consumer",
            "step": "first-reminder",
            "kind": "collection",
            "channel": "email",
            "address": "ana@debtors.example",
            "contact_point_id": None,
            "language": "en",
            "template": "first-reminder",
            "template_version": 1,
            "currency": "USD",
            "balance_minor": 100,
            "days_past_due": 3,
            "zones": (),
            "state": State.SENDING,
            "rule_packs": (),
            "not_before": None,
            "not_after": None,
            "expires_at": NOW + timedelta(days=3),
            "next_try_at": None,
            "attempts": 1,
            "lease_owner": None,
            "inputs_digest": "",
            "content_sha256": None,
            "envelope": Envelope(),
            "provider": "fake",
            "provider_id": "",
            "personal_id": None,
            "commitment": "",
            "sent_at": None,
            "created_at": NOW,
        }
        | columns
    )


def allow_all(
    _: Connection, waiting: Sequence[Message], bodies: Mapping[str, bytes], now: datetime
) -> Mapping[str, Verdict]:
    """A gate that lets everything through."""
    return {message.id: ALLOW for message in waiting}


def verdict_for_all(verdict: Verdict) -> Callable[..., Mapping[str, Verdict]]:
    """A gate that says the same of everything."""
    return lambda _, waiting, bodies, now: {message.id: verdict for message in waiting}


def a_run(database: Database, *, mode: str = "live", as_of: date = TODAY, state: str = "releasing") -> int:
    """A released run; returns its id."""
    with database.writing() as connection:
        values = {"as_of": as_of, "mode": mode, "state": state, "started_at": NOW, "real_started_at": NOW}
        return connection.scalar(insert(runs).values(values).returning(runs.c.id))


def a_creditor(database: Database, key: str = "acme") -> int:
    """A creditor; returns its id, the same for the same key."""
    with database.writing() as connection:
        return creditor_of(connection, key)


def queued(
    database: Database,
    count: int = 1,
    *,
    creditor: str = "acme",
    channel: str = "email",
    people: int | None = None,
    run_id: int | None = None,
    body: bytes = b"Hello",
    **columns: Any,
) -> list[str]:
    """Messages ready to be sent, each about a debt of its own; `people` share them in turn (default: one each)."""
    creditor_id = a_creditor(database, creditor)
    start = next(_numbers) * 1_000_000
    run_id = run_id or a_run(database)
    with database.writing() as connection:
        debtor_ids = _debtors(connection, creditor_id, start, people or count)
        content = contents.Content.of(body, "text/plain", body.decode())
        contents.keep(connection, [content], now=NOW)
        rows = [
            _message(start + i, creditor_id, debtor_ids[i % len(debtor_ids)], run_id, channel, content.sha256)
            | columns
            for i in range(count)
        ]
        connection.execute(insert(messages), rows)
        debt_rows = [_debt(start + i, creditor_id, row["recipient_id"]) for i, row in enumerate(rows)]
        debt_ids = connection.scalars(
            insert(debts).returning(debts.c.id, sort_by_parameter_order=True), debt_rows
        ).all()
        step = {"strategy": "consumer", "step": "first-reminder", "day": 1}
        connection.execute(
            insert(message_debts),
            [
                {
                    "message_id": r["id"],
                    "debt_id": d,
                    "recipient_id": r["recipient_id"],
                    "occurrence": 1,
                    **step,
                }
                for r, d in zip(rows, debt_ids, strict=True)
            ],
        )
        connection.execute(
            insert(ladder),
            [
                {
                    "message_id": r["id"],
                    "debt_id": d,
                    "recipient_id": r["recipient_id"],
                    "anchor": NOW.date(),
                    **step,
                }
                for r, d in zip(rows, debt_ids, strict=True)
            ],
        )
    return [row["id"] for row in rows]


def _debtors(connection: Connection, creditor_id: int, start: int, count: int) -> list[int]:
    rows = [
        {
            "person": f"p{start + i}",
            "creditor_id": creditor_id,
            "reference": f"D{start + i}",
            "name": f"Person {i}",
        }
        for i in range(count)
    ]
    return list(
        connection.scalars(insert(debtors).returning(debtors.c.id, sort_by_parameter_order=True), rows)
    )


def _debt(number: int, creditor_id: int, debtor_id: int) -> dict[str, Any]:
    return {
        "creditor_id": creditor_id,
        "debtor_id": debtor_id,
        "reference": f"R{number}",
        "currency": "USD",
        "balance_minor": 5000,
        "due_date": NOW.date() - timedelta(days=1),
    }


def _message(
    number: int, creditor_id: int, recipient_id: int, run_id: int, channel: str, sha256: str
) -> dict[str, Any]:
    return {
        "id": f"0193-{number:012d}",
        "run_id": run_id,
        "creditor_id": creditor_id,
        "recipient_id": recipient_id,
        "as_of": NOW.date(),
        "strategy": "consumer",
        "step": "first-reminder",
        "kind": "collection",
        "channel": channel,
        "address": f"p{number}@debtors.example",
        "template": "first-reminder",
        "template_version": 1,
        "currency": "USD",
        "balance_minor": 5000,
        "zones": ["America/New_York"],
        "state": "queued",
        "expires_at": NOW + timedelta(days=3),
        "content_sha256": sha256,
        "envelope": {"subject": "Ana, a message from Acme", "sender": "acme@example.com"},
        "created_at": NOW,
        "updated_at": NOW,
    }


def a_channel_delivery(database: Database, channel: Channel | None = None, **changes: Any) -> ChannelDelivery:
    """A channel's delivery with a fake provider, a gate that allows, and clocks that stand still; `chunk`: its hands."""
    fields: dict[str, Any] = {
        "database": database,
        "channel": channel or FakeChannel(ChannelKind.EMAIL),
        "breaker": Breaker(failures=1000, pause=timedelta(seconds=60), clock=lambda: NOW),
        "judge": allow_all,
        "clock": lambda: NOW,
        "real_clock": lambda: NOW,
        "executor": ThreadPoolExecutor(4),
        "worker": "test",
        "pace": CallPace(hands=changes.pop("chunk", 4)),
    }
    return ChannelDelivery(**(fields | changes))


def hand_out(database: Database, ids: Sequence[str], owner: str = "batch") -> str:
    """Lease messages to a batch; returns its owner."""
    with database.writing() as connection:
        outbox.hand_out(connection, ids, owner=owner, until=NOW + timedelta(seconds=90), real_now=NOW)
    return owner


def message(database: Database, key: str) -> Any:
    """The row of a message."""
    with database.reading() as connection:
        return connection.execute(select(messages).where(messages.c.id == key)).one()


def states(database: Database) -> dict[str, int]:
    """State -> how many messages."""
    with database.reading() as connection:
        found: dict[str, int] = {}
        for state in connection.scalars(select(messages.c.state)):
            found[state] = found.get(state, 0) + 1
        return found


def events(database: Database, key: str | None = None) -> list[str]:
    """The log's events, of one message or all, in order of writing."""
    query = select(log_entries.c.event).order_by(log_entries.c.id)
    if key is not None:
        query = query.where(log_entries.c.message_id == key)
    with database.reading() as connection:
        return list(connection.scalars(query))


def attempt_rows(database: Database, key: str) -> list[Any]:
    """The attempts of a message in order."""
    query = select(attempts).where(attempts.c.message_id == key).order_by(attempts.c.number)
    with database.reading() as connection:
        return list(connection.execute(query))
