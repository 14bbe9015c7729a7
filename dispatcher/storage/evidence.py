"""Reads sealed entries for exports: in order, a page at a time, with their personal values."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from dispatcher.domain.export_line import SealedEntry
from dispatcher.domain.log_entry import instant_text
from dispatcher.storage.engine import Database
from dispatcher.storage.tables import (
    contents,
    creditors,
    debtors,
    log_entries,
    personal_values,
    sealed_entries,
    template_versions,
)

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


class UnknownDebtorError(Exception):
    """No debtor, or more than one, goes by this reference."""


def persons_of(connection: Connection, reference: str) -> tuple[str, ...]:
    """Find the person behind `creditor/reference`, a reference or a pseudonym, else raise UnknownDebtorError."""
    query = select(debtors.c.person, creditors.c.key).join(creditors, creditors.c.id == debtors.c.creditor_id)
    named = list(connection.execute(query.where(debtors.c.reference == reference)))
    for i in [i for i, letter in enumerate(reference) if letter == "/"]:
        named += connection.execute(
            query.where(creditors.c.key == reference[:i], debtors.c.reference == reference[i + 1 :])
        ).all()
    found = {row.person: row.key for row in named} or _pseudonym(connection, reference)
    if not found:
        raise UnknownDebtorError(f"no debtor {reference!r}: give creditor/reference as in the portfolio")
    if len(found) > 1:
        keys = ", ".join(sorted(found.values()))
        raise UnknownDebtorError(
            f"debtor {reference!r} is known to several creditors ({keys}): put one in front"
        )
    return tuple(found)


def _pseudonym(connection: Connection, person: str) -> dict[str, str]:
    query = select(log_entries.c.person).where(log_entries.c.person == person).limit(1)
    return {found: "" for found in connection.scalars(query) if found}


def count_entries(connection: Connection, scope: Scope, upto: int) -> int:
    """Count what `sealed_pages` will yield."""
    query = select(func.count()).select_from(_joined()).where(*_conditions(scope, upto))
    return connection.scalar(query) or 0


def sealed_pages(database: Database, scope: Scope, upto: int) -> Iterator[list[SealedEntry]]:
    """Yield pages in order of position up to a fixed one, each from a short read of its own."""
    after = 0
    while True:
        with database.reading() as connection:
            page = [_entry(row) for row in connection.execute(_page(scope, after, upto))]
        if not page:
            return
        yield page
        after = page[-1].position


def reading_texts(connection: Connection, digests: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Map a body's SHA-256 to its media type and plain reading text."""
    query = select(contents.c.sha256, contents.c.media_type, contents.c.text).where(contents.c.sha256.in_(digests))
    return {row.sha256: (row.media_type, row.text or "") for row in connection.execute(query)}


def template_files(connection: Connection, name: str, version: int) -> dict[str, str]:
    """Return the files of a template's version, by path; empty where it is not there."""
    query = select(template_versions.c.files).where(
        template_versions.c.template == name, template_versions.c.version == version
    )
    return dict(connection.scalar(query) or {})


def _joined() -> Any:
    return sealed_entries.join(log_entries, log_entries.c.id == sealed_entries.c.entry_id)


def _page(scope: Scope, after: int, upto: int) -> Select[Any]:
    personal = personal_values.c.id == log_entries.c.personal_id
    return (
        select(
            sealed_entries.c.position,
            sealed_entries.c.entry_id,
            sealed_entries.c.seal,
            sealed_entries.c.leaf,
            log_entries.c.entry,
            personal_values.c.salt,
            personal_values.c["values"],
        )
        .select_from(_joined().outerjoin(personal_values, personal))
        .where(sealed_entries.c.position > after, *_conditions(scope, upto))
        .order_by(sealed_entries.c.position)
        .limit(PAGE)
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
