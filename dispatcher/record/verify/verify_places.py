"""Verifies entries where they stand: their order under the seals, their columns, their personal values.

The log is cut at seals into pieces. Each is looked at by itself, here or in another process, and what they found is
joined in order: it is the same as of one look at everything.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from operator import attrgetter
from typing import Any, TypeVar

from dispatcher.database.engine import Database
from dispatcher.database.types import instant
from dispatcher.log.domain.facet import Facet, facet_of
from dispatcher.record.domain.seal import SealBody, leaf_hash, root_of, tree_of
from dispatcher.record.storage import log_audit
from dispatcher.record.verify.read_entry import read_json
from dispatcher.record.verify.verify_chain import Finding
from dispatcher.record.verify.verify_texts import Templates
from dispatcher.values.instants import instant_text

PIECE = 16_000  # entries, in whole seals: a second or so of one processor
EVERYTHING = 2**62
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_COLUMNS = ("event", "run_id", "message_id", "person", "creditor", "channel", "personal_id", "body_sha256")
_kept = attrgetter(*_COLUMNS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """Seals that follow each other, and the positions (after, to) that they cover; `to` may lie beyond them all."""

    seals: tuple[SealBody, ...]
    settled: int  # by the seal before
    after: int
    to: int
    last: int  # position of the log's last sealed entry


def cut(bodies: Sequence[SealBody], size: int) -> Iterator[Piece]:
    """Pieces of at least so many entries; the first reaches back and the last reaches on without an end."""
    last = bodies[-1].last_position if bodies else 0
    settled, after, own = 0, -EVERYTHING, list[SealBody]()
    for body in bodies[:-1]:
        own.append(body)
        if body.last_position - max(after, 0) >= size:
            yield Piece(seals=tuple(own), settled=settled, after=after, to=body.last_position, last=last)
            settled, after, own = body.settled_id, body.last_position, []
    yield Piece(seals=(*own, *bodies[-1:]), settled=settled, after=after, to=EVERYTHING, last=last)


@dataclass(kw_only=True, slots=True)
class Entries:
    """What reading entries has brought up; of what many name, the place of the first."""

    findings: list[Finding] = field(default_factory=list)
    missing: dict[tuple[str, Any], str] = field(default_factory=dict)
    facets: dict[int, str] = field(default_factory=dict)
    packs: dict[str, tuple[str, str]] = field(default_factory=dict)
    templates: Templates = field(default_factory=dict)

    def add(self, later: "Entries") -> None:
        """Join what later entries brought up."""
        self.findings += later.findings
        _join(self.missing, later.missing)
        _join(self.facets, later.facets)
        _join(self.packs, later.packs)
        _join(self.templates, later.templates)

    def row(self, row: Any, place: str) -> None:
        """Compare the columns and the personal values with the entry's own text."""
        if row.entry is None:
            return
        try:
            document = dict(read_json(row.entry))
        except (ValueError, TypeError):
            self._say(place, "its content is not readable")
            return
        kept, said = _kept(row), tuple(map(document.get, _COLUMNS))
        if kept != said:
            for name, column, told in zip(_COLUMNS, kept, said, strict=True):
                if column != told:
                    self._say(place, f"column {name} says {column!r}, the entry {told!r}")
        at = instant(row.at)
        if at is None or instant_text(at) != document.get("at") or at.microsecond % 1000:
            self._say(place, f"column at says {row.at}, the entry {document.get('at')}")
        facet = _facet(document)
        if facet is None or row.facet != facet.id:
            self._say(place, "column facet, by which searches find it, is not what the entry says")
        else:
            self.facets.setdefault(facet.id, place)
        self._note_texts(document, place)
        self._personal(row, document, place)

    def _note_texts(self, document: Mapping[str, Any], place: str) -> None:
        details = document.get("details")
        if document.get("event") == "rules_in_force" and isinstance(details, Mapping):
            for pack in details.get("packs", ()):
                self.packs.setdefault(pack["sha256"], (pack["pack"], place))
        if isinstance(details, Mapping) and "template_sha256" in details:
            version = document.get("template"), document.get("template_version"), details["template_sha256"]
            if document.get("event") == "template_published" or document.get("message_id"):
                self.templates.setdefault(version, place)

    def _personal(self, row: Any, document: Mapping[str, Any], place: str) -> None:
        commitment = document.get("commitment")
        if row.personal_row is None:
            if commitment is not None:
                self.missing.setdefault(("personal", document.get("personal_id")), place)
            return
        if sha256(f"{row.salt}\n{row.values}".encode()).hexdigest() != commitment:
            self._say(place, f"its personal values (row {row.personal_row}) were changed")
            return
        address = read_json(row.values).get("address")
        shown = address if isinstance(address, str) and address else None
        if row.personal_address != shown or row.personal_person != document.get(
            "person", row.personal_person
        ):
            self._say(
                place, f"person or address of its personal values (row {row.personal_row}) were changed"
            )

    def _say(self, place: str, what: str) -> None:
        self.findings.append(Finding(place, what))


@dataclass(kw_only=True, slots=True)
class Places(Entries):
    """One piece under examination. `first` (position, place) and `expected`, the one after its last, join it to others.

    `closing`: findings of the seals that ended with it; those of a gap before the next piece are said first.
    """

    piece: Piece
    entries: int = 0
    first: tuple[int, str] | None = None
    expected: int = 0
    closing: list[Finding] = field(default_factory=list)
    _current: int = 0
    _leaves: list[bytes] = field(default_factory=list)

    def look(self, database: Database) -> None:
        """Look at every place, in order."""
        last_id = 0
        for page in log_audit.sealed_rows(database, after=self.piece.after, to=self.piece.to):
            for row in page:
                place = f"entry at position {row.position} (id {row.entry_id})"
                if row.position > self.piece.last:
                    continue  # sealed while we were reading: the next verification covers it
                if self.first is None:
                    self.first = row.position, place
                elif row.position != self.expected:
                    self._say(place, not_expected(self.expected))
                self.expected = row.position + 1
                last_id = self._place(row, place, last_id)
                self.row(row, place)
            self.entries += len(page)
        said = len(self.findings)
        self._close_seals(EVERYTHING)
        self.closing = self.findings[said:]
        del self.findings[said:]

    def _place(self, row: Any, place: str, last_id: int) -> int:
        """Check the seal that covers a row and the order inside it; returns the row's entry id."""
        seals = self.piece.seals
        if self._close_seals(row.position):
            last_id = 0
        leaf = leaf_hash(row.entry) if row.entry is not None else bytes.fromhex(row.leaf)
        self._leaves.append(leaf)
        if row.entry is None:
            self._say(place, "the entry was removed")
        elif leaf.hex() != row.leaf:
            self._say(place, "its content was changed: it does not give the hash that was sealed")
        if self._current < len(seals) and row.seal != seals[self._current].number:
            self._say(place, f"it names seal {row.seal}; seal {seals[self._current].number} covers it")
        settled = seals[self._current - 1].settled_id if self._current else self.piece.settled
        if row.entry_id <= last_id or row.entry_id <= settled:
            self._say(place, "it stands out of order: it was moved, or inserted behind an earlier seal")
        return int(row.entry_id)

    def _close_seals(self, before: int) -> bool:
        closed, seals = False, self.piece.seals
        while self._current < len(seals) and seals[self._current].last_position < before:
            body = seals[self._current]
            if root_of(tree_of(self._leaves)).hex() != body.root:
                places = f"positions {body.first_position} to {body.last_position}"
                self._say(f"seal {body.number}", f"the entries at {places} do not give its root")
            self._current, self._leaves, closed = self._current + 1, [], True
        return closed


def _join(known: dict[_Key, _Value], later: Mapping[_Key, _Value]) -> None:
    for key, value in later.items():
        known.setdefault(key, value)


def look_at_places(database: Database, piece: Piece) -> Places:
    """Examine one piece."""
    places = Places(piece=piece)
    places.look(database)
    return places


def not_expected(position: int) -> str:
    """What is wrong with a place that is not the next."""
    return f"position {position} is expected here: an entry was removed or moved"


def _facet(document: Mapping[str, Any]) -> Facet | None:
    try:
        return facet_of(document)
    except (KeyError, TypeError, AttributeError):  # content that was changed may be of any shape
        return None
