"""Closes addresses that mail came back from, and records what people opted out of."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, insert, select, update

from dispatcher.database.one_of import one_of
from dispatcher.database.tables.people import opt_outs
from dispatcher.database.tables.portfolio import contact_points, debtors
from dispatcher.people.storage.humans import with_other_records
from dispatcher.values.written_address import address_key

MEDIA = {"email": "email", "sms": "phone", "letter": "post"}
mailbox = func.lower(
    contact_points.c.address, type_=contact_points.c.address.type
)  # as opt-outs name it: one mailbox in whatever case


def close(
    connection: Connection, debtor_id: int, channel: str, address: str, *, at: datetime, reason: str
) -> bool:
    """Close a debtor's address for good; a postal one gets a row that says so. False when it was closed before."""
    medium = MEDIA[channel]
    mine = and_(
        contact_points.c.debtor_id == debtor_id,
        contact_points.c.medium == medium,
        mailbox == address_key(address),
    )
    known = connection.execute(select(contact_points.c.closed_at).where(mine)).all()
    if not known:
        connection.execute(
            insert(contact_points).values(
                debtor_id=debtor_id,
                medium=medium,
                address=address,
                in_ledger=False,
                closed_at=at,
                closed_reason=reason,
            )
        )
        return True
    still_open = and_(mine, contact_points.c.closed_at.is_(None))
    if all(row.closed_at is not None for row in known):
        return False
    connection.execute(update(contact_points).where(still_open).values(closed_at=at, closed_reason=reason))
    return True


def open_again(connection: Connection, debtor_id: int, channel: str, address: str, *, reason: str) -> bool:
    """Take back that a debtor's address was closed for this very reason; False where it was not."""
    closed = and_(
        contact_points.c.debtor_id == debtor_id,
        contact_points.c.medium == MEDIA[channel],
        mailbox == address_key(address),
        contact_points.c.closed_reason == reason,
    )
    found = connection.execute(update(contact_points).where(closed).values(closed_at=None, closed_reason=""))
    return found.rowcount > 0


def people_at(connection: Connection, address: str) -> list[int]:
    """Everyone who is known under an e-mail address or number, by id."""
    query = (
        select(contact_points.c.debtor_id)
        .where(mailbox == address_key(address))
        .distinct()
        .order_by(contact_points.c.debtor_id)
    )
    return list(connection.scalars(query))


def people_by_address(connection: Connection, medium: str, keys: Collection[str]) -> dict[str, list[int]]:
    """Address as it is compared -> everyone who may still be written to there by the medium, by id."""
    query = (
        select(mailbox.label("key"), contact_points.c.debtor_id)
        .where(
            one_of(mailbox, "keys"),
            contact_points.c.medium == MEDIA[medium],
            contact_points.c.closed_at.is_(None),
        )
        .distinct()
        .order_by(contact_points.c.debtor_id)
    )
    found: dict[str, list[int]] = {}
    for key, debtor_id in connection.execute(query, {"keys": sorted(keys)}):
        found.setdefault(key, []).append(debtor_id)
    return found


def sharing(connection: Connection, address: str, debtor_id: int) -> int:
    """How many others of the same creditor are known under an address: of other creditors' an entry tells nothing."""
    mine = select(debtors.c.creditor_id).where(debtors.c.id == debtor_id).scalar_subquery()
    return (
        connection.scalar(
            select(func.count(contact_points.c.debtor_id.distinct()))
            .join(debtors, debtors.c.id == contact_points.c.debtor_id)
            .where(
                mailbox == address_key(address),
                contact_points.c.debtor_id != debtor_id,
                debtors.c.creditor_id == mine,
            )
        )
        or 0
    )


def lock(connection: Connection, debtor_ids: Sequence[int]) -> None:
    """Lock people, with the same humans' other records, in the order of their ids, as claims do.

    SQLite's transaction is the lock itself.
    """
    if connection.dialect.name == "sqlite" or not debtor_ids:
        return
    bound = with_other_records(connection, debtor_ids)
    connection.execute(
        select(debtors.c.id).where(debtors.c.id.in_(bound)).order_by(debtors.c.id).with_for_update()
    ).all()


def opt_out(
    connection: Connection,
    *,
    debtor_id: int | None,
    address: str,
    medium: str,
    at: datetime,
    raw: str,
    source: str,
    scope: str = "",
) -> bool:
    """Record an opt-out; False when the same one is in force already."""
    address = address_key(address)
    same = _same(debtor_id, address, medium)
    if connection.scalar(select(opt_outs.c.id).where(same).limit(1)) is not None:
        return False
    connection.execute(
        insert(opt_outs).values(
            debtor_id=debtor_id, address=address, medium=medium, at=at, raw=raw, source=source, scope=scope
        )
    )
    return True


def add_words(connection: Connection, *, debtor_id: int, address: str, medium: str, raw: str) -> bool:
    """Keep the debtor's words with the same opt-out where it has none; False where it has."""
    same = and_(_same(debtor_id, address, medium), opt_outs.c.raw == "")
    return connection.execute(update(opt_outs).where(same).values(raw=raw)).rowcount > 0


def _same(debtor_id: int | None, address: str, medium: str) -> ColumnElement[bool]:
    """The same opt-out, in force."""
    return and_(
        opt_outs.c.address == address,
        opt_outs.c.medium == medium,
        opt_outs.c.revoked_at.is_(None),
        opt_outs.c.debtor_id.is_not_distinct_from(debtor_id),
    )


def reopen(connection: Connection, *, address: str, source: str, at: datetime, by: str) -> int:
    """Revoke what the same source closed at this address; other opt-outs stay. Returns how many."""
    result = connection.execute(
        update(opt_outs)
        .where(
            opt_outs.c.address == address_key(address),
            opt_outs.c.source == source,
            opt_outs.c.revoked_at.is_(None),
        )
        .values(revoked_at=at, revoked_by=by)
    )
    return result.rowcount
