"""Finds what the creditor's own system must learn from us: opt-outs, closed addresses, returned mail."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, literal, or_, select, union

from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import opt_outs
from dispatcher.database.tables.portfolio import contact_points, creditors, debtors

Change = Mapping[str, Any]


def changes_since(
    connection: Connection, since: datetime, *, creditor: str | None = None
) -> Iterator[Change]:
    """Rows with change, at, creditor, debtor, medium, address, scope, reason, source; oldest first within a kind."""
    for query in (_opt_outs(since), _revoked(since), _closed(since), _returned(since)):
        narrowed = query if creditor is None else query.where(creditors.c.key == creditor)
        for row in connection.execute(narrowed.order_by("at", "creditor", "debtor")):
            yield dict(row._mapping)  # noqa: SLF001 SQLAlchemy's public name


def _opt_outs(since: datetime) -> Select[Any]:
    return _bound("opt_out", opt_outs.c.at, opt_outs.c.raw).where(opt_outs.c.at >= since)


def _revoked(since: datetime) -> Select[Any]:
    return _bound("opt_out_revoked", opt_outs.c.revoked_at, opt_outs.c.revoked_by).where(
        opt_outs.c.revoked_at >= since
    )


def _bound(change: str, at: Any, reason: Any) -> Select[Any]:
    """One row for everyone an opt-out binds: the person, and whoever shares the address."""
    own = select(opt_outs.c.id.label("opt_out_id"), opt_outs.c.debtor_id.label("debtor_id")).where(
        opt_outs.c.debtor_id.is_not(None)
    )
    same = and_(opt_outs.c.address != "", func.lower(contact_points.c.address) == opt_outs.c.address)
    shared = select(opt_outs.c.id, contact_points.c.debtor_id).join(contact_points, same)
    everyone = union(own, shared).subquery()
    return (
        select(
            literal(change).label("change"),
            at.label("at"),
            creditors.c.key.label("creditor"),
            debtors.c.reference.label("debtor"),
            opt_outs.c.medium,
            opt_outs.c.address,
            opt_outs.c.scope,
            reason.label("reason"),
            opt_outs.c.source,
        )
        .select_from(everyone)
        .join(opt_outs, opt_outs.c.id == everyone.c.opt_out_id)
        .join(debtors, debtors.c.id == everyone.c.debtor_id)
        .join(creditors, creditors.c.id == debtors.c.creditor_id)
    )


def _closed(since: datetime) -> Select[Any]:
    return (
        select(
            literal("address_closed").label("change"),
            contact_points.c.closed_at.label("at"),
            creditors.c.key.label("creditor"),
            debtors.c.reference.label("debtor"),
            contact_points.c.medium,
            contact_points.c.address,
            literal("address").label("scope"),
            contact_points.c.closed_reason.label("reason"),
            literal("").label("source"),
        )
        .join(debtors, debtors.c.id == contact_points.c.debtor_id)
        .join(creditors, creditors.c.id == debtors.c.creditor_id)
        .where(contact_points.c.closed_at >= since)
    )


def _returned(since: datetime) -> Select[Any]:
    came_back = or_(messages.c.state == "returned", messages.c.state == "bounced")
    return (
        select(
            literal("returned_mail").label("change"),
            messages.c.updated_at.label("at"),
            creditors.c.key.label("creditor"),
            debtors.c.reference.label("debtor"),
            messages.c.channel.label("medium"),
            messages.c.address,
            literal("message").label("scope"),
            messages.c.state.label("reason"),
            messages.c.id.label("source"),
        )
        .join(debtors, debtors.c.id == messages.c.recipient_id)
        .join(creditors, creditors.c.id == messages.c.creditor_id)
        .where(messages.c.channel == "letter", came_back, messages.c.updated_at >= since)
    )
