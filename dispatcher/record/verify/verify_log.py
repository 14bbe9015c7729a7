"""Verifies the log in the database: every entry, its order, its bodies and personal values, and all seals."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from dispatcher.database.engine import Database
from dispatcher.record.domain.seal import SealBody, body_hash
from dispatcher.record.domain.time_stamp import Roots
from dispatcher.record.storage import log_audit, seals, stamps
from dispatcher.record.storage.seal_journal import SealJournal
from dispatcher.record.storage.sealing_keys import SealingKeys
from dispatcher.record.verify.check_stamps import UNCHECKED, check_stamps
from dispatcher.record.verify.looks import looking
from dispatcher.record.verify.read_entry import read_json
from dispatcher.record.verify.verify_bodies import Bodies, look_at_bodies, ranges
from dispatcher.record.verify.verify_chain import Finding, check_journal, check_seals, replaced_keys
from dispatcher.record.verify.verify_messages import wrong_messages
from dispatcher.record.verify.verify_places import (
    EVERYTHING,
    PIECE,
    Entries,
    Places,
    cut,
    look_at_places,
    not_expected,
)
from dispatcher.record.verify.verify_texts import check_facets, check_templates

MANY: Final = 100_000  # entries from which the start of helping processes, a second of work each, pays
Progress = Callable[[int, int], None]


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
    processes: int = 1,
    many: int = MANY,
    piece: int = PIECE,
) -> Verified:
    """Check everything, time-stamps by `roots`; findings name the entry (position and id) or the seal.

    Without `roots` a note says that stamps were not checked. From `many` entries on `processes` look, each at
    pieces of some `piece` entries; how it is cut changes nothing of what is said.
    """
    with database.reading() as connection:
        rows, given_up = log_audit.raw_seals(connection), seals.given_up(connection)
        stamped = stamps.stamped_seals(connection)
    bodies, findings = check_seals(rows, keys)
    findings += check_journal(journal, bodies, given_up)
    findings += check_stamps(stamped, roots) if roots is not None else ()
    total = bodies[-1].last_position if bodies else 0
    with looking(database, processes if total >= many else 1) as looks:
        messages = looks.take(wrong_messages)
        # Seals that are not in order cover no pieces that could be told apart.
        pieces = cut(bodies, EVERYTHING if findings else piece)
        places = [looks.take(look_at_places, piece) for piece in pieces]
        with database.reading() as connection:
            newest = log_audit.newest_content(connection)
        contents = [looks.take(look_at_bodies, *each) for each in ranges(newest)]
        check = _Check(database=database, total=total, read=Entries(findings=findings))
        check.sealed(places, progress)
        check.unsealed(settled=bodies[-1].settled_id if bodies else 0)
        check.contents(contents)
        check.read.findings += messages()
        check.texts()
        check.what_is_missing()
    return Verified(
        entries=check.entries,
        seals=len(bodies),
        unsealed=check.tail,
        bodies=check.stored,
        erased=len(check.read.missing),
        findings=tuple(check.read.findings),
        notes=(*replaced_keys(bodies), *([UNCHECKED] if stamped and roots is None else [])),
        newest=_told(bodies[-1]) if bodies else "",
    )


def _told(body: SealBody) -> str:
    place = f"{body.number}, to position {body.last_position}, of {body.sealed_at:%Y-%m-%d %H:%M} UTC"
    return f"{place}, key {body.key_id}, SHA-256 {body_hash(body.canonical())}"


@dataclass(kw_only=True, slots=True)
class _Check:
    """One verification under way: what was read, and how much."""

    database: Database
    total: int  # position of the last sealed entry
    read: Entries
    entries: int = 0
    tail: int = 0
    stored: int = 0

    def sealed(self, places: Iterable[Callable[[], Places]], progress: Progress | None) -> None:
        """Every sealed place, in order."""
        expected, closing = 1, list[Finding]()
        for look in places:
            found = look()
            if found.first is not None:
                position, place = found.first
                if position != expected:
                    self._say(place, not_expected(expected))
                self.read.findings += closing
                expected, closing = found.expected, []
            self.read.add(found)
            closing += found.closing
            self.entries += found.entries
            if progress:
                progress(self.entries, self.total)
        self.read.findings += closing
        if expected <= self.total:
            self._say(f"entry at position {expected}", f"it and what follows to {self.total} were removed")

    def unsealed(self, *, settled: int) -> None:
        """Entries without a seal: newer than the last one, which is `settled`, or inserted behind it."""
        for page in log_audit.unsealed_rows(self.database, settled=settled, below=True):
            for row in page:
                self._say(f"entry id {row.id}", "it was inserted behind the seals: no seal covers it")
        for page in log_audit.unsealed_rows(self.database, settled=settled, below=False):
            self.tail += len(page)
            for row in page:
                self.read.row(row, f"entry id {row.id} (not yet sealed)")

    def contents(self, looks: Iterable[Callable[[], Bodies]]) -> None:
        """Every stored body; what is in order of the rule packs that entries name is not missed any more."""
        changed = set[str]()
        for look in looks:
            found = look()
            self.stored += found.stored
            for digest in found.missing:
                self.read.missing.setdefault(("bodies", digest), self._place_of_body(digest))
            for digest, what in found.wrong:
                self._say(self._place_of_body(digest), what)
            changed |= found.changed
        with self.database.reading() as connection:
            for digest in log_audit.bodies_without_content(connection):
                self.read.missing.setdefault(("bodies", digest), self._place_of_body(digest))
            stored = log_audit.stored_bodies(connection, self.read.packs) - changed
        for digest in stored:
            del self.read.packs[digest]

    def _place_of_body(self, digest: str) -> str:
        with self.database.reading() as connection:
            found = _place(log_audit.places_of(connection, "body_sha256", digest))
        packs = self.read.packs
        return found or (packs[digest][1] if digest in packs else f"body {digest}")

    def what_is_missing(self) -> None:
        """What is gone must have been erased by an entry that names it."""
        with self.database.reading() as connection:
            erased = set(_erased(log_audit.erasures(connection)))
        for (kind, name), place in self.read.missing.items():
            if (kind, name) not in erased:
                what = "personal values" if kind == "personal" else "body"
                self._say(place, f"its {what} ({name}) are missing, and no entry says that they were erased")

    def texts(self) -> None:
        """What pages and searches read, and the texts that entries name: rule packs and templates."""
        read = self.read
        read.findings += check_facets(self.database, read.facets)
        read.findings += check_templates(self.database, read.templates)
        read.findings += [
            Finding(place, f"the text of rule pack {stamp} ({digest}) is missing or was changed")
            for digest, (stamp, place) in read.packs.items()
        ]

    def _say(self, place: str, what: str) -> None:
        self.read.findings.append(Finding(place, what))


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
