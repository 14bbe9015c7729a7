"""Keeps every template's versions: bodies never change once submitted, states move forward."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from dispatcher.database.tables.templates import template_versions, templates
from dispatcher.writing.domain.template import TemplateVersion, VersionState


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredVersion:
    """A version and what only the store knows of it. `revision` grows at each save of a draft."""

    version: TemplateVersion
    source: str  # packed, folder, pages
    revision: int = 1
    submitted_at: datetime | None = None
    approved_at: datetime | None = None
    retired_at: datetime | None = None


def names(connection: Connection) -> list[str]:
    """Every template's name, sorted."""
    return list(connection.scalars(select(templates.c.name).order_by(templates.c.name)))


def add_template(connection: Connection, name: str, *, purpose: str, owner: str, now: datetime) -> None:
    """Add a template without versions."""
    connection.execute(insert(templates).values(name=name, purpose=purpose, owner=owner, created_at=now))


def describe(connection: Connection, name: str, *, purpose: str, owner: str) -> None:
    """Take over purpose and owner of the newest version."""
    connection.execute(update(templates).where(templates.c.name == name).values(purpose=purpose, owner=owner))


def next_number(connection: Connection, name: str) -> int:
    """The number the next version of a template gets."""
    newest = connection.scalar(
        select(func.max(template_versions.c.version)).where(template_versions.c.template == name)
    )
    return (newest or 0) + 1


def add(connection: Connection, stored: StoredVersion) -> None:
    """Add a version; a number that is taken raises the database's IntegrityError."""
    version = stored.version
    connection.execute(
        insert(template_versions).values(
            template=version.name,
            version=version.version,
            files=dict(version.files),
            digest=version.digest,
            state=version.state.value,
            author=version.author,
            approver=version.approver,
            comment=version.comment,
            source=stored.source,
            created_at=version.created_at,
            submitted_at=stored.submitted_at,
            approved_at=stored.approved_at,
            published_from=version.published_from,
            retired_at=stored.retired_at,
            revision=stored.revision,
        )
    )


def get(connection: Connection, name: str, version: int) -> StoredVersion | None:
    """One version."""
    query = select(template_versions).where(
        template_versions.c.template == name, template_versions.c.version == version
    )
    row = connection.execute(query).one_or_none()
    return _stored(row) if row else None


def history(connection: Connection, name: str) -> list[StoredVersion]:
    """All versions of a template, the newest first."""
    query = (
        select(template_versions)
        .where(template_versions.c.template == name)
        .order_by(template_versions.c.version.desc())
    )
    return [_stored(row) for row in connection.execute(query)]


def drafts(connection: Connection) -> list[StoredVersion]:
    """All drafts, the newest first."""
    query = select(template_versions).where(template_versions.c.state == VersionState.DRAFT.value)
    return [
        _stored(row)
        for row in connection.execute(
            query.order_by(template_versions.c.template, template_versions.c.version.desc())
        )
    ]


def newest(connection: Connection, name: str) -> StoredVersion | None:
    """The version with the highest number, whatever its state."""
    query = (
        select(template_versions)
        .where(template_versions.c.template == name)
        .order_by(template_versions.c.version.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return _stored(row) if row else None


def published(connection: Connection) -> list[tuple[str, int, datetime]]:
    """(template, version, from) of every published version that is not retired."""
    query = select(
        template_versions.c.template, template_versions.c.version, template_versions.c.published_from
    ).where(template_versions.c.state == VersionState.PUBLISHED.value)
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def in_force(connection: Connection, name: str, at: datetime) -> StoredVersion | None:
    """The version that holds at an instant: of those published by then, the one published last."""
    query = (
        select(template_versions)
        .where(
            template_versions.c.template == name,
            template_versions.c.state == VersionState.PUBLISHED.value,
            template_versions.c.published_from <= at,
        )
        .order_by(template_versions.c.published_from.desc(), template_versions.c.version.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return _stored(row) if row else None


def change(
    connection: Connection, name: str, version: int, *, revision: int, values: Mapping[str, Any]
) -> bool:
    """Change a version if nobody changed it since `revision` was read; says whether it did."""
    statement = (
        update(template_versions)
        .where(
            template_versions.c.template == name,
            template_versions.c.version == version,
            template_versions.c.revision == revision,
        )
        .values(**values, revision=revision + 1)
    )
    return connection.execute(statement).rowcount == 1


def _stored(row: Row[Any]) -> StoredVersion:
    return StoredVersion(
        version=TemplateVersion(
            name=row.template,
            version=row.version,
            files=dict(row.files),
            state=VersionState(row.state),
            author=row.author,
            approver=row.approver,
            comment=row.comment,
            created_at=row.created_at,
            published_from=row.published_from,
        ),
        source=row.source,
        revision=row.revision,
        submitted_at=row.submitted_at,
        approved_at=row.approved_at,
        retired_at=row.retired_at,
    )
