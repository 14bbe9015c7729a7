"""A clearance: by what a message was judged, so that it goes without being judged again while nothing has changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Clearance:
    """The gate said at `judged_at` that the message may go from `since` until `until` (exclusive), all UTC.

    `not_after` is the gate's own end, as its decision has it; `seal` (hex) holds all that it said so by. A clearance
    only ever says that a message may go.
    """

    judged_at: datetime
    since: datetime
    until: datetime
    not_after: datetime | None
    seal: str = ""

    def as_json(self) -> dict[str, str]:
        """As the message's row keeps it."""
        kept = {
            "judged_at": self.judged_at.isoformat(),
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "seal": self.seal,
        }
        return kept if self.not_after is None else {**kept, "not_after": self.not_after.isoformat()}

    @classmethod
    def read(cls, kept: Mapping[str, Any] | None) -> "Clearance | None":
        """From the message's row; None where it has none, or one that nobody can read."""
        try:
            return None if kept is None else _read(kept)
        except (KeyError, TypeError, ValueError):
            return None


def _read(kept: Mapping[str, Any]) -> Clearance:
    end = kept.get("not_after")
    clearance = Clearance(
        judged_at=datetime.fromisoformat(kept["judged_at"]),
        since=datetime.fromisoformat(kept["since"]),
        until=datetime.fromisoformat(kept["until"]),
        not_after=None if end is None else datetime.fromisoformat(end),
        seal=str(kept["seal"]),
    )
    if any(
        at is not None and at.tzinfo is None for at in (clearance.since, clearance.until, clearance.not_after)
    ):
        raise ValueError("an instant without an offset")
    return clearance
