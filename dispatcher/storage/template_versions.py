"""Keeps every version of every template, with who wrote and approved it and from when it holds."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from dispatcher.domain.template import TemplateVersion, VersionState
from dispatcher.storage.tables import template_versions, templates


def in_force(connection: Connection, name: str, now: datetime) -> TemplateVersion | None:
    """The newest version that is published by now; None where there is none."""
    v = template_versions.c
    query = (
        select(template_versions)
        .where(v.template == name, v.state == VersionState.PUBLISHED, v.published_from <= now)
        .order_by(v.published_from.desc(), v.version.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else _version(row)


def version(connection: Connection, name: str, number: int) -> TemplateVersion | None:
    """One version, whatever its state."""
    query = select(template_versions).where(
        template_versions.c.template == name, template_versions.c.version == number
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else _version(row)


def newest(connection: Connection, name: str) -> TemplateVersion | None:
    """The version with the highest number."""
    query = select(func.max(template_versions.c.version)).where(template_versions.c.template == name)
    number = connection.scalar(query)
    return None if number is None else version(connection, name, number)


def add(connection: Connection, item: TemplateVersion, *, source: str, now: datetime, purpose: str = "", owner: str = "") -> None:
    """Store a new version; the template's own row is made at its first."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(
        dialect.insert(templates)
        .values(name=item.name, purpose=purpose, owner=owner, created_at=now)
        .on_conflict_do_nothing()
    )
    connection.execute(
        insert(template_versions).values(
            template=item.name,
            version=item.version,
            files=dict(item.files),
            digest=item.digest,
            state=item.state,
            author=item.author,
            approver=item.approver,
            comment=item.comment,
            source=source,
            created_at=now,
            published_from=item.published_from,
        )
    )


def _version(row: Any) -> TemplateVersion:
    return TemplateVersion(
        name=row["template"],
        version=row["version"],
        files=row["files"],
        state=VersionState(row["state"]),
        author=row["author"],
        approver=row["approver"],
        comment=row["comment"],
        created_at=row["created_at"],
        published_from=row["published_from"],
    )
