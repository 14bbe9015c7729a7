"""Imports contacts made elsewhere (the dialler's calls, letters by hand): they count for caps and pauses."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dispatcher.domain.log_entry import LogEntry
from dispatcher.domain.portfolio import RowProblem
from dispatcher.domain.portfolio_columns import plain_name
from dispatcher.services.apply_mapping import PortfolioFileError
from dispatcher.services.hear_words import Read, hear, is_heard
from dispatcher.services.record_contact import check_contact, default_outcome
from dispatcher.services.recording import RecordError, Recording, Said, normal_address
from dispatcher.services.write_row_problems import ProblemFile
from dispatcher.storage import addresses, delivery_log, people_facts
from dispatcher.storage.engine import Connection, Database
from dispatcher.storage.people_facts import KnownDebtor

COLUMNS = (
    "at", "debtor", "creditor", "channel", "direction", "outcome", "kind", "debts", "address", "external_id", "text",
    "address_place", "prerecorded", "consent_to_other_medium", "note",
)  # fmt: skip
REQUIRED = ("at", "debtor", "channel")
_BY_PLAIN_NAME = {plain_name(name): name for name in COLUMNS}
_DETAILS = ("text", "address_place", "consent_to_other_medium")
_CHUNK = 2_000

Cells = dict[str, str]


@dataclass(slots=True)
class ContactsReport:
    """What an import of contacts did."""

    file: str
    rows: int = 0
    imported: int = 0
    known: int = 0
    refused: int = 0


def import_contacts(
    database: Database, file: Path, said: Said, *, read: Read, rejects: Path
) -> ContactsReport:
    """Import a CSV or JSON lines file; a contact whose `external_id` is known for this source is left alone.

    Rows without `external_id` are told apart by debtor, instant, channel and direction. `read` says what the
    debtors' own words mean.
    """
    report = ContactsReport(file=file.name)
    with ProblemFile(rejects) as problems:
        chunk: list[tuple[int, Cells]] = []
        for line, cells in _records(file):
            report.rows += 1
            chunk.append((line, cells))
            if len(chunk) == _CHUNK:
                _import(database, chunk, said, report, problems, read)
                chunk = []
        _import(database, chunk, said, report, problems, read)
        report.refused = len(problems.lines)
        _log(database, said, report)
    return report


def _records(file: Path) -> Iterator[tuple[int, Cells]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            yield from (
                _json_lines(stream) if file.suffix in {".jsonl", ".ndjson"} else _csv_lines(stream, file.name)
            )
    except OSError as error:
        raise PortfolioFileError(f"{file}: cannot be read: {error.strerror}; is the path right?") from None
    except (csv.Error, ValueError) as error:
        if isinstance(error, PortfolioFileError):
            raise
        raise PortfolioFileError(f"{file.name}: not readable: {error}") from None


def _csv_lines(stream: Any, name: str) -> Iterator[tuple[int, Cells]]:
    reader = csv.reader(stream, strict=True)
    header = [_BY_PLAIN_NAME.get(plain_name(column), column) for column in next(reader, [])]
    missing = [column for column in REQUIRED if column not in header]
    if missing:
        raise PortfolioFileError(
            f"{name}, line 1: the required columns {', '.join(missing)} are missing; "
            f"the file has: {', '.join(header) or 'nothing'}"
        )
    before = reader.line_num
    for values in reader:
        if values:
            yield (
                before + 1,
                {column: text.strip() for column, text in zip(header, values, strict=False) if text.strip()},
            )
        before = reader.line_num


def _json_lines(stream: Any) -> Iterator[tuple[int, Cells]]:
    for number, line in enumerate(stream, start=1):
        if line.strip():
            document = _object(number, line)
            yield (
                number,
                {
                    _BY_PLAIN_NAME.get(plain_name(key), key): _text(value)
                    for key, value in document.items()
                    if value
                },
            )


def _object(number: int, line: str) -> dict[str, Any]:
    try:
        document = json.loads(line, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"line {number} is no JSON: {error}") from None
    if not isinstance(document, dict):
        raise ValueError(f"line {number} is no JSON object in braces")  # noqa: TRY004 a finding about the file
    return document


def _text(value: object) -> str:
    return ";".join(map(str, value)) if isinstance(value, list) else str(value).strip()


def _import(
    database: Database,
    chunk: list[tuple[int, Cells]],
    said: Said,
    report: ContactsReport,
    problems: ProblemFile,
    read: Read,
) -> None:
    if not chunk:
        return
    with database.writing() as connection:
        people = people_facts.find_many(
            connection, {_reference(cells) for _, cells in chunk} | {c.get("debtor", "") for _, c in chunk}
        )
        rows, debtors = [], {}
        for line, cells in chunk:
            try:
                debtor = _debtor(cells, people)
                rows.append(_row(cells, debtor, said))
                debtors[debtor.id] = debtor
            except (RecordError, ValueError) as error:
                problems.add(line, RowProblem(column="", value=cells.get("debtor", ""), reason=str(error)))
        addresses.lock(connection, _concerned(connection, rows))
        fresh = _unknown(connection, rows, said)
        people_facts.add_contacts(connection, fresh)
        for row in filter(_speaks, fresh):
            record = Recording(connection=connection, debtor=debtors[row["debtor_id"]], debts=(), said=said)
            hear(
                record,
                row["details"]["text"],
                read=read,
                at=row["at"],
                channel=row["channel"],
                address=row["address"],
            )
        report.imported += len(fresh)
        report.known += len(rows) - len(fresh)


def _speaks(row: Mapping[str, Any]) -> bool:
    return is_heard(row["direction"], row["outcome"]) and "text" in row["details"]


def _concerned(connection: Connection, rows: list[dict[str, Any]]) -> list[int]:
    """The debtors, and whoever else is reached where one of them wrote from: a stop binds them all."""
    people = {row["debtor_id"] for row in rows}
    for address in {row["address"] for row in rows if row["address"] and _speaks(row)}:
        people.update(addresses.people_at(connection, address))
    return sorted(people)


def _unknown(connection: Connection, rows: list[dict[str, Any]], said: Said) -> list[dict[str, Any]]:
    known = people_facts.known_external_ids(connection, said.source, {row["external_id"] for row in rows})
    fresh = {row["external_id"]: row for row in rows if row["external_id"] not in known}
    return list(fresh.values())


def _reference(cells: Cells) -> str:
    return cells.get("debtor", "").partition("/")[2]


def _debtor(cells: Cells, people: Mapping[str, list[KnownDebtor]]) -> KnownDebtor:
    who = cells.get("debtor", "")
    creditor, slash, reference = who.partition("/")
    found = [one for one in people.get(reference, []) if slash and one.creditor == creditor]
    found = found or [
        one for one in people.get(who, []) if cells.get("creditor", one.creditor) == one.creditor
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise RecordError(f"{who!r} is a debtor of several creditors: write creditor/reference")
    raise RecordError(f"there is no debtor {who!r}")


def _row(cells: Cells, debtor: KnownDebtor, said: Said) -> dict[str, Any]:
    at = _instant(cells.get("at", ""))
    if at > said.now:
        raise RecordError(f"{cells['at']} is in the future; is its offset right?")
    channel, direction = cells.get("channel", "").lower(), cells.get("direction", "outbound").lower()
    outcome = cells.get("outcome", "").lower()
    check_contact(channel, outcome, direction)
    address = normal_address(cells["address"], debtor.country)[1] if "address" in cells else ""
    details: dict[str, Any] = {name: cells[name] for name in _DETAILS if name in cells}
    if cells.get("prerecorded", "").lower() in {"true", "yes", "1"}:
        details["prerecorded"] = True
    key = f"{debtor.full_reference} {at.astimezone(UTC).isoformat()} {channel} {direction}"
    return {
        "debtor_id": debtor.id,
        "external_id": (cells.get("external_id") or key)[:200],
        "debts": _debts(cells, debtor),
        "at": at,
        "channel": channel,
        "direction": direction,
        "kind": cells.get("kind", "collection").lower(),
        "outcome": outcome or default_outcome(channel, direction),
        "address": address,
        "details": details,
        "source": said.source,
        "note": cells.get("note", ""),
        "recorded_at": said.now,
    }


def _debts(cells: Cells, debtor: KnownDebtor) -> list[str] | None:
    if "debts" not in cells:
        return None
    parts = (
        part.strip().removeprefix(f"{debtor.creditor}/")
        for part in cells["debts"].replace("|", ";").split(";")
    )
    return [part for part in parts if part] or None


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise RecordError(f"at: {text!r} is not an instant; write it as 2026-11-16T18:00:00Z") from None
    if at.tzinfo is None:
        raise RecordError(
            f"at: {text!r} has no offset; add Z for UTC, or +02:00: an hour decides what the law allows"
        )
    return at


def _log(database: Database, said: Said, report: ContactsReport) -> None:
    details = {
        "file": report.file,
        "rows": report.rows,
        "imported": report.imported,
        "known": report.known,
        "refused": report.refused,
    }
    with database.writing() as connection:
        entry = LogEntry(
            event="contacts_imported",
            at=said.now,
            actor=said.actor,
            details={**details, "source": said.source},
        )
        delivery_log.append(connection, [entry])
