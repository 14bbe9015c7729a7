"""Reads what a print house reports about its pieces: mailed, returned, refused."""

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from channels.event import DeliveryEvent, EventKind
from channels.webhook import short_id

COLUMNS = ("piece", "event", "at")
_KINDS: Final[Mapping[str, EventKind]] = {
    "printed": EventKind.QUEUED,
    "mailed": EventKind.MAILED,
    "in_transit": EventKind.IN_TRANSIT,
    "delivered": EventKind.DELIVERED,
    "returned": EventKind.RETURNED,
    "rejected": EventKind.REJECTED,
    "failed": EventKind.FAILED,
}


class ReceiptsError(ValueError):
    """A receipts file that cannot be read; says file, line and what to do."""


def read_receipts(path: Path) -> Iterator[DeliveryEvent]:
    """The events of a CSV with columns piece, event, at (ISO 8601 with offset) and, if wanted, reason.

    A word we do not know stays `unknown` and raw. Reading the same file twice gives the same event ids. Raises
    ReceiptsError.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        try:
            rows.fieldnames = [name.strip().casefold() for name in rows.fieldnames or ()]
            missing = [name for name in COLUMNS if name not in rows.fieldnames]
            if missing:
                raise ReceiptsError(
                    f"{path}, line 1: no column {', '.join(missing)}; wanted: piece, event, at, reason"
                )
            for row in rows:
                yield _event(row, f"{path}, line {rows.line_num}")
        except UnicodeDecodeError:
            raise ReceiptsError(f"{path}: this is no UTF-8; save it as CSV UTF-8") from None
        except csv.Error as error:
            raise ReceiptsError(f"{path}, line {rows.line_num}: no CSV: {error}") from None


def _event(row: Mapping[str, str | None], place: str) -> DeliveryEvent:
    piece, word, at = ((row[name] or "").strip() for name in COLUMNS)
    if not piece or not word:
        raise ReceiptsError(f"{place}: piece and event must be filled")
    kind = _KINDS.get(word.casefold(), EventKind.UNKNOWN)
    return DeliveryEvent(
        provider="spool",
        event_id=short_id(f"{piece}:{word.casefold()}:{at}"),
        kind=kind,
        at=_instant(at, place),
        message_id=piece,
        provider_id=piece,
        permanent=kind is EventKind.RETURNED,
        code=word,
        reason=(row.get("reason") or "").strip(),
        raw={name: value for name, value in row.items() if name},  # cells beyond the head have no name
    )


def _instant(text: str, place: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ReceiptsError(f"{place}: {text!r} is no instant; write 2026-03-01T18:00:00+00:00") from None
    if at.tzinfo is None:
        raise ReceiptsError(f"{place}: {text!r} has no offset; write 2026-03-01T18:00:00+00:00")
    return at.astimezone(UTC)
