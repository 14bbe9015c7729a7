"""Which entries of the log a creditor's system is told of, and what of each: never a person's words or troubles."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dispatcher.log.domain.events import Event
from dispatcher.values.instants import instant_text

# Event -> those of its details that leave the house.
TOLD: Mapping[str, frozenset[str]] = {
    event.value: frozenset(details.split())
    for event, details in {
        Event.ACCEPTED: "",
        Event.DELIVERED: "",
        Event.BOUNCED: "permanent",
        Event.RETURNED: "permanent",
        Event.HELD: "",
        Event.OPTED_OUT: "medium scope",
        Event.OPTED_IN: "",
        Event.OPT_OUT_REVOKED: "kind",
        Event.INBOUND: "meaning",
        Event.HOLD_RECORDED: "hold until",
        Event.HOLD_RELEASED: "hold",
        Event.PAYMENT_RECORDED: "id amount currency paid_on left external_id",
        Event.PAYMENT_REVERSED: "id amount currency",
        Event.ARRANGEMENT_OFFERED: "total currency offered_on valid_until plans settlements",
        Event.ARRANGEMENT_AGREED: "arrangement arrangement_kind total currency instalments",
        Event.INSTALMENT_PAID: "arrangement arrangement_kind instalment due_on amount paid",
        Event.INSTALMENT_MISSED: "arrangement arrangement_kind instalment due_on amount paid",
        Event.ARRANGEMENT_KEPT: "arrangement arrangement_kind",
        Event.ARRANGEMENT_BROKEN: "arrangement arrangement_kind",
        Event.ARRANGEMENT_REOPENED: "arrangement arrangement_kind",
        Event.ARRANGEMENT_CANCELLED: "arrangement arrangement_kind",
        Event.ARRANGEMENT_REPLACED: "arrangement arrangement_kind",
        Event.HANDOVER_DECIDED: "",
        Event.HANDOVER_NOTIFIED: "hand_over_on",
        Event.HANDOVER_REFUSED: "",
        Event.HANDOVER_WITHDRAWN: "",
        Event.HANDED_OVER: "",
        Event.RUN_SUMMARY: "",
    }.items()
}
RENAMED = {Event.RUN_SUMMARY.value: "run_finished"}
# Holds whose kind a creditor may know: the debt's, not the person's troubles. Every other is "held".
_OPEN_HOLDS = frozenset(
    {"dispute", "promise", "arrangement", "complaint", "attorney", "cease", "bankruptcy", "deceased"}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class WireEvent:
    """An event as it leaves: `position` is the sealer's, in whose order all are told once."""

    position: int
    type: str
    at: datetime
    creditor: str = ""
    debtor: str = ""  # creditor/reference
    debts: tuple[str, ...] = ()
    message_id: str = ""
    run_id: int | None = None
    channel: str = ""
    step: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """`id` serves as the cursor."""
        document: dict[str, Any] = {
            "id": str(self.position),
            "type": self.type,
            "timestamp": instant_text(self.at),
            "creditor": self.creditor,
            "debtor": self.debtor,
            "debts": list(self.debts),
            "message_id": self.message_id,
            "run_id": self.run_id,
            "channel": self.channel,
            "step": self.step,
            "details": dict(self.details),
        }
        return {key: value for key, value in document.items() if value not in ("", None, [], {})}


def wire_event(position: int, entry: Mapping[str, Any], values: Mapping[str, Any]) -> WireEvent:
    """The event of a sealed entry; `values` are its personal ones, empty once they were erased."""
    event = entry["event"]
    is_about_all = event == Event.RUN_SUMMARY
    return WireEvent(
        position=position,
        type=RENAMED.get(event, event),
        at=datetime.fromisoformat(entry["at"]),
        creditor="" if is_about_all else entry.get("creditor", ""),
        debtor=str(values.get("debtor") or ""),
        debts=tuple(values.get("debts") or ()),
        message_id=entry.get("message_id", ""),
        run_id=entry.get("run_id"),
        channel=entry.get("channel", ""),
        step=entry.get("step", ""),
        details=_details(event, entry.get("details") or {}),
    )


def _details(event: str, details: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: details[name] for name in sorted(TOLD[event]) if details.get(name) not in (None, "")}
    if event in (Event.HOLD_RECORDED, Event.HOLD_RELEASED) and told.get("hold") not in _OPEN_HOLDS:
        return {"hold": "held"}
    return told
