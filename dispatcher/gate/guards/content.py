"""What the text may not be and must contain, by the findings of the content checks."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from dispatcher.gate.act import INBOUND_OUTCOMES, Act, medium_in_words
from dispatcher.gate.facts import ContentFindings, HistoryEntry, Kind
from dispatcher.gate.guards.frequency import NOT_CONTACTS
from dispatcher.gate.guards.guard import Guard, Refusal, block, hold
from dispatcher.values.zones import day_number

_NOBODY_LOOKED = "the rule wants it in the text and no sentence for it was looked for"
TRAITS = {
    "resembles_court_document": "the text looks like a court document",
    "threatening": "the text threatens",
    "threatens_suit": "the text threatens suit",
    "disguised_purpose": "the text hides what it is for",
    "asks_reason_for_default": "the text asks why the debtor did not pay",
    "marketing": "the text sells something",
}
LEFT_A_MESSAGE = frozenset(
    {"voicemail", "left"}
)  # may have been limited content: an attempt, no communication


def had_communication(act: Act) -> bool:
    """Whether a communication reached the debtor before, as the facts state it or else the history tells."""
    if act.facts.first_contact is not None:
        return not act.facts.first_contact
    return any(is_communication(past.entry) for past in act.history)


def was_said(act: Act, names: Collection[str]) -> bool:
    """Whether these sentences reached the debtor before; where nobody states it, an earlier communication said them."""
    said = act.facts.said
    return had_communication(act) if said is None or not names else said.issuperset(names)


def is_communication(entry: HistoryEntry) -> bool:
    """Whether it reached the debtor: what bounced, rang or was left on a machine does not count."""
    if (
        entry.kind == Kind.LOCATION_INQUIRY
        or entry.outcome in NOT_CONTACTS
        or entry.outcome in LEFT_A_MESSAGE
    ):
        return False
    inbound = entry.direction == "inbound" or entry.outcome in INBOUND_OUTCOMES
    return entry.outcome == "conversation" or not inbound


@dataclass(frozen=True, kw_only=True, slots=True)
class ForbiddenTraits(Guard):
    """A text with none of the `traits` (names as in `TRAITS`)."""

    subject: ClassVar[str | None] = "action.content"

    traits: tuple[str, ...]

    def refuse(self, act: Act) -> Refusal | None:
        """A block that names every trait found."""
        content = act.action.content
        if content is None:
            return None
        found = [trait for trait in self.traits if getattr(content, trait)]
        return block("; ".join(TRAITS[trait] for trait in found), traits=", ".join(found)) if found else None


@dataclass(frozen=True, kw_only=True, slots=True)
class RequiredContent(Guard):
    """Nothing that must be in the text is missing, and the sender is identified.

    `elements`: the names that matter; empty: any. `first_contact_only`: later texts need them no more. `sentences`: by
    name, those of the law that say it all. `media`: those that can carry them, asked where the facts state what was
    said; empty: any. `notices`: the notices of the law that must hold them; empty: any message. A notice of which
    nobody says which it is must hold them too.
    """

    elements: frozenset[str] = frozenset()
    first_contact_only: bool = False
    sender: bool = True
    sentences: frozenset[str] = frozenset()
    media: frozenset[str] = frozenset()
    notices: frozenset[str] = frozenset()

    def refuse(self, act: Act) -> Refusal | None:
        """A block that names what is missing, or a medium that cannot carry it; a hold where nobody looked for it."""
        content = act.action.content
        if self.notices and act.action.notice is not None and act.action.notice not in self.notices:
            return None
        if self.first_contact_only and was_said(act, self.sentences):
            return None
        if self.media and act.facts.said is not None and act.action.channel not in self.media:
            return block(
                f"{medium_in_words(act.action.channel)} cannot carry what the first contact must say",
                media=", ".join(sorted(self.media)),
            )
        if content is None:
            return None
        missing = [name for name in content.missing if not self.elements or name in self.elements]
        missing += ["sender"] * (self.sender and content.sender_identified is False)
        if missing:
            return block(f"missing from the text: {', '.join(missing)}", missing=", ".join(missing))
        wanted = self.elements | self.sentences
        unseen = sorted(wanted.difference(content.looked_for)) if content.complete else []
        return hold(f"{_NOBODY_LOOKED}: {', '.join(unseen)}", missing=", ".join(unseen)) if unseen else None


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstContactScope(Guard):
    """The first contact does nothing beyond `allowed`."""

    subject: ClassVar[str | None] = "action.content"

    allowed: frozenset[str]

    def refuse(self, act: Act) -> Refusal | None:
        """A block that names what goes too far."""
        content = act.action.content
        if content is None or content.first_contact_scope is None or had_communication(act):
            return None
        beyond = [part for part in content.first_contact_scope if part.replace("-", "_") not in self.allowed]
        return (
            block(
                f"a first contact only reminds and offers a way, no {_named(beyond)}",
                beyond=", ".join(beyond),
            )
            if beyond
            else None
        )


def _named(parts: list[str]) -> str:
    return ", ".join(part.replace("_", " ") for part in parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Disclosures(Guard):
    """The collector's statements: one in the first communication, another in every later, in the text's language."""

    subject: ClassVar[str | None] = "action.content"

    # Its name among the sentences that were said; empty: any earlier communication said it
    statement: str = ""

    def refuse(self, act: Act) -> Refusal | None:
        """A block for a missing statement or one in another language; a hold where nobody looked for it."""
        content = act.action.content
        if content is None or act.action.limited_content is not None:  # an attempt, no communication
            return None
        later = was_said(act, {self.statement} if self.statement else ())
        if (
            content.complete
            and (content.subsequent_disclosure if later else content.initial_disclosure) is None
        ):
            return hold(f"{_NOBODY_LOOKED}: the collector's statement", missing="collector's statement")
        if not later and content.initial_disclosure is False:
            return block("the first message lacks the statement that this is an attempt to collect a debt")
        if later and content.subsequent_disclosure is False:
            return block("the message lacks the statement that it is from a debt collector")
        if _other_language(content):
            detail = f"the statement is in {content.disclosure_language}, the text in {content.language}"
            return block(detail, language=content.language, disclosure=content.disclosure_language)
        return None


def _other_language(content: ContentFindings) -> bool:
    if content.language is None or content.disclosure_language is None:
        return False
    return _primary(content.language) != _primary(content.disclosure_language)


def _primary(tag: str) -> str:
    return tag.casefold().replace("_", "-").split("-")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class OptOutNotice(Guard):
    """A clear way out in every electronic message, reasonable and simple.

    A method is simple when its name holds one of `simple` and none of `hard`. Hard ones alone are no way out; an
    unknown one asks a person. Where only the sentence is known, one `simple` word in it is enough.
    """

    subject: ClassVar[str | None] = "action.content"

    simple: tuple[str, ...]
    hard: tuple[str, ...]

    def refuse(self, act: Act) -> Refusal | None:
        """A block without a way out, or with hard ones only."""
        content = act.action.content
        if content is None:
            return None
        if content.complete and content.optout_notice is None and content.optout_methods is None:
            return hold(f"{_NOBODY_LOOKED}: a way to opt out", missing="opt-out notice")
        if content.optout_notice is False:
            return block("the message does not say how to opt out")
        if content.optout_methods is None:
            return self._judge_text(content.optout_text)
        return self._judge_methods(content.optout_methods)

    def _judge_text(self, text: str | None) -> Refusal | None:
        if not text or _holds_any(text, self.simple) or not _holds_any(text, self.hard):
            return None
        return block(f"no simple way to opt out: {text}")

    def _judge_methods(self, methods: tuple[str, ...]) -> Refusal | None:
        if any(_holds_any(method, self.simple) and not _holds_any(method, self.hard) for method in methods):
            return None
        named = ", ".join(methods)
        if all(_holds_any(method, self.hard) for method in methods):
            return block(f"no simple way to opt out: {named or 'none'}", methods=named)
        return hold(f"is this a simple way to opt out: {named}?", methods=named)


def _holds_any(text: str, marks: tuple[str, ...]) -> bool:
    plain = text.casefold().replace("e-mail", "email").replace("_", " ").replace("-", " ")
    return any(re.search(rf"\b{mark}", plain) for mark in marks)


@dataclass(frozen=True, kw_only=True, slots=True)
class NoOvershadowing(Guard):
    """Within the validation period no demand that overshadows the right to dispute."""

    subject: ClassVar[str | None] = "action.content"

    def refuse(self, act: Act) -> Refusal | None:
        """A block for such a demand until the period is over."""
        content = act.action.content
        if content is None or not content.demands_payment_before_validation_end:
            return None
        ends = act.facts.validation_period_end
        if ends is not None and act.first_day > day_number(ends):
            return None
        return block("the text demands payment before the validation period ends", validation_period_end=ends)


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitedContentMessage(Guard):
    """A limited-content message: a voicemail with its four parts and nothing that is not optional.

    `optional`: words of the parts that may be added; `never`: words that no part may hold, beside one of those or
    not ("due date").
    """

    subject: ClassVar[str | None] = "action.limited_content"

    optional: tuple[str, ...]
    never: tuple[str, ...] = ()

    def refuse(self, act: Act) -> Refusal | None:
        """A block that names what is wrong with it."""
        faults = list(self._faults(act))
        return block(f"no limited-content message: {'; '.join(faults)}") if faults else None

    def _faults(self, act: Act) -> Iterator[str]:
        message = act.action.limited_content
        if message is None:
            return
        if act.action.channel != "voicemail" or message.is_voicemail is False:
            yield "only a voicemail can be one"
        if message.business_name == "" or message.reveals_collection_business:
            yield f"the business name {message.business_name!r} is missing or reveals collection"
        if not message.request_reply:
            yield "it does not ask for a reply"
        if message.natural_person_names == () or message.reply_numbers == ():
            yield "the person to ask for or the number to call is missing"
        beyond = [part for part in message.optional if not self._may_be_added(part)]
        beyond += message.other_content
        beyond += act.action.content.other_content if act.action.content else ()
        if beyond:
            yield f"it holds more: {', '.join(beyond)}"

    def _may_be_added(self, part: str) -> bool:
        return _holds_any(part, self.optional) and not _holds_any(part, self.never)


@dataclass(frozen=True, kw_only=True, slots=True)
class CostBand:
    """Up to this principal the law lets so much be asked: a sum, and a share of what lies above `over`."""

    up_to: Decimal | None
    fixed: Decimal
    percent: Decimal = Decimal(0)
    over: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class CostCap(Guard):
    """The costs of collection that a message may ask for, by the principal; no `bands`: none at all."""

    subject: ClassVar[str | None] = "action.content"

    bands: tuple[CostBand, ...] = ()
    most: Decimal | None = None

    def refuse(self, act: Act) -> Refusal | None:
        """A block for more than the law lets be asked; a hold where nobody can say how much that is."""
        content = act.action.content
        if content is None or content.claims_costs is False:
            return None
        if content.claims_costs is None:
            return hold(f"{_NOBODY_LOOKED}: what it costs") if content.complete else None
        if not self.bands:
            return block("the text asks for costs of collection, which the law does not let be asked")
        principal = act.facts.debt.principal
        if content.costs is None or principal is None:
            return hold("the text asks for costs of collection and nothing says how much the law allows")
        allowed = self.allowed(principal)
        if content.costs <= allowed:
            return None
        return block(f"the text asks for costs of {content.costs}; the law allows {allowed}", allowed=allowed)

    def allowed(self, principal: Decimal) -> Decimal:
        """The most that may be asked on a principal, in the same currency."""
        band = next(b for b in self.bands if b.up_to is None or principal <= b.up_to)
        cost = band.fixed + band.percent / 100 * max(Decimal(0), principal - band.over)
        return cost if self.most is None else min(cost, self.most)


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovedForm(Guard):
    """Only in a form that the authority approved; nobody having said so is no approval."""

    def refuse(self, act: Act) -> Refusal | None:
        """A hold without an approval on file; facts that do not mention it are in order."""
        if act.action.approved_form is not False:
            return None
        return hold("the authority's approval of this form is not on file")
