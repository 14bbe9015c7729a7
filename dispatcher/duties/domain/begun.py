"""Something that has happened and begins a duty, and which duty of which pack is the strictest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatcher.gate.duty import Begins, Duty
from dispatcher.gate.rules import RulePack


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """What happened, when, to whom; `key` tells it from every other, `what` names it to the desk.

    `ended`: what has done with it meanwhile, in words; empty: nothing.
    """

    begins: Begins
    at: datetime
    key: str
    what: str
    debtor_id: int | None = None
    debt_id: int | None = None
    ended: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Owed:
    """A duty that has begun, with the pack that sets it."""

    begun: Begun
    pack: RulePack
    duty: Duty

    @property
    def key(self) -> str:
        """Of one beginning each duty is owed once, whatever the number of packs that set it."""
        return f"{self.begun.key}/{self.duty.id}"

    @property
    def due(self) -> datetime:
        """The last instant, or the last day."""
        return self.duty.due(self.begun.at)

    def details(self) -> dict[str, Any]:
        """As the task keeps it."""
        return {
            "key": self.key,
            "duty": self.duty.id,
            "pack": self.pack.name.lower(),
            "text": self.duty.title,
            "begun": self.begun.at.isoformat(),
            "due": self.due.isoformat() if self.duty.hours else self.due.date().isoformat(),
        }

    def words(self) -> str:
        """As the task says it."""
        by = f"{self.due:%Y-%m-%d %H:%M}Z" if self.duty.hours else f"{self.due:%Y-%m-%d}"
        return f"By {by}: {self.duty.says} ({self.begun.what}; {self.duty.title})"


def strictest(begun: Begun, packs: Iterable[RulePack]) -> Sequence[Owed]:
    """Of each duty that the packs set for it the one that is due first; a house rule stands where no law does."""
    found: dict[str, Owed] = {}
    for pack in packs:
        for duty in pack.duties:
            if duty.begins is begun.begins and duty.valid_from <= begun.at.date():
                owed = Owed(begun=begun, pack=pack, duty=duty)
                found[duty.id] = min(owed, found.get(duty.id, owed), key=_rank)
    return tuple(found[name] for name in sorted(found))


def _rank(owed: Owed) -> tuple[bool, datetime, str]:
    return owed.duty.verified == "own", owed.due, owed.pack.name
