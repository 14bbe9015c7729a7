"""Lists what the gate decided: of plans, of messages about to leave, of calls, and of what was asked of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.record.search_log import AT_ONCE, search_log
from dispatcher.record.storage.log_search import FoundEntry, LogQuery

_BY_EVENT = {
    "blocked": "block",
    "held": "hold",
    "deferred": "defer",
    "call_refused": "block",
    "contact_asked": "",  # its entry says which
}


@dataclass(frozen=True, kw_only=True, slots=True)
class WantedDecisions:
    """Which of them; empty fields ask nothing. `debtor` is creditor/reference."""

    creditor: str = ""
    debtor: str = ""
    channel: str = ""
    run: int | None = None


def list_decisions(
    database: Database, wanted: WantedDecisions, *, limit: int, cursor: str
) -> tuple[list[dict[str, Any]], str]:
    """A page, newest first, and the cursor behind it; raises UnknownDebtorError, or ValueError for a wrong cursor.

    A page may be short and go on.
    """
    query = LogQuery(
        creditor=wanted.creditor or None,
        channel=wanted.channel or None,
        run_id=wanted.run,
        events=tuple(_BY_EVENT),
    )
    page = search_log(
        database, query, debtor=wanted.debtor or None, limit=limit, cursor=cursor, at_most=AT_ONCE
    )
    return [_document(entry) for entry in page.entries], page.next


def _document(entry: FoundEntry) -> dict[str, Any]:
    said, values = entry.document, entry.values or {}
    details: Mapping[str, Any] = said.get("details") or {}
    return {
        "id": entry.id,
        "at": said["at"],
        "event": said["event"],
        "decision": said.get("decision") or _BY_EVENT[said["event"]],
        "creditor": said.get("creditor") or "",
        "debtor": values.get("debtor") or "",
        "debts": list(values.get("debts") or ()),
        "channel": said.get("channel") or "",
        "address": values.get("address") or "",
        "step": said.get("step") or "",
        "message_id": said.get("message_id"),
        "run_id": said.get("run_id"),
        "asked_for": details.get("asked_for"),
        "not_before": details.get("not_before"),
        "valid_until": details.get("valid_until"),
        "reasons": said.get("reasons") or [],
    }
