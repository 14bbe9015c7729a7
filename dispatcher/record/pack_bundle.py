"""Packs an evidence bundle: a timeline to read, entries with proofs, exact bodies, texts and rules in force."""

import hashlib
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from channels.durable_file import whole_file
from dispatcher.database.engine import Database
from dispatcher.log.domain.reading_text import bare_type, reading_text
from dispatcher.messages.storage import contents
from dispatcher.planning.storage import rules_in_force
from dispatcher.record.domain.export_line import export_line
from dispatcher.record.domain.timeline import is_told, timeline
from dispatcher.record.seal_log import key_after
from dispatcher.record.storage import evidence, seals, stamps
from dispatcher.record.storage.evidence import Scope
from dispatcher.record.timeline import TimelinePage, timeline_html, timeline_pdf
from dispatcher.record.write_lines import Progress, Source, write_lines
from dispatcher.writing.letters.engine import LetterEngine
from dispatcher.writing.letters.installed import installed_engine

MOST_ITEMS = 5_000  # a longer story is read by nobody: entries.jsonl has it all
_SUFFIXES = {"message/rfc822": ".eml", "text/plain": ".txt", "application/pdf": ".pdf"}
_README = """Evidence from the delivery log, {written}

timeline.html, timeline.pdf   what was sent, when (the debtor's local time), on what ground; what was kept back
                              and why; what came of it
entries.jsonl                 the sealed entries, each with its proof; the last line holds all seals
bodies/                       the exact bytes that were handed over, named by their SHA-256; a mail program opens .eml
templates/, rule_packs/       the texts and rules in force, as far as these entries name them
public_key.txt                the key that signs the seals: compare it with one from another source
verify.py                     checks all of it: python verify.py FOLDER PUBLIC_KEY  (Python 3.10 or newer, nothing else)
verify_stamps.py              where seals are time-stamped: python verify_stamps.py FOLDER ROOTS.pem  (needs openssl)

What verify.py proves: that no entry, value or body here was changed since it was sealed, that each stands at its
place in the sealed order, and that this bundle is as it was exported. What is missing because it was erased on
request or after its time is named by an `erased` entry. It does not prove that nothing happened outside the log.
"""


@dataclass(slots=True)
class _Gathered:
    """What the entries in scope point to."""

    told: list[Mapping[str, Any]] = field(default_factory=list)
    bodies: set[str] = field(default_factory=set)
    templates: set[tuple[str, int]] = field(default_factory=set)
    packs: set[str] = field(default_factory=set)
    debtors: set[str] = field(default_factory=set)


def pack_bundle(
    source: Source,
    scope: Scope,
    upto: int,
    out: Path,
    progress: Progress | None = None,
    *,
    more: Mapping[str, bytes] | None = None,
) -> int:
    """Write the bundle to `out`; returns the number of entries. `more` are further files for it."""
    with tempfile.TemporaryDirectory(prefix="bundle-") as folder:
        home = Path(folder)
        gathered = _gather(source.database, scope, upto)
        texts = _write_bodies(source.database, gathered.bodies, home)
        _write_templates(source.database, gathered.templates, home)
        _write_packs(source.database, gathered.packs, home)
        _write_timeline(source, gathered, texts, upto, home)
        _write_fixed(source, home)
        for name, data in (more or {}).items():
            (home / name).write_bytes(data)
        files = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in _files(home)}
        entries = write_lines(source, scope, upto, home / "entries.jsonl", progress, files=files)
        _zip(home, out)
    return entries


def verifier_source() -> str:
    """Return the stand-alone verifier, with few blank lines: under 200 lines are read before they are trusted."""
    return _beside("verify_export.py").replace("\n\n\n", "\n\n").replace("\n\n    def ", "\n    def ")


def _beside(name: str) -> str:
    return Path(__file__).parent.joinpath("verify", name).read_text()


def _gather(database: Database, scope: Scope, upto: int) -> _Gathered:
    found = _Gathered()
    with database.reading() as connection:
        places = evidence.places_in(connection, scope, upto)
    for page in evidence.sealed_pages(database, places):
        lines = [export_line(entry) for entry in page]
        if len(found.told) <= MOST_ITEMS:
            found.told += [line for line in lines if is_told(line)]
        found.bodies |= {line["body_sha256"] for line in lines if line["body_sha256"]}
        found.templates |= {
            (line["template"], line["template_version"])
            for line in lines
            if line["template"] and line["template_version"]
        }
        found.packs |= {pack for line in lines for pack in line["rule_packs"] or ()}
        found.debtors |= {line["debtor"] for line in lines if line["debtor"]}
    return found


def _write_bodies(database: Database, digests: set[str], home: Path) -> dict[str, tuple[str, str]]:
    """Write the exact bytes; returns digest -> (reading text, file name)."""
    (home / "bodies").mkdir()
    wanted, told = sorted(digests), {}
    for start in range(0, len(wanted), 500):
        chunk = wanted[start : start + 500]
        with database.reading() as connection:
            stored = contents.bodies(connection, chunk)
            texts = evidence.reading_texts(connection, chunk)
        for digest, body in stored.items():
            media_type, kept = texts[digest]
            name = f"bodies/{digest}{_SUFFIXES.get(bare_type(media_type), '.bin')}"
            (home / name).write_bytes(body)
            told[digest] = (reading_text(media_type, body) or kept, name)
    return told


def _write_templates(database: Database, versions: set[tuple[str, int]], home: Path) -> None:
    for name, version in sorted(versions):
        with database.reading() as connection:
            files = evidence.template_files(connection, name, version)
        for path, text in files.items():
            target = home / "templates" / f"{name}@{version}" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")


def _write_packs(database: Database, stamps: set[str], home: Path) -> None:
    with database.reading() as connection:
        known = {k: v for k, v in rules_in_force.texts_by_stamp(connection).items() if k in stamps}
        texts = contents.bodies(connection, list(known.values()))
    for stamp, digest in known.items():
        if digest in texts:
            target = home / "rule_packs" / f"{stamp.replace('/', '-')}.yaml"
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(texts[digest])


def _write_timeline(
    source: Source, found: _Gathered, texts: Mapping[str, tuple[str, str]], upto: int, home: Path
) -> None:
    shown = timeline(found.told[:MOST_ITEMS])
    cut = f" Only the first {len(shown)} events are shown." if len(found.told) > MOST_ITEMS else ""
    who = ", ".join(sorted(found.debtors)) if len(found.debtors) <= 3 else f"{len(found.debtors)} debtors"
    with source.database.reading() as connection:
        last = seals.last_seal(connection)
    page = TimelinePage(
        title=f"Contacts with {who or 'nobody by name'}",
        lead=f"Everything that was sent, tried and kept back, oldest first, in the debtor's own time.{cut}",
        items=shown,
        texts={digest: text for digest, (text, _) in texts.items()},
        files={digest: name for digest, (_, name) in texts.items()},
        to_position=upto,
        seal=last.body.number if last else 0,
        written=source.now,
    )
    (home / "timeline.html").write_text(timeline_html(page), encoding="utf-8")
    engine: LetterEngine = installed_engine()
    (home / "timeline.pdf").write_bytes(timeline_pdf(page, engine))


def _write_fixed(source: Source, home: Path) -> None:
    with source.database.reading() as connection:
        signing = source.keys.signing(key_after(seals.last_seal(connection)))
        stamped = stamps.stamped_seals(connection)
    (home / "public_key.txt").write_text(signing.public + "\n")
    (home / "verify.py").write_text(verifier_source())
    if stamped:
        (home / "verify_stamps.py").write_text(_beside("verify_stamps.py"))
    (home / "README.txt").write_text(_README.format(written=f"{source.now:%Y-%m-%d %H:%M} UTC"))


def _files(home: Path) -> list[tuple[str, Path]]:
    return [(path.relative_to(home).as_posix(), path) for path in sorted(home.rglob("*")) if path.is_file()]


def _zip(home: Path, out: Path) -> None:
    with whole_file(out) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in _files(home):
            archive.write(path, f"{out.stem}/{name}")
