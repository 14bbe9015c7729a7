"""The list of seals in a file beside the database, so that a database cut short shows."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from dispatcher.values.canonical import canonical_json

_TAIL = 4_096  # bytes: holds several lines


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalLine:
    """A seal as the file remembers it."""

    number: int
    hash: str
    root: str
    last_position: int


class JournalProblemError(Exception):
    """The file cannot be read; the message says which line."""


@dataclass(frozen=True, slots=True)
class SealJournal:
    """`seals.jsonl`: a line a seal. Put a copy where the database's owner cannot reach."""

    path: Path

    def lines(self) -> list[JournalLine]:
        """Read all lines; a last line cut off by a crash is left out."""
        if not self.path.exists():
            return []
        texts = self.path.read_text().split("\n")
        return [self._parse(number, text) for number, text in enumerate(texts[:-1], start=1) if text]

    def last(self) -> JournalLine | None:
        """Read the newest line alone: the file grows with the years."""
        if not self.path.exists():
            return None
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL))
            whole = file.read().decode().split("\n")[:-1]
        return self._parse(0, whole[-1]) if whole and (size <= _TAIL or len(whole) > 1) else None

    def add(self, lines: Iterable[JournalLine]) -> None:
        """Append and force to disk; mends a last line cut off by a crash first."""
        texts = [canonical_json(asdict(each)) for each in lines]
        if not texts:
            return
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.path.open("a+b") as file:
            self._drop_torn_line(file.fileno())
            file.write(("\n".join(texts) + "\n").encode())
            file.flush()
            os.fsync(file.fileno())

    def _drop_torn_line(self, descriptor: int) -> None:
        size = os.fstat(descriptor).st_size
        tail = os.pread(descriptor, _TAIL, max(0, size - _TAIL))
        if tail and not tail.endswith(b"\n"):
            os.ftruncate(descriptor, size - len(tail) + tail.rfind(b"\n") + 1)

    def _parse(self, number: int, text: str) -> JournalLine:
        try:
            line = json.loads(text)
            return JournalLine(
                number=int(line["number"]),
                hash=str(line["hash"]),
                root=str(line["root"]),
                last_position=int(line["last_position"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise JournalProblemError(f"{self.path} line {number}: not a seal ({error})") from None
