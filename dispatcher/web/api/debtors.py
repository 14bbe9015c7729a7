"""What a creditor's system reads of its debtors: who they are, contacts made elsewhere, stops."""

from collections.abc import Callable, Sequence
from typing import Any

from dispatcher.web.api.bounds import creditor_asked, debtor_named
from dispatcher.web.api.operation import limit_of, listed
from dispatcher.web.site.filters import a_number
from dispatcher.web.site.visit import Visit, not_found
from dispatcher.wire.storage import wire_people

Read = Callable[..., Sequence[Any]]


def list_debtors(visit: Visit) -> Any:
    """Debtors in the order they came."""
    return _page(visit, wire_people.page_of_debtors, _debtor)


def get_debtor(visit: Visit) -> Any:
    """One debtor."""
    creditor = visit.path("creditor")
    if visit.only_creditor not in ("", creditor):
        raise not_found("such debtor")
    with visit.program.database.reading() as connection:
        row = wire_people.find_debtor_row(connection, creditor, visit.path("reference"))
    if row is None:
        raise not_found("such debtor")
    return _debtor(row)


def list_contacts(visit: Visit) -> Any:
    """Contacts made elsewhere and what people sent, in the order they were written down."""
    return _page(visit, wire_people.page_of_contacts, _contact, **_of_debtor(visit))


def list_opt_outs(visit: Visit) -> Any:
    """Stops in the order they came."""
    return _page(visit, wire_people.page_of_opt_outs, _opt_out, **_of_debtor(visit))


def _page(visit: Visit, read: Read, show: Callable[[Any], dict[str, Any]], **wanted: str) -> Any:
    limit, only = limit_of(visit), creditor_asked(visit)
    with visit.program.database.reading() as connection:
        rows = read(connection, only=only, after=a_number(visit, "cursor") or 0, limit=limit + 1, **wanted)
    return listed([show(row) for row in rows[:limit]], rows[limit - 1].id if len(rows) > limit else None)


def _of_debtor(visit: Visit) -> dict[str, str]:
    who = visit.query("debtor")
    return {"debtor": debtor_named(visit, who) if who else ""}


def _debtor(row: Any) -> dict[str, Any]:
    return {
        **_shared(row),
        "reference": row.reference,
        "name": row.name,
        "kind": row.kind,
        "language": row.language,
        "country": row.country,
        "region": row.region,
        "time_zone": row.time_zone,
        "erased": row.erased_at is not None,
    }


def _contact(row: Any) -> dict[str, Any]:
    return {
        **_shared(row),
        "id": row.id,
        "debts": row.debts,
        "at": row.at,
        "channel": row.channel,
        "direction": row.direction,
        "outcome": row.outcome,
        "address": row.address,
        "external_id": row.external_id,
        "recorded_at": row.recorded_at,
    }


def _opt_out(row: Any) -> dict[str, Any]:
    return {
        **_shared(row),
        "id": row.id,
        "medium": row.medium,
        "address": row.address,
        "scope": row.scope,
        "at": row.at,
        "revoked_at": row.revoked_at,
    }


def _shared(row: Any) -> dict[str, Any]:
    return {"creditor": row.creditor, "debtor": f"{row.creditor}/{row.debtor_reference}"}
