"""Everything a message's text is made from, as one value with a digest."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any

import orjson

from channels.kind import ChannelKind
from dispatcher.agreements.domain.offered_before import SettlementOffer
from dispatcher.agreements.domain.offers import PlanOffer
from dispatcher.people.domain.asked import asked_in_all
from dispatcher.values.money import Money
from dispatcher.values.sender import Sender
from dispatcher.writing.domain.arrangement_view import ArrangementView
from dispatcher.writing.domain.itemization import Itemization

_MOST_SHOWN, _LEAST_SHOWN, _LEAST_HIDDEN = 4, 2, 2  # characters of a reference, for its owner to know it by


@dataclass(frozen=True, kw_only=True, slots=True)
class DebtorView:
    """The person written to. All strings are untrusted text."""

    reference: str
    name: str
    kind: str = "person"  # or company
    language: str = ""
    country: str = ""
    region: str = ""
    city: str = ""
    postal_code: str = ""
    address_lines: tuple[str, ...] = ()
    email: str = ""
    phone: str = ""  # E.164

    @property
    def reference_end(self) -> str:
        """`…1007` of C-1007: enough for its owner to know it by, too little for others; empty where it is too short."""
        shown = min(_MOST_SHOWN, len(self.reference) - _LEAST_HIDDEN)
        return f"…{self.reference[-shown:]}" if shown >= _LEAST_SHOWN else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DebtView:
    """One debt as of the run's date. `balance` is net of payments and credits allotted to it."""

    reference: str
    balance: Money
    original: Money
    due_date: date
    days_past_due: int
    issued_on: date | None = None
    paid: Money | None = None
    interest: Money | None = None
    fees: Money | None = None
    charges: Money | None = None  # what the balance holds beyond these and the ledger does not name
    credit: Money | None = None
    # By statute, on the message's day; beside the balance, as the costs are
    late_interest: Money | None = None
    late_costs: Money | None = None
    late_reference: str = ""  # of that statute
    late_per_day: Money | None = None
    itemization: Itemization | None = None
    transferred_on: date | None = None  # the claim, to whoever is the creditor now
    transferred_by: str = ""
    capacity: str = "debtor"  # or joint_debtor, guarantor: how the person written to owes it
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def with_late(self) -> Money | None:
        """Balance and statutory charges together; None where there are none."""
        added = [amount for amount in (self.late_interest, self.late_costs) if amount]
        return sum(added, self.balance) if added else None

    @property
    def costs(self) -> Money | None:
        """What is asked for beside price and interest: fees, costs by statute, and what nobody named."""
        asked = [amount for amount in (self.fees, self.charges, self.late_costs) if amount and amount.minor]
        return sum(asked, Money(0, self.balance.currency)) if asked else None


@dataclass(frozen=True, kw_only=True, slots=True)
class PaperView:
    """A creditor's paper about a debt, for whoever asked for proof: what it is called, and where it is read."""

    title: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderInputs:
    """What a template may speak of. The same inputs and template version give the same text."""

    channel: ChannelKind
    step: str
    kind: str  # courtesy, collection, notice, arrangement_service, reply_to_consumer, optout_confirmation
    as_of: date
    debtor: DebtorView
    sender: Sender
    debts: tuple[DebtView, ...]  # what the text is about
    total: Money  # all that it asks for: `debts` and `others`
    others: tuple[DebtView, ...] = ()  # what stands in a part of its own
    others_are_new: bool = False  # nobody has written about them yet; else about `debts` nobody has
    disputed: tuple[str, ...] = ()  # references that are named with nothing to pay
    balances_on: date | None = None  # the day that the balances are of; None: the as-of date
    relation: str = "debtor"  # or joint_debtor, guarantor
    role: str = ""  # in what role these debts are collected; empty: the sender's own
    first_contact: bool = True
    said: tuple[str, ...] | None = None  # sentences of the law said before; None: as `first_contact` says
    first_message_on: date | None = None  # when the first reminder went out
    notice: str = ""  # of a notice: which one of the law it is
    validation_ends_on: date | None = None  # of a validation notice: the last day of its period
    notice_on: date | None = None  # by when all its debts had the first notice that the law wants
    plans: tuple[PlanOffer, ...] = ()
    plans_valid_until: date | None = None
    plans_bear_interest: bool = False
    settlement: Money | None = None  # a part of the balance that would end the debts
    settlement_until: date | None = None  # None: it comes again on the same terms
    discount: SettlementOffer | None = None  # for prompt payment
    arrangement: ArrangementView | None = None
    papers: tuple[
        PaperView, ...
    ] = ()  # of an answer to a person: what the creditor has provided about their debts
    handover_on: date | None = None
    handover_firm: str = ""
    barred: bool = False  # a debt of it is time-barred
    arranged: bool = False  # payment of a debt of it is agreed for a day to come
    optout_url: str = ""
    payment_url: str = ""
    packs: tuple[str, ...] = ()  # rule packs in force: which country lines and disclosures the layout adds

    @property
    def asks(self) -> bool:
        """Whether it may ask for money: answers to people and confirmations of a stop ask for none."""
        return self.kind not in ("reply_to_consumer", "optout_confirmation")

    @property
    def discount_less(self) -> Money | None:
        """What is taken off the total for prompt payment."""
        return self.total - self.discount.amount if self.discount else None

    @property
    def balance_day(self) -> date:
        """The day on which what the text says of the balances was true."""
        return self.balances_on or self.as_of

    @property
    def asked(self) -> tuple[DebtView, ...]:
        """Every debt that the message asks for."""
        return (*self.debts, *self.others)

    @property
    def part_total(self) -> Money:
        """What is open of the debts that the text is about."""
        return asked_in_all(self.debts, self.total.currency)

    @property
    def names(self) -> tuple[str, ...]:
        """Whoever is named: some end with a stop of their own."""
        sender = self.sender
        people = (self.debtor.name, sender.contact_person)
        return (*people, sender.name, sender.legal_name, sender.creditor_name)

    def digest(self) -> str:
        """SHA-256 (hex) over all values; two equal digests render the same text."""
        values = {name: getattr(self, name) for name in _OWN if name not in _ADDED or getattr(self, name)}
        values["sender"] = _sender_digest(self.sender)
        return hashlib.sha256(_written(values)).hexdigest()


_ADDED = frozenset({"papers", "discount"})  # what has none digests as it did before there were any
_OWN = tuple(each.name for each in fields(RenderInputs) if each.name != "sender")
_MOST_SENDERS = 256
_senders: dict[int, tuple[Sender, str]] = {}  # by identity: a configuration's senders live as long as it does


def _written(value: Any) -> bytes:
    return orjson.dumps(value, default=_plain, option=orjson.OPT_SORT_KEYS)


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value) if isinstance(value, Decimal) else dict(value)


def _sender_digest(sender: Sender) -> str:
    """One sender stands behind all messages of its creditor: read it once."""
    known = _senders.get(id(sender))
    if known is not None and known[0] is sender:
        return known[1]
    digest = hashlib.sha256(_written(sender)).hexdigest()
    if len(_senders) >= _MOST_SENDERS:
        _senders.clear()
    _senders[id(sender)] = (sender, digest)
    return digest
