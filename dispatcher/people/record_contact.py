"""Records a contact made elsewhere, or one that the debtor made: it counts for caps and pauses."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.log.domain.events import Event
from dispatcher.people.domain.fact_table import CONTACT
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.hear_words import Read, hear, is_heard, parted_words
from dispatcher.people.recording import Kept, Recorded, Recording, Said, normal_address, parted, recording
from dispatcher.people.storage import people_facts
from dispatcher.people.storage.find_debtor import find_debtor

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
        row = {
            "at": moment,
            "channel": channel,
            "direction": direction,
            "kind": kind,
            "outcome": result,
            "address": normal,
        }
        open_to_all = parted_words(noted, direction, result, read)
        kept = _keep(record, row, open_to_all, external_id)
        _log(record, row, open_to_all, kept)
        said_now = noted if kept.fresh else kept.added
        if is_heard(direction, result) and "text" in said_now:
            open_to_all["understood"] = hear(
                record,
                str(noted["text"]),
                read=read,
                at=moment,
                channel=channel,
                address=normal,
                arrived=direction == "inbound",
            )
        report = {"channel": channel, "direction": direction, "at": moment.isoformat(), **open_to_all}
        return Recorded(
            fact="contact",
            debtor=record.debtor.full_reference,
            debts=record.debt_references,
            details=report,
            already=not kept.fresh,
            added=kept.added,
        )


def _keep(record: Recording, row: Mapping[str, Any], details: Mapping[str, Any], external_id: str) -> Kept:
    """A contact without an external id is another one; with one it is the same contact, told again."""
    references = [debt.reference for debt in record.debts] or None
    if not external_id:
        people_facts.add_contact(
            record.connection,
            {
                "debtor_id": record.debtor.id,
                "debts": references,
                **row,
                "details": details,
                **record.said.columns,
            },
        )
        return Kept(fresh=True)
    source = record.said.source
    whose = people_facts.debtor_of_contact(record.connection, source, external_id)
    if whose not in (None, record.debtor.id):
        raise RecordError(f"{external_id!r} of {source!r} is recorded already, for another debtor")
    keyed = {"external_id": external_id, "source": source, "debts": references, **row}
    return record.keep(CONTACT, keyed, details)


def _log(record: Recording, row: Mapping[str, Any], details: Mapping[str, Any], kept: Kept) -> None:
    if not kept.fresh:
        if kept.added:
            record.log_added({"contact": row["channel"]}, kept.added)
        return
    public = {name: row[name] for name in ("channel", "direction", "outcome", "kind")}
    _, private = parted({"text": details.get("text", "")})
    address = {"address": row["address"]} if row["address"] else {}
    event = Event.INBOUND if row["direction"] == "inbound" else Event.CONTACT_RECORDED
    record.log(event, {**public, "made_at": row["at"].isoformat()}, **address, **private)


def check_contact(channel: str, outcome: str, direction: str) -> None:
    """Refuse words that the rules would not understand; raises RecordError."""
    CONTACT.field("channel").read([channel])
    CONTACT.field("outcome").read([outcome or "sent"])
    if direction not in DIRECTIONS:
        raise RecordError(f"{direction!r} is no direction; there are: {', '.join(DIRECTIONS)}")


def default_outcome(channel: str, direction: str) -> str:
    """What a contact came to where nobody says it: the reading that keeps us back longest."""
    if direction == "inbound":
        return "inbound_from_consumer"
    return "conversation" if channel in {"call", "visit"} else "sent"
