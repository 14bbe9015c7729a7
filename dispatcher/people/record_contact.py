"""Records a contact made elsewhere, or one that the debtor made: it counts for caps and pauses."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.people.hear_words import Read, hear, is_heard
from dispatcher.people.recording import Recorded, RecordError, Said, find_debtor, normal_address, recording
from dispatcher.people.storage import people_facts

CHANNELS = ("call", "voicemail", "sms", "email", "letter", "instant_message", "social", "visit", "portal")
OUTCOMES = (
    "conversation", "answered_complete", "unanswered", "voicemail", "busy", "not_in_service", "sent", "left",
    "inbound_from_consumer", "payment", "bounced",
)  # fmt: skip
DIRECTIONS = ("outbound", "inbound")


def record_contact(
    database: Database,
    who: str,
    channel: str,
    said: Said,
    *,
    read: Read,
    at: datetime | None = None,
    outcome: str = "",
    direction: str = "outbound",
    debts: Sequence[str] = (),
    address: str = "",
    kind: str = "collection",
    external_id: str = "",
    details: Mapping[str, Any] | None = None,
) -> Recorded:
    """One contact; without debts it may have been about any. `read` says what the debtor's words mean."""
    check_contact(channel, outcome, direction)
    moment = at or said.now
    if moment > said.now:
        raise RecordError(
            f"{moment.isoformat()} is in the future: a contact is recorded when it has been made"
        )
    with database.reading() as connection:
        country = find_debtor(connection, who).country
    normal = normal_address(address, country)[1] if address else ""
    result = outcome or default_outcome(channel, direction)
    noted = {key: value for key, value in (details or {}).items() if value}
    with recording(database, who, said, debts=debts, address=normal) as record:
        known = external_id and people_facts.known_external_ids(record.connection, said.source, [external_id])
        references = [debt.reference for debt in record.debts] or None
        if not known:
            people_facts.add_contact(
                record.connection,
                {
                    "debtor_id": record.debtor.id,
                    "external_id": external_id or None,
                    "debts": references,
                    "at": moment,
                    "channel": channel,
                    "direction": direction,
                    "kind": kind,
                    "outcome": result,
                    "address": normal,
                    "details": noted,
                    **said.columns,
                },
            )
            public = {"channel": channel, "direction": direction, "outcome": result, "kind": kind}
            private = {"address": normal, "text": noted.get("text", "")}
            event = "inbound" if direction == "inbound" else "contact_recorded"
            record.log(
                event, {**public, "made_at": moment.isoformat()}, **{k: v for k, v in private.items() if v}
            )
            if is_heard(direction, result) and "text" in noted:
                noted["understood"] = hear(
                    record, str(noted["text"]), read=read, at=moment, channel=channel, address=normal
                )
        report = {"channel": channel, "direction": direction, "at": moment.isoformat(), **noted}
        return Recorded(
            fact="contact",
            debtor=record.debtor.full_reference,
            debts=record.debt_references,
            details=report,
            already=bool(known),
        )


def check_contact(channel: str, outcome: str, direction: str) -> None:
    """Refuse words that the rules would not understand; raises RecordError."""
    words = (
        ("channel", channel, CHANNELS),
        ("outcome", outcome or "sent", OUTCOMES),
        ("direction", direction, DIRECTIONS),
    )
    for what, word, known in words:
        if word not in known:
            raise RecordError(f"{word!r} is no {what}; there are: {', '.join(known)}")


def default_outcome(channel: str, direction: str) -> str:
    """What a contact came to where nobody says it: the reading that keeps us back longest."""
    if direction == "inbound":
        return "inbound_from_consumer"
    return "conversation" if channel in {"call", "visit"} else "sent"
