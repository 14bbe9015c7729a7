"""Searches the log for people: by reference, a page at a time, as a random sample, or what went wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from dispatcher.database.engine import Database
from dispatcher.record.storage import evidence, log_search, seals, word_index
from dispatcher.record.storage.log_search import EXCEPTIONS, FoundEntry, LogQuery, Page

AT_ONCE = 3_000  # entries asked one by one for a page that must come within a tenth of a second
LATE_KIND = "late"
EXCEPTION_KINDS = (*EXCEPTIONS, LATE_KIND)
LATE = timedelta(days=1)  # sent later than this after the day it was planned for


def search_log(
    database: Database,
    query: LogQuery,
    *,
    debtor: str | None = None,
    limit: int = 50,
    cursor: str = "",
    at_most: int | None = None,
) -> Page:
    """Return one page, newest first; raises UnknownDebtorError, or ValueError for a cursor that is none.

    With `at_most` (AT_ONCE) a page that no index can fill ends early and says how far back it looked.
    """
    if query.words:
        _index_new_bodies(database)
    with database.reading() as connection:
        persons = evidence.persons_of(connection, debtor) if debtor else query.persons
        chosen = replace(query, persons=persons)
        return log_search.search(connection, chosen, limit=limit, cursor=cursor, at_most=at_most)


def sample_log(
    database: Database, query: LogQuery, *, size: int, seed: str, upto: int | None = None
) -> tuple[Sequence[FoundEntry], int]:
    """Draw sealed entries at random; returns them with the last position drawn from, which repeats the draw."""
    if query.words:
        _index_new_bodies(database)
    with database.reading() as connection:
        last = seals.last_seal(connection)
        bound = upto if upto is not None else (last.body.last_position if last else 0)
        return log_search.sample(connection, query, size=size, seed=seed, upto=bound), bound


def exceptions_of(
    database: Database, kind: str, query: LogQuery, *, limit: int, cursor: str = "", at_most: bool = False
) -> Page:
    """One page of what went wrong in one way, newest first; `query` narrows it in all but its events.

    With `at_most` a page of late ones, which no index knows, ends early and says how far back it looked. Raises
    ValueError for a cursor that is none.
    """
    if query.words:
        _index_new_bodies(database)
    if kind != LATE_KIND:
        with database.reading() as connection:
            return log_search.search(connection, replace(query, events=(kind,)), limit=limit, cursor=cursor)
    sent = replace(query, events=("accepted",))
    found: list[FoundEntry] = []
    looked = 0
    while True:
        with database.reading() as connection:  # a page of it, that a full one can go on from
            page = log_search.search(connection, sent, limit=limit, cursor=cursor)
        found += [entry for entry in page.entries if _is_late(entry)]
        looked, cursor = looked + len(page.entries), page.next
        if not cursor or len(found) >= limit:
            return Page(entries=tuple(found), next=cursor)
        if at_most and looked >= AT_ONCE:
            last = page.entries[-1]
            place = (datetime.fromisoformat(last.document["at"]), last.id)
            return Page(entries=tuple(found), next=cursor, looked_back_to=place)


def exceptions_report(database: Database, query: LogQuery) -> dict[str, list[FoundEntry]]:
    """All that an auditor asks after first, by kind: bounced, late, unknown, held, complained and their like."""
    return {kind: list(_all_of(database, kind, query)) for kind in EXCEPTION_KINDS}


def show_entry(database: Database, position: int) -> FoundEntry | None:
    """Return the entry at a position; None where there is none."""
    with database.reading() as connection:
        key = seals.entry_at(connection, position)
        return next(iter(log_search.load(connection, [key])), None) if key is not None else None


def _all_of(database: Database, kind: str, query: LogQuery) -> Iterator[FoundEntry]:
    cursor = ""
    while True:
        page = exceptions_of(database, kind, query, limit=500, cursor=cursor)
        yield from page.entries
        cursor = page.next
        if not cursor:
            return


def _is_late(entry: FoundEntry) -> bool:
    as_of = entry.document.get("as_of")
    if as_of is None:
        return False
    at = datetime.fromisoformat(entry.document["at"]).date()
    return at - date.fromisoformat(as_of) > LATE


def _index_new_bodies(database: Database) -> None:
    while True:
        with database.writing() as connection:
            if not word_index.catch_up(connection):
                return
