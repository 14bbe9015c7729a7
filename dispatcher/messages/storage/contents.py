"""Keeps the exact bytes of every message once, under their SHA-256."""

import hashlib
import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from dispatcher.database.one_of import one_of
from dispatcher.database.tables.messages import contents

_BODIES = select(contents.c.sha256, contents.c.encoding, contents.c.body).where(
    one_of(contents.c.sha256, "digests"), contents.c.body.is_not(None)
)
ERASED = {
    "body": None,
    "text": None,
    "size": 0,
    "media_type": "",
    "encoding": "identity",
}  # nothing left to alter
_SMALL = 300  # bytes: below this compression gains nothing
_PACKED_ALREADY = frozenset({"application/pdf"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What is sent, and the plain reading text of it. `sha256` (hex) is of `body`."""

    sha256: str
    media_type: str
    body: bytes
    text: str

    @classmethod
    def of(cls, body: bytes, media_type: str, text: str) -> "Content":
        """A content with its digest computed."""
        return cls(sha256=hashlib.sha256(body).hexdigest(), media_type=media_type, body=body, text=text)


def keep(connection: Connection, items: Iterable[Content], *, now: datetime) -> None:
    """Store what is not yet there."""
    rows = [_row(item, now) for item in items]
    if rows:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(contents).on_conflict_do_nothing(), rows)


def bodies(connection: Connection, digests: Collection[str]) -> dict[str, bytes]:
    """SHA-256 -> bytes, without those that are not there or erased."""
    return {
        digest: zlib.decompress(body) if encoding == "zlib" else body
        for digest, encoding, body in connection.execute(_BODIES, {"digests": list(digests)})
    }


def _row(item: Content, now: datetime) -> dict[str, object]:
    packed = len(item.body) > _SMALL and item.media_type not in _PACKED_ALREADY
    return {
        "sha256": item.sha256,
        "media_type": item.media_type,
        "encoding": "zlib" if packed else "identity",
        "size": len(item.body),
        "body": zlib.compress(item.body, 1) if packed else item.body,
        "text": item.text,
        "created_at": now,
    }
