"""Reads sealed entries for exports: in order, a page at a time, with their personal values."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select

from dispatcher.database.engine import Database
from dispatcher.database.tables.log import log_entries, personal_values
from dispatcher.database.tables.messages import contents
from dispatcher.database.tables.portfolio import creditors
from dispatcher.database.tables.record import sealed_entries
from dispatcher.database.tables.templates import template_versions
from dispatcher.people.storage.find_debtor import find_debtor
from dispatcher.record.domain.export_line import SealedEntry
from dispatcher.values.instants import instant_text

PAGE = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Which entries to export; nothing set means all. `until` is the first instant outside."""

    persons: tuple[str, ...] = ()
    creditor: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_everything(self) -> bool:
        """Whether no entry is left out."""
        return self == Scope()

    def document(self) -> dict[str, Any]:
        """Say the scope in JSON values, without names."""
        values = {name: value for name, value in asdict(self).items() if value}
        return {
            name: instant_text(value) if isinstance(value, datetime) else value
            for name, value in values.items()
        }


def persons_of(connection: Connection, reference: str) -> tuple[str, ...]:
    """Find the person behind `creditor/reference`, a reference or a pseudonym, else raise UnknownDebtorError."""
    if known := _pseudonym(connection, reference):
        return (known,)
    return (find_debtor(connection, reference).person,)


def _pseudonym(connection: Connection, person: str) -> str | None:
    return connection.scalar(select(log_entries.c.person).where(log_entries.c.person == person).limit(1))


def creditors_known(connection: Connection) -> list[str]:
    """List the keys of all creditors of the portfolio."""
    return list(connection.scalars(select(creditors.c.key).order_by(creditors.c.key)))


def places_in(connection: Connection, scope: Scope, upto: int) -> Sequence[int]:
    """List the positions in scope up to a fixed one, in order: eight bytes each, so that a million are few."""
    if scope.is_everything:
        return range(1, upto + 1)
    query = select(sealed_entries.c.position).select_from(_joined()).where(*_conditions(scope, upto))
    return array("q", sorted(connection.scalars(query)))


def sealed_pages(database: Database, places: Sequence[int]) -> Iterator[list[SealedEntry]]:
    """Yield the entries at these positions, a page at a time, each from a short read of its own."""
    for start in range(0, len(places), PAGE):
        with database.reading() as connection:
            yield [_entry(row) for row in connection.execute(_page(places[start : start + PAGE]))]


def reading_texts(connection: Connection, digests: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Map a body's SHA-256 to its media type and plain reading text."""
    query = select(contents.c.sha256, contents.c.media_type, contents.c.text).where(
        contents.c.sha256.in_(digests)
    )
    return {row.sha256: (row.media_type, row.text or "") for row in connection.execute(query)}


def template_files(connection: Connection, name: str, version: int) -> dict[str, str]:
    """Return the files of a template's version, by path; empty where it is not there."""
    query = select(template_versions.c.files).where(
        template_versions.c.template == name, template_versions.c.version == version
    )
    return dict(connection.scalar(query) or {})


def _joined() -> Any:
    return sealed_entries.join(log_entries, log_entries.c.id == sealed_entries.c.entry_id)


def _page(places: Sequence[int]) -> Select[Any]:
    position = sealed_entries.c.position
    in_a_row = places[-1] - places[0] + 1 == len(places)
    personal = personal_values.c.id == log_entries.c.personal_id
    return (
        select(
            position,
            sealed_entries.c.entry_id,
            sealed_entries.c.seal,
            sealed_entries.c.leaf,
            log_entries.c.entry,
            personal_values.c.salt,
            personal_values.c["values"],
        )
        .select_from(_joined().outerjoin(personal_values, personal))
        .where(position.between(places[0], places[-1]) if in_a_row else position.in_(places))
        .order_by(position)
    )


def _conditions(scope: Scope, upto: int) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = []
    if scope.persons:
        chosen.append(log_entries.c.person.in_(scope.persons))
    if scope.creditor:
        chosen.append(log_entries.c.creditor == scope.creditor)
    if scope.since:
        chosen.append(log_entries.c.at >= scope.since)
    if scope.until:
        chosen.append(log_entries.c.at < scope.until)
    within = sealed_entries.c.position <= upto
    if not chosen or scope.persons:  # a person's own entries hold that person's erasures
        return [within, *chosen]
    # what is missing must be explained: erasures belong to every export
    return [within, or_(and_(*chosen), log_entries.c.event == "erased")]


def _entry(row: Any) -> SealedEntry:
    return SealedEntry(**row._mapping)  # noqa: SLF001 SQLAlchemy's public way to read by name
