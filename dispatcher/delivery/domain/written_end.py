"""The end of an attempt as a few bytes, for a file that outlives the process that made the call."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson

from channels.outcome import Accepted, Rejected, Scope, TryLater, Unknown
from dispatcher.delivery.domain.attempt import End, NotMade


def write_end(end: End, at: datetime) -> bytes:
    """What became of an attempt, and when by the business clock."""
    return orjson.dumps([type(end).__name__, end, at.isoformat()], default=timedelta.total_seconds)


def read_end(written: bytes) -> tuple[End, datetime]:
    """The same back. Raises ValueError where it is no end."""
    try:
        name, fields, at = json.loads(written)
        return _READERS[name](fields), datetime.fromisoformat(at)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("these bytes tell of no attempt's end") from error


def _rejected(fields: dict[str, Any]) -> Rejected:
    return Rejected(**fields | {"scope": Scope(fields["scope"])})


def _try_later(fields: dict[str, Any]) -> TryLater:
    after = fields["after"]
    return TryLater(**fields | {"after": None if after is None else timedelta(seconds=after)})


_READERS: Mapping[str, Callable[[dict[str, Any]], End]] = {
    "Accepted": lambda fields: Accepted(**fields),
    "Rejected": _rejected,
    "TryLater": _try_later,
    "Unknown": lambda fields: Unknown(**fields),
    "NotMade": lambda fields: NotMade(**fields),
}
