"""Imports contacts made elsewhere (the dialler's calls, letters by hand): they count for caps and pauses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.people.contacts_file import Cells, read_contacts
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.hear_words import Read, hear, is_heard, parted_words
from dispatcher.people.record_contact import check_contact, default_outcome
from dispatcher.people.recording import Recording, Said, normal_address
from dispatcher.people.storage import addresses, people_facts
from dispatcher.people.storage.people_facts import KnownDebtor
from dispatcher.portfolio.domain.portfolio import RowProblem
from dispatcher.portfolio.write_row_problems import ProblemFile

_DETAILS = ("text", "address_place", "consent_to_other_medium")
_CHUNK = 2_000


@dataclass(slots=True)
class ContactsReport:
    """What an import of contacts did."""

    file: str
    rows: int = 0
    imported: int = 0
    known: int = 0
    refused: int = 0
    stopped: int = 0  # contacts in which the debtor said stop
    unclear: int = 0  # contacts whose words wait for a reader


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
        for line, cells in read_contacts(file):
            report.rows += 1
            chunk.append((line, cells))
            if len(chunk) == _CHUNK:
                _import(database, chunk, said, report, problems, read)
                chunk = []
        _import(database, chunk, said, report, problems, read)
        report.refused = len(problems.lines)
        _log(database, said, report)
    return report


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
        people_facts.add_contacts(connection, [_open_to_all(row, read) for row in fresh])
        heard = [
            _hear(connection, row, debtors[row["debtor_id"]], said, read) for row in fresh if _speaks(row)
        ]
        report.stopped += heard.count("stop")
        report.unclear += heard.count("unclear")
        report.imported += len(fresh)
        report.known += len(rows) - len(fresh)


def _open_to_all(row: dict[str, Any], read: Read) -> dict[str, Any]:
    return {**row, "details": parted_words(row["details"], row["direction"], row["outcome"], read)}


def _speaks(row: Mapping[str, Any]) -> bool:
    return is_heard(row["direction"], row["outcome"]) and "text" in row["details"]


def _hear(connection: Connection, row: Mapping[str, Any], debtor: KnownDebtor, said: Said, read: Read) -> str:
    record = Recording(connection=connection, debtor=debtor, debts=(), said=said)
    text, at, channel = row["details"]["text"], row["at"], row["channel"]
    arrived = row["direction"] == "inbound"
    return hear(record, text, read=read, at=at, channel=channel, address=row["address"], arrived=arrived)


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
        "stopped": report.stopped,
        "unclear": report.unclear,
    }
    with database.writing() as connection:
        entry = LogEntry(
            event=Event.CONTACTS_IMPORTED,
            at=said.now,
            actor=said.actor,
            details={**details, "source": said.source},
        )
        delivery_log.append(connection, [entry])
