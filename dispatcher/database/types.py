"""Column types that mean the same on SQLite and PostgreSQL."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator

from dispatcher.values.canonical import canonical_json

_WITHOUT_OFFSET = len("2026-03-04 17:00:00.000000")


class Instant(TypeDecorator[datetime]):
    """A moment in UTC. A naive datetime is refused, since nobody knows whose midnight it means."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; SQLite's text form carries no offset."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """The same in one step for SQLite: a day writes a dozen instants a message."""
        return _sqlite_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 the signature is SQLAlchemy's
        """Back as an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _sqlite_text(value: datetime | None) -> str | None:
    """As SQLAlchemy writes it: UTC without an offset, always with microseconds."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return _utc_text(value if value.tzinfo is UTC else value.astimezone(UTC))


@lru_cache(maxsize=256)  # the rows of one statement mostly share theirs
def _utc_text(value: datetime) -> str:
    return value.isoformat(" ", "microseconds")[:_WITHOUT_OFFSET]


class CanonicalJson(TypeDecorator[Any]):
    """A JSON value kept as text with sorted keys: the same value is the same bytes on every database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 the signature is SQLAlchemy's
        """Serialise."""
        return None if value is None else canonical_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 the signature is SQLAlchemy's
        """Parse."""
        if value == "[]":  # most are empty
            return []
        if value == "{}":
            return {}
        return None if value is None else json.loads(value)


def instant(value: object) -> datetime | None:
    """Read SQLite's text or PostgreSQL's timestamp; None for what is neither."""
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
