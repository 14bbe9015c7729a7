"""A dialler's files: whom it may call and until when, whom it must not call any more, and what its calls came to."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

from dispatcher.calls.domain.call import DIALLER, CallError, CallOutcome
from dispatcher.calls.work_on_calls import CallDesk, CallLine, end_call, recall, reserve_for_dialler
from dispatcher.people.domain.asked import asked_by_currency
from dispatcher.planning.domain.intended import zones_of
from dispatcher.values.spreadsheet import to_cell

GIVEN = (
    "call_id", "valid_until", "number", "debtor", "name", "language", "zone", "say_first", "debts", "amount",
    "currency",
)  # fmt: skip
RECALLED = ("call_id", "number", "debtor", "why")
RETURNED = ("call_id", "outcome", "at")


def write_list(desk: CallDesk, stream: TextIO, *, most: timedelta) -> int:
    """Write whom the dialler may call, each until `valid_until`; every row keeps its place in all caps till then."""
    return _write(stream, GIVEN, (_given(line, desk) for line in reserve_for_dialler(desk, DIALLER, most)))


def write_recall(desk: CallDesk, stream: TextIO) -> int:
    """Write whom the dialler was given and must not call any more, each once, with the reason."""
    return _write(stream, RECALLED, (_recalled(line) for line in recall(desk, DIALLER)))


def _write(stream: TextIO, columns: tuple[str, ...], rows: Iterable[list[str]]) -> int:
    writer = csv.writer(stream)
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([cell if _is_number(cell) else to_cell(cell) for cell in row])
        count += 1
    return count


def _is_number(cell: str) -> bool:
    """A telephone number as dialled: a spreadsheet may take it for a sum, and nothing runs."""
    return cell.startswith("+") and cell[1:].isascii() and cell[1:].isdigit()


def _given(line: CallLine, desk: CallDesk) -> list[str]:
    person, call = line.person, line.call
    amount = asked_by_currency(line.debts)[0]
    until = call.valid_until
    return [
        str(call.id), until.astimezone(UTC).isoformat() if until else "", call.address, call.debtor, person.name,
        person.language, min((zone.zone for zone in zones_of(person, None, desk.policy.places)), default=""),
        " ".join(desk.first_words(person)),
        "; ".join(debt.full_reference for debt in line.debts), str(amount.amount), amount.currency,
    ]  # fmt: skip


def _recalled(line: CallLine) -> list[str]:
    why = "; ".join(reason.detail for reason in line.may.reasons) or "it is not allowed any more"
    return [str(line.call.id), line.call.address, line.call.debtor, why]


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """What came of a file of outcomes: how many were written down, and what was wrong with the others, a line each."""

    made: int
    problems: tuple[str, ...]


def import_outcomes(desk: CallDesk, file: Path) -> Imported:
    """Write down what a dialler's calls came to; a row that cannot be used keeps no other from it."""
    made, problems = 0, []
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = [name for name in RETURNED if name not in (reader.fieldnames or ())]
        if missing:
            raise CallError(
                f"{file}:1: the columns {', '.join(missing)} are missing; wanted: {', '.join(RETURNED)}"
            )
        for number, row in enumerate(reader, 2):
            try:
                _end(desk, row)
                made += 1
            except (CallError, ValueError) as problem:
                problems.append(f"{file}:{number}: {problem}")
    return Imported(made=made, problems=tuple(problems))


def _end(desk: CallDesk, row: Mapping[str, str]) -> None:
    key = row["call_id"].strip()
    if not key.isascii() or not key.isdigit():
        raise CallError(f"call_id: {key!r} is no number")
    at = datetime.fromisoformat(row["at"].strip())
    if at.tzinfo is None:
        raise CallError(f"at: {row['at']!r} has no offset; write it as 2026-11-23T18:00:00Z")
    outcome = row["outcome"].strip()
    if outcome not in list(CallOutcome):
        raise CallError(f"outcome: {outcome!r} is none of {', '.join(CallOutcome)}")
    end_call(desk, int(key), CallOutcome(outcome), made_at=at.astimezone(UTC), holder=DIALLER)


def rows_of(lines: Iterable[CallLine], desk: CallDesk) -> Iterator[dict[str, object]]:
    """Calls as `dispatcher calls list --json` and the page's export write them."""
    for line in lines:
        call = line.call
        yield {
            "id": call.id,
            "debtor": call.debtor,
            "debts": [debt.full_reference for debt in line.debts],
            "step": call.step,
            "state": call.state.value,
            "holder": call.holder or None,
            "number": call.address,
            "allowed": line.may.allowed and call.is_due(desk.now),
            "not_before": line.may.not_before.isoformat() if line.may.not_before else None,
            "valid_until": call.valid_until.isoformat() if call.valid_until else None,
            "expires_at": call.expires_at.isoformat(),
            "tries": call.tries,
            "reasons": [f"{reason.pack}/{reason.rule}: {reason.detail}" for reason in line.may.reasons],
        }
