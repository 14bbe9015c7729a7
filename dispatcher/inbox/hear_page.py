"""What a debtor says on their own page: written down at once where it protects them, and put before a person."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dispatcher.database.engine import Connection, Database
from dispatcher.inbox.domain.reading import Reading
from dispatcher.inbox.storage import items
from dispatcher.log.domain.events import Event
from dispatcher.people.hear_words import PAGE, Read, hear_choice
from dispatcher.people.recording import Recorded, Said, recording
from dispatcher.people.storage import people_facts

ANSWER_DAYS = 5  # so soon a person answers what was said there
CHOICES = (
    Reading.DISPUTE, Reading.PAID, Reading.NOT_MINE, Reading.PROOF, Reading.HARDSHIP, Reading.COUNTER_OFFER,
    Reading.OTHER_CONTACT, Reading.CALLBACK,
)  # fmt: skip
_AT_ONCE = frozenset({Reading.DISPUTE, Reading.NOT_MINE})  # they stop the asking before anybody has read them

Record = Callable[[str, str, Said, Mapping[str, Any]], Recorded]
"""Writes a fact of the table down: (fact, debtor, said, given)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What somebody chose on their page. `text` are their words, or what the choice says in words."""

    reading: Reading
    text: str
    debts: Sequence[str] = field(default=())


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What a person said on their page before; `answered`: somebody has read it."""

    reading: Reading
    at: datetime
    text: str
    answered: bool


def hear_page(
    database: Database, who: str, choice: Choice, *, read: Read, record: Record, now: datetime
) -> None:  # fmt: skip
    """Write the choice down and leave it in the inbox; raises RecordError for a debt that is not theirs."""
    said = Said(now=now, actor="debtor", source="debtors' page", note=choice.text)
    if choice.reading in _AT_ONCE:
        record("dispute", who, said, {"debt": tuple(choice.debts), "form": ("portal",)})
    with recording(database, who, said, debts=choice.debts) as each:
        people_facts.add_contact(
            each.connection,
            {
                "debtor_id": each.debtor.id,
                "at": now,
                "channel": PAGE,
                "direction": "inbound",
                "kind": "reply",
                "outcome": "inbound_from_consumer",
                "details": {"text": choice.text},
                **each.said.columns,
            },
        )
        contact = {
            "channel": PAGE,
            "direction": "inbound",
            "outcome": "inbound_from_consumer",
            "kind": "reply",
        }
        each.log(
            Event.INBOUND,
            {**contact, "made_at": now.isoformat(), "meaning": choice.reading},
            text=choice.text,
        )
        answer_by = (now + timedelta(days=ANSWER_DAYS)).date().isoformat()
        hear_choice(each, choice.reading, choice.text, read=read, at=now, answer_by=answer_by)


def told_before(connection: Connection, debtor_id: int) -> list[Told]:
    """What a person said on their page, the newest first."""
    return [
        Told(
            reading=Reading(row.details["reading"]),
            at=row.created_at,
            text=row.details.get("text", ""),
            answered=row.done_at is not None,
        )
        for row in items.chosen_by(connection, debtor_id)
    ]
