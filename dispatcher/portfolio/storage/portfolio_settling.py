"""Looks at all rows of an import together: the same debt twice, debtors whose lines disagree."""

from collections.abc import Callable, Iterator
from itertools import groupby

from sqlalchemy import Connection, Select, and_, delete, exists, func, insert, or_, select, tuple_
from sqlalchemy.sql.selectable import Subquery

from dispatcher.portfolio.domain.debtor_lines import MergedDebtor, merge_debtor_lines
from dispatcher.portfolio.domain.portfolio import DebtorLine, RowProblem
from dispatcher.portfolio.storage import ledgers
from dispatcher.portfolio.storage.portfolio_erased import leave_out_erased
from dispatcher.portfolio.storage.portfolio_staging import (
    put_debtors,
    read_debtor,
    read_points,
    staged_debtors,
    staged_debts,
    staged_doubts,
    staged_refusals,
)

_PAGE = 1_000
_COLUMN_NAMES = {"name": "debtor_name", "kind": "debtor_kind", "address_lines": "address_line_1"}
Report = Callable[[int, RowProblem], None]  # line, problem


def settle(connection: Connection, refuse: Report, warn: Report) -> tuple[int, int]:
    """Leave one row a debt and one a debtor; returns how many rows repeated another word for word, and were left out.

    Rows that contradict each other about a debt are all refused: which one is right, nobody can know here.
    """
    left_out = leave_out_erased(connection, refuse, warn)
    repeated = _drop_repeated_debts(connection)
    _refuse_contradicting_debts(connection, refuse)
    _drop_repeated_debtors(connection)
    for lines, merged in _disagreeing_debtors(connection):
        _warn(lines, merged, warn)
    return repeated, left_out


def refuse_respelled(connection: Connection, refuse: Report) -> None:
    """Refuse rows whose reference is a known one in another spelling; the known debt is held."""
    t, d = staged_debts.c, staged_debtors.c
    lines = {}
    for row in ledgers.respelled_debts(connection):
        lines[row.line] = ("debt_reference", row.creditor, row.reference, row.known)
        connection.execute(insert(staged_refusals).values(creditor=row.creditor, reference=row.known))
    for row in ledgers.respelled_debtors(connection):
        mine = select(t.line, t.reference).where(
            t.creditor == row.creditor, t.debtor_reference == row.reference
        )
        for line, reference in connection.execute(mine):
            lines.setdefault(line, ("debtor_reference", row.creditor, row.reference, row.known))
            connection.execute(insert(staged_refusals).values(creditor=row.creditor, reference=reference))
        lines.setdefault(row.line, ("debtor_reference", row.creditor, row.reference, row.known))
        connection.execute(
            delete(staged_debtors).where(d.creditor == row.creditor, d.reference == row.reference)
        )
    for line, (column, _creditor, reference, known) in sorted(lines.items()):
        reason = (
            f"is {known} in another spelling (a spreadsheet takes or adds zeros, blanks, .0 and case): not taken for a "
            "new one, and the known one is held; mend the file, or --accept keys if they are two"
        )
        refuse(line, RowProblem(column=column, value=reference, reason=reason))
    for i in range(0, len(lines), 400):
        connection.execute(delete(staged_debts).where(t.line.in_(sorted(lines)[i : i + 400])))


def _drop_repeated_debts(connection: Connection) -> int:
    other = staged_debts.alias("other")
    same = and_(
        other.c.creditor == staged_debts.c.creditor,
        other.c.reference == staged_debts.c.reference,
        other.c.digest == staged_debts.c.digest,
        other.c.line < staged_debts.c.line,
    )
    return connection.execute(delete(staged_debts).where(exists().where(same))).rowcount


def _refuse_contradicting_debts(connection: Connection, refuse: Report) -> None:
    t = staged_debts.c
    keys = (
        select(t.creditor, t.reference).group_by(t.creditor, t.reference).having(func.count() > 1).subquery()
    )
    mine = and_(keys.c.creditor == t.creditor, keys.c.reference == t.reference)
    query = select(t.line, t.creditor, t.reference).join(keys, mine).order_by(t.creditor, t.reference, t.line)
    for (_creditor, reference), rows in groupby(
        connection.execute(query).all(), key=lambda row: (row[1], row[2])
    ):
        numbers = [row.line for row in rows]
        said = " and ".join(str(number) for number in numbers)
        for number in numbers:
            reason = f"lines {said} speak of this debt and contradict each other; none is imported: keep one"
            refuse(number, RowProblem(column="debt_reference", value=reference, reason=reason))
    connection.execute(insert(staged_refusals).from_select(["creditor", "reference"], select(keys)))
    refused = and_(staged_refusals.c.creditor == t.creditor, staged_refusals.c.reference == t.reference)
    connection.execute(delete(staged_debts).where(exists().where(refused)))


def _drop_repeated_debtors(connection: Connection) -> None:
    other = staged_debtors.alias("other")
    same = and_(
        other.c.creditor == staged_debtors.c.creditor,
        other.c.reference == staged_debtors.c.reference,
        other.c.digest == staged_debtors.c.digest,
        other.c.line > staged_debtors.c.line,  # the last one stays: where lines disagree, it wins
    )
    connection.execute(delete(staged_debtors).where(exists().where(same)))


def _disagreeing_debtors(connection: Connection) -> Iterator[tuple[list[int], MergedDebtor]]:
    """Merge debtors who have several lines, a page at a time; yields what was merged."""
    after: tuple[str, str] | None = None
    while True:
        keys = _several_lines(after)
        t = staged_debtors.c
        mine = and_(keys.c.creditor == t.creditor, keys.c.reference == t.reference)
        rows = connection.execute(
            select(staged_debtors).join(keys, mine).order_by(t.creditor, t.reference, t.line)
        ).all()
        if not rows:
            return
        groups = [list(group) for _, group in groupby(rows, key=lambda row: (row.creditor, row.reference))]
        points = read_points(connection, [(group[0].creditor, group[0].reference) for group in groups])
        merged = [
            merge_debtor_lines(
                [read_debtor(row, points[group[0].creditor, group[0].reference]) for row in group]
            )
            for group in groups
        ]
        _replace(connection, [(group[-1].line, one) for group, one in zip(groups, merged, strict=True)])
        yield from (([row.line for row in group], one) for group, one in zip(groups, merged, strict=True))
        after = (merged[-1].line.creditor, merged[-1].line.reference)


def _several_lines(after: tuple[str, str] | None) -> Subquery:
    t = staged_debtors.c
    query: Select[tuple[str, str]] = select(t.creditor, t.reference)
    if after is not None:
        query = query.where(tuple_(t.creditor, t.reference) > after)
    grouped = query.group_by(t.creditor, t.reference).having(func.count() > 1)
    return grouped.order_by(t.creditor, t.reference).limit(_PAGE).subquery()


def _replace(connection: Connection, merged: list[tuple[int, MergedDebtor]]) -> None:
    t = staged_debtors.c
    mine = [and_(t.creditor == one.line.creditor, t.reference == one.line.reference) for _, one in merged]
    for i in range(0, len(mine), 200):  # SQLite takes an expression 1,000 deep
        connection.execute(delete(staged_debtors).where(or_(*mine[i : i + 200])))
    put_debtors(connection, [(line, one.line) for line, one in merged])
    doubts = [_doubt(one) for _, one in merged if one.residence_in_doubt]
    if doubts:
        connection.execute(insert(staged_doubts), doubts)


def _doubt(merged: MergedDebtor) -> dict[str, str]:
    line: DebtorLine = merged.line
    return {
        "creditor": line.creditor,
        "reference": line.reference,
        "columns": ", ".join(merged.contradictions),
    }


def _warn(lines: list[int], merged: MergedDebtor, warn: Report) -> None:
    numbers = ", ".join(map(str, lines))
    for column in merged.contradictions:
        held = (
            " and the debtor is held until the ledger agrees with itself" if merged.residence_in_doubt else ""
        )
        what = column.replace("_", " ")
        reason = f"lines {numbers} disagree on the {what} of this debtor; the last one is taken{held}"
        warn(
            lines[-1],
            RowProblem(column=_COLUMN_NAMES.get(column, column), value=merged.line.reference, reason=reason),
        )
