"""Instants as text: UTC, to the millisecond."""

from datetime import UTC, datetime


def instant_text(at: datetime) -> str:
    """UTC with milliseconds and a Z, as every export writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
