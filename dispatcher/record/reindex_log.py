"""Makes anew what searches of the log read: facets from the entries, the index of words from the bodies' texts."""

from collections.abc import Iterator
from dataclasses import dataclass

from dispatcher.database.engine import Database
from dispatcher.log.domain.facet import Facet, facet_of
from dispatcher.log.storage import log_facets
from dispatcher.record.storage import log_audit, word_index


@dataclass(frozen=True, kw_only=True, slots=True)
class Reindexed:
    """How much was read and made."""

    entries: int
    facets: int
    bodies: int


def reindex_log(database: Database) -> Reindexed:
    """Read the whole log in short looks, then put the facets in place in one; sending may go on meanwhile."""
    counted, found = 0, dict[int, Facet]()
    for facet in _facets(database):
        counted += 1
        found[facet.id] = facet
    with database.writing() as connection:
        # what was written since the last look brought its own facets: they stay
        facets = log_facets.rebuild(connection, [*found.values(), *_sound(log_facets.every(connection))])
        word_index.clear(connection)
    return Reindexed(entries=counted, facets=facets, bodies=_index_words(database))


def _facets(database: Database) -> Iterator[Facet]:
    for page in log_audit.documents(database):
        yield from map(facet_of, page)


def _sound(known: dict[int, Facet]) -> Iterator[Facet]:
    return (facet for key, facet in known.items() if facet.id == key)


def _index_words(database: Database) -> int:
    total = 0
    while True:
        with database.writing() as connection:
            indexed = word_index.catch_up(connection)
        if not indexed:
            return total
        total += indexed
