"""What the API says of people, and what may be written down about them."""

import json
from typing import Any

from dispatcher.people.domain.fact_table import BY_NAME
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.storage import person_lists
from dispatcher.people.storage.find_debtor import UnknownDebtorError, find_debtor
from dispatcher.people.storage.person_lists import PersonFilter
from dispatcher.web.api.operation import limit_of, listed
from dispatcher.web.operators.people import person_json
from dispatcher.web.operators.record_forms import write_down
from dispatcher.web.site.filters import a_number
from dispatcher.web.site.page import sentence_of, site_of
from dispatcher.web.site.visit import RefusedError, Visit, not_found


def list_people(visit: Visit) -> Any:
    """People in the order they came."""
    limit = limit_of(visit)
    wanted = PersonFilter(
        search=visit.query("q"),
        creditor=visit.only_creditor or visit.query("creditor"),
        country=visit.query("country"),
        hold=visit.query("hold"),
    )
    with visit.program.database.reading() as connection:
        found = person_lists.page_of_people(
            connection, wanted, after=a_number(visit, "cursor") or 0, limit=limit + 1
        )
    more = found[limit - 1].id if len(found) > limit else None
    return listed([person_json(line) for line in found[:limit]], more)


def get_person(visit: Visit) -> Any:
    """One person with debts, addresses and what is recorded."""
    with visit.program.database.reading() as connection:
        debtor_id = _person(visit, connection)
        row = person_lists.person_row(connection, debtor_id)
        points = person_lists.points_of(connection, debtor_id)
        debts = person_lists.debts_of(connection, debtor_id)
        records = person_lists.records_of(connection, debtor_id)
    _viewed(visit, row.person)
    return {
        **row._mapping,  # noqa: SLF001 SQLAlchemy's public name for a row as a mapping
        "debtor": f"{row.key}/{row.reference}",
        "addresses": points,
        "debts": debts,
        "records": _told(records) if visit.user.account else records,
    }


def list_timeline(visit: Visit) -> Any:
    """The log about a person, newest first: what was sent, what was not and why."""
    limit = limit_of(visit)
    with visit.program.database.reading() as connection:
        row = person_lists.person_row(connection, _person(visit, connection))
        found = person_lists.timeline(
            connection, row.person, before=a_number(visit, "cursor"), limit=limit + 1
        )
    _viewed(visit, row.person)
    items = [{"id": one.id, **json.loads(one.entry), "personal": one.personal} for one in found[:limit]]
    return listed(items, found[limit - 1].id if len(found) > limit else None)


def _told(records: dict[str, Any]) -> dict[str, Any]:
    """What a creditor's system hears: no words, and of a person in care that they are held."""
    return {name: [_bare(row) for row in rows] for name, rows in records.items()}


def _bare(row: Any) -> dict[str, Any]:
    kept = dict(row._mapping)  # noqa: SLF001 SQLAlchemy's public name for a row as a mapping
    for name in ("note", "text", "details"):
        if name in kept:
            kept[name] = {} if isinstance(kept[name], dict) else ""
    return {**kept, "kind": "held", "source": ""} if kept.get("kind") == "care" else kept


def _viewed(visit: Visit, person: str) -> None:
    site_of(visit.request).views.note(visit.actor, "api", person)


def record(visit: Visit) -> Any:
    """Write down what a person said or did."""
    if visit.text("fact") not in BY_NAME:
        raise RefusedError(422, f"fact: one of {', '.join(BY_NAME)}.")
    if not visit.text("source"):
        raise RefusedError(422, "source: say where it comes from.")
    if visit.only_creditor not in ("", visit.path("creditor")):
        raise not_found("such person")
    try:
        recorded = write_down(visit, f"{visit.path('creditor')}/{visit.path('reference')}")
    except RecordError as error:
        raise RefusedError(422, sentence_of(error)) from None
    return recorded


def _person(visit: Visit, connection: Any) -> int:
    if visit.only_creditor not in ("", visit.path("creditor")):
        raise not_found("such person")
    try:
        return find_debtor(connection, f"{visit.path('creditor')}/{visit.path('reference')}").id
    except UnknownDebtorError:
        raise not_found("such person") from None
