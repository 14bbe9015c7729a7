"""Makes batches out of spooled pieces: one PDF with a manifest, published whole or not at all."""

import csv
import hashlib
import io
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path

from channels.durable_file import sync_folder, write_durably
from channels.letter.spool import Piece, SpoolFolder

LEAD = timedelta(minutes=10)  # a batch must be whole before the house looks
_BUILT = ".built"
_RUNS_IN_A_SPREADSHEET = tuple("=+-@\t\r\n＝＋－＠")
_COLUMNS = ("batch", "piece", "first_page", "pages", "name", "address", "postage_class", "sha256")


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """One published batch: `folder` holds letters.pdf, manifest.csv and manifest.json."""

    batch_id: str
    folder: Path
    pieces: tuple[str, ...]
    pages: int


def close_due_batches(
    root: Path,
    *,
    now: datetime,
    max_pieces: int,
    max_age: timedelta,
    cut_off: datetime | None = None,
    lead: timedelta = LEAD,
) -> list[Batch]:
    """Close every batch that is full, too old, or has to be ready for the house's next `cut_off`."""
    spool = SpoolFolder(root)
    made: list[Batch] = []
    with spool.locked():
        _recover(spool)
        waiting = spool.waiting()
        while waiting and _is_due(waiting, now, max_pieces, max_age, cut_off and cut_off - lead):
            batch, waiting = waiting[:max_pieces], waiting[max_pieces:]
            made.append(_close(spool, batch, now))
    return made


def next_cut_off(now: datetime, at: time, zone: tzinfo) -> datetime:
    """The next instant at which the house collects, given its daily time of day."""
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), at, zone)
    return today if today > now else datetime.combine(local.date() + timedelta(days=1), at, zone)


def close_batch(root: Path, *, now: datetime, max_pieces: int | None = None) -> Batch | None:
    """Close one batch with what waits, whatever its age; None when nothing waits."""
    spool = SpoolFolder(root)
    with spool.locked():
        _recover(spool)
        waiting = spool.waiting()[:max_pieces]
        return _close(spool, waiting, now) if waiting else None


def _is_due(
    waiting: Sequence[Piece], now: datetime, max_pieces: int, max_age: timedelta, latest: datetime | None
) -> bool:
    if len(waiting) >= max_pieces:
        return True
    if now - datetime.fromisoformat(waiting[0].handed_over_at) >= max_age:
        return True
    return latest is not None and now >= latest


def _close(spool: SpoolFolder, pieces: Sequence[Piece], now: datetime) -> Batch:
    """Claim, build, mark as built, publish by one rename, put away; _recover takes up a crash."""
    batch_id = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}"
    _claim(spool, batch_id, pieces)
    pages = _build(spool, batch_id, pieces, now)
    write_durably(spool.closing / batch_id / _BUILT, b"")
    _publish(spool, batch_id)
    _put_away(spool, batch_id)
    ids = tuple(piece.message_id for piece in pieces)
    return Batch(batch_id=batch_id, folder=spool.batches / batch_id, pieces=ids, pages=pages)


def _claim(spool: SpoolFolder, batch_id: str, pieces: Iterable[Piece]) -> None:
    folder = spool.closing / batch_id
    folder.mkdir(mode=0o700, parents=True)
    for piece in pieces:
        for suffix in (".pdf", ".json"):
            name = piece.message_id + suffix
            (spool.pieces / name).replace(folder / name)
    for changed in (spool.pieces, folder, spool.closing):
        sync_folder(changed)


def _build(spool: SpoolFolder, batch_id: str, pieces: Sequence[Piece], now: datetime) -> int:
    folder = spool.work / batch_id
    folder.mkdir(mode=0o700, parents=True)
    merged = _merged(spool.closing / batch_id / f"{piece.message_id}.pdf" for piece in pieces)
    rows = _rows(batch_id, pieces)
    write_durably(folder / "letters.pdf", merged)
    write_durably(folder / "manifest.csv", _as_csv(rows))
    write_durably(folder / "manifest.json", _as_json(batch_id, rows, hashlib.sha256(merged).hexdigest(), now))
    return sum(piece.pages for piece in pieces)


def _merged(paths: Iterable[Path]) -> bytes:
    from pypdf import PdfWriter

    with PdfWriter() as writer:
        for path in paths:
            writer.append(path)
        content = io.BytesIO()
        writer.write(content)
    return content.getvalue()


def _rows(batch_id: str, pieces: Sequence[Piece]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    first_page = 1
    for piece in pieces:
        values = (batch_id, piece.message_id, first_page, piece.pages, piece.name, list(piece.address))
        rows.append(dict(zip(_COLUMNS, (*values, piece.postage_class, piece.sha256), strict=True)))
        first_page += piece.pages
    return rows


def _as_csv(rows: Iterable[dict[str, object]]) -> bytes:
    """The manifest for people and simple programs; a cell that a spreadsheet would run is quoted."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for row in rows:
        writer.writerow([_cell(row[column]) for column in _COLUMNS])
    return text.getvalue().encode("utf-8")


def _cell(value: object) -> str:
    text = "\n".join(value) if isinstance(value, list) else str(value)
    return f"'{text}" if text.startswith(_RUNS_IN_A_SPREADSHEET) else text


def _as_json(batch_id: str, rows: Sequence[dict[str, object]], sha256: str, now: datetime) -> bytes:
    manifest = {
        "batch": batch_id,
        "closed_at": now.isoformat(),
        "file": "letters.pdf",
        "sha256": sha256,
        "pages": sum(int(str(row["pages"])) for row in rows),
        "pieces": rows,
    }
    return json.dumps(manifest, ensure_ascii=False, indent=1).encode()


def _publish(spool: SpoolFolder, batch_id: str) -> None:
    spool.batches.mkdir(mode=0o700, exist_ok=True)
    sync_folder(spool.work / batch_id)
    (spool.work / batch_id).replace(spool.batches / batch_id)
    for changed in (spool.batches, spool.work):
        sync_folder(changed)


def _put_away(spool: SpoolFolder, batch_id: str) -> None:
    """Keep the cards' names, so that a late repeat of a piece is known; who it went to stands in the batch alone."""
    folder = spool.closing / batch_id
    for card in folder.glob("*.json"):
        os.truncate(card, 0)
        place = spool.closed(card.stem)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        card.replace(place)
        sync_folder(place.parent)
    shutil.rmtree(folder)


def _recover(spool: SpoolFolder) -> None:
    """Finish what a crash interrupted: a batch marked as built is published once, any other is taken apart.

    A built batch that is no longer in the work folder was published, wherever the house has taken it since.
    """
    for folder in sorted(spool.closing.glob("*")):
        if (folder / _BUILT).exists():
            if (spool.work / folder.name).exists():
                _publish(spool, folder.name)
            _put_away(spool, folder.name)
        else:
            _take_apart(spool, folder)


def _take_apart(spool: SpoolFolder, folder: Path) -> None:
    for file in sorted(folder.glob("[!.]*"), reverse=True):  # each .pdf before its .json
        file.replace(spool.pieces / file.name)
    shutil.rmtree(spool.work / folder.name, ignore_errors=True)
    shutil.rmtree(folder)
