"""Reads values as the databases give them when no column type stands between."""

from datetime import UTC, datetime


def instant(value: object) -> datetime | None:
    """Read SQLite's text or PostgreSQL's timestamp; None for what is neither."""
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
