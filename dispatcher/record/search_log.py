"""Searches the log for people: by reference, a page at a time, as a random sample, or what went wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from dispatcher.database.engine import Database
from dispatcher.record.storage import evidence, log_search, seals, word_index
from dispatcher.record.storage.log_search import EXCEPTIONS, FoundEntry, LogQuery, Page

AT_ONCE = 3_000  # entries asked one by one for a page that must come within a tenth of a second
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


def exceptions_report(database: Database, query: LogQuery) -> dict[str, list[FoundEntry]]:
    """List what an auditor asks after first: bounced, late, unknown, held, complained and their like.

    `query` narrows it in all but its events.
    """
    if query.words:
        _index_new_bodies(database)
    report = {event: list(_all(database, replace(query, events=(event,)))) for event in EXCEPTIONS}
    sent = _all(database, replace(query, events=("accepted",)))
    report["late"] = [entry for entry in sent if _is_late(entry)]
    return report


def show_entry(database: Database, position: int) -> FoundEntry | None:
    """Return the entry at a position; None where there is none."""
    with database.reading() as connection:
        key = seals.entry_at(connection, position)
        return next(iter(log_search.load(connection, [key])), None) if key is not None else None


def _all(database: Database, query: LogQuery) -> Iterator[FoundEntry]:
    cursor = ""
    while True:
        with database.reading() as connection:
            page = log_search.search(connection, query, limit=500, cursor=cursor)
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
