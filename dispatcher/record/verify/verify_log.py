"""Verifies the log in the database: every entry, its order, its bodies and personal values, and all seals."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from operator import attrgetter
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.database.types import instant
from dispatcher.log.domain.facet import Facet, facet_of
from dispatcher.messages.storage.contents import ERASED, bodies, unpacked
from dispatcher.record.domain.seal import SealBody, body_hash, leaf_hash, root_of, tree_of
from dispatcher.record.domain.time_stamp import Roots
from dispatcher.record.storage import log_audit, seals, stamps
from dispatcher.record.storage.seal_journal import SealJournal
from dispatcher.record.storage.sealing_keys import SealingKeys
from dispatcher.record.verify.check_stamps import UNCHECKED, check_stamps
from dispatcher.record.verify.read_entry import read_json
from dispatcher.record.verify.verify_chain import Finding, check_journal, check_seals, replaced_keys
from dispatcher.record.verify.verify_messages import check_messages
from dispatcher.record.verify.verify_texts import Templates, check_facets, check_templates, wrong_reading_text
from dispatcher.values.instants import instant_text

Progress = Callable[[int, int], None]
_COLUMNS = ("event", "run_id", "message_id", "person", "creditor", "channel", "personal_id", "body_sha256")
_kept = attrgetter(*_COLUMNS)
_MAGIC = {"application/pdf": b"%PDF-"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """What was looked at and what is wrong. `unsealed` entries are newer than the last seal: no failure.

    `notes` are no findings, but to be read as carefully; `newest` says the last seal's number, position, hash and key.
    """

    entries: int
    seals: int
    unsealed: int
    bodies: int
    erased: int
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    newest: str = ""


def verify_log(
    database: Database,
    keys: SealingKeys,
    journal: SealJournal,
    progress: Progress | None = None,
    *,
    roots: Roots | None = None,
) -> Verified:
    """Check everything, time-stamps by `roots`; findings name the entry (position and id) or the seal.

    Without `roots` a note says that stamps were not checked.
    """
    with database.reading() as connection:
        rows, given_up = log_audit.raw_seals(connection), seals.given_up(connection)
        stamped = stamps.stamped_seals(connection)
    bodies, findings = check_seals(rows, keys)
    findings += check_journal(journal, bodies, given_up)
    findings += check_stamps(stamped, roots) if roots is not None else ()
    check = _Check(database=database, bodies=bodies, findings=findings, progress=progress)
    check.sealed()
    check.unsealed()
    check.contents()
    check.texts()
    check.what_is_missing()
    return Verified(
        entries=check.entries,
        seals=len(bodies),
        unsealed=check.tail,
        bodies=check.stored,
        erased=len(check.missing),
        findings=tuple(check.findings),
        notes=(*replaced_keys(bodies), *([UNCHECKED] if stamped and roots is None else [])),
        newest=_told(bodies[-1]) if bodies else "",
    )


def _told(body: SealBody) -> str:
    place = f"{body.number}, to position {body.last_position}, of {body.sealed_at:%Y-%m-%d %H:%M} UTC"
    return f"{place}, key {body.key_id}, SHA-256 {body_hash(body.canonical())}"


@dataclass(kw_only=True, slots=True)
class _Check:
    """One verification under way."""

    database: Database
    bodies: list[SealBody]
    findings: list[Finding]
    progress: Progress | None
    entries: int = 0
    tail: int = 0
    stored: int = 0
    current: int = 0
    leaves: list[bytes] = field(default_factory=list)
    missing: dict[tuple[str, Any], str] = field(default_factory=dict)
    facets: dict[int, str] = field(default_factory=dict)
    packs: dict[str, tuple[str, str]] = field(default_factory=dict)
    templates: Templates = field(default_factory=dict)
    logos: dict[str, bytes | None] = field(default_factory=dict)

    def sealed(self) -> None:
        """Every sealed place, in order."""
        total = self.bodies[-1].last_position if self.bodies else 0
        expected, last_id = 1, 0
        for page in log_audit.sealed_rows(self.database):
            for row in page:
                place = f"entry at position {row.position} (id {row.entry_id})"
                if row.position > total:
                    continue  # sealed while we were reading: the next verification covers it
                if row.position != expected:
                    self._say(place, f"position {expected} is expected here: an entry was removed or moved")
                expected = row.position + 1
                last_id = self._place(row, place, last_id)
                self._row(row, place)
            self.entries += len(page)
            if self.progress:
                self.progress(self.entries, total)
        self._close_seals(2**62)
        if expected <= total:
            self._say(f"entry at position {expected}", f"it and what follows to {total} were removed")

    def _place(self, row: Any, place: str, last_id: int) -> int:
        """Check the seal that covers a row and the order inside it; returns the row's entry id."""
        if self._close_seals(row.position):
            last_id = 0
        leaf = leaf_hash(row.entry) if row.entry is not None else bytes.fromhex(row.leaf)
        self.leaves.append(leaf)
        if row.entry is None:
            self._say(place, "the entry was removed")
        elif leaf.hex() != row.leaf:
            self._say(place, "its content was changed: it does not give the hash that was sealed")
        if self.current < len(self.bodies) and row.seal != self.bodies[self.current].number:
            self._say(place, f"it names seal {row.seal}; seal {self.bodies[self.current].number} covers it")
        settled = self.bodies[self.current - 1].settled_id if self.current else 0
        if row.entry_id <= last_id or row.entry_id <= settled:
            self._say(place, "it stands out of order: it was moved, or inserted behind an earlier seal")
        return int(row.entry_id)

    def _close_seals(self, before: int) -> bool:
        closed = False
        while self.current < len(self.bodies) and self.bodies[self.current].last_position < before:
            body = self.bodies[self.current]
            if root_of(tree_of(self.leaves)).hex() != body.root:
                places = f"positions {body.first_position} to {body.last_position}"
                self._say(f"seal {body.number}", f"the entries at {places} do not give its root")
            self.current, self.leaves, closed = self.current + 1, [], True
        return closed

    def unsealed(self) -> None:
        """Entries without a seal: newer than the last one, or inserted behind it."""
        settled = self.bodies[-1].settled_id if self.bodies else 0
        for page in log_audit.unsealed_rows(self.database, settled=settled, below=True):
            for row in page:
                self._say(f"entry id {row.id}", "it was inserted behind the seals: no seal covers it")
        for page in log_audit.unsealed_rows(self.database, settled=settled, below=False):
            self.tail += len(page)
            for row in page:
                self._row(row, f"entry id {row.id} (not yet sealed)")

    def _row(self, row: Any, place: str) -> None:
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

    def contents(self) -> None:
        """Every stored body against the hash it is kept under."""
        for page in log_audit.content_rows(self.database):
            for row in page:
                self._body(row)
        with self.database.reading() as connection:
            for digest in log_audit.bodies_without_content(connection):
                self.missing.setdefault(("bodies", digest), self._place_of_body(digest))

    def _body(self, row: Any) -> None:
        if row.body is None:
            self.missing.setdefault(("bodies", row.sha256), self._place_of_body(row.sha256))
            left = [name for name, value in ERASED.items() if getattr(row, name) != value]
            if left:
                what = f"its body is gone, but not as an erasure leaves it: {', '.join(left)}"
                self._say(self._place_of_body(row.sha256), what)
            return
        self.stored += 1
        try:
            body = unpacked(row.encoding, row.body, self._logo)
        except zlib.error:
            body = b""
        if sha256(body).hexdigest() != row.sha256 or len(body) != row.size:
            self._say(self._place_of_body(row.sha256), f"its body (contents row {row.id}) was changed")
        elif not body.startswith(_MAGIC.get(row.media_type, b"")):
            self._say(self._place_of_body(row.sha256), f"its body is not {row.media_type}")
        else:
            self.packs.pop(row.sha256, None)
            wrong = wrong_reading_text(row.media_type, body, row.text or "")
            if wrong:
                self._say(self._place_of_body(row.sha256), wrong)

    def _logo(self, digest: str) -> bytes | None:
        """A picture that many bodies carry, read once."""
        if digest not in self.logos:
            with self.database.reading() as connection:
                self.logos[digest] = bodies(connection, {digest}).get(digest)
        return self.logos[digest]

    def _place_of_body(self, digest: str) -> str:
        with self.database.reading() as connection:
            found = _place(log_audit.places_of(connection, "body_sha256", digest))
        return found or (self.packs[digest][1] if digest in self.packs else f"body {digest}")

    def what_is_missing(self) -> None:
        """What is gone must have been erased by an entry that names it."""
        with self.database.reading() as connection:
            erased = set(_erased(log_audit.erasures(connection)))
        for (kind, name), place in self.missing.items():
            if (kind, name) not in erased:
                what = "personal values" if kind == "personal" else "body"
                self._say(place, f"its {what} ({name}) are missing, and no entry says that they were erased")

    def texts(self) -> None:
        """What pages and searches read, and the texts that entries name: rule packs and templates."""
        self.findings += check_messages(self.database)
        self.findings += check_facets(self.database, self.facets)
        self.findings += check_templates(self.database, self.templates)
        self.findings += [
            Finding(place, f"the text of rule pack {stamp} ({digest}) is missing or was changed")
            for digest, (stamp, place) in self.packs.items()
        ]

    def _say(self, place: str, what: str) -> None:
        self.findings.append(Finding(place, what))


def _facet(document: Mapping[str, Any]) -> Facet | None:
    try:
        return facet_of(document)
    except (KeyError, TypeError, AttributeError):  # content that was changed may be of any shape
        return None


def _erased(entries: list[str]) -> Iterator[tuple[str, Any]]:
    for entry in entries:
        try:
            details = read_json(entry)["details"]
        except (ValueError, KeyError):
            continue  # reported where its content is checked
        for kind in ("personal", "bodies"):
            yield from ((kind, name) for name in details.get(kind, ()))


def _place(rows: log_audit.Rows) -> str:
    return f"entry at position {rows[0].position} (id {rows[0].id})" if rows else ""
