"""A person's file and a debt's file: what storage knows, as the planner and the gate read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, ClassVar

from dispatcher.gate.facts import HistoryEntry, Kind
from dispatcher.gate.guards.content import is_communication
from dispatcher.people.domain.affordability import Affordability
from dispatcher.people.domain.hold_kinds import About, kinds
from dispatcher.values.money import Money
from dispatcher.values.validation_period import VALIDATION


def gate_kind(kind: str, notice: str = "") -> str:
    """A message's kind as the gate counts it: a notice is one that the law wants, a correction counts as collection."""
    if notice == VALIDATION:
        return Kind.VALIDATION_NOTICE
    return {"notice": Kind.LEGALLY_REQUIRED_NOTICE, "correction": Kind.COLLECTION}.get(kind, kind)


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactPoint:
    """An e-mail address or a number (E.164), with the consent given for it and why it was closed."""

    id: int
    medium: str  # email, phone
    address: str
    label: str = ""
    consent_on: date | None = None
    closed_reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """Something that keeps a person, or one debt, from being written to."""

    id: int
    kind: str
    debt_id: int | None
    starts_on: date
    until: date | None
    details: Mapping[str, Any] = field(default_factory=dict)
    recorded_at: datetime | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on a day. One that was not recorded for later is in force at once, on any clock."""
        recorded = self.recorded_at.date() if self.recorded_at else None
        begun = self.starts_on <= day or (recorded is not None and self.starts_on <= recorded)
        return begun and (self.until is None or self.until >= day)


# Holds that are about whoever they were recorded of. All others are about a debt, where they name one.
OF_THE_PERSON = kinds(about=About.PERSON)
# These are about every debt of the person where they name none.
_OF_EVERY_DEBT = kinds(about=About.DEBT)
# These are true of a human, whoever they owe: their other records are bound by them too.
BINDS_EVERYWHERE = frozenset({"deceased", "bankruptcy", "breathing_space", "cease", "attorney", "care"})
# What the rules read of a debt's dispute; the rest of what somebody said stays with them.
DETAILS_OF_A_DEBT = frozenset({"form", "validation_period_end", "verification_sent", "answered"})


def word_of(kind: str) -> str:
    """A hold as log and exports name it: of care they learn that something is held, and not why."""
    return "held" if kind == "care" else kind


def is_of_the_debt(kind: str, *, named: bool) -> bool:
    """Whether a hold binds everybody who owes the debt: a dispute, a promise, a complaint, a pause that names it."""
    return kind in _OF_EVERY_DEBT or (named and kind not in OF_THE_PERSON)


@dataclass(frozen=True, kw_only=True, slots=True)
class CoDebtor:
    """The statuses of somebody who owes one of a person's debts too; how far they reach the packs say."""

    HOLDS: ClassVar[frozenset[str]] = frozenset(
        {"bankruptcy", "breathing_space", "deceased", "attorney", "cease", "refusal"}
    )

    debt_id: int
    bankrupt_on: date | None = None
    breathing_space_until: date | None = None
    deceased_on: date | None = None
    cease_received_on: date | None = None
    represented_by: str = ""
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """A wish about times, places, media or language."""

    kind: str
    details: Mapping[str, Any]
    recorded_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """A consent or a check that stands in for one."""

    kind: str
    medium: str
    address: str
    given_on: date
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A notice that the law wants, already sent: recorded by a person, or a message of ours.

    `channel` empty: nobody knows by which medium. `received_on`: as a receipt or the debtor says. `returned`: it
    bounced, came back, or the debtor says that it never arrived.
    """

    kind: str
    debt_id: int | None
    sent_on: date
    channel: str = ""
    received_on: date | None = None
    returned: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredOptOut:
    """An opt-out as recorded; an empty address or medium means any."""

    address: str
    medium: str
    scope: str
    at: datetime
    raw: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonFile:
    """One debtor of one creditor, with everything recorded about them."""

    id: int
    person: str  # pseudonym
    creditor_id: int
    creditor: str
    reference: str
    name: str = ""
    kind: str = "person"
    language: str = ""
    country: str = ""
    region: str = ""
    city: str = ""
    postal_code: str = ""
    address_lines: tuple[str, ...] = ()
    time_zone: str = ""
    ledger_segment: str = ""
    preferred_channel: str = ""
    authorised_channels: frozenset[str] | None = None
    represented_by: str = ""
    cease_received_on: date | None = None
    bankrupt_on: date | None = None
    deceased_on: date | None = None
    breathing_space_until: date | None = None
    contact_points: tuple[ContactPoint, ...] = ()
    holds: tuple[Hold, ...] = ()
    wishes: tuple[Wish, ...] = ()
    consents: tuple[Consent, ...] = ()
    notices: tuple[Notice, ...] = ()
    opt_outs: tuple[StoredOptOut, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    co_debtors: tuple[CoDebtor, ...] = ()
    affordability: Affordability | None = None  # the newest statement that stands
    said: Mapping[str, date] = field(default_factory=dict)  # sentences of the law told, each since when
    first_message_on: date | None = None  # first message that went out and did not come back
    handler: str = ""  # whom messages name as the one to ask for; empty: the sender's own contact person
    elsewhere: tuple["PersonFile", ...] = ()  # the same human's other records, as far as they bind this one

    def is_first_contact(self, as_of: date) -> bool:
        """Whether a message of that day is the first communication: nothing of ours or made elsewhere reached them."""
        written = self.first_message_on is not None and self.first_message_on < as_of
        return not written and not any(is_communication(e) and e.at.date() < as_of for e in self.history)

    def said_before(self, as_of: date) -> frozenset[str]:
        """The sentences of the law that a message of that day need not say again."""
        return frozenset(name for name, since in self.said.items() if since < as_of)

    def after(self, contacts: Mapping[int, Sequence[HistoryEntry]]) -> "PersonFile":
        """The file when these contacts, by record, have been made to the same human's other records."""
        if not any(contacts.get(record.id) for record in self.elsewhere):
            return self
        records = (
            replace(record, history=(*record.history, *contacts.get(record.id, ())))
            for record in self.elsewhere
        )
        return replace(self, elsewhere=tuple(records))

    @property
    def postal_text(self) -> str:
        """The postal address on one line: by it a returned letter closes the address."""
        town = f"{self.postal_code} {self.city}".strip()
        return ", ".join(part for part in (*self.address_lines, town, self.country) if part)

    @property
    def full_reference(self) -> str:
        """`creditor/reference`, as commands and exports name a debtor."""
        return f"{self.creditor}/{self.reference}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Arranged:
    """The arrangement that stands on a debt, or the settlement that ended it."""

    id: int
    kind: str  # promise, plan, settlement
    active: bool  # False: a settlement that was kept
    until: date  # the day of the last payment
    pauses_until: date | None = None  # None: until it ends

    def pauses(self, on: date) -> bool:
        """Whether nothing may be asked for on a day."""
        return self.active and (self.pauses_until is None or self.pauses_until >= on)


@dataclass(frozen=True, kw_only=True, slots=True)
class DebtFile:
    """One debt, its balance net of payments recorded here and of credits allotted to it."""

    id: int
    creditor_id: int
    creditor: str
    debtor_id: int  # who owes it first
    reference: str
    ledger: Money  # the ledger's balance
    paid: Money  # recorded here since that ledger
    credit: Money  # credit notes allotted, oldest debt first
    due_date: date
    original: Money | None = None
    issued_on: date | None = None
    settled_on: date | None = None
    disputed_on: date | None = None
    promise_date: date | None = None
    time_barred_on: date | None = None
    notice_sent_on: date | None = None
    handover_decided_on: date | None = None
    sender_role: str = ""
    debt_type: str = ""
    in_ledger: bool = True
    known_on: date | None = None  # the day its balance is of: the ledger's own, or the newest payment's
    extra: Mapping[str, str] = field(default_factory=dict)
    arrangement: Arranged | None = None
    plan_interest: bool = False  # a plan that bears interest stands on it, or stood
    handed_over_on: date | None = None  # to counsel: from then on we are silent
    segment: str = ""  # of the day the file was read for; empty: none takes it, or nobody asked
    segment_because: str = ""
    worked_by: str = ""  # who works it instead of the automatic run
    # Of a private person: what a score leads to; it may add to offers and decides nothing
    score_segment: str = ""

    @property
    def balance(self) -> Money:
        """What is owed now."""
        return Money(self.ledger.minor - self.paid.minor - self.credit.minor, self.ledger.currency)

    @property
    def full_reference(self) -> str:
        """`creditor/reference`, as exports name a debt."""
        return f"{self.creditor}/{self.reference}"

    def is_barred(self, on: date) -> bool:
        """Whether it is time-barred on a date, by the ledger's own column."""
        return self.time_barred_on is not None and self.time_barred_on <= on

    def is_open(self, on: date) -> bool:
        """Issued and not settled on a date, by the ledger's own columns."""
        issued = self.issued_on is None or self.issued_on <= on
        return issued and (self.settled_on is None or self.settled_on > on)

    def is_owed(self, on: date) -> bool:
        """Open, with something left, and not ended by a settlement that was kept, whatever the ledger still shows."""
        is_ended = self.arrangement is not None and not self.arrangement.active
        return self.is_open(on) and self.balance.minor > 0 and not is_ended
