"""What we hold against a provider's account: messages by its ids, addresses that it lists, wishes to tell it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from channels.account import Wish
from dispatcher.database.bulk import insert_rows
from dispatcher.database.one_of import one_of
from dispatcher.database.tables.delivery import provider_events, provider_wishes
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.operations import marks
from dispatcher.database.tables.people import opt_outs
from dispatcher.messages.domain.message import State
from dispatcher.values.written_address import address_key

_m = messages.c
_o = opt_outs.c
_w = provider_wishes.c
_MARK = "asked-account:"
_SHAPES = {"email": "%@%", "sms": "+%"}  # what an address of the medium looks like


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as a provider's account may know it."""

    id: str
    provider_id: str
    address: str
    state: State
    sent_at: datetime


def sent_since(connection: Connection, provider: str, since: datetime) -> list[Sent]:
    """Messages that were handed to a provider since then, or that may have been; oldest first."""
    query = (
        select(_m.id, _m.provider_id, _m.address, _m.state, _m.sent_at)
        .where(_m.provider == provider, _m.sent_at >= since)
        .order_by(_m.sent_at)
    )
    return [
        Sent(row.id, row.provider_id, row.address, State(row.state), row.sent_at)
        for row in connection.execute(query)
    ]


def sent_to(connection: Connection, provider: str, addresses: Collection[str]) -> dict[str, list[Sent]]:
    """The same by address, as addresses are compared; oldest first."""
    query = (
        select(_m.id, _m.provider_id, _m.address, _m.state, _m.sent_at)
        .where(
            _m.provider == provider,
            _m.sent_at.is_not(None),
            one_of(func.lower(_m.address, type_=_m.address.type), "addresses"),
        )
        .order_by(_m.sent_at)
    )
    found: dict[str, list[Sent]] = {}
    for row in connection.execute(query, {"addresses": sorted(addresses)}):
        sent = Sent(row.id, row.provider_id, row.address, State(row.state), row.sent_at)
        found.setdefault(address_key(row.address), []).append(sent)
    return found


def heard_before(connection: Connection, provider: str, event_ids: Collection[str]) -> set[str]:
    """Which of a provider's events have been recorded already."""
    query = select(provider_events.c.event_id).where(
        provider_events.c.provider == provider, one_of(provider_events.c.event_id, "ids")
    )
    return set(connection.scalars(query, {"ids": sorted(event_ids)}))


def untold_wishes(connection: Connection, provider: str, medium: str, *, limit: int) -> list[Wish]:
    """Opt-outs of addresses of the medium that the provider does not know, and those it was told that have ended.

    What was learned from the provider itself is not told back to it. A stop that ended is taken back only where no
    other stands at the same address. Of a medium without written addresses there are none.
    """
    if medium not in _SHAPES:
        return []
    return [*_stops(connection, provider, medium, limit), *_ends(connection, provider, medium, limit)]


def _stops(connection: Connection, provider: str, medium: str, limit: int) -> list[Wish]:
    known = and_(_w.opt_out_id == _o.id, _w.provider == provider)
    query = (
        select(_o.id, _o.address, _o.at)
        .outerjoin(provider_wishes, known)
        .where(_of(medium), _o.revoked_at.is_(None), _o.source != provider, _w.opt_out_id.is_(None))
        .order_by(_o.id)
        .limit(limit)
    )
    return [Wish(id=row.id, address=row.address, stops=True, at=row.at) for row in connection.execute(query)]


def _ends(connection: Connection, provider: str, medium: str, limit: int) -> list[Wish]:
    other = opt_outs.alias()
    stands = (
        select(other.c.id)
        .where(
            other.c.address == _o.address,
            other.c.medium.in_(("", medium)),
            other.c.revoked_at.is_(None),
        )
        .exists()
    )
    query = (
        select(_o.id, _o.address, _o.revoked_at)
        .join(provider_wishes, and_(_w.opt_out_id == _o.id, _w.provider == provider))
        .where(_w.taken_back_at.is_(None), _o.revoked_at.is_not(None), ~stands)
        .order_by(_o.id)
        .limit(limit)
    )
    return [
        Wish(id=row.id, address=row.address, stops=False, at=row.revoked_at)
        for row in connection.execute(query)
    ]


def _of(medium: str) -> Any:
    return and_(_o.address.like(_SHAPES[medium]), _o.medium.in_(("", medium)))


def remember_told(connection: Connection, provider: str, wishes: Sequence[Wish], *, at: datetime) -> None:
    """The provider has taken these wishes."""
    stops = [wish.id for wish in wishes if wish.stops]
    rows = [{"provider": provider, "opt_out_id": key, "told_at": at} for key in stops]
    if rows:
        insert_rows(connection, provider_wishes, rows)
    ended = [wish.id for wish in wishes if not wish.stops]
    if ended:
        connection.execute(
            update(provider_wishes)
            .where(_w.provider == provider, _w.opt_out_id.in_(ended))
            .values(taken_back_at=at)
        )


def addresses_told(connection: Connection, provider: str, addresses: Collection[str]) -> set[str]:
    """Which of these addresses the provider lists because we told it to."""
    query = (
        select(_o.address)
        .join(provider_wishes, and_(_w.opt_out_id == _o.id, _w.provider == provider))
        .where(one_of(_o.address, "addresses"))
    )
    return set(connection.scalars(query, {"addresses": sorted(addresses)}))


def stopped_addresses(connection: Connection, medium: str, addresses: Collection[str]) -> set[str]:
    """Which of these addresses may not be written to by the medium, because somebody said so."""
    query = select(_o.address).where(
        one_of(_o.address, "addresses"), _o.medium.in_(("", medium)), _o.revoked_at.is_(None)
    )
    return set(connection.scalars(query, {"addresses": sorted(addresses)}))


def asked_until(connection: Connection, provider: str) -> datetime | None:
    """Until when the account has been asked without a fault."""
    value = connection.scalar(select(marks.c.value).where(marks.c.name == _MARK + provider))
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def mark_asked(connection: Connection, provider: str, until: datetime) -> None:
    """Remember that it has been."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    value = until.isoformat()
    connection.execute(
        dialect.insert(marks)
        .values(name=_MARK + provider, value=value)
        .on_conflict_do_update(index_elements=[marks.c.name], set_={"value": value})
    )
