"""Keeps the exact bytes of every message once, under their SHA-256."""

import hashlib
import zlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from dispatcher.database.one_of import one_of
from dispatcher.database.tables.messages import contents
from dispatcher.values.logo import Logo, encoded

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
_PACKED_ALREADY = frozenset({"application/pdf", "image/png", "image/jpeg"})
_WITHOUT_LOGO = "less-logo"  # 32 bytes of the logo's digest, 4 of where it stood, then the rest packed
_NAMED = 36


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What is sent, and the plain reading text of it. `sha256` (hex) is of `body`."""

    sha256: str
    media_type: str
    body: bytes
    text: str
    logo: Logo | None = None

    @classmethod
    def of(cls, body: bytes, media_type: str, text: str, logo: Logo | None = None) -> "Content":
        """A content with its digest computed; a `logo` that stands in it is kept once for all that carry it."""
        return cls(
            sha256=hashlib.sha256(body).hexdigest(), media_type=media_type, body=body, text=text, logo=logo
        )


def keep(connection: Connection, items: Iterable[Content], *, now: datetime) -> None:
    """Store what is not yet there."""
    listed = list(items)
    logos = {item.logo.sha256: item.logo for item in listed if item.logo}
    carried = (Content.of(logo.file, logo.media_type, "") for logo in logos.values())
    rows = [_row(item, now) for item in (*carried, *listed)]
    if rows:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(contents).on_conflict_do_nothing(), rows)


def bodies(connection: Connection, digests: Collection[str]) -> dict[str, bytes]:
    """SHA-256 -> bytes, without those that are not there or erased."""
    found = connection.execute(_BODIES, {"digests": list(digests)}).all()
    named = {_logo_named(body) for _, encoding, body in found if encoding == _WITHOUT_LOGO}
    logos = bodies(connection, named) if named else {}
    return {digest: unpacked(encoding, body, logos.get) for digest, encoding, body in found}


def unpacked(encoding: str, stored: bytes, logo: Callable[[str], bytes | None]) -> bytes:
    """The exact bytes of a stored body; `logo` finds a picture by its digest. Raises zlib.error for broken ones.

    A logo that is not there leaves a gap, and so a body whose digest is wrong.
    """
    if encoding == _WITHOUT_LOGO:
        around = zlib.decompress(stored[_NAMED:])
        at = int.from_bytes(stored[32:_NAMED], "big")
        return around[:at] + encoded(logo(_logo_named(stored)) or b"").encode() + around[at:]
    return zlib.decompress(stored) if encoding == "zlib" else bytes(stored)


def _logo_named(stored: bytes) -> str:
    return stored[:32].hex()


def _without_logo(body: bytes, logo: Logo) -> bytes:
    """The logo's digest, where it stood, and what stood around it, packed."""
    picture = logo.encoded.encode()
    at = body.index(picture)
    around = body[:at] + body[at + len(picture) :]
    return bytes.fromhex(logo.sha256) + at.to_bytes(_NAMED - 32, "big") + zlib.compress(around, 1)


def _stored(item: Content) -> tuple[str, bytes]:
    if item.logo:
        return _WITHOUT_LOGO, _without_logo(item.body, item.logo)
    if len(item.body) > _SMALL and item.media_type not in _PACKED_ALREADY:
        return "zlib", zlib.compress(item.body, 1)
    return "identity", item.body


def _row(item: Content, now: datetime) -> dict[str, object]:
    encoding, stored = _stored(item)
    return {
        "sha256": item.sha256,
        "media_type": item.media_type,
        "encoding": encoding,
        "size": len(item.body),
        "body": stored,
        "text": item.text,
        "created_at": now,
    }
