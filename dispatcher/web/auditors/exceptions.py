"""What went wrong, a kind and a page at a time, with who decided what became of it and why."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from dispatcher.record.search_log import EXCEPTION_KINDS, exceptions_of
from dispatcher.record.storage import log_counts, resolutions
from dispatcher.record.storage.log_search import FoundEntry, LogQuery
from dispatcher.values.instants import instant_text
from dispatcher.web.auditors.log import ENTRY_COLUMNS, entry_json, shown, start_of
from dispatcher.web.site.filters import MOST_EXPORTED, PAGE, a_date, address, paging
from dispatcher.web.site.list_export import exported
from dispatcher.web.site.page import page, sentence_of
from dispatcher.web.site.visit import Page, RefusedError, Visit

_COLUMNS = ("exception", *ENTRY_COLUMNS, "resolved", "resolved_at", "resolved_by", "resolved_why")


def show_exceptions(visit: Visit) -> Response:
    """What an auditor asks after first: bounced, late, unknown, held, complained and their like."""
    since = a_date(visit, "from") or (visit.now - timedelta(days=30)).date()
    until = a_date(visit, "until")
    query = LogQuery(since=start_of(since), until=start_of(until + timedelta(days=1)) if until else None)
    if visit.query("format"):
        return exported(visit, "exceptions", _rows(visit, query), columns=_COLUMNS)
    with visit.program.database.reading() as connection:
        counts = dict(log_counts.events(connection, since=query.since, until=query.until))
    kind = visit.query("kind") or next(
        (one for one in EXCEPTION_KINDS if counts.get(one)), EXCEPTION_KINDS[0]
    )
    if kind not in EXCEPTION_KINDS:
        raise RefusedError(400, f"kind: there is no {kind!r}; there are {', '.join(EXCEPTION_KINDS)}.")
    try:
        found = exceptions_of(
            visit.program.database, kind, query, limit=PAGE, cursor=visit.query("before"), at_most=True
        )
    except ValueError as error:
        raise RefusedError(400, sentence_of(error)) from None
    decided = _decided(visit, found.entries)
    return page(
        visit,
        "log_exceptions",
        kind=kind,
        kinds=[
            (one, counts.get(one, 0) if one != "late" else None, address(visit, {"kind": one}))
            for one in EXCEPTION_KINDS
        ],
        counted_up_to=log_counts.COUNTED_UP_TO,
        entries=[(shown(entry), decided.get(entry.id)) for entry in found.entries],
        since=since,
        until=until,
        looked_back_to=found.looked_back_to[0] if found.looked_back_to else None,
        paging=paging(visit, cursor="before", value=found.next or None),
    )


def _decided(visit: Visit, entries: Sequence[FoundEntry]) -> dict[int, resolutions.Resolution]:
    """By entry, the first decision about its message that came after it."""
    ids = {entry.document["message_id"] for entry in entries if entry.document.get("message_id")}
    with visit.program.database.reading() as connection:
        of_messages = resolutions.of_messages(connection, ids)
    found = {}
    for entry in entries:
        later = [
            one
            for one in of_messages.get(entry.document.get("message_id", ""), ())
            if one.entry_id > entry.id
        ]
        if later:
            found[entry.id] = later[0]
    return found


def _rows(visit: Visit, query: LogQuery) -> Iterator[dict[str, Any]]:
    for kind in [visit.query("kind")] if visit.query("kind") in EXCEPTION_KINDS else EXCEPTION_KINDS:
        cursor, given = "", 0
        while given < MOST_EXPORTED:
            found = exceptions_of(visit.program.database, kind, query, limit=500, cursor=cursor)
            decided = _decided(visit, found.entries)
            for entry in found.entries:
                yield {"exception": kind, **entry_json(entry), **_said(decided.get(entry.id))}
            given, cursor = given + len(found.entries), found.next
            if not cursor:
                break


def _said(one: resolutions.Resolution | None) -> dict[str, Any]:
    return {
        "resolved": one.what if one else None,
        "resolved_at": instant_text(one.at) if one else None,
        "resolved_by": one.actor if one else None,
        "resolved_why": one.why if one else None,
    }


PAGES = (Page("GET", "/log/exceptions", show_exceptions),)
