"""What was agreed, and what a creditor's system heard from people itself: contacts made elsewhere, stops."""

from typing import Any

from dispatcher.agreements.storage import arrangements
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.recording import Said
from dispatcher.web.api.bounds import debtor_named
from dispatcher.web.api.operation import limit_of, listed
from dispatcher.web.site.filters import a_number, a_path_number
from dispatcher.web.site.page import sentence_of
from dispatcher.web.site.visit import RefusedError, Visit, not_found

_NO_FIELDS = frozenset({"debtor", "source", "note"})


def list_arrangements(visit: Visit) -> Any:
    """Arrangements in the order they were made."""
    limit = limit_of(visit)
    with visit.program.database.reading() as connection:
        agreed = arrangements.listed(
            connection,
            state=visit.query("state"),
            creditor=visit.only_creditor,
            after=a_number(visit, "cursor") or 0,
            limit=limit + 1,
        )
    more = agreed[limit - 1].id if len(agreed) > limit else None
    return listed([one.as_json() for one in agreed[:limit]], more)


def get_arrangement(visit: Visit) -> Any:
    """One arrangement with its payments."""
    number = a_path_number(visit, "id", "such arrangement")
    with visit.program.database.reading() as connection:
        agreed = arrangements.read(connection, [number])
    if not agreed or visit.only_creditor not in ("", agreed[0].creditor):
        raise not_found("such arrangement")
    return agreed[0].as_json()


def add_contact(visit: Visit) -> Any:
    """A contact made elsewhere: it counts for every cap."""
    return _record(visit, "contact")


def add_opt_out(visit: Visit) -> Any:
    """A stop that was said elsewhere."""
    return _record(visit, "opt_out")


def _record(visit: Visit, fact: str) -> Any:
    said = Said(
        now=visit.now,
        actor=visit.actor,
        source=(visit.text("source") or visit.actor)[:300],
        note=visit.text("note")[:2_000],
    )
    given = {name: texts for name, texts in visit.form.items() if name not in _NO_FIELDS}
    try:
        return visit.program.record(fact, _debtor(visit), said, given)
    except RecordError as error:
        raise RefusedError(422, sentence_of(error)) from None


def _debtor(visit: Visit) -> str:
    who = visit.text("debtor")
    if not who:
        raise RefusedError(422, "debtor: whose; the reference, or creditor/reference.")
    return debtor_named(visit, who)
