"""What an import changes about holds: what the ledger says of them, unreadable rows, debts that vanished."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

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
    tuple_,
    update,
)
from sqlalchemy.sql.expression import ColumnElement

from dispatcher.database.tables.people import holds
from dispatcher.database.tables.portfolio import contact_points, creditors, debtors, debts
from dispatcher.portfolio.storage.portfolio_staging import (
    BITS,
    staged_changes,
    staged_debtors,
    staged_debts,
    staged_doubts,
    staged_points,
    staged_refusals,
    staged_unread,
)
from dispatcher.portfolio.storage.portfolios import vanished

# The newest ledger's row of this debt could not be read: its old figures are not trusted
ROW_REFUSED = "row_refused"
# The newest ledger contradicts itself about who this debtor is or where they live
LEDGER_IN_DOUBT = "ledger_in_doubt"
REFUSED_LEDGER = "refused_ledger"  # a newer ledger was refused, and shows the debt as paid or protected
NEW_IN_ODD_LEDGER = "new_in_odd_ledger"  # new in a ledger with more new debts than an ordinary one
LOOKS_RENUMBERED = "looks_renumbered"  # new, and the same as a known debt that the file no longer names
NOT_IN_LEDGER = "not_in_ledger"
SOURCE = "ledger"

UNREAD = "protection_unreadable"  # a value that protects somebody, or that law hangs on, could not be read
_OF_DEBTORS = {
    "cease": "cease_received_on",
    "bankruptcy": "bankrupt_on",
    "deceased": "deceased_on",
    "breathing_space": "breathing_space_until",
}
_CONSENTS = {"email": "email_consent", "phone": "sms_consent"}
AUTHORISED = "authorised_channels"
PERMISSIONS = frozenset({*_CONSENTS.values(), AUTHORISED})
_OF_DEBTS = {"dispute": "disputed_on", "promise": "promise_date"}
_PAGE = 2_000
_KEYS = 400


class HoldChange(NamedTuple):
    """A hold that the ledger gives, changes or takes back."""

    person: str
    creditor: str
    debtor_reference: str
    debt_reference: str
    kind: str
    before: date | None
    after: date | None


def note_changes(
    connection: Connection, as_of: date, *, whole_ledger: Sequence[str], empty_ends: frozenset[str]
) -> None:
    """Before the merge: compare what the file says of holds with what is known."""
    queries = [
        *(_debtor_changes(kind, column, empty_ends) for kind, column in _OF_DEBTORS.items()),
        _attorney_changes(as_of, empty_ends),
        *(_debt_changes(kind, column, empty_ends) for kind, column in _OF_DEBTS.items()),
        _back_in_ledger(as_of),
    ]
    queries += [_consent_changes(), _authorisation_changes(as_of)]
    queries += [_vanished(as_of, creditor) for creditor in whole_ledger]
    names = [column.name for column in staged_changes.c]
    for query in queries:
        connection.execute(insert(staged_changes).from_select(names, query))


def hold_unreadable(connection: Connection, *, today: date, now: datetime, why: str) -> int:
    """After the merge: hold what could not be read, release what is read again; returns how many are newly held.

    These are known debts whose row was refused, debtors in doubt, and debts whose protection cannot be read.
    """
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
    unread = exists().where(
        staged_unread.c.creditor == creditors.c.key,
        or_(
            staged_unread.c.debt_reference == debts.c.reference,
            and_(
                staged_unread.c.debt_reference == "", staged_unread.c.debtor_reference == debtors.c.reference
            ),
        ),
    )
    well_read = (
        select(debts.c.id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .join(debtors, debtors.c.id == debts.c.debtor_id)
        .where(read, ~unread)
    )
    _release(connection, UNREAD, holds.c.debt_id.in_(well_read), now)
    held = _hold(connection, _refused_debts(), ROW_REFUSED, today=today, now=now, why=why)
    held += _hold(connection, _doubtful_debtors(), LEDGER_IN_DOUBT, today=today, now=now, why=why)
    return held + _hold(connection, _unread_debts(unread), UNREAD, today=today, now=now, why=why)


def hold_debts(
    connection: Connection,
    keys: Sequence[tuple[str, str]],
    kind: str,
    *,
    today: date,
    now: datetime,
    why: str,
) -> int:
    """Hold debts by (creditor, reference); returns how many were newly held."""
    held = 0
    for i in range(0, len(keys), _KEYS):
        page = tuple_(creditors.c.key, debts.c.reference).in_(keys[i : i + _KEYS])
        who = (
            select(debts.c.debtor_id, debts.c.id)
            .join(creditors, creditors.c.id == debts.c.creditor_id)
            .where(page)
        )
        held += _hold(connection, who, kind, today=today, now=now, why=why)
    return held


def release_refused(connection: Connection, now: datetime) -> None:
    """A ledger that was taken ends what a refused one of the same creditor held back."""
    mine = (
        select(debts.c.id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .where(
            or_(
                creditors.c.key.in_(select(staged_debts.c.creditor)),
                creditors.c.key.in_(select(staged_debtors.c.creditor)),
            )
        )
    )
    _release(connection, REFUSED_LEDGER, holds.c.debt_id.in_(mine), now)


def shown_as_done(connection: Connection, as_of: date) -> list[tuple[str, str]]:
    """Known debts that a refused file shows as paid, lower or protected: (creditor, reference)."""
    t, d = staged_debts.c, staged_debtors.c
    protected = or_(
        t.disputed_on.is_not(None),
        t.promise_date.is_not(None),
        d.represented_by != "",
        *(d[column].is_not(None) for column in _OF_DEBTORS.values()),
    )
    paid = or_(t.settled_on <= as_of, t.balance_minor <= 0, t.balance_minor < debts.c.balance_minor)
    query = (
        select(creditors.c.key, debts.c.reference)
        .select_from(staged_debts)
        .join(creditors, creditors.c.key == t.creditor)
        .join(debts, and_(debts.c.creditor_id == creditors.c.id, debts.c.reference == t.reference))
        .outerjoin(staged_debtors, and_(d.creditor == t.creditor, d.reference == t.debtor_reference))
        .where(debts.c.balance_minor > 0, or_(paid, protected))
        .distinct()
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


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
    # Read as they are written down: a first ledger brings as many as it has debtors.
    rows = connection.execute(query, execution_options={"yield_per": _PAGE})
    for page in rows.partitions():
        yield [HoldChange._make(row) for row in page]


def _debtor_changes(kind: str, column: str, empty_ends: frozenset[str]) -> Select[Any]:
    before, after = debtors.c[column], staged_debtors.c[column]
    changed = and_(before.is_distinct_from(after), _speaks(staged_debtors, column, after, empty_ends))
    return _of_debtors(kind, before, after, changed)


def _attorney_changes(as_of: date, empty_ends: frozenset[str]) -> Select[Any]:
    before, after = func.coalesce(debtors.c.represented_by, ""), staged_debtors.c.represented_by
    says = _speaks(staged_debtors, "represented_by", func.nullif(after, ""), empty_ends)
    changed = and_((before != "") != (after != ""), says)
    return _of_debtors("attorney", _if(before != "", as_of), _if(after != "", as_of), changed)


def _speaks(staged: Any, column: str, after: Any, empty_ends: frozenset[str]) -> ColumnElement[bool]:
    """Whether the file says something of a column: a date, or an empty cell where a mapping lets that end it."""
    has_column = staged.c.silent.op("&")(BITS[column]) == 0
    return has_column if column in empty_ends else and_(has_column, after.is_not(None))


def _consent_changes() -> Select[Any]:
    """What the file newly says of consent for an address; one that it does not name keeps what it had."""
    t = staged_points.c
    known = and_(debtors.c.reference == t.debtor_reference, debtors.c.creditor_id == creditors.c.id)
    point = and_(
        contact_points.c.debtor_id == debtors.c.id,
        contact_points.c.medium == t.medium,
        contact_points.c.address == t.address,
    )
    kind = case(_CONSENTS, value=t.medium)
    before, after = func.max(contact_points.c.consent_on), func.max(t.consent_on)
    return (
        select(t.creditor, t.debtor_reference, literal(""), kind, before, after)
        .select_from(staged_points)
        .outerjoin(creditors, creditors.c.key == t.creditor)
        .outerjoin(debtors, known)
        .outerjoin(contact_points, point)
        .where(t.medium.in_(_CONSENTS))
        .group_by(t.creditor, t.debtor_reference, t.medium, t.address)
        .having(before.is_distinct_from(after))
    )


def _authorisation_changes(as_of: date) -> Select[Any]:
    before, after = debtors.c.authorised_channels, staged_debtors.c.authorised_channels
    return _of_debtors(
        AUTHORISED,
        _if(before.is_not(None), as_of),
        _if(after.is_not(None), as_of),
        before.is_distinct_from(after),
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


def _debt_changes(kind: str, column: str, empty_ends: frozenset[str]) -> Select[Any]:
    t = staged_debts.c
    before, after = debts.c[column], t[column]
    known = and_(debts.c.reference == t.reference, debts.c.creditor_id == creditors.c.id)
    return (
        select(t.creditor, t.debtor_reference, t.reference, literal(kind), before, after)
        .select_from(staged_debts)
        .outerjoin(creditors, creditors.c.key == t.creditor)
        .outerjoin(debts, known)
        .where(before.is_distinct_from(after), _speaks(staged_debts, column, after, empty_ends))
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


def _unread_debts(unread: ColumnElement[bool]) -> Select[Any]:
    return (
        select(debts.c.debtor_id, debts.c.id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .join(debtors, debtors.c.id == debts.c.debtor_id)
        .where(unread)
    )


def _doubtful_debtors() -> Select[Any]:
    t = staged_doubts.c
    named = exists().where(t.creditor == creditors.c.key, t.reference == debtors.c.reference)
    return select(debtors.c.id, null()).join(creditors, creditors.c.id == debtors.c.creditor_id).where(named)


def _hold(
    connection: Connection, who: Select[Any], kind: str, *, today: date, now: datetime, why: str
) -> int:
    """Hold those who are not held so already; returns how many there were."""
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
    return len(fresh)


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
