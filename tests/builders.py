"""Builds people, debts, strategies and the desk that decides about them, each with sensible values to change."""

import itertools
import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import insert, select, update

from channels.kind import ChannelKind
from dispatcher import resources
from dispatcher.database.engine import Database
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.portfolio import contact_points, creditors, debt_parties, debtors, debts
from dispatcher.gate.rule_book import RuleBook
from dispatcher.planning.decide_reminders import PlanRequest
from dispatcher.planning.domain.plan_summary import PlanSummary
from dispatcher.planning.domain.strategy import Step, Strategy
from dispatcher.planning.plan_reminders import plan_reminders
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage import ladder as ladders
from dispatcher.rulebook.packs import load_rule_packs
from dispatcher.rulebook.places import load_places
from dispatcher.rulebook.senders import load_senders

TODAY = date(2026, 3, 4)  # a Wednesday
EVENING = 18  # o'clock in UTC: working hours from New York to Los Angeles
EMAIL, SMS, LETTER = ChannelKind.EMAIL, ChannelKind.SMS, ChannelKind.LETTER

_numbers = itertools.count(1)


def at(day: date, hour: int = EVENING) -> datetime:
    """An hour of a day in UTC."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def a_step(name: str, day: int, **changes: Any) -> Step:
    """A step by e-mail; a courtesy before the due date, collection after it."""
    fields = {
        "kind": "courtesy" if day <= 0 else "collection",
        "channels": (EMAIL,),
        "template": "first-reminder",
    }
    return Step(name=name, day=day, **(fields | changes))


def a_ladder(*days: int, name: str = "test", **changes: Any) -> Strategy:
    """A strategy with a step a day, each named after its day."""
    steps = tuple(a_step(f"day{day}", day) for day in days)
    return Strategy(**({"name": name, "steps": steps} | changes))


def a_desk(*strategies: Strategy, packs: Sequence[str] = ("default",), **changes: Any) -> Policy:
    """A desk with the shipped packs and senders; of the packs the house rules alone, unless named."""
    fields: dict[str, Any] = {
        "rulebook": _rulebook(tuple(packs)),
        "places": _places(),
        "strategies": strategies or (a_ladder(3, 10, 21),),
        "senders": _senders(),
        "make_token": lambda person, medium, point: f"{person}-{medium}-{point}",
    }
    return Policy(**(fields | changes))


def a_debtor(
    database: Database, *, creditor: str = "acme", email: str = "auto", phone: str = "", **columns: Any
) -> int:
    """Ana in New York with an e-mail address; returns her id."""
    number = next(_numbers)
    reference = columns.pop("reference", f"D{number}")
    with database.writing() as connection:
        fields = {"name": "Ana Example", "language": "en", "country": "US", "region": "NY"} | columns
        key = connection.scalar(
            insert(debtors)
            .values(
                person=secrets.token_hex(8),
                creditor_id=creditor_of(connection, creditor),
                reference=reference,
                **fields,
            )
            .returning(debtors.c.id)
        )
        points = [
            ("email", f"{reference.lower()}@debtors.example" if email == "auto" else email),
            ("phone", phone),
        ]
        for medium, address in points:
            if address:
                connection.execute(
                    insert(contact_points).values(debtor_id=key, medium=medium, address=address)
                )
    return key


def a_debt(database: Database, debtor_id: int, due_date: date, **columns: Any) -> int:
    """100.00 USD due on a day; returns the debt's id."""
    with database.writing() as connection:
        creditor_id = connection.scalar(select(debtors.c.creditor_id).where(debtors.c.id == debtor_id))
        fields = {"reference": f"R{next(_numbers)}", "currency": "USD", "balance_minor": 10_000} | columns
        return connection.scalar(
            insert(debts)
            .values(creditor_id=creditor_id, debtor_id=debtor_id, due_date=due_date, **fields)
            .returning(debts.c.id)
        )


def a_party(database: Database, debt_id: int, debtor_id: int, relation: str = "joint_debtor") -> None:
    """Somebody else who owes a debt."""
    with database.writing() as connection:
        connection.execute(
            insert(debt_parties).values(debt_id=debt_id, debtor_id=debtor_id, relation=relation)
        )


def plan(database: Database, day: date, desk: Policy, **changes: Any) -> PlanSummary:
    """Plan a day at EVENING."""
    fields: dict[str, Any] = {
        "as_of": day,
        "now": at(day),
        "real_now": at(day),
        "actor": "test",
        "random_bytes": secrets.token_bytes,
    }
    return plan_reminders(database, desk, PlanRequest(**(fields | changes)))


def planned(database: Database, *, run_id: int | None = None) -> list[tuple[date, int, str, int]]:
    """(as-of date, debt, its step, recipient) of every message, in order."""
    query = select(
        messages.c.as_of, message_debts.c.debt_id, message_debts.c.step, message_debts.c.recipient_id
    ).join(message_debts, message_debts.c.message_id == messages.c.id)
    if run_id is not None:
        query = query.where(messages.c.run_id == run_id)
    with database.reading() as connection:
        return sorted((row[0], row[1], row[2], row[3]) for row in connection.execute(query))


def rows_of(database: Database, run_id: int | None = None) -> list[Any]:
    """The rows of messages in order of their ids, of one run or all."""
    query = select(messages).order_by(messages.c.id)
    if run_id is not None:
        query = query.where(messages.c.run_id == run_id)
    with database.reading() as connection:
        return list(connection.execute(query))


def mark_sent(database: Database, *, at: datetime) -> None:
    """Everything planned has been accepted."""
    with database.writing() as connection:
        connection.execute(
            update(messages).where(messages.c.state == "planned").values(state="accepted", sent_at=at)
        )


def mark_unsent(database: Database, ids: Sequence[str], *, state: str = "failed") -> None:
    """These reached nobody, and their steps are given back."""
    with database.writing() as connection:
        connection.execute(update(messages).where(messages.c.id.in_(ids)).values(state=state))
        ladders.give_back(connection, ids)


def days(start: date, count: int) -> list[date]:
    """So many days from a day on."""
    return [start + timedelta(days=i) for i in range(count)]


def creditor_of(connection: Any, key: str) -> int:
    """A creditor's id, the same for the same key."""
    known = connection.scalar(select(creditors.c.id).where(creditors.c.key == key))
    return known or connection.scalar(insert(creditors).values(key=key).returning(creditors.c.id))


@lru_cache
def _rulebook(packs: tuple[str, ...]) -> RuleBook:
    return load_rule_packs(resources.config_path(None, "rules"), only=packs)


@lru_cache
def _places() -> Any:
    return load_places(resources.config_path(None, "places"))


@lru_cache
def _senders() -> Any:
    return load_senders(resources.config_path(None, "senders.yaml"))
