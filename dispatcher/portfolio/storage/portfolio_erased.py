"""Keeps an import from bringing back what was erased of a person."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, insert, literal, null, select, union_all

from dispatcher.database.tables.portfolio import creditors, debtors
from dispatcher.portfolio.domain.portfolio import RowProblem
from dispatcher.portfolio.storage.portfolio_staging import (
    staged_debtors,
    staged_debts,
    staged_points,
    staged_refusals,
)

Report = Callable[[int, RowProblem], None]  # line, problem


def leave_out_erased(connection: Connection, refuse: Report, warn: Report) -> int:
    """Take the rows of erased people out: refused where they owe something, with a warning where they do not.

    Returns how many rows were left out with a warning. Nothing of the row is repeated in either report.
    """
    if connection.scalar(select(debtors.c.id).where(debtors.c.erased_at.is_not(None)).limit(1)) is None:
        return 0
    left_out: set[int] = set()
    for row in connection.execute(_rows()).all():
        owes = row.balance_minor is not None and row.balance_minor > 0 and row.settled_on is None
        said = f"this debtor was erased on {row.erased_at:%Y-%m-%d}; nothing of them is taken back"
        if owes:
            way_out = "if they are to be written to again, the ledger must give them a new reference"
            refuse(row.line, _problem(row.reference, f"{said}: {way_out}"))
        else:
            left_out.add(row.line)
            warn(row.line, _problem(row.reference, said))
    _remove(connection)
    return len(left_out)


def _problem(reference: str, reason: str) -> RowProblem:
    return RowProblem(column="debtor_reference", value=reference, reason=reason)


def _rows() -> Any:
    """Each line of an erased debtor once: its debt, or the debtor alone."""
    debt, debtor = staged_debts.c, staged_debtors.c
    said = (debt.line, debt.debtor_reference.label("reference"), debt.balance_minor, debt.settled_on)
    of_debt = staged_debts.join(debtors, _erased(debt.creditor, debt.debtor_reference))
    of_debtor = staged_debtors.join(debtors, _erased(debtor.creditor, debtor.reference))
    with_debt = select(*said, debtors.c.erased_at).select_from(of_debt)
    alone = (
        select(debtor.line, debtor.reference, null(), null(), debtors.c.erased_at)
        .select_from(of_debtor)
        .where(~exists().where(debt.line == debtor.line))
    )
    return union_all(with_debt, alone).order_by("line")


def _erased(creditor: Any, reference: Any) -> Any:
    owner = select(creditors.c.key).where(creditors.c.id == debtors.c.creditor_id).scalar_subquery()
    return and_(debtors.c.reference == reference, debtors.c.erased_at.is_not(None), creditor == owner)


def _remove(connection: Connection) -> None:
    """Debts of theirs are remembered as refused: a whole ledger without them must not say that they vanished."""
    debt = staged_debts.c
    theirs = exists(
        select(literal(1)).select_from(debtors).where(_erased(debt.creditor, debt.debtor_reference))
    )
    refused = select(debt.creditor, debt.reference).where(theirs)
    connection.execute(insert(staged_refusals).from_select(["creditor", "reference"], refused))
    connection.execute(delete(staged_debts).where(theirs))
    for table, reference in (
        (staged_debtors, staged_debtors.c.reference),
        (staged_points, staged_points.c.debtor_reference),
    ):
        known = exists(select(literal(1)).select_from(debtors).where(_erased(table.c.creditor, reference)))
        connection.execute(delete(table).where(known))
