"""Debts whose terms the creditor changed after somebody was written to: another due date, debtor or currency."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, insert, or_, select

from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.portfolio import creditors, debtors, debts
from dispatcher.portfolio.storage.portfolio_staging import staged_debts

TERMS_CHANGED = "terms_changed"
# A message in one of these has reached nobody.
_REACHED_NOBODY = ("cancelled", "expired", "failed", "bounced", "returned")


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangedTerms:
    """One debt, and what changed, in words."""

    debt_id: int
    debtor_id: int
    creditor: str
    reference: str
    what: str


def find_changed(connection: Connection) -> list[ChangedTerms]:
    """Before the merge: known debts of the file that somebody was written to about, and that have other terms now."""
    t = staged_debts.c
    spoken_of = exists().where(
        message_debts.c.debt_id == debts.c.id,
        messages.c.id == message_debts.c.message_id,
        messages.c.sent_at.is_not(None),
        messages.c.kind != "courtesy",
        messages.c.state.not_in(_REACHED_NOBODY),
    )
    query = (
        select(
            debts.c.id,
            debts.c.debtor_id,
            creditors.c.key,
            debts.c.reference,
            debts.c.due_date,
            t.due_date.label("new_due_date"),
            debts.c.currency,
            t.currency.label("new_currency"),
            debtors.c.reference.label("debtor"),
            t.debtor_reference.label("new_debtor"),
        )
        .select_from(staged_debts)
        .join(creditors, creditors.c.key == t.creditor)
        .join(debts, and_(debts.c.creditor_id == creditors.c.id, debts.c.reference == t.reference))
        .join(debtors, debtors.c.id == debts.c.debtor_id)
        .where(
            or_(
                debts.c.due_date != t.due_date,
                debts.c.currency != t.currency,
                debtors.c.reference != t.debtor_reference,
            ),
            spoken_of,
        )
    )
    return [_changed(row) for row in connection.execute(query)]


def leave_tasks(connection: Connection, changed: list[ChangedTerms], *, now: datetime, file: str) -> None:
    """A task for each."""
    rows = [
        {
            "kind": TERMS_CHANGED,
            "debtor_id": one.debtor_id,
            "text": (
                f"{one.creditor}/{one.reference}: {one.what} ({file}), after reminders went out. Release the hold "
                f"(terms changed) to go on with the ladder where it stands."
            ),
            "details": {"debt": f"{one.creditor}/{one.reference}"},
            "created_at": now,
        }
        for one in changed
    ]
    for i in range(0, len(rows), 500):
        connection.execute(insert(tasks), rows[i : i + 500])


def _changed(row: Any) -> ChangedTerms:
    what = []
    if row.due_date != row.new_due_date:
        what.append(f"due date {row.due_date} became {row.new_due_date}")
    if row.currency != row.new_currency:
        what.append(f"currency {row.currency} became {row.new_currency}")
    if row.debtor != row.new_debtor:
        what.append(f"debtor {row.debtor} became {row.new_debtor}")
    return ChangedTerms(
        debt_id=row.id,
        debtor_id=row.debtor_id,
        creditor=row.key,
        reference=row.reference,
        what=", ".join(what),
    )
