"""Verifies stored bodies against the hash that each is kept under, and the text that searches read of it."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.messages.storage.contents import ERASED, bodies, unpacked
from dispatcher.record.storage import log_audit
from dispatcher.record.verify.verify_texts import wrong_reading_text

RANGE = 4_000  # rows: a second or so of one processor
_MAGIC = {"application/pdf": b"%PDF-"}


@dataclass(kw_only=True, slots=True)
class Bodies:
    """How many bodies are stored, the digests of those that are gone or changed, and what is wrong by digest."""

    stored: int = 0
    missing: list[str] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)
    wrong: list[tuple[str, str]] = field(default_factory=list)


def ranges(newest: int) -> Iterator[tuple[int, int]]:
    """Ranges of ids (after, to) up to the newest; the last has no end."""
    starts = range(0, max(newest, 1), RANGE)
    for after in starts:
        yield after, after + RANGE if after != starts[-1] else 2**62


def look_at_bodies(database: Database, after: int, to: int) -> Bodies:
    """Examine the bodies in one range of ids."""
    found, logos = Bodies(), _Logos(database)
    for page in log_audit.content_rows(database, after=after, to=to):
        for row in page:
            if row.body is None:
                found.missing.append(row.sha256)
                left = [name for name, value in ERASED.items() if getattr(row, name) != value]
                what = f"its body is gone, but not as an erasure leaves it: {', '.join(left)}" if left else ""
            else:
                found.stored += 1
                body = _unpacked(row, logos)
                what = _changed(row, body)
                if what:
                    found.changed.add(row.sha256)
                else:
                    what = wrong_reading_text(row.media_type, body, row.text or "")
            if what:
                found.wrong.append((row.sha256, what))
    return found


class _Logos(dict[str, bytes | None]):
    """Pictures that many bodies carry, each read once."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    def __missing__(self, digest: str) -> bytes | None:
        with self._database.reading() as connection:
            self[digest] = bodies(connection, {digest}).get(digest)
        return self[digest]


def _unpacked(row: Any, logos: _Logos) -> bytes:
    try:
        return unpacked(row.encoding, row.body, logos.__getitem__)
    except zlib.error:
        return b""


def _changed(row: Any, body: bytes) -> str:
    """Say how a stored body is other than it was; empty where it is the same."""
    if sha256(body).hexdigest() != row.sha256 or len(body) != row.size:
        return f"its body (contents row {row.id}) was changed"
    return "" if body.startswith(_MAGIC.get(row.media_type, b"")) else f"its body is not {row.media_type}"
