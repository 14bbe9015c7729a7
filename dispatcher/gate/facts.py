"""Contact facts: what one intended contact looks like to the gate.

Defaults are compliant: a fact that nobody stated never refuses. Where the file was searched and nothing is
there, say so with `NOTHING_ON_FILE` (dates) or False (consents); None means "not stated".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Final


class Channel(StrEnum):
    """The media of contact that the law speaks of."""

    CALL = "call"
    VOICEMAIL = "voicemail"
    SMS = "sms"
    EMAIL = "email"
    LETTER = "letter"
    INSTANT_MESSAGE = "instant_message"
    SOCIAL = "social"


class Kind(StrEnum):
    """What a contact is for."""

    COLLECTION = "collection"
    COURTESY = "courtesy"
    VALIDATION_NOTICE = "validation_notice"
    LEGALLY_REQUIRED_NOTICE = "legally_required_notice"
    REPLY_TO_CONSUMER = "reply_to_consumer"
    PAYMENT_CONFIRMATION = "payment_confirmation"
    OPTOUT_CONFIRMATION = "optout_confirmation"
    ARRANGEMENT_SERVICE = "arrangement_service"  # confirms an agreement, or reminds of its next payment
    CONSENT_REQUEST = "consent_request"
    LOCATION_INQUIRY = "location_inquiry"
    TERMINATION_OF_EFFORTS_NOTICE = "termination_of_efforts_notice"
    SPECIFIED_REMEDY_NOTICE = "specified_remedy_notice"


class Absence(Enum):
    """We looked, and there is none."""

    NOTHING_ON_FILE = "none on file"


NOTHING_ON_FILE: Final = Absence.NOTHING_ON_FILE
DateOnFile = date | Absence | None  # None: not stated

ORAL_FORMS = frozenset({"oral", "spoken", "verbal", "phone", "telephone", "call", "voicemail", "in_person"})
PAPER_FORMS = frozenset({"letter", "written", "fax", "paper"})


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoneCandidate:
    """One zone that the file suggests.

    `source`: residence, mobile_area_code, landline_area_code, consumer_statement, postal_code …
    `authoritative`: the debtor is known to be there now; such a candidate stands alone.
    """

    source: str
    zone: str
    authoritative: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """Who would receive it: `relation` to the debt (debtor, joint_debtor, guarantor, spouse, parent …)."""

    relation: str = "debtor"
    consumer_deceased: bool | None = None
    consumer_is_minor: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AddressBasis:
    """On what ground an e-mail address is used.

    `type`: consumer_used_with_collector, direct_consent, creditor_notice, prior_collector.
    """

    type: str
    notice_sent: DateOnFile = None
    optout_by: DateOnFile = None
    public_domain: bool | None = None
    opted_out: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberBasis:
    """On what ground a number is texted (consumer_texted or direct_consent), and what keeps it fresh."""

    type: str
    last_text: DateOnFile = None
    consent_on: DateOnFile = None
    rnd_check: DateOnFile = None
    rnd_result: str | None = None  # not_reassigned | reassigned


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitedContent:
    """The parts of a limited-content voicemail."""

    is_voicemail: bool | None = None
    business_name: str | None = None
    reveals_collection_business: bool = False
    request_reply: bool = True
    natural_person_names: tuple[str, ...] | None = None
    reply_numbers: tuple[str, ...] | None = None
    optional: tuple[str, ...] = ()
    other_content: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ContentFindings:
    """What the checks found in the rendered text. None: not looked for, or in order."""

    optout_notice: bool | None = None
    optout_text: str | None = None
    optout_methods: tuple[str, ...] | None = None
    sender_identified: bool | None = None
    missing: tuple[str, ...] = ()
    initial_disclosure: bool | None = None
    subsequent_disclosure: bool | None = None
    disclosure_language: str | None = None
    language: str | None = None
    resembles_court_document: bool = False
    threatening: bool = False
    threatens_suit: bool = False
    disguised_purpose: bool = False
    asks_reason_for_default: bool = False
    first_contact_scope: tuple[str, ...] | None = None
    only_confirms_optout: bool | None = None
    extra: tuple[str, ...] = ()
    marketing: bool = False
    demands_payment_before_validation_end: bool = False
    confirms: bool | None = None
    asks_scope: bool = False
    other_content: tuple[str, ...] = ()
    validation_period_end: date | None = None  # as printed in a validation notice
    complete: bool = False  # a finding that a rule asks for and that is absent was not looked for: it holds
    looked_for: tuple[str, ...] = ()  # the elements of which `missing` speaks
    said: tuple[str, ...] = ()  # the sentences that the law wants and the text holds, by name
    claims_costs: bool | None = None  # whether it asks for costs of collection beside the debt
    costs: Decimal | None = None  # how much, in the debt's currency


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """The contact that is intended. `content` is None while no text exists."""

    channel: str
    kind: str = Kind.COLLECTION
    to: str | None = None
    debts: tuple[str, ...] = ()
    line: str | None = None  # mobile, residential_landline …
    address_place: str | None = None  # home, workplace …
    format: str | None = None  # postcard …
    visibility: str | None = None  # public, contacts, private
    addressee: str | None = None
    caller_id: str | None = None
    recipient: Recipient = Recipient()
    in_initial_communication: bool | None = None
    notice: str | None = None  # which notice of the law it is: first_written, transfer …
    address_basis: AddressBasis | None = None
    number_basis: NumberBasis | None = None
    employer_provided: bool = False
    consumer_used_it_with_collector: bool | None = None
    consent: bool | None = None
    esign_consent: bool | None = None
    opted_out: bool = False
    autodialled: bool | None = None
    prerecorded: bool = False
    ai_voice: bool = False
    approved_form: bool | None = None  # whether the authority approved the text's form; False: none on file
    limited_content: LimitedContent | None = None
    content: ContentFindings | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryEntry:
    """An earlier contact, ours or the debtor's.

    `outcome`: conversation, answered_complete, unanswered, voicemail, busy, not_in_service, sent, left,
    inbound_from_consumer, payment, bounced. No `debts`: it may have been about any.
    """

    at: datetime
    channel: str
    outcome: str
    direction: str | None = None
    debts: tuple[str, ...] = ()
    kind: str | None = None
    to: str | None = None
    text: str | None = None
    address_place: str | None = None
    prerecorded: bool = False
    consent_to_other_medium: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OptOut:
    """What the debtor stopped. An empty address or medium means any; scope: address, medium, all."""

    address: str | None = None
    medium: str | None = None
    scope: str | None = None
    at: datetime | None = None
    raw: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class InconvenientTime:
    """Hours the debtor asked us to leave alone: local `HH:MM`, `until` may be 24:00, no days: every day."""

    days: tuple[str, ...] = ()  # MO TU WE TH FR SA SU
    since: str = "00:00"
    until: str = "24:00"
    source: str = "consumer_statement"


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """Words of the debtor that nobody has turned into a wish yet."""

    text: str
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Attorney:
    """A lawyer who represents the debtor on this debt; `on_other_debts`: as far as we know on others of theirs."""

    represented: bool = True
    contact_known: bool = True
    unresponsive: bool = False
    consented_to_direct_contact: bool = False
    on_other_debts: bool = False

    @property
    def stands_between(self) -> bool:
        """Whether the lawyer is to be written to in place of the debtor."""
        silent = self.unresponsive or self.consented_to_direct_contact
        return self.represented and self.contact_known and not silent


@dataclass(frozen=True, kw_only=True, slots=True)
class Cease:
    """A request to cease contact, or (as `refusal_to_pay`) a refusal to pay: letter, email or oral."""

    received: datetime | None = None
    form: str = "letter"
    medium_accepted: bool | None = None

    @property
    def is_written(self) -> bool:
        """Whether it counts as written: electronic ones unless the medium is not accepted."""
        if self.form in ORAL_FORMS:
            return False
        return self.form in PAPER_FORMS or self.medium_accepted is not False


@dataclass(frozen=True, kw_only=True, slots=True)
class Dispute:
    """A dispute of the debt; `verification_sent` ends what it suspends."""

    received: date | None = None
    form: str = "letter"
    validation_period_end: date | None = None
    verification_sent: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OriginalCreditorRequest:
    """A request for the original creditor's name and address; a written one counts."""

    received: date | None = None
    answered: date | None = None
    form: str = "letter"


@dataclass(frozen=True, kw_only=True, slots=True)
class Workplace:
    """What is known about being contacted at work."""

    employer_prohibits: bool = False
    oral_request: date | None = None
    written_confirmation: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DebtFacts:
    """The debt's own state."""

    due: date | None = None
    days_past_due: int | None = None
    principal: Decimal | None = None  # what the costs of collection are measured by
    time_barred: bool = False
    bar_unknown: bool = False  # nobody has said whether, or from when, it is barred
    acquired_by_credit_purchaser: bool = False
    transfer_notice_sent: DateOnFile = None
    procedure_open: bool = False  # of regularisation, such as Portugal's PERSI


@dataclass(frozen=True, kw_only=True, slots=True)
class CallConsent:
    """Consent to be called, given to the collector in a contact that was itself allowed."""

    given: datetime
    directly_to_collector: bool = True
    scope: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LawRead:
    """What somebody has read of the law of the debtor's places.

    `unread`: the places of which nobody has read it. `unconfirmed` places and `unreviewed` packs: what counsel has
    not confirmed; they count where `must_be_confirmed`, since a real provider waits.
    """

    places: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()
    unreviewed: tuple[str, ...] = ()
    must_be_confirmed: bool = False
    # With which a barred debt may be asked for; None: it may not
    barred_sentences: tuple[str, ...] | None = None
    barred_unknown_after_days: int | None = None  # from what age a debt of unknown status counts as barred


@dataclass(frozen=True, kw_only=True, slots=True)
class SystemFacts:
    """The state of our own machinery."""

    audit_log_writable: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class CoDebtorFacts:
    """The statuses of others who owe a debt of the message: what reaches them too, each rule's `reach` says."""

    bankruptcy_pending: bool = False
    breathing_space_until: date | None = None
    deceased: bool = False
    attorney: Attorney | None = None
    cease: Cease | None = None
    refusal_to_pay: Cease | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Elsewhere:
    """What is on record of the same human under other creditors: it binds here too, and is shown nowhere."""

    history: tuple[HistoryEntry, ...] = ()
    opt_outs: tuple[OptOut, ...] = ()
    cease: Cease | None = None
    attorney: Attorney | None = None
    deceased: bool = False
    bankruptcy_pending: bool = False
    breathing_space_until: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """That the desk keeps a contact back for what it has on record elsewhere: how far, and not why.

    `put_off`: the plan of the next day decides anew.
    """

    outcome: str
    not_before: datetime | None = None
    not_after: datetime | None = None
    put_off: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactFacts:
    """Everything the gate may know about one intended contact at the instant `now` (aware)."""

    now: datetime
    action: Action
    zones: tuple[ZoneCandidate, ...]
    history: tuple[HistoryEntry, ...] = ()
    opt_outs: tuple[OptOut, ...] = ()
    unclear_replies: tuple[str, ...] = ()  # answers that may mean stop, until a person has read them
    inconvenient_times: tuple[InconvenientTime, ...] = ()
    inconvenient_places: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()
    attorney: Attorney | None = None
    cease: Cease | None = None
    refusal_to_pay: Cease | None = None
    dispute: Dispute | None = None
    original_creditor_request: OriginalCreditorRequest | None = None
    bankruptcy_pending: bool = False
    breathing_space_until: date | None = None
    co_debtors: CoDebtorFacts = CoDebtorFacts()
    workplace: Workplace | None = None
    debt: DebtFacts = DebtFacts()
    debt_groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    validation_period_end: date | None = None
    validation_notice_sent: DateOnFile = None
    notice_sent: DateOnFile = None
    notice_received: date | None = None  # as a receipt or the debtor says; None: nobody knows
    notice_channel: str | None = None
    notice_returned: bool = False  # it bounced or came back, or the debtor says that it never arrived
    # Declared where the debtor lives, or over for no longer than the law says
    state_of_exception: bool = False
    authorised_channels: frozenset[str] | None = None
    call_consent: CallConsent | None = None
    email_consent: bool | None = None
    sender_role: str | None = None
    holidays: tuple[date, ...] = ()
    law: LawRead | None = None  # None: under the packs named, and nobody asks for more
    first_contact: bool | None = None  # None: not stated, then what the history tells
    said: frozenset[str] | None = None  # sentences that reached the debtor before; None: not stated
    kept: Kept | None = None  # back for what is on record elsewhere
    elsewhere: Elsewhere | None = None  # becomes `kept` before anything is written (gate/elsewhere.py)
    system: SystemFacts = SystemFacts()

    @property
    def any_attorney(self) -> bool:
        """Whether anybody who owes the debt has a lawyer."""
        return self.attorney is not None or self.co_debtors.attorney is not None

    @property
    def any_cease(self) -> bool:
        """Whether anybody who owes the debt asked us to cease."""
        return self.cease is not None or self.co_debtors.cease is not None

    @property
    def any_refusal(self) -> bool:
        """Whether anybody who owes the debt refused to pay."""
        return self.refusal_to_pay is not None or self.co_debtors.refusal_to_pay is not None

    @property
    def any_death(self) -> bool:
        """Whether anybody who owes the debt has died."""
        return bool(self.action.recipient.consumer_deceased) or self.co_debtors.deceased

    @property
    def any_bankruptcy(self) -> bool:
        """Whether anybody who owes the debt has a case pending."""
        return self.bankruptcy_pending or self.co_debtors.bankruptcy_pending

    @property
    def any_breathing_space(self) -> bool:
        """Whether a moratorium of anybody who owes the debt is on file."""
        return self.breathing_space_until is not None or self.co_debtors.breathing_space_until is not None
