"""Writes sealed entries with their proofs and seals, as JSON lines or CSV."""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from channels.durable_file import whole_file
from dispatcher.database.engine import Database
from dispatcher.record.domain.export_line import FIELDS, SealedEntry, cells_of, export_line
from dispatcher.record.domain.seal import Tree, proof_of, tree_of
from dispatcher.record.seal_log import key_after
from dispatcher.record.storage import evidence, seals, stamps
from dispatcher.record.storage.evidence import Scope
from dispatcher.record.storage.seal_journal import SealJournal
from dispatcher.record.storage.sealing_keys import SealingKeys
from dispatcher.values.canonical import canonical_json
from dispatcher.values.instants import instant_text

Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where exports come from; `actor` is who asked, `now` the real clock."""

    database: Database
    keys: SealingKeys
    journal: SealJournal
    actor: str
    now: datetime


def write_lines(
    source: Source,
    scope: Scope,
    upto: int,
    out: Path,
    progress: Progress | None = None,
    *,
    files: Mapping[str, str] | None = None,
) -> int:
    """Write entries up to a position as JSON lines or CSV, with the seals last; returns how many."""
    with source.database.reading() as connection:
        places = evidence.places_in(connection, scope, upto)
    written, digest = 0, hashlib.sha256()
    with whole_file(out) as file:
        encode = _csv_row if out.suffix == ".csv" else _json_line
        head = _csv_head() if out.suffix == ".csv" else b""
        file.write(head)
        digest.update(head)
        for page, proofs in _proven_pages(source.database, places, whole=scope.is_everything):
            data = b"".join(
                encode(export_line(entry, proof)) for entry, proof in zip(page, proofs, strict=True)
            )
            file.write(data)
            digest.update(data)
            written += len(page)
            if progress:
                progress(written, len(places))
        end = _end(
            source, scope, {"entries": written, "sha256": digest.hexdigest(), "to_position": upto}, files
        )
        if out.suffix == ".csv":
            beside_csv(out).write_bytes(end)
        else:
            file.write(end)
    return written


def beside_csv(path: Path) -> Path:
    """Name the file that carries the seals of a CSV export: a spreadsheet has no last line."""
    return path.with_name(path.name + ".seals.json")


def _proven_pages(
    database: Database, places: Sequence[int], *, whole: bool
) -> Iterator[tuple[list[SealedEntry], list[list[bytes] | None]]]:
    """Pages with an inclusion proof for each entry, or none where all entries are there to give the root."""
    current, first, tree = 0, 0, Tree()
    for page in evidence.sealed_pages(database, places):
        if whole:
            yield page, [None] * len(page)
            continue
        proofs: list[list[bytes] | None] = []
        for entry in page:
            if entry.seal != current:
                current, (first, tree) = entry.seal, _tree(database, entry.seal)
            proofs.append(proof_of(tree, entry.position - first))
        yield page, proofs


def _tree(database: Database, number: int) -> tuple[int, Tree]:
    with database.reading() as connection:
        body = seals.seals_after(connection, number - 1, limit=1)[0].body
        return body.first_position, tree_of(seals.leaves_of(connection, body))


def _end(source: Source, scope: Scope, counts: Mapping[str, Any], files: Mapping[str, str] | None) -> bytes:
    """Write the last line: what the export is, all seals, the public keys, and a signature over it all."""
    with source.database.reading() as connection:
        chain = [s for s in seals.seals_after(connection, 0) if s.body.last_position <= counts["to_position"]]
        stamped = stamps.stamped_seals(connection, counts["to_position"])
    key, known = source.keys.signing(key_after(chain[-1] if chain else None)), source.keys.public_keys()
    used = {seal.body.key_id for seal in chain} | {key.key_id}
    export = {"complete": scope.is_everything, "exported_at": instant_text(source.now), **counts}
    export |= {"scope": scope.document()} | ({"files": dict(files)} if files is not None else {})
    document = {
        "export": export,
        "seals": [{"body": json.loads(seal.text), "signature": seal.signature} for seal in chain],
        "public_keys": sorted(public for key_id, public in known.items() if key_id in used),
    }
    if stamped:
        document["time_stamps"] = [{"seal": row.number, "answer": row.answer.hex()} for row in stamped]
    return _json_line(document | {"signature": key.sign(canonical_json(document))})


def _json_line(line: Mapping[str, Any]) -> bytes:
    return (json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _csv_head() -> bytes:
    return (",".join(FIELDS) + "\r\n").encode()


def _csv_row(line: Mapping[str, Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells_of(line))
    return text.getvalue().encode()
