"""Instants as text: UTC, to the millisecond."""

from datetime import UTC, datetime
from functools import lru_cache


def instant_text(at: datetime) -> str:
    """UTC with milliseconds and a Z, as every export writes it."""
    return _utc_text(at if at.tzinfo is UTC else at.astimezone(UTC))


@lru_cache(maxsize=256)  # what happens together is written with one instant
def _utc_text(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
