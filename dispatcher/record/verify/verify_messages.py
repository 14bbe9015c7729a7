"""Verifies the table of messages against the log: pages and searches read it, so it may say nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.messages.domain.message import fold
from dispatcher.record.storage import log_audit
from dispatcher.record.verify.read_entry import read_json
from dispatcher.record.verify.verify_chain import Finding

_PLANNED = (
    "run_id",
    "as_of",
    "strategy",
    "step",
    "kind",
    "channel",
    "template",
    "person",
    "personal_id",
    "commitment",
)
_SENT = ("provider", "provider_id", "template_version", "body_sha256")

Event = tuple[str, str | None]  # an event, and the entry's text where it tells more


def wrong_messages(database: Database) -> list[Finding]:
    """The findings of all messages."""
    return list(check_messages(database))


def check_messages(database: Database) -> Iterator[Finding]:
    """Every message's row against what its entries say of it; what an erasure emptied is not missed."""
    with database.reading() as connection:
        redated = _redated(log_audit.redated_entries(connection))
    for chunk in log_audit.message_events(database):
        for row, events in chunk:
            if events:
                yield from (Finding(f"message {row.id}", what) for what in _wrong(row, events, redated))


def _redated(entries: Sequence[str]) -> dict[int, dict[str, str]]:
    """Run -> the day that it bore and the one that a person gave it, as the log tells."""
    days: dict[int, dict[str, str]] = {}
    for entry in entries:
        details = _details(entry) or {}
        if {"run", "from", "to"} <= details.keys():
            days.setdefault(details["run"], {})[details["from"]] = details["to"]
    return days


def _wrong(row: Any, events: Sequence[Event], redated: Mapping[int, Mapping[str, str]]) -> Iterator[str]:
    told = fold((event, _details(entry)) for event, entry in events)
    if told != row.state:
        yield f"its state says {row.state}, its entries {told.value}"
    if row.address and row.personal_row is not None and row.address != (row.personal_address or ""):
        yield "its address is not the one that it was planned for"
    yield from _differences(row, _PLANNED, _on_its_day(_document(events, "planned"), redated))
    yield from _differences(row, _SENT, _document(events, "accepted"))
    begun = sum(event == "attempting" for event, _ in events)
    if begun != row.attempt_rows:
        yield f"{row.attempt_rows} attempts are recorded, its entries tell of {begun}"


def _on_its_day(planned: dict[str, Any], redated: Mapping[int, Mapping[str, str]]) -> dict[str, Any]:
    """What was planned, with the day that its run was given since."""
    days = redated.get(planned.get("run_id", 0), {})
    return {**planned, "as_of": days[planned["as_of"]]} if planned.get("as_of") in days else planned


def _differences(row: Any, names: Sequence[str], said: Mapping[str, Any]) -> Iterator[str]:
    for name in names:
        kept = getattr(row, name)
        kept = kept.isoformat() if name == "as_of" else kept
        if said.get(name) is not None and kept != said[name]:
            yield f"its {name} says {kept!r}, its {said['event']} entry {said[name]!r}"


def _document(events: Sequence[Event], wanted: str) -> dict[str, Any]:
    """The newest entry of an event; empty where there is none, or where it cannot be read (found elsewhere)."""
    texts = [entry for event, entry in events if event == wanted and entry]
    try:
        return dict(read_json(texts[-1])) if texts else {}
    except (ValueError, TypeError):
        return {}


def _details(entry: str | None) -> Mapping[str, Any] | None:
    try:
        return read_json(entry).get("details") if entry else None
    except (ValueError, AttributeError):
        return None
