"""Keeps what each ledger looked like, and counts how a staged one stands beside the known debts."""

from bisect import bisect_left
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from sqlalchemy import Connection, Select, Text, and_, case, exists, func, insert, or_, select

from dispatcher.database.tables.portfolio import creditors, debtors, debts, ledgers
from dispatcher.portfolio.domain.ledger_drift import Counts, LedgerProfile
from dispatcher.portfolio.storage.portfolio_staging import (
    staged_debtors,
    staged_debts,
    staged_points,
    staged_refusals,
)

# Column -> where it is staged. What repeats with a debtor is counted by its debtor.
_OF_DEBTORS = (
    "name", "kind", "language", "country", "region", "city", "postal_code", "address_lines", "time_zone",
    "ledger_segment", "authorised_channels", "represented_by", "cease_received_on", "bankrupt_on", "deceased_on",
    "breathing_space_until", "birth_date",
)  # fmt: skip
_OF_DEBTS = (
    "original_minor", "issued_on", "settled_on", "disputed_on", "promise_date", "time_barred_on", "notice_sent_on",
    "handover_decided_on", "sender_role", "debt_type",
)  # fmt: skip
_COLUMN = {
    "name": "debtor_name", "kind": "debtor_kind", "address_lines": "address_line_1",
    "original_minor": "original_amount",
}  # fmt: skip
_SCALES = (10, 100, 1000)
_A_YEAR = timedelta(days=365)


def filled(connection: Connection) -> dict[str, dict[str, int]]:
    """Creditor -> column -> rows with a value, and `debts` and `debtors` themselves."""
    found: dict[str, dict[str, int]] = {}
    for table, names, count in (
        (staged_debtors, _OF_DEBTORS, "debtors"),
        (staged_debts, _OF_DEBTS, "debts"),
    ):
        sums = [func.sum(case((_is_filled(table.c[name]), 1), else_=0)) for name in names]
        query = select(table.c.creditor, func.count(), *sums).group_by(table.c.creditor)
        for creditor, rows, *values in connection.execute(query):
            counts = {
                _COLUMN.get(name, name): int(value or 0) for name, value in zip(names, values, strict=True)
            }
            found.setdefault(creditor, {}).update({count: rows, **counts})
    t = staged_points.c
    points = select(t.creditor, t.medium, func.count()).group_by(t.creditor, t.medium)
    for creditor, medium, rows in connection.execute(points):
        found.setdefault(creditor, {})[medium] = rows
    return found


def median_ages(connection: Connection, as_of: date) -> dict[str, int]:
    """Creditor -> for how many days the middle one of the file's debts was due on a day; below 0: not yet."""
    t = staged_debts.c
    query = select(t.creditor, t.due_date, func.count()).group_by(t.creditor, t.due_date)
    days: dict[str, dict[date, int]] = {}
    for creditor, due, count in connection.execute(query.order_by(t.creditor, t.due_date)):
        days.setdefault(creditor, {})[due] = count
    return {creditor: (as_of - _middle(counts)).days for creditor, counts in days.items()}


def _middle(counts: Mapping[date, int]) -> date:
    """The median of days in order, each with how often it stands there."""
    reached = list(accumulate(counts.values()))
    return list(counts)[bisect_left(reached, (reached[-1] + 1) // 2)]


def _is_filled(column: Any) -> Any:
    if column.name == "address_lines":
        return column != []
    return column != "" if isinstance(column.type, Text) else column.is_not(None)


def newest(connection: Connection, creditor: str, mapping: str) -> Any:
    """The last ledger of a creditor and mapping that was imported."""
    return connection.execute(
        _of(creditor).where(ledgers.c.mapping == mapping, ledgers.c.state == "imported").limit(1)
    ).first()


def profile_before(connection: Connection, creditor: str, mapping: str) -> LedgerProfile | None:
    """What the last imported ledger of a creditor and mapping looked like."""
    row = newest(connection, creditor, mapping)
    return LedgerProfile.of_json(row.profile) if row is not None else None


def note(connection: Connection, keys: Collection[str], rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep a row for each creditor of a file."""
    ids = dict(
        connection.execute(select(creditors.c.key, creditors.c.id).where(creditors.c.key.in_(keys))).all()
    )
    values = [{"creditor_id": ids[key], **rows[key]} for key in sorted(keys) if key in ids]
    if values:
        connection.execute(insert(ledgers), values)


def refused_last(connection: Connection) -> list[Any]:
    """Creditors whose newest file was refused: key, file, as_of, findings."""
    latest = (
        select(ledgers.c.creditor_id, func.max(ledgers.c.id).label("id"))
        .group_by(ledgers.c.creditor_id)
        .subquery()
    )
    query = (
        select(creditors.c.key, ledgers.c.file, ledgers.c.as_of, ledgers.c.imported_at, ledgers.c.findings)
        .join(latest, latest.c.id == ledgers.c.id)
        .join(creditors, creditors.c.id == ledgers.c.creditor_id)
        .where(ledgers.c.state == "refused")
        .order_by(creditors.c.key)
    )
    return list(connection.execute(query))


def history(connection: Connection, *, limit: int = 50) -> list[Any]:
    """The newest ledgers of all creditors."""
    query = select(ledgers, creditors.c.key).join(creditors, creditors.c.id == ledgers.c.creditor_id)
    return list(connection.execute(query.order_by(ledgers.c.id.desc()).limit(limit)))


def creditor_of(connection: Connection, mapping: str) -> str:
    """Whose ledger was the last that was read by a mapping; "" where none was."""
    query = (
        select(creditors.c.key)
        .join(ledgers, ledgers.c.creditor_id == creditors.c.id)
        .where(ledgers.c.mapping == mapping, ledgers.c.state == "imported")
        .order_by(ledgers.c.id.desc())
        .limit(1)
    )
    return connection.scalar(query) or ""


def counts(connection: Connection, creditor: str, as_of: date) -> Counts:
    """How the file's debts of one creditor stand beside the known ones; call before the merge."""
    t = staged_debts.c
    mine = debts.c.creditor_id == select(creditors.c.id).where(creditors.c.key == creditor).scalar_subquery()
    pair = and_(mine, debts.c.reference == t.reference, t.creditor == creditor)
    is_open = and_(mine, debts.c.in_ledger, or_(debts.c.settled_on.is_(None), debts.c.settled_on > as_of))
    named = exists().where(t.creditor == creditor, t.reference == debts.c.reference)
    unread = exists().where(
        staged_refusals.c.creditor == creditor, staged_refusals.c.reference == debts.c.reference
    )
    both = connection.execute(
        select(
            func.count(),
            func.sum(case((_rescaled(debts.c.balance_minor, t.balance_minor), 1), else_=0)),
            func.sum(case((debts.c.currency != t.currency, 1), else_=0)),
            func.sum(case((debtors.c.reference != t.debtor_reference, 1), else_=0)),
            func.sum(case((debts.c.due_date != t.due_date, 1), else_=0)),
        )
        .select_from(staged_debts)
        .join(debts, pair)
        .join(debtors, debtors.c.id == debts.c.debtor_id)
    ).one()
    known = connection.scalar(select(func.count()).select_from(debts).where(is_open)) or 0
    vanished = connection.scalar(select(func.count()).select_from(debts).where(is_open, ~named, ~unread)) or 0
    staged = (
        connection.scalar(select(func.count()).select_from(staged_debts).where(t.creditor == creditor)) or 0
    )
    return Counts(
        known=known,
        in_both=both[0],
        vanished=vanished,
        appeared=staged - both[0],
        respelled=len(respelled_debts(connection, creditor)) if staged > both[0] else 0,
        rescaled=int(both[1] or 0),
        **(_moved(connection, pair) if both[4] else {}),
        other_currency=int(both[2] or 0),
        other_debtor=int(both[3] or 0),
    )


def _rescaled(before: Any, after: Any) -> Any:
    scales = [or_(after == before * scale, before == after * scale) for scale in _SCALES]
    return and_(before != 0, after != 0, before != after, or_(*scales))


def _moved(connection: Connection, pair: Any) -> dict[str, int]:
    """Due dates: the most that moved by one distance or whose day and month changed places; those moved by years."""
    t = staged_debts.c
    query = (
        select(debts.c.due_date, t.due_date, func.count())
        .select_from(staged_debts)
        .join(debts, pair)
        .where(debts.c.due_date != t.due_date)
        .group_by(debts.c.due_date, t.due_date)
    )
    by_distance: dict[timedelta, int] = {}
    exchanged = years = 0
    for before, after, count in connection.execute(query):
        by_distance[after - before] = by_distance.get(after - before, 0) + count
        exchanged += count * ((before.year, before.day, before.month) == (after.year, after.month, after.day))
        years += count * (abs(after - before) >= _A_YEAR)
    return {"moved_alike": max([exchanged, *by_distance.values()]), "moved_by_years": years}


def respelled_debts(connection: Connection, creditor: str | None = None) -> list[Any]:
    """New debts whose reference is a known one's in another spelling, and that one is not in the file itself.

    (line, creditor, reference, the known reference).
    """
    return _respelled(connection, staged_debts, debts, creditor)


def respelled_debtors(connection: Connection) -> list[Any]:
    """The same of debtors."""
    return _respelled(connection, staged_debtors, debtors, None)


def _respelled(connection: Connection, staged: Any, table: Any, creditor: str | None) -> list[Any]:
    t, itself, new = staged.c, staged.alias("itself"), table.alias("new")
    query: Select[Any] = (
        select(t.line, t.creditor, t.reference, table.c.reference.label("known"))
        .select_from(staged)
        .join(creditors, creditors.c.key == t.creditor)
        .join(
            table,
            and_(
                table.c.creditor_id == creditors.c.id,
                table.c.reference_key == t.reference_key,
                table.c.reference != t.reference,
            ),
        )
        .where(
            ~exists().where(itself.c.creditor == t.creditor, itself.c.reference == table.c.reference),
            ~exists().where(new.c.creditor_id == creditors.c.id, new.c.reference == t.reference),
        )
        .order_by(t.line)
    )
    if creditor is not None:
        query = query.where(t.creditor == creditor)
    return list(connection.execute(query))


def new_debts(connection: Connection, creditors_: Collection[str]) -> list[tuple[str, str]]:
    """(creditor, reference) of the file's debts that are not known yet, of some creditors."""
    t = staged_debts.c
    known = exists().where(debts.c.creditor_id == creditors.c.id, debts.c.reference == t.reference)
    query = (
        select(t.creditor, t.reference)
        .outerjoin(creditors, creditors.c.key == t.creditor)
        .where(t.creditor.in_(creditors_), ~known)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def renumbered_debts(connection: Connection, as_of: date) -> list[tuple[str, str]]:
    """New debts that are, but for the reference, like a known one of their debtor that the file leaves out."""
    t, itself, new = staged_debts.c, staged_debts.alias("itself"), debts.alias("new")
    query = (
        select(t.creditor, t.reference)
        .select_from(staged_debts)
        .join(creditors, creditors.c.key == t.creditor)
        .join(
            debtors, and_(debtors.c.creditor_id == creditors.c.id, debtors.c.reference == t.debtor_reference)
        )
        .join(
            debts,
            and_(
                debts.c.debtor_id == debtors.c.id,
                debts.c.reference != t.reference,
                debts.c.currency == t.currency,
                debts.c.balance_minor == t.balance_minor,
                debts.c.due_date == t.due_date,
            ),
        )
        .where(
            debts.c.in_ledger,
            t.balance_minor > 0,
            or_(debts.c.settled_on.is_(None), debts.c.settled_on > as_of),
            ~exists().where(itself.c.creditor == t.creditor, itself.c.reference == debts.c.reference),
            ~exists().where(new.c.creditor_id == creditors.c.id, new.c.reference == t.reference),
        )
        .distinct()
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def _of(creditor: str) -> Select[Any]:
    mine = (
        ledgers.c.creditor_id == select(creditors.c.id).where(creditors.c.key == creditor).scalar_subquery()
    )
    return select(ledgers).where(mine).order_by(ledgers.c.id.desc())
