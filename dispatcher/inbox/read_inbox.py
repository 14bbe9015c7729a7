"""Shows what people wrote, who they are, what they answer, and what it seems to mean."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.inbox.domain.reading import Proposal, Reading, Understood, offer_number
from dispatcher.inbox.storage import items

Propose = Callable[[str], Understood]


class NoSuchItemError(LookupError):
    """No words of that number are in the inbox."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InboxItem:
    """One person's words, without what they quote; `full_text` with it.

    `proposals`: the gravest first; `answers`: the message that came before them.
    """

    id: int
    at: datetime
    debtor: str  # creditor/reference; empty where nobody of that address is known
    name: str
    channel: str
    address: str
    text: str
    full_text: str
    proposals: tuple[Proposal, ...]
    answers: str = ""
    answers_step: str = ""
    done_at: datetime | None = None
    done_by: str = ""
    outcome: str = ""
    confirmed: str = ""  # the reading that a person confirmed
    reply: str = ""  # the message that answers it
    unverified: str = ""  # the message that says that the debt could not be verified

    @property
    def reading(self) -> Reading:
        """The reading that is proposed first."""
        return self.proposals[0].reading

    @property
    def offer(self) -> int | None:
        """The number of the offer that the words name."""
        return offer_number(self.text)

    def as_json(self) -> dict[str, Any]:
        """As `inbox list --json` writes it."""
        return {
            "id": self.id,
            "at": self.at.isoformat(),
            "debtor": self.debtor,
            "channel": self.channel,
            "address": self.address,
            "text": self.text,
            "reading": self.reading.value,
            "proposals": [
                {
                    "reading": proposal.reading.value,
                    "words": [self.text[start:end] for start, end in proposal.words],
                }
                for proposal in self.proposals
            ],
            "offer": self.offer,
            "answers": self.answers or None,
            "confirmed": self.confirmed or None,
            "reply": self.reply or None,
            "unverified": self.unverified or None,
            "outcome": self.outcome or None,
        }


def list_inbox(database: Database, propose: Propose, *, done: bool = False) -> list[InboxItem]:
    """What waits to be read, oldest first, or what was answered."""
    with database.reading() as connection:
        rows = items.items(connection, done=done)
        return [_item(connection, row, propose) for row in rows]


def show_item(database: Database, key: int, propose: Propose) -> InboxItem:
    """One, open or answered; raises NoSuchItemError."""
    with database.reading() as connection:
        row = items.item(connection, key)
        if row is None:
            raise NoSuchItemError(
                f"nothing in the inbox has the number {key}; `dispatcher inbox list` shows all"
            )
        return _item(connection, row, propose)


def _item(connection: Any, row: Any, propose: Propose) -> InboxItem:
    full_text = row.details.get("text") or row.text.partition(": ")[2] or row.text
    understood = propose(full_text)
    before = {}
    if row.debtor_id is not None:
        before = items.answered_by(connection, [row.debtor_id], row.created_at)
    message, step, _ = before.get(row.debtor_id, ("", "", None))
    return InboxItem(
        id=row.id,
        at=_written_at(row),
        debtor=f"{row.creditor}/{row.reference}" if row.creditor else "",
        name=row.name or "",
        channel=row.details.get("channel", ""),
        address=row.details.get("address", ""),
        text=understood.text,
        full_text=full_text,
        proposals=_with_chosen(row.details.get("reading", ""), understood.proposals),
        answers=message,
        answers_step=step,
        done_at=row.done_at,
        done_by=row.done_by,
        outcome=row.outcome,
        confirmed=row.details.get("confirmed", {}).get("reading", ""),
        reply=row.details.get("reply", ""),
        unverified=row.details.get("unverified", ""),
    )


def _with_chosen(chosen: str, proposals: tuple[Proposal, ...]) -> tuple[Proposal, ...]:
    """What the person chose on their own page comes before what their words may mean besides."""
    if not chosen:
        return proposals
    others = (each for each in proposals if each.reading not in {Reading.UNCLEAR, chosen})
    return (Proposal(reading=Reading(chosen)), *others)


def _written_at(row: Any) -> datetime:
    """When the words reached us; of older ones nobody kept it, and the task's own moment stands for it."""
    written = row.details.get("at")
    return datetime.fromisoformat(written) if written else row.created_at
