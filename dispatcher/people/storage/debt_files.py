"""Loads the files of many debts at once: a fixed number of queries a chunk, never one a debt."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Date, Text, and_, bindparam, cast, func, not_, or_, select

from dispatcher.database.one_of import one_of
from dispatcher.database.tables.agreements import arrangement_debts, arrangements, handovers, instalments
from dispatcher.database.tables.portfolio import creditors, debts, payments
from dispatcher.people.domain.person import Arranged, DebtFile
from dispatcher.portfolio.storage.debts import OWED, open_on, settled_by_agreement
from dispatcher.values.money import Money

# Built once: making these statements anew cost more than running them, and the gate runs them for every chunk.
_DEBTS = (
    select(debts, creditors.c.key, creditors.c.ledger_as_of)
    .join(creditors, creditors.c.id == debts.c.creditor_id)
    .where(one_of(debts.c.id, "ids"))
)
_NEWEST_PAYMENTS = (
    select(payments.c.debt_id, func.max(payments.c.paid_on))
    .where(
        one_of(payments.c.debt_id, "ids"),
        payments.c.absorbed_at.is_(None),
        payments.c.reversed_at.is_(None),
    )
    .group_by(payments.c.debt_id)
)
_AS_OF = bindparam("as_of", type_=Date())
_CREDITS = (
    select(debts.c.debtor_id, debts.c.currency, func.sum(debts.c.balance_minor))
    .where(one_of(debts.c.debtor_id, "ids"), debts.c.balance_minor < 0, open_on(_AS_OF))
    .group_by(debts.c.debtor_id, debts.c.currency)
)
_OPEN_DEBTS = (
    select(debts.c.due_date, debts.c.reference, debts.c.id, debts.c.debtor_id, debts.c.currency, OWED)
    # in Python's order: databases sort texts, and number rows, each in a way of their own
    .where(
        one_of(debts.c.debtor_id, "ids"), OWED > 0, open_on(_AS_OF), not_(settled_by_agreement(debts.c.id))
    )
)
# The text of its terms as they are kept; a quotation mark within somebody's words has a backslash before it there.
_BEARS_INTEREST = cast(arrangements.c.terms, Text).like('%"interest":{%')
_ARRANGED = (
    select(
        arrangement_debts.c.debt_id,
        arrangements.c.id,
        arrangements.c.kind,
        arrangements.c.state,
        arrangements.c.pauses_until,
        _BEARS_INTEREST.label("bears_interest"),
        select(func.max(instalments.c.due_on))
        .where(instalments.c.arrangement_id == arrangements.c.id)
        .scalar_subquery()
        .label("until"),
    )
    .join(arrangements, arrangements.c.id == arrangement_debts.c.arrangement_id)
    .where(
        one_of(arrangement_debts.c.debt_id, "ids"),
        or_(
            arrangements.c.state == "active",
            and_(arrangements.c.state == "kept", arrangements.c.kind == "settlement"),
            _BEARS_INTEREST,
        ),
    )
    .order_by(arrangements.c.id)
)
_HANDOVERS = (
    select(
        handovers.c.debt_id, handovers.c.state, handovers.c.decided_on, handovers.c.exported_at, handovers.c.ended_on
    )
    .where(one_of(handovers.c.debt_id, "ids"), handovers.c.state != "proposed")
    .order_by(handovers.c.id)
)  # fmt: skip


def load_debts(connection: Connection, ids: Collection[int], *, as_of: date) -> dict[int, DebtFile]:
    """Files by debt id; credits that count on `as_of` are allotted, oldest debt first."""
    if not ids:
        return {}
    rows = connection.execute(_DEBTS, {"ids": sorted(ids)}).all()
    credit = _allotted_credit(connection, {row.debtor_id for row in rows}, as_of)
    paid_on = dict(connection.execute(_NEWEST_PAYMENTS, {"ids": sorted(ids)}).all())
    arranged = _arranged(connection, ids)
    decided = {row.debt_id: row for row in connection.execute(_HANDOVERS, {"ids": sorted(ids)})}
    return {
        row.id: _debt(
            row, credit.get(row.id, 0), paid_on.get(row.id), arranged.get(row.id, ()), decided.get(row.id)
        )
        for row in rows
    }


def _arranged(connection: Connection, ids: Collection[int]) -> dict[int, list[Any]]:
    """Debt -> what stands on it, the settlement that ended it, and every plan with interest, in their order."""
    found: dict[int, list[Any]] = {}
    for row in connection.execute(_ARRANGED, {"ids": sorted(ids)}):
        found.setdefault(row.debt_id, []).append(row)
    return found


def _standing(arranged: Sequence[Any]) -> Arranged | None:
    """The newest that stands, or the settlement that ended the debt."""
    rows = [
        row for row in arranged if row.state == "active" or (row.state, row.kind) == ("kept", "settlement")
    ]
    if not rows:
        return None
    row = rows[-1]
    return Arranged(
        id=row.id,
        kind=row.kind,
        active=row.state == "active",
        until=row.until,
        pauses_until=row.pauses_until,
    )


def _debt(
    row: Any, credit_minor: int, paid_on: date | None, arranged: Sequence[Any], handover: Any
) -> DebtFile:
    return DebtFile(
        id=row.id,
        creditor_id=row.creditor_id,
        creditor=row.key,
        debtor_id=row.debtor_id,
        reference=row.reference,
        ledger=Money(row.balance_minor, row.currency),
        paid=Money(row.paid_minor, row.currency),
        credit=Money(credit_minor, row.currency),
        original=None if row.original_minor is None else Money(row.original_minor, row.currency),
        due_date=row.due_date,
        issued_on=row.issued_on,
        settled_on=row.settled_on,
        disputed_on=row.disputed_on,
        promise_date=row.promise_date,
        time_barred_on=row.time_barred_on,
        notice_sent_on=row.notice_sent_on,
        handover_decided_on=_handover_decided_on(row.handover_decided_on, handover),
        handed_over_on=handover.exported_at.date() if handover and handover.exported_at else None,
        sender_role=row.sender_role,
        debt_type=row.debt_type,
        in_ledger=row.in_ledger,
        known_on=max((day for day in (row.ledger_as_of, paid_on) if day), default=None),
        extra=row.extra,
        arrangement=_standing(arranged),
        plan_interest=any(each.bears_interest for each in arranged),
    )


def _handover_decided_on(by_ledger: date | None, handover: Any) -> date | None:
    """The ledger's day or the desk's; what the desk ended since the ledger's day is no decision any more."""
    if handover is None:
        return by_ledger
    if handover.ended_on is None:
        return by_ledger or handover.decided_on
    return by_ledger if by_ledger is not None and by_ledger > handover.ended_on else None


def _allotted_credit(connection: Connection, owners: set[int], as_of: date) -> dict[int, int]:
    """Credit notes and unallocated payments, allotted to their owner's open debts by due date and reference."""
    notes = connection.execute(_CREDITS, {"ids": sorted(owners), "as_of": as_of}).all()
    left = {(row[0], row[1]): -int(row[2]) for row in notes}
    if not left:
        return {}
    wanted = sorted({key[0] for key in left})
    open_debts = sorted(
        tuple(row) for row in connection.execute(_OPEN_DEBTS, {"ids": wanted, "as_of": as_of})
    )
    allotted: dict[int, int] = {}
    for _, _, debt_id, debtor_id, currency, owed in open_debts:
        share = min(owed, left.get((debtor_id, currency), 0))
        if share:
            allotted[debt_id] = share
            left[debtor_id, currency] -= share
    return allotted
