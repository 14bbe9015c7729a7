"""Reads closed debts and what their debtors did, for a scorecard to be learned from."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from dispatcher.database.tables.agreements import arrangement_parties, arrangements
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.portfolio import creditors, debtors, debts, payments
from dispatcher.portfolio.storage.debts import OWED
from dispatcher.treatment.domain.facts import Fact
from dispatcher.treatment.domain.score_history import PastBook, PastDebt
from dispatcher.values.money import Money

_NAME = creditors.c.key + "/" + debtors.c.reference


def read_book(connection: Connection, creditor: str | None = None) -> PastBook:
    """Every debt that was one (credit notes apart), of one creditor or of all."""
    wanted = [creditors.c.key == creditor] if creditor else []
    found = tuple(_debts(connection, wanted))
    paid = [debt.paid_on for debt in found if debt.paid_on is not None]
    ledgers = [
        day for day in connection.scalars(select(creditors.c.ledger_as_of).where(*wanted)) if day is not None
    ]
    return PastBook(
        debts=found,
        days={fact: _days(connection, query.where(*wanted)) for fact, query in _events().items()},
        known_until=max([*paid, *ledgers], default=date.min),
    )


def _debts(connection: Connection, wanted: Sequence[ColumnElement[bool]]) -> list[PastDebt]:
    last = (
        select(func.max(payments.c.paid_on))
        .where(payments.c.debt_id == debts.c.id, payments.c.reversed_at.is_(None))
        .scalar_subquery()
    )
    amount = func.coalesce(debts.c.original_minor, debts.c.balance_minor).label("amount")
    query = (
        _joined(
            select(
                debts.c.id, _NAME.label("debtor"), amount, debts.c.currency, debts.c.due_date, debts.c.issued_on,
                debts.c.settled_on, OWED.label("owed"), last.label("last_payment"),
            )
        )
        .where(amount > 0, *wanted)
        .order_by(debts.c.id)
    )  # fmt: skip
    return [
        PastDebt(
            id=row.id,
            debtor=row.debtor,
            amount=Money(row.amount, row.currency),
            due=row.due_date,
            issued=row.issued_on,
            paid_on=row.settled_on or (row.last_payment if row.owed <= 0 else None),
        )
        for row in connection.execute(query)
    ]


def _events() -> Mapping[Fact, Select[Any]]:
    """(debtor, day) of everything that is counted by its day."""
    paid = (
        select(_NAME, payments.c.paid_on).select_from(payments).join(debts, debts.c.id == payments.c.debt_id)
    )
    agreed = (
        select(_NAME, arrangements.c.since)
        .select_from(arrangement_parties)
        .join(arrangements, arrangements.c.id == arrangement_parties.c.arrangement_id)
        .join(debtors, debtors.c.id == arrangement_parties.c.debtor_id)
        .join(creditors, creditors.c.id == debtors.c.creditor_id)
    )
    returned = (
        select(_NAME, messages.c.as_of)
        .select_from(messages)
        .join(debtors, debtors.c.id == messages.c.recipient_id)
        .join(creditors, creditors.c.id == debtors.c.creditor_id)
        .where(messages.c.state.in_(("bounced", "returned")))
    )
    return {
        Fact.PAYMENTS: _whose(paid).where(payments.c.reversed_at.is_(None), payments.c.split_of.is_(None)),
        Fact.ARRANGEMENTS_KEPT: agreed.where(arrangements.c.state == "kept"),
        Fact.ARRANGEMENTS_BROKEN: agreed.where(arrangements.c.state == "broken"),
        Fact.BOUNCES: returned,
    }


def _days(connection: Connection, query: Select[Any]) -> dict[str, list[date]]:
    found: dict[str, list[date]] = defaultdict(list)
    for debtor, day in connection.execute(query):
        if day is not None:
            found[debtor].append(day)
    return {debtor: sorted(days) for debtor, days in found.items()}


def _joined(query: Select[Any]) -> Select[Any]:
    return _whose(query.select_from(debts))


def _whose(query: Select[Any]) -> Select[Any]:
    return query.join(debtors, debtors.c.id == debts.c.debtor_id).join(
        creditors, creditors.c.id == debtors.c.creditor_id
    )
