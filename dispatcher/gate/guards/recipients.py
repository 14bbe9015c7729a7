"""Who may receive it, and who may see it: relations, location inquiries, postcards, public posts."""

import re
from dataclasses import dataclass

from dispatcher.gate.act import Act
from dispatcher.gate.facts import Kind, Recipient
from dispatcher.gate.guards.guard import Guard, Refusal, block

ANSWERED = frozenset({"answered_complete", "conversation", "sent", "left"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipients(Guard):
    """Only the relations listed. A parent only of a minor, an executor only of a deceased debtor.

    `relations_in_zones`: further relations, where every zone that the file suggests is one of `zones` (those of a
    country whose law counts them as the debtor).

    Whoever else is asked where the debtor is (a location inquiry) is the matter of `LocationInquiry`, where
    `location_inquiries` allows it.
    """

    relations: frozenset[str]
    relations_in_zones: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()
    location_inquiries: bool = False

    def refuse(self, act: Act) -> Refusal | None:
        """A block for third parties."""
        recipient = act.action.recipient
        if self.location_inquiries and act.kind == Kind.LOCATION_INQUIRY:
            return None
        relation = recipient.relation
        if (relation in self.relations or self._listed_here(relation, act)) and _holds(recipient):
            return None
        who = f"{relation.replace('_', ' ')}{_because(recipient)}"
        return block(f"a third party may not be contacted: {who}", relation=relation)

    def _listed_here(self, relation: str, act: Act) -> bool:
        return relation in self.relations_in_zones and all(c.zone in self.zones for c in act.facts.zones)


def _holds(recipient: Recipient) -> bool:
    if recipient.relation in PARENTS:
        return recipient.consumer_is_minor is True
    if recipient.relation in ESTATE:
        return recipient.consumer_deceased is not False
    return True


PARENTS = frozenset({"parent"})
ESTATE = frozenset({"executor", "administrator", "personal_representative"})


def _because(recipient: Recipient) -> str:
    if recipient.relation in PARENTS:
        return " of an adult"
    return " of a living debtor" if recipient.relation in ESTATE else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class LocationInquiry(Guard):
    """Asking others where the debtor is: once, without a word of the debt, never once an attorney is known."""

    def refuse(self, act: Act) -> Refusal | None:
        """A block for a repeated inquiry, one that says too much, or one past the attorney."""
        if act.kind != Kind.LOCATION_INQUIRY:
            return None
        lawyer = act.facts.attorney
        if lawyer is not None and lawyer.represented and lawyer.contact_known and not lawyer.unresponsive:
            return block("the attorney is known: ask there") if not _to_attorney(act) else None
        if act.action.recipient.relation == "debtor":
            return block("a location inquiry goes to others, not to the debtor")
        if self._answered(act):
            return block("this person was asked before and answered")
        content = act.action.content
        said = (*content.extra, *content.other_content) if content else ()
        return block(f"a location inquiry must not say: {', '.join(said)}") if said else None

    def _answered(self, act: Act) -> bool:
        asked = [
            p for p in act.history if p.entry.kind == Kind.LOCATION_INQUIRY and p.entry.outcome in ANSWERED
        ]
        to = act.action.to
        asked = [p for p in asked if to is None or p.entry.to in (None, to)]
        latest = max((p.at for p in asked), default=None)
        return latest is not None and not any(p.inbound and p.at > latest for p in act.history)


def _to_attorney(act: Act) -> bool:
    return act.action.recipient.relation in {"consumer_attorney", "attorney"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ForbiddenForm(Guard):
    """A form that gives the debt away, or hides the sender: `field` of the action must match none of `patterns`.

    Fields: format (postcard), visibility (public), addressee (the occupier), caller_id (hidden).
    """

    field: str
    patterns: tuple[str, ...]
    words: str

    def refuse(self, act: Act) -> Refusal | None:
        """A block for a form that matches."""
        value = getattr(act.action, self.field)
        if value is None:
            return None
        plain = str(value).casefold().replace("_", " ").replace("-", " ")
        if not any(re.search(pattern, plain) for pattern in self.patterns):
            return None
        if self.field == "addressee":  # a name; entries of the log hold none
            return block(self.words)
        return block(f"{self.words}: {value}", **{self.field: value})
