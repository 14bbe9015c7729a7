"""What an import changes about holds: what the ledger says of them, unreadable rows, debts that vanished."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Date,
    Select,
    and_,
    case,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.sql.expression import ColumnElement

from dispatcher.database.tables.people import holds
from dispatcher.database.tables.portfolio import creditors, debtors, debts
from dispatcher.portfolio.storage.portfolio_staging import (
    staged_changes,
    staged_debtors,
    staged_debts,
    staged_doubts,
    staged_refusals,
)
from dispatcher.portfolio.storage.portfolios import vanished

ROW_REFUSED = (
    "row_refused"  # the newest ledger's row of this debt could not be read: its old figures are not trusted
)
LEDGER_IN_DOUBT = (
    "ledger_in_doubt"  # the newest ledger contradicts itself about who this debtor is or where they live
)
NOT_IN_LEDGER = "not_in_ledger"
SOURCE = "ledger"

_OF_DEBTORS = {
    "cease": "cease_received_on",
    "bankruptcy": "bankrupt_on",
    "deceased": "deceased_on",
    "breathing_space": "breathing_space_until",
}
_OF_DEBTS = {"dispute": "disputed_on", "promise": "promise_date"}
_PAGE = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldChange:
    """A hold that the ledger gives, changes or takes back."""

    person: str
    creditor: str
    debtor_reference: str
    debt_reference: str
    kind: str
    before: date | None
    after: date | None

    @property
    def begins(self) -> bool:
        """Whether something keeps the debt or person back now."""
        return self.after is not None


def note_changes(connection: Connection, as_of: date, *, whole_ledger: Sequence[str]) -> None:
    """Before the merge: compare what the file says of holds with what is known."""
    queries = [
        *(_debtor_changes(kind, column) for kind, column in _OF_DEBTORS.items()),
        _attorney_changes(as_of),
        *(_debt_changes(kind, column) for kind, column in _OF_DEBTS.items()),
        _back_in_ledger(as_of),
    ]
    queries += [_vanished(as_of, creditor) for creditor in whole_ledger]
    names = [column.name for column in staged_changes.c]
    for query in queries:
        connection.execute(insert(staged_changes).from_select(names, query))


def hold_unreadable(connection: Connection, *, today: date, now: datetime, why: str) -> None:
    """After the merge: hold known debts whose row was refused and debtors in doubt; release those read again."""
    read = exists().where(
        staged_debts.c.creditor == creditors.c.key, staged_debts.c.reference == debts.c.reference
    )
    told = exists().where(
        staged_debtors.c.creditor == creditors.c.key, staged_debtors.c.reference == debtors.c.reference
    )
    debts_read = select(debts.c.id).join(creditors, creditors.c.id == debts.c.creditor_id).where(read)
    clear = ~exists().where(
        staged_doubts.c.creditor == creditors.c.key, staged_doubts.c.reference == debtors.c.reference
    )
    debtors_clear = (
        select(debtors.c.id).join(creditors, creditors.c.id == debtors.c.creditor_id).where(told, clear)
    )
    _release(connection, ROW_REFUSED, holds.c.debt_id.in_(debts_read), now)
    _release(connection, LEDGER_IN_DOUBT, holds.c.debtor_id.in_(debtors_clear), now)
    _hold(connection, _refused_debts(), ROW_REFUSED, today=today, now=now, why=why)
    _hold(connection, _doubtful_debtors(), LEDGER_IN_DOUBT, today=today, now=now, why=why)


def changes(connection: Connection) -> Iterator[list[HoldChange]]:
    """After the merge: what was noted, with the people's pseudonyms, a page at a time."""
    c = staged_changes.c
    query = (
        select(debtors.c.person, c.creditor, c.debtor_reference, c.debt_reference, c.kind, c.before, c.after)
        .select_from(staged_changes)
        .join(creditors, creditors.c.key == c.creditor)
        .join(
            debtors, and_(debtors.c.creditor_id == creditors.c.id, debtors.c.reference == c.debtor_reference)
        )
        .order_by(c.creditor, c.debtor_reference, c.debt_reference, c.kind)
    )
    rows = connection.execute(query).all()
    for i in range(0, len(rows), _PAGE):
        yield [HoldChange(**row._mapping) for row in rows[i : i + _PAGE]]  # noqa: SLF001 SQLAlchemy's public name


def _debtor_changes(kind: str, column: str) -> Select[Any]:
    before, after = debtors.c[column], staged_debtors.c[column]
    return _of_debtors(kind, before, after, before.is_distinct_from(after))


def _attorney_changes(as_of: date) -> Select[Any]:
    before, after = func.coalesce(debtors.c.represented_by, ""), staged_debtors.c.represented_by
    return _of_debtors(
        "attorney", _if(before != "", as_of), _if(after != "", as_of), (before != "") != (after != "")
    )


def _of_debtors(kind: str, before: Any, after: Any, changed: ColumnElement[bool]) -> Select[Any]:
    t = staged_debtors.c
    known = and_(debtors.c.reference == t.reference, debtors.c.creditor_id == creditors.c.id)
    return (
        select(t.creditor, t.reference, literal(""), literal(kind), before, after)
        .select_from(staged_debtors)
        .outerjoin(creditors, creditors.c.key == t.creditor)
        .outerjoin(debtors, known)
        .where(changed)
    )


def _debt_changes(kind: str, column: str) -> Select[Any]:
    t = staged_debts.c
    before, after = debts.c[column], t[column]
    known = and_(debts.c.reference == t.reference, debts.c.creditor_id == creditors.c.id)
    return (
        select(t.creditor, t.debtor_reference, t.reference, literal(kind), before, after)
        .select_from(staged_debts)
        .outerjoin(creditors, creditors.c.key == t.creditor)
        .outerjoin(debts, known)
        .where(before.is_distinct_from(after))
    )


def _vanished(as_of: date, creditor: str) -> Select[Any]:
    return _known_debts(null(), _day(as_of)).where(vanished(as_of, creditor))


def _back_in_ledger(as_of: date) -> Select[Any]:
    t = staged_debts.c
    named = exists().where(t.creditor == creditors.c.key, t.reference == debts.c.reference)
    return _known_debts(_day(as_of), null()).where(~debts.c.in_ledger, named)


def _known_debts(before: Any, after: Any) -> Select[Any]:
    return (
        select(creditors.c.key, debtors.c.reference, debts.c.reference, literal(NOT_IN_LEDGER), before, after)
        .select_from(debts)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .join(debtors, debtors.c.id == debts.c.debtor_id)
    )


def _if(condition: ColumnElement[bool], day: date) -> Any:
    return case((condition, _day(day)), else_=null())


def _day(day: date) -> Any:
    return literal(day)


def _refused_debts() -> Select[Any]:
    t = staged_refusals.c
    named = exists().where(t.creditor == creditors.c.key, t.reference == debts.c.reference)
    return (
        select(debts.c.debtor_id, debts.c.id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .where(named)
    )


def _doubtful_debtors() -> Select[Any]:
    t = staged_doubts.c
    named = exists().where(t.creditor == creditors.c.key, t.reference == debtors.c.reference)
    return select(debtors.c.id, null()).join(creditors, creditors.c.id == debtors.c.creditor_id).where(named)


def _hold(
    connection: Connection, who: Select[Any], kind: str, *, today: date, now: datetime, why: str
) -> None:
    rows = connection.execute(who).all()
    standing = select(holds.c.debtor_id, holds.c.debt_id).where(
        holds.c.kind == kind, holds.c.released_at.is_(None)
    )
    held = {(row[0], row[1]) for row in connection.execute(standing)}
    fresh = [
        (debtor, debt)
        for debtor, debt in dict.fromkeys((row[0], row[1]) for row in rows)
        if (debtor, debt) not in held
    ]
    shared = {
        "kind": kind,
        "starts_on": today,
        "source": SOURCE,
        "note": why,
        "recorded_at": now,
        "details": {},
    }
    if fresh:
        connection.execute(
            insert(holds), [{"debtor_id": debtor, "debt_id": debt, **shared} for debtor, debt in fresh]
        )
        _note(connection, kind, fresh, before=None, after=today)


def _release(connection: Connection, kind: str, whose: ColumnElement[bool], now: datetime) -> None:
    standing = and_(holds.c.kind == kind, holds.c.released_at.is_(None), whose)
    rows = [
        (row[0], row[1])
        for row in connection.execute(select(holds.c.debtor_id, holds.c.debt_id).where(standing))
    ]
    if rows:
        connection.execute(
            update(holds).where(standing).values(released_at=now, released_why="the ledger reads well again")
        )
        _note(connection, kind, rows, before=now.date(), after=None)


def _note(
    connection: Connection,
    kind: str,
    rows: list[tuple[int, int | None]],
    *,
    before: date | None,
    after: date | None,
) -> None:
    for i in range(0, len(rows), 500):
        page = rows[i : i + 500]
        debt_reference = func.coalesce(debts.c.reference, "")
        only = debts.c.id.in_([debt for _, debt in page if debt is not None])
        people = debtors.c.id.in_([debtor for debtor, debt in page if debt is None])
        mine = or_(only, and_(debts.c.id.is_(None), people))
        query = (
            select(
                creditors.c.key,
                debtors.c.reference,
                debt_reference,
                literal(kind),
                literal(before, Date),
                literal(after, Date),
            )
            .select_from(debtors)
            .join(creditors, creditors.c.id == debtors.c.creditor_id)
            .outerjoin(debts, and_(debts.c.debtor_id == debtors.c.id, only))
            .where(mine)
        )
        connection.execute(insert(staged_changes).from_select([c.name for c in staged_changes.c], query))
