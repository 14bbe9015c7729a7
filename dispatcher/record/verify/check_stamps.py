"""Checks the time-stamps of seals, in the database and in exports."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from dispatcher.database.types import instant
from dispatcher.record.domain.time_stamp import Roots, StampError, stamped_at
from dispatcher.record.verify.verify_chain import Finding
from dispatcher.values.canonical import canonical_json

UNCHECKED = (
    "seals are time-stamped, and no root certificates are set (DISPATCHER_SEAL__STAMP_ROOTS): "
    "their stamps were not checked"
)


def check_stamps(rows: Sequence[Any], roots: Roots) -> list[Finding]:
    """What is wrong with the stamps in the database: (number, body, answer, stamped_at, authority) each."""
    return [Finding(f"seal {row.number}", wrong) for row in rows if (wrong := _wrong(row, roots))]


def _wrong(row: Any, roots: Roots) -> str:
    try:
        when = stamped_at(row.answer, row.body, roots)
    except StampError as problem:
        return f"{row.authority}: {problem}"
    told = instant(row.stamped_at)
    return "" if told == when else f"column stamped_at says {row.stamped_at}, the stamp {when.isoformat()}"


def check_export(last_line: bytes, roots: Roots | None) -> tuple[list[str], list[str]]:
    """(notes, findings) of the stamps that an export's last line holds."""
    end = json.loads(last_line)
    stamps = end.get("time_stamps", [])
    if not stamps:
        return [], []
    if roots is None:
        return [UNCHECKED], []
    bodies = {seal["body"]["number"]: seal["body"] for seal in end["seals"]}
    told = list(_told(stamps, bodies, roots))
    return [said for said, wrong in told if not wrong], [said for said, wrong in told if wrong]


def _told(stamps: Sequence[Any], bodies: dict[int, Any], roots: Roots) -> Iterator[tuple[str, bool]]:
    for stamp in stamps:
        try:
            when = stamped_at(
                bytes.fromhex(stamp["answer"]), canonical_json(bodies.get(stamp["seal"])), roots
            )
        except StampError as problem:
            yield f"seal {stamp['seal']}: {problem}", True
        else:
            yield f"seal {stamp['seal']}: time-stamped at {when:%Y-%m-%d %H:%M:%S} UTC", False
