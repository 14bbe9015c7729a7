"""Papers that a creditor provides about a debt, by link."""

from typing import Any

from dispatcher.web.api.bounds import creditor_asked, is_own
from dispatcher.web.api.debts import debt_named
from dispatcher.web.api.operation import limit_of, listed
from dispatcher.web.site.filters import a_number, a_path_number
from dispatcher.web.site.page import sentence_of
from dispatcher.web.site.visit import RefusedError, Visit, not_found
from dispatcher.wire.provide_documents import DocumentError, Provided, provide_document, withdraw_document
from dispatcher.wire.storage import documents


def list_documents(visit: Visit) -> Any:
    """Papers that stand, in the order they were added."""
    limit, only, debt = limit_of(visit), creditor_asked(visit), visit.query("debt")
    with visit.program.database.reading() as connection:
        found = documents.page_of_documents(
            connection, only=only, debt=debt, after=a_number(visit, "cursor") or 0, limit=limit + 1
        )
    return listed(found[:limit], found[limit - 1].id if len(found) > limit else None)


def add(visit: Visit) -> Any:
    """Attach a paper to a debt."""
    line = debt_named(visit)
    provided = Provided(
        kind=visit.text("kind") or "other",
        title=visit.text("title"),
        url=visit.text("url"),
        sha256=visit.text("sha256"),
        external_id=visit.text("external_id"),
    )
    try:
        return provide_document(
            visit.program.database, line.creditor, line.reference, provided, by=visit.actor, at=visit.now
        )
    except DocumentError as error:
        status = 409 if "already" in str(error) else 422
        raise RefusedError(status, sentence_of(error)) from None


def withdraw(visit: Visit) -> Any:
    """Show a paper to nobody any more."""
    number = a_path_number(visit, "id", "such document")
    why = visit.text("why")
    if not why:
        raise RefusedError(422, "why: say why it no longer holds.")
    with visit.program.database.reading() as connection:
        known = documents.get(connection, number)
    if known is None or not is_own(visit, known.debt):
        raise not_found("such document")
    try:
        return withdraw_document(visit.program.database, number, why=why[:300], by=visit.actor, at=visit.now)
    except DocumentError as error:
        raise RefusedError(409, sentence_of(error)) from None
