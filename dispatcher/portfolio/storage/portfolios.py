"""Moves an import's staged rows into the portfolio: a few set-wise statements in one transaction."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    Select,
    Text,
    and_,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    union,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from dispatcher.database.tables.agreements import arrangement_debts, ledger_balances, sent_offers
from dispatcher.database.tables.portfolio import (
    contact_points,
    creditors,
    debt_parties,
    debtors,
    debts,
    payments,
)
from dispatcher.database.types import Instant
from dispatcher.portfolio.domain.import_request import Counted
from dispatcher.portfolio.domain.portfolio_columns import KEPT_WHEN_EMPTY
from dispatcher.portfolio.domain.portfolio_row import FIELDS
from dispatcher.portfolio.storage.portfolio_staging import (
    BITS,
    staged_debtors,
    staged_debts,
    staged_parties,
    staged_points,
    staged_refusals,
)

_DEBTOR_COLUMNS = [column.name for column in staged_debtors.c][5:-2]
_DEBT_COLUMNS = [column.name for column in staged_debts.c][5:-2]
# By the key too, which there is an index of: a line alone would have SQLite make one, in each statement.
_OF_THE_LINE = and_(
    staged_debts.c.creditor == staged_parties.c.creditor,
    staged_debts.c.reference == staged_parties.c.debt_reference,
    staged_debts.c.line == staged_parties.c.line,
)
_KEPT = {FIELDS.get(column, column) for column in KEPT_WHEN_EMPTY}


def merge_creditors(
    connection: Connection, *, as_of: date, imported_at: datetime, allow_older: bool
) -> dict[str, date | None]:
    """Make the file's creditors known and note their ledger's date; returns the dates noted before.

    A ledger older than the one known leaves that one's date and age in force, unless `allow_older`; people without
    debts say nothing of balances, and make no ledger younger.
    """
    owed = connection.scalars(select(staged_debts.c.creditor).distinct()).all()
    keys = {*owed, *connection.scalars(select(staged_debtors.c.creditor).distinct())}
    known = dict(
        connection.execute(
            select(creditors.c.key, creditors.c.ledger_as_of).where(creditors.c.key.in_(keys))
        ).all()
    )
    row = {"ledger_as_of": as_of, "ledger_imported_at": imported_at}
    if named := sorted(keys - set(owed)):
        people = _insert(connection, creditors).values([{"key": key} for key in named])
        connection.execute(people.on_conflict_do_nothing(index_elements=["key"]))
    if owed:
        statement = _insert(connection, creditors).values([{"key": key, **row} for key in sorted(owed)])
        known_date = creditors.c.ledger_as_of
        newer = or_(known_date.is_(None), known_date <= as_of)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["key"],
                set_=_excluded(statement, [*row]),
                where=None if allow_older else newer,
            )
        )
    return {key: known.get(key) for key in sorted(keys)}


def lock_changed(connection: Connection) -> None:
    """Lock the people whose debts or own data change, in the order of their ids, before anything is read of them."""
    if connection.dialect.name == "sqlite":
        return  # BEGIN IMMEDIATE has locked everybody
    debt, debtor = staged_debts.c, staged_debtors.c
    by_debt = (
        _known(staged_debts, debts).with_only_columns(debts.c.debtor_id).where(debts.c.digest != debt.digest)
    )
    by_self = (
        _known(staged_debtors, debtors)
        .with_only_columns(debtors.c.id)
        .where(debtors.c.digest != debtor.digest)
    )
    changed = debtors.c.id.in_(union(by_debt, by_self))
    locked = select(debtors.c.id).where(changed).order_by(debtors.c.id).with_for_update().subquery()
    connection.execute(select(func.count()).select_from(locked)).scalar()


def merge_debtors(connection: Connection, *, empty_ends: frozenset[str]) -> Counted:
    """Insert or update the file's debtors; a known one's pseudonym stays, and what the file is silent on."""
    t, known = staged_debtors.c, debtors.alias("known")
    kept = _KEPT - {FIELDS.get(column, column) for column in empty_ends}
    columns = {name: _new_value(staged_debtors, known, name, kept) for name in _DEBTOR_COLUMNS}
    columns["kind"] = case((columns["kind"] == "", "person"), else_=columns["kind"])
    columns["region"] = _region(known, columns["region"])
    columns |= {"reference_key": t.reference_key, "digest": t.digest}
    query = (
        select(creditors.c.id, t.reference, t.person, *columns.values())
        .join(creditors, creditors.c.key == t.creditor)
        .outerjoin(known, and_(known.c.creditor_id == creditors.c.id, known.c.reference == t.reference))
        .where(or_(known.c.id.is_(None), known.c.digest != t.digest))
    )
    names = ["creditor_id", "reference", "person", *columns]
    return _upsert(connection, debtors, staged_debtors, names, query, list(columns))


def merge_debts(connection: Connection, *, as_of: date, empty_ends: frozenset[str]) -> Counted:
    """Insert or update the file's debts; one that had vanished from a whole ledger is back in it.

    New balances are of this day; of those that are known, `note_balance_day` says so.
    """
    t, known = staged_debts.c, debts.alias("known")
    kept = _KEPT - {"promise_minor" if column == "promise_amount" else column for column in empty_ends}
    kept |= {"promise_minor"} if "promise_date" in kept else set()
    columns = {name: _new_value(staged_debts, known, name, kept) for name in _DEBT_COLUMNS if name != "extra"}
    columns["extra"] = t.extra
    columns |= {"reference_key": t.reference_key, "digest": t.digest}
    query = (
        select(creditors.c.id, t.reference, debtors.c.id, true(), literal(as_of, Date), *columns.values())
        .select_from(staged_debts)
        .join(creditors, creditors.c.key == t.creditor)
        .join(
            debtors, and_(debtors.c.creditor_id == creditors.c.id, debtors.c.reference == t.debtor_reference)
        )
        .outerjoin(known, and_(known.c.creditor_id == creditors.c.id, known.c.reference == t.reference))
        .where(or_(known.c.id.is_(None), known.c.digest != t.digest, ~known.c.in_ledger))
    )
    names = ["creditor_id", "reference", "debtor_id", "in_ledger", "balance_as_of", *columns]
    return _upsert(connection, debts, staged_debts, names, query, ["debtor_id", "in_ledger", *columns])


def note_balance_day(connection: Connection, as_of: date) -> None:
    """The balances of the file's debts are of this day: of each debt it is known how old its own is."""
    query = _known(staged_debts, debts)
    older = or_(debts.c.balance_as_of.is_(None), debts.c.balance_as_of < as_of)
    connection.execute(update(debts).where(debts.c.id.in_(query.where(older))).values(balance_as_of=as_of))


def _new_value(staged: Any, known: Any, name: str, kept: Collection[str]) -> Any:
    """The file's value; the known one where the file has no such column, or an empty cell that ends nothing."""
    new = staged.c[name]
    said = staged.c.silent.op("&")(BITS[name]) == 0
    if name in kept:
        empty = new == "" if isinstance(new.type, Text) else new.is_(None)
        said = and_(said, ~empty)
    return case((or_(known.c.id.is_(None), said), new), else_=known.c[name])


def _region(known: Any, value: Any) -> Any:
    """An empty region within the same country is no move: the law of the old one stays."""
    t = staged_debtors.c
    stays = and_(known.c.id.is_not(None), t.region == "", or_(t.country == "", t.country == known.c.country))
    return case((stays, known.c.region), else_=value)


def merge_points(connection: Connection) -> int:
    """Insert or update the file's contact points; those it no longer names are left aside. Returns how many changed.

    An empty label changes none: what is known to be a workplace's stays one.
    """
    t, known = staged_points.c, contact_points.alias("known")
    consent = case((and_(~t.consent_said, known.c.id.is_not(None)), known.c.consent_on), else_=t.consent_on)
    query = (
        select(debtors.c.id, t.medium, t.address, func.max(t.label), func.max(consent), true())
        .select_from(staged_points)
        .join(creditors, creditors.c.key == t.creditor)
        .join(
            debtors, and_(debtors.c.creditor_id == creditors.c.id, debtors.c.reference == t.debtor_reference)
        )
        .outerjoin(
            known,
            and_(known.c.debtor_id == debtors.c.id, known.c.medium == t.medium, known.c.address == t.address),
        )
        .where(true())
        .group_by(debtors.c.id, t.medium, t.address)
    )
    names = ["debtor_id", "medium", "address", "label", "consent_on", "in_ledger"]
    statement = _insert(connection, contact_points).from_select(names, query)
    new = statement.excluded
    label = case((new.label == "", contact_points.c.label), else_=new.label)
    differs = or_(
        contact_points.c.label != label,
        contact_points.c.consent_on.is_distinct_from(new.consent_on),
        ~contact_points.c.in_ledger,
    )
    key = ["debtor_id", "medium", "address"]
    statement = statement.on_conflict_do_update(
        index_elements=key,
        set_={**_excluded(statement, ["consent_on", "in_ledger"]), "label": label},
        where=differs,
    )
    return _rows(connection, statement) + _leave_points(connection)


def _leave_points(connection: Connection) -> int:
    t = staged_points.c
    named = exists().where(
        t.creditor == creditors.c.key,
        t.debtor_reference == debtors.c.reference,
        t.medium == contact_points.c.medium,
        t.address == contact_points.c.address,
    )
    silent = staged_debtors.c.silent.op("&")
    speaks = case(
        (contact_points.c.medium == "email", silent(BITS["email"]) == 0),
        (contact_points.c.medium == "phone", silent(BITS["phone"]) == 0),
        else_=true(),
    )
    gone = (
        select(contact_points.c.id)
        .select_from(staged_debtors)
        .join(creditors, creditors.c.key == staged_debtors.c.creditor)
        .join(
            debtors,
            and_(debtors.c.creditor_id == creditors.c.id, debtors.c.reference == staged_debtors.c.reference),
        )
        .join(contact_points, contact_points.c.debtor_id == debtors.c.id)
        .where(contact_points.c.in_ledger, speaks, ~named)
    )
    return connection.execute(
        update(contact_points).where(contact_points.c.id.in_(gone)).values(in_ledger=False)
    ).rowcount


def merge_parties(connection: Connection) -> list[tuple[int, str, str]]:
    """Set who else owes each debt of the file; returns (line, relation, reference) of debtors whom nobody knows."""
    wanted = _parties().subquery()
    named = exists().where(
        wanted.c.debt_id == debt_parties.c.debt_id, wanted.c.debtor_id == debt_parties.c.debtor_id
    )
    for relation, column in (("joint_debtor", "joint_debtors"), ("guarantor", "guarantors")):
        said = and_(debts.c.id == debt_parties.c.debt_id, staged_debts.c.silent.op("&")(BITS[column]) == 0)
        # Asked of each party, of whom there are few: not of each debt of the file.
        speaks = _known(staged_debts, debts).where(said).correlate(debt_parties).exists()
        mine = and_(debt_parties.c.relation == relation, speaks)
        connection.execute(delete(debt_parties).where(mine, ~named))
    statement = _insert(connection, debt_parties).from_select(
        ["debt_id", "debtor_id", "relation"], _parties()
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["debt_id", "debtor_id"], set_=_excluded(statement, ["relation"])
        )
    )
    return _unknown_parties(connection)


def _parties() -> Select[Any]:
    """(debt, debtor, relation) as the file says; a debtor named as both is a joint debtor."""
    p = staged_parties.c
    return (
        select(
            debts.c.id.label("debt_id"),
            debtors.c.id.label("debtor_id"),
            func.max(p.relation).label("relation"),
        )
        .select_from(staged_parties)
        .join(staged_debts, _OF_THE_LINE)
        .join(creditors, creditors.c.key == staged_debts.c.creditor)
        .join(
            debts, and_(debts.c.creditor_id == creditors.c.id, debts.c.reference == staged_debts.c.reference)
        )
        .join(
            debtors, and_(debtors.c.creditor_id == creditors.c.id, debtors.c.reference == p.debtor_reference)
        )
        .where(debtors.c.id != debts.c.debtor_id)
        .group_by(debts.c.id, debtors.c.id)
    )


def _unknown_parties(connection: Connection) -> list[tuple[int, str, str]]:
    p = staged_parties.c
    known = (
        exists()
        .where(debtors.c.creditor_id == creditors.c.id, debtors.c.reference == p.debtor_reference)
        .correlate(creditors, staged_parties)
    )
    query = (
        select(p.line, p.relation, p.debtor_reference)
        .join(staged_debts, _OF_THE_LINE)
        .join(creditors, creditors.c.key == staged_debts.c.creditor)
        .where(~known)
        .order_by(p.line)
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def absorb_payments(connection: Connection, *, as_of: date, now: datetime) -> int:
    """Payments made before the ledger's day are in its balances: stop counting them. Returns how many.

    One made on that day is where it was written down only later; else it may have come after the ledger was drawn.
    """
    t = staged_debts.c
    next_day = datetime.combine(as_of + timedelta(days=1), time(), UTC)
    held = and_(
        payments.c.absorbed_at.is_(None),
        payments.c.reversed_at.is_(None),
        or_(
            payments.c.paid_on < as_of, and_(payments.c.paid_on == as_of, payments.c.recorded_at >= next_day)
        ),
    )
    if connection.execute(select(payments.c.id).where(held).limit(1)).first() is None:
        return 0
    in_file = (
        select(debts.c.id)
        .select_from(payments)
        .join(debts, debts.c.id == payments.c.debt_id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .where(held)
        .where(exists().where(t.creditor == creditors.c.key, t.reference == debts.c.reference))
    )
    touched = list(connection.scalars(in_file.distinct()))
    absorbed = 0
    for i in range(0, len(touched), 500):
        page = touched[i : i + 500]
        absorbed += connection.execute(
            update(payments).where(payments.c.debt_id.in_(page), held).values(absorbed_at=now)
        ).rowcount
        recount_payments(connection, page)
    return absorbed


def recount_payments(connection: Connection, debt_ids: Sequence[int]) -> None:
    """Set what was paid on debts since their ledger to the sum of the payments that count."""
    paid = (
        select(func.coalesce(func.sum(payments.c.amount_minor), 0))
        .where(
            payments.c.debt_id == debts.c.id,
            payments.c.absorbed_at.is_(None),
            payments.c.reversed_at.is_(None),
        )
        .scalar_subquery()
    )
    connection.execute(update(debts).where(debts.c.id.in_(debt_ids)).values(paid_minor=paid))


def keep_balances(connection: Connection, *, as_of: date, now: datetime) -> None:
    """Keep what this ledger says of debts that were agreed on, or whose part was offered: payments are seen by it."""
    offered = select(sent_offers.c.debtor_id).where(sent_offers.c.settlements != [])  # asked once, not a debt
    watched = union(
        select(arrangement_debts.c.debt_id),
        select(debts.c.id).where(debts.c.debtor_id.in_(offered)),
        select(debt_parties.c.debt_id).where(debt_parties.c.debtor_id.in_(offered)),
    )
    if connection.execute(watched.limit(1)).first() is None:
        return
    t = staged_debts.c
    query = (
        select(debts.c.id, literal(as_of, Date), t.balance_minor, literal(now, Instant()))
        .select_from(staged_debts)
        .join(creditors, creditors.c.key == t.creditor)
        .join(debts, and_(debts.c.creditor_id == creditors.c.id, debts.c.reference == t.reference))
        .where(debts.c.id.in_(watched))
    )
    names = ["debt_id", "day", "balance_minor", "read_at"]
    statement = _insert(connection, ledger_balances).from_select(names, query)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["debt_id", "day"], set_=_excluded(statement, names[2:])
        )
    )


def vanished(as_of: date, creditor: str) -> ColumnElement[bool]:
    """Debts of this creditor that a whole ledger no longer names, and that are not known to be settled."""
    named = exists().where(staged_debts.c.creditor == creditor, staged_debts.c.reference == debts.c.reference)
    unread = exists().where(
        staged_refusals.c.creditor == creditor, staged_refusals.c.reference == debts.c.reference
    )
    open_then = or_(debts.c.settled_on.is_(None), debts.c.settled_on > as_of)
    mine = debts.c.creditor_id == select(creditors.c.id).where(creditors.c.key == creditor).scalar_subquery()
    return and_(mine, debts.c.in_ledger, open_then, ~named, ~unread)


def leave_vanished(connection: Connection, as_of: date, keys: Sequence[str]) -> int:
    """Mark them as not in the ledger, which holds them."""
    marks = (update(debts).where(vanished(as_of, key)).values(in_ledger=False) for key in keys)
    return sum(connection.execute(mark).rowcount for mark in marks)


def changed_debts(connection: Connection) -> int:
    """How many debts that are known already the file would change."""
    query = _known(staged_debts, debts).with_only_columns(func.count())
    return connection.scalar(query.where(debts.c.digest != staged_debts.c.digest)) or 0


def _known(staged: Any, table: Any) -> Select[Any]:
    """Staged rows joined with what the portfolio has under the same key."""
    return (
        select(table.c.id)
        .select_from(staged)
        .join(creditors, creditors.c.key == staged.c.creditor)
        .join(table, and_(table.c.creditor_id == creditors.c.id, table.c.reference == staged.c.reference))
    )


def _upsert(
    connection: Connection,
    table: Any,
    staged: Any,
    names: list[str],
    query: Select[Any],
    update_names: list[str],
) -> Counted:
    """Insert what is new and update what differs by its digest; the number of rows tells them apart."""
    before = _count(connection, table)
    total = _count(connection, staged)
    statement = _insert(connection, table).from_select(names, query)
    statement = statement.on_conflict_do_update(
        index_elements=["creditor_id", "reference"], set_=_excluded(statement, update_names)
    )
    touched = _rows(connection, statement)
    new = _count(connection, table) - before
    return Counted(new=new, changed=touched - new, unchanged=total - touched)


def _rows(connection: Connection, statement: Any) -> int:
    # SQLAlchemy keeps the count of an INSERT only when it is asked to.
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount


def _insert(connection: Connection, table: Any) -> Any:
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


def _excluded(statement: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: statement.excluded[name] for name in names}


def _count(connection: Connection, table: Any) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0
