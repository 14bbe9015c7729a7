"""Marks each call to a provider in a mapped file: what a killed process had begun and not called was not sent.

A mark is set in memory that the kernel keeps when the process dies, just before the call and again when its end is
known: that costs no write to a disk, outlives `kill -9` and does not outlive the machine. So it is believed only from
a process that is dead for certain (its lock on the file is gone), on the same start of the same machine, for the same
database, and for the very attempt that it names. Whatever is missing, torn, said twice or not understood leaves the
attempt in doubt.
"""

import fcntl
import json
import mmap
import os
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from hashlib import blake2b
from pathlib import Path

import orjson

from dispatcher.database.holders import this_boot
from dispatcher.delivery.domain.attempt import End, Ended
from dispatcher.delivery.domain.written_end import read_end, write_end
from dispatcher.messages.domain.message import Message

SLOTS = 128  # attempts of a chunk
SECTIONS = 12  # chunks: three of each of three channels at most, and some whose ends no database would take
_HEAD = 4096
_SLOT = 1024
_FIELDS = struct.Struct("<BxHH2x8s8s")  # state, length of the attempt and of its end, their digests
_ROOM = _SLOT - _FIELDS.size
_SIZE = _HEAD + SECTIONS * SLOTS * _SLOT


class Called(IntEnum):
    """How far an attempt has come. The numbers differ in many bits: one that falls over makes none of another."""

    NOT_YET = 0x5A
    CALLED = 0xA5
    ENDED = 0xC3


_STATES = frozenset(Called)


@dataclass(frozen=True, kw_only=True, slots=True)
class CallMark:
    """What is known of an attempt of a dead process. `sent_at`: the first attempt in doubt before it, if any."""

    called: Called
    sent_at: datetime | None
    end: End | None = None
    ended_at: datetime | None = None


Marks = Mapping[tuple[str, int], CallMark]
"""(message, number of the attempt) -> its mark."""


class ListedCalls:
    """A chunk's attempts in the file. Each is written by one thread at a time."""

    def __init__(self, file: "CallMarks", section: int, attempts: Sequence[Message]) -> None:
        self._file, self._section = file, section
        self._places = {message.id: place for place, message in enumerate(attempts)}
        for place, message in enumerate(attempts):
            file.write(section, place, Called.NOT_YET, _attempt(message), b"")

    def call(self, message: Message) -> None:
        """The provider is called next. Raises where that cannot be marked: then it must not be."""
        self._file.set_state(self._section, self._places[message.id], Called.CALLED)

    def end(self, ended: Ended) -> None:
        """Keep what became of it; an end that finds no room stays in doubt."""
        message, end = ended.message, write_end(ended.end, ended.at)
        attempt = _attempt(message)
        if len(attempt) + len(end) <= _ROOM:
            self._file.write(self._section, self._places[message.id], Called.ENDED, attempt, end)

    def forget(self) -> None:
        """The database knows the ends, or that nothing has begun."""
        self._file.clear(self._section)


class CallMarks:
    """The file of this process, open and locked as long as it lives. Thread-safe."""

    def __init__(self, path: Path, *, boot: str, instance: str, worker: str) -> None:
        """Make it whole before it has its name. Raises OSError."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        self._path = path
        self._file = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.posix_fallocate(
                self._file, 0, _SIZE
            )  # a full disk must show now, not as a signal while calling
            self._map = mmap.mmap(self._file, _SIZE)
            head = _head(boot, instance, worker)
            self._map[: len(head)] = head
            draft.rename(path)
        except BaseException:
            os.close(self._file)
            draft.unlink(missing_ok=True)
            raise
        self._free = list(range(SECTIONS))
        self._lock = threading.Lock()

    @property
    def has_room(self) -> bool:
        """Whether a further chunk may be listed."""
        with self._lock:
            return bool(self._free)

    def list_calls(self, attempts: Sequence[Message]) -> ListedCalls | None:
        """List attempts as not yet called: before their intents are committed. None where there is no room."""
        if not attempts or len(attempts) > SLOTS or any(len(_attempt(one)) > _ROOM for one in attempts):
            return None
        with self._lock:
            section = self._free.pop() if self._free else None
        return None if section is None else ListedCalls(self, section, attempts)

    def write(self, section: int, place: int, state: Called, attempt: bytes, end: bytes) -> None:
        """Write a slot whole; its state last, since the process may die at any moment."""
        at = _offset(section, place)
        content = attempt + end
        self._map[at + _FIELDS.size : at + _FIELDS.size + len(content)] = content
        digests = _digest(attempt), _digest(content)
        fields = _FIELDS.pack(state, len(attempt), len(end), *digests)
        self._map[at + 1 : at + _FIELDS.size] = fields[1:]
        self._map[at] = state

    def set_state(self, section: int, place: int, state: Called) -> None:
        """Change a slot's state alone: one byte, which is there or not."""
        self._map[_offset(section, place)] = state

    def clear(self, section: int) -> None:
        """Empty a section and let it be used again."""
        at = _offset(section, 0)
        self._map[at : at + SLOTS * _SLOT] = bytes(SLOTS * _SLOT)
        with self._lock:
            self._free.append(section)

    def close(self) -> None:
        """Remove the file, unless it tells of something that the database does not know yet."""
        with self._lock:
            settled = len(self._free) == SECTIONS
        if settled:
            self._path.unlink(missing_ok=True)
        self._map.close()
        os.close(self._file)


class MarkFiles:
    """The folder of all processes' marks in a home."""

    def __init__(self, folder: Path, *, boot: Callable[[], str] = this_boot) -> None:
        self._folder = folder
        self._boot = boot

    def open(self, instance: str, worker: str) -> CallMarks | None:
        """The marks of this process; None where they would not be believed or cannot be kept."""
        boot = self._boot()
        if not (boot and instance):
            return None
        with suppress(OSError):
            return CallMarks(self._path(worker), boot=boot, instance=instance, worker=worker)
        return None

    def read(self, worker: str, instance: str) -> Marks:
        """What a dead process has marked; nothing where anything speaks against believing it."""
        boot = self._boot()
        if not (boot and instance):
            return {}
        with suppress(OSError), _locked(self._path(worker)) as file:
            content = os.pread(file, _SIZE, 0)
            head = _head(boot, instance, worker)
            if len(content) == _SIZE and content[: len(head)] == head:
                return _marks(content)
        return {}

    def left_behind(self) -> list[str]:
        """Workers whose files nobody holds any more."""
        found = []
        for path in sorted(self._folder.glob("*.marks")):
            with suppress(OSError, ValueError, KeyError, TypeError), _locked(path) as file:
                found.append(str(json.loads(os.pread(file, _HEAD, 0))["worker"]))
        return found

    def remove(self, worker: str) -> None:
        """Remove the marks of a dead process of which nothing is open any more."""
        with suppress(OSError), _locked(self._path(worker)):
            self._path(worker).unlink(missing_ok=True)

    def _path(self, worker: str) -> Path:
        return self._folder / f"{worker.replace(':', '-').replace('/', '-')}.marks"


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Raises OSError where the file is not there, or its process lives."""
    file = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield file
    finally:
        os.close(file)


def _marks(content: bytes) -> Marks:
    found: dict[tuple[str, int], CallMark] = {}
    for section in range(SECTIONS):
        for place in range(SLOTS):
            read = _slot(content[_offset(section, place) : _offset(section, place + 1)])
            if read is not None:
                key, mark = read
                # Said twice it contradicts itself, or would as soon as one of them changes.
                found[key] = _in_doubt(mark) if key in found else mark
    return found


def _slot(slot: bytes) -> tuple[tuple[str, int], CallMark] | None:
    state, of_attempt, of_end, attempt_digest, digest = _FIELDS.unpack_from(slot)
    attempt = slot[_FIELDS.size : _FIELDS.size + of_attempt]
    end = slot[_FIELDS.size + of_attempt : _FIELDS.size + of_attempt + of_end]
    if state not in _STATES or _digest(attempt) != attempt_digest:
        return None
    key, number, sent_at = json.loads(attempt)
    mark = CallMark(
        called=Called(state), sent_at=None if sent_at is None else datetime.fromisoformat(sent_at)
    )
    if state == Called.ENDED:
        mark = _with_end(mark, end) if _digest(attempt + end) == digest else _in_doubt(mark)
    return (key, number), mark


def _with_end(mark: CallMark, written: bytes) -> CallMark:
    try:
        end, at = read_end(written)
    except ValueError:
        return _in_doubt(mark)
    return CallMark(called=Called.ENDED, sent_at=mark.sent_at, end=end, ended_at=at)


def _in_doubt(mark: CallMark) -> CallMark:
    return CallMark(called=Called.CALLED, sent_at=mark.sent_at)


def _attempt(message: Message) -> bytes:
    """Names an attempt; `message` as it was claimed, with `attempts` counting this one."""
    sent_at = None if message.sent_at is None else message.sent_at.isoformat()
    return orjson.dumps([message.id, message.attempts, sent_at])


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=8).digest()


def _offset(section: int, place: int) -> int:
    return _HEAD + (section * SLOTS + place) * _SLOT


def _head(boot: str, instance: str, worker: str) -> bytes:
    said = json.dumps({"form": 1, "boot": boot, "instance": instance, "worker": worker})
    return said.encode().ljust(_HEAD, b"\n")[:_HEAD]
