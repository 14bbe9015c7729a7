"""Keeps every version of every text: what it says never changes once it is handed in, states move forward."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from dispatcher.configuration.domain.config_version import ConfigVersion
from dispatcher.database.tables.configuration import config_versions
from dispatcher.writing.domain.template import VersionState

_v = config_versions.c


def kinds(connection: Connection) -> frozenset[str]:
    """The kinds that have versions here; of the others the files hold."""
    return frozenset(connection.scalars(select(_v.kind).distinct()))


def next_number(connection: Connection, kind: str, name: str) -> int:
    """The number that the next version of a text gets."""
    query = select(func.max(_v.version)).where(_v.kind == kind, _v.name == name)
    return (connection.scalar(query) or 0) + 1


def add(connection: Connection, version: ConfigVersion) -> None:
    """Add a version; a number that is taken raises the database's IntegrityError."""
    connection.execute(
        insert(config_versions).values(
            kind=version.kind,
            name=version.name,
            version=version.version,
            text=version.text,
            digest=version.digest,
            state=version.state.value,
            author=version.author,
            approver=version.approver,
            comment=version.comment,
            source=version.source,
            created_at=version.created_at,
            submitted_at=version.submitted_at,
            approved_at=version.approved_at,
            published_from=version.published_from,
            retired_at=version.retired_at,
            revision=version.revision,
        )
    )


def get(connection: Connection, kind: str, name: str, version: int) -> ConfigVersion | None:
    """One version."""
    query = select(config_versions).where(_v.kind == kind, _v.name == name, _v.version == version)
    row = connection.execute(query).one_or_none()
    return _version(row) if row else None


def history(connection: Connection, kind: str, name: str) -> list[ConfigVersion]:
    """All versions of a text, the newest first."""
    query = select(config_versions).where(_v.kind == kind, _v.name == name)
    return [_version(row) for row in connection.execute(query.order_by(_v.version.desc()))]


def unsettled(connection: Connection) -> list[ConfigVersion]:
    """Drafts and what waits for a second person, by kind and name, the newest first."""
    states = (VersionState.DRAFT.value, VersionState.SUBMITTED.value)
    query = select(config_versions).where(_v.state.in_(states))
    rows = connection.execute(query.order_by(_v.kind, _v.name, _v.version.desc()))
    return [_version(row) for row in rows]


def published(connection: Connection, of: Collection[str]) -> list[tuple[str, str, int, str, datetime]]:
    """(kind, name, version, digest, from) of every version of these kinds that was approved and is not retired."""
    query = select(_v.kind, _v.name, _v.version, _v.digest, _v.published_from).where(
        _v.state == VersionState.PUBLISHED.value, _v.kind.in_(of)
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in connection.execute(query)]


def change(connection: Connection, old: ConfigVersion, values: Mapping[str, Any]) -> bool:
    """Change a version if nobody changed it since it was read; says whether it did."""
    statement = (
        update(config_versions)
        .where(
            _v.kind == old.kind, _v.name == old.name, _v.version == old.version, _v.revision == old.revision
        )
        .values(**values, revision=old.revision + 1)
    )
    return connection.execute(statement).rowcount == 1


def _version(row: Row[Any]) -> ConfigVersion:
    return ConfigVersion(
        kind=row.kind,
        name=row.name,
        version=row.version,
        text=row.text,
        state=VersionState(row.state),
        author=row.author,
        approver=row.approver,
        comment=row.comment,
        source=row.source,
        created_at=row.created_at,
        submitted_at=row.submitted_at,
        approved_at=row.approved_at,
        published_from=row.published_from,
        retired_at=row.retired_at,
        revision=row.revision,
    )
