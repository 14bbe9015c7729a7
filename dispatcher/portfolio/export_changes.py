"""Writes the file that tells the creditor's own system of opt-outs, closed addresses and returned mail."""

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, TextIO

from channels.durable_file import whole_file
from dispatcher.database.engine import Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.portfolio.storage.ledger_changes import changes_since
from dispatcher.values.instants import instant_text
from dispatcher.values.spreadsheet import to_cell

COLUMNS = ("change", "at", "creditor", "debtor", "medium", "address", "scope", "reason", "source")
Write = Callable[[Mapping[str, str]], None]


def export_changes(
    database: Database, out: Path, since: date, *, now: datetime, actor: str, creditor: str | None = None
) -> dict[str, int]:
    """Write a CSV (JSON lines for .jsonl) of what changed since a day began (UTC); returns how many of each kind."""
    counts: Counter[str] = Counter()
    start = datetime.combine(since, time(), UTC)
    with _whole_file(out) as stream, database.reading() as connection:
        write = _json_writer(stream) if out.suffix in {".jsonl", ".ndjson"} else _csv_writer(stream)
        for change in changes_since(connection, start, creditor=creditor):
            counts[change["change"]] += 1
            write(_text(change))
    details = {"file": out.name, "since": since.isoformat(), "counts": dict(counts), "sha256": _sha256(out)}
    with database.writing() as connection:
        entry = LogEntry(
            event=Event.CHANGES_EXPORTED, at=now, actor=actor, creditor=creditor, details=details
        )
        delivery_log.append(connection, [entry])
    return dict(counts)


@contextmanager
def _whole_file(out: Path) -> Iterator[TextIO]:
    """A file that is there whole or not at all: another program may be waiting for it."""
    with whole_file(out) as file, io.TextIOWrapper(file, encoding="utf-8", newline="") as stream:
        yield stream


def _text(change: Mapping[str, Any]) -> dict[str, str]:
    return {**{name: str(change[name] or "") for name in COLUMNS}, "at": instant_text(change["at"])}


def _json_writer(stream: TextIO) -> Write:
    def write(row: Mapping[str, str]) -> None:
        stream.write(json.dumps(row, ensure_ascii=False) + "\n")

    return write


def _csv_writer(stream: TextIO) -> Write:
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)

    def write(row: Mapping[str, str]) -> None:
        writer.writerow([row[name] and to_cell(row[name]) for name in COLUMNS])

    return write


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
