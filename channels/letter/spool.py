"""Hands letters over to a print house: one PDF a piece into a spool folder, from which batches are made."""

import contextlib
import hashlib
import io
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from channels.durable_file import is_plain_name, write_durably
from channels.kind import ChannelKind
from channels.letter.spool_settings import SPOOL
from channels.message import OutboundMessage
from channels.outcome import Accepted, Outcome, Rejected, Scope, TryLater
from channels.settings import ChannelSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """What the print house is told about one letter; `handed_over_at` is ISO 8601 in UTC."""

    message_id: str
    pages: int
    name: str
    address: tuple[str, ...]
    postage_class: str
    sha256: str
    handed_over_at: str


@dataclass(frozen=True, slots=True)
class SpoolFolder:
    """Where pieces are on their way. A piece's `.json` moves forward only: pieces, closing, closed."""

    root: Path

    @property
    def pieces(self) -> Path:
        """Pieces that wait for a batch."""
        return self.root / "pieces"

    @property
    def closing(self) -> Path:
        """Pieces of a batch that is being made, one folder a batch."""
        return self.root / "closing"

    @property
    def work(self) -> Path:
        """Batches that are not finished; the print house does not look here."""
        return self.root / "work"

    @property
    def batches(self) -> Path:
        """Finished batches, one folder each, for the print house to collect."""
        return self.root / "batches"

    @property
    def spoiled(self) -> Path:
        """Pieces that are no longer what was handed over; a person has to look."""
        return self.root / "spoiled"

    def closed(self, message_id: str) -> Path:
        """The place of a piece that has gone out; spread over folders by the id's random end."""
        return self.root / "closed" / message_id[-2:] / f"{message_id}.json"

    def find(self, message_id: str) -> Path | None:
        """A piece's card wherever it has got to, looked for in the order in which it moves."""
        waiting = self.pieces / f"{message_id}.json"
        if waiting.exists():
            return waiting
        for card in self.closing.glob(f"*/{message_id}.json"):
            return card
        gone = self.closed(message_id)
        return gone if gone.exists() else None

    def waiting(self) -> list[Piece]:
        """Pieces that wait, oldest first; one that has changed since it was handed over is put aside."""
        found = (self._sound(path) for path in self.pieces.glob("*.json"))
        return sorted(
            (piece for piece in found if piece), key=lambda piece: (piece.handed_over_at, piece.message_id)
        )

    def _sound(self, card: Path) -> Piece | None:
        pdf = card.with_suffix(".pdf")
        with contextlib.suppress(ValueError, TypeError, KeyError, FileNotFoundError):
            piece = read_piece(card)
            if piece.message_id == card.stem and _sha256(pdf.read_bytes()) == piece.sha256:
                return piece
        self.spoiled.mkdir(mode=0o700, exist_ok=True)
        for file in (pdf, card):  # the card last: it is what names the piece
            with contextlib.suppress(FileNotFoundError):
                file.replace(self.spoiled / file.name)
        return None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Only one process at a time makes batches."""
        import fcntl  # not on Windows, where the other channels still work

        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class SpoolChannel:
    """Letters by a print house; the piece's name is the message's id, so a repeat is harmless."""

    kind = ChannelKind.LETTER
    provider = SPOOL.name
    repeat_is_safe = True
    can_look_up = True

    def __init__(self, settings: ChannelSettings) -> None:
        self._spool = SpoolFolder(settings.spool)

    def send(self, message: OutboundMessage, *, now: datetime) -> Outcome:
        """Write the PDF, then its card; from then on the piece belongs to the next batch."""
        if message.postal_address is None or not is_plain_name(message.message_id):
            return Rejected(reason="a piece needs a postal address and a plain id", scope=Scope.MESSAGE)
        if (pages := _pages(message.body)) is None:
            return Rejected(reason="the letter is no readable PDF", scope=Scope.MESSAGE)
        try:
            if self._spool.find(message.message_id):
                return Accepted(provider_id=message.message_id, note="already handed over")
            self._write(message, _card(message, pages, now))
        except OSError as error:
            words = f"cannot write into {self._spool.pieces}: {error.strerror}"
            return TryLater(reason=words, code=str(error.errno or ""))
        return Accepted(provider_id=message.message_id)

    def _write(self, message: OutboundMessage, card: Piece) -> None:
        self._spool.pieces.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_durably(self._spool.pieces / f"{message.message_id}.pdf", message.body)
        content = json.dumps(asdict(card), ensure_ascii=False).encode()
        write_durably(self._spool.pieces / f"{message.message_id}.json", content)

    def look_up(
        self, message_id: str, *, to: str, attempted_at: datetime, body: bytes = b""
    ) -> Outcome | None:
        """Accepted when the piece waits or has gone out in a batch."""
        if self._spool.find(message_id):
            return Accepted(provider_id=message_id)
        return TryLater(reason="no such piece: nothing was handed over", provider_failed=False)

    def check(self) -> str | None:
        """Why the spool cannot be written into, or None."""
        with contextlib.suppress(OSError):
            self._spool.pieces.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(self._spool.pieces, os.W_OK | os.X_OK):
            return (
                f"the spool folder {self._spool.root} cannot be written into: change its owner or set another"
            )
        return None

    def log_in(self) -> str | None:
        """Nobody to ask: whether it can be written into."""
        return self.check()

    def close(self) -> None:
        """Nothing is kept open."""


def read_piece(path: Path) -> Piece:
    """The card of one piece."""
    said = json.loads(path.read_bytes())
    return Piece(**{**said, "address": tuple(said["address"])})


def _card(message: OutboundMessage, pages: int, now: datetime) -> Piece:
    address = message.postal_address
    return Piece(
        message_id=message.message_id,
        pages=pages,
        name=address.name if address else "",
        address=address.lines if address else (),
        postage_class=message.postage_class,
        sha256=_sha256(message.body),
        handed_over_at=now.isoformat(),
    )


def _sha256(pdf: bytes) -> str:
    return hashlib.sha256(pdf).hexdigest()


def _pages(pdf: bytes) -> int | None:
    """How many pages, or None when the print house could not read it either."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(pdf))
        return None if reader.is_encrypted else len(reader.pages) or None
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError):
        return None
