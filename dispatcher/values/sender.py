"""Who writes: the identity that every message must show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from urllib.parse import quote

from dispatcher.values.bank_account import BankAccount
from dispatcher.values.charges import Charge
from dispatcher.values.logo import Logo
from dispatcher.values.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class AdviceBody:
    """A free debt-advice service or complaints unit that a message names, by country."""

    name: str
    phone: str = ""
    website: str = ""
    email: str = ""
    address: str = ""  # on one line


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """One creditor's voice, from `config/senders.yaml`. `key` is the portfolio's creditor."""

    key: str
    name: str  # as debtors know it
    legal_name: str
    role: str  # original_creditor, third_party, debt_buyer, law_firm
    creditor_name: str  # whose claim it is; equals legal_name for an original creditor
    contact_person: str
    contact_hours: Mapping[str, str]  # by language
    phone: str
    email: str
    reply_to: str
    website: str
    address_lines: tuple[str, ...]
    postal_code: str
    city: str
    region: str
    country: str
    payment_url: str  # may hold {debt_reference}, {amount} and {currency}
    dispute_url: str = ""
    registration: str = ""
    complaints: Mapping[str, AdviceBody] = field(default_factory=dict)  # by country
    advice: Mapping[str, AdviceBody] = field(default_factory=dict)  # free debt advice, by country
    supervisors: Mapping[str, AdviceBody] = field(default_factory=dict)  # the sender's authority, by country
    creditor_address: str = ""  # of another whose claim it is, on one line
    handover_firm: str = ""  # who takes over after the final notice
    handover_days: int = 14  # the true date of the final notice: as-of date plus these
    employer_domains: tuple[str, ...] = ()
    packs: tuple[str, ...] = ()  # the creditor's own policy packs
    plan_counts: tuple[int, ...] = (2, 3, 6)  # instalments a plan offer may have; only approved ones
    page_size: str = "A4"  # or Letter
    window: str = ""  # left or right, of its envelopes; empty: as the country's own
    logo: Logo | None = None  # in the head of its e-mails and letters
    colour: str = ""  # `#rrggbb` that reads on white, of the one button
    colour_dark: str = ""  # the same for dark screens
    tagged_letters: bool = False  # whether its letters carry what screen readers follow
    sms_cost: Mapping[str, str] = field(default_factory=dict)
    bank: Mapping[str, BankAccount] = field(default_factory=dict)  # by currency
    self_service: bool = False  # whether debtors who prove who they are see their debts on their own page
    # The statute whose interest and costs it claims beside the ledger's balance
    charges: Charge | None = None
    language: str = "en"  # in which a debtor is written to whose own language no template speaks

    def payment_address(self, reference: str, total: Money) -> str:
        """The creditor's own payment page for a reference; the amount with a point, in the main unit."""
        values = {"debt_reference": reference, "amount": str(total.amount), "currency": total.currency}
        address = self.payment_url
        for name, value in values.items():
            address = address.replace(f"{{{name}}}", quote(value, safe=""))
        return address


def sms_price(sender: Sender, country: str, segments: int) -> str | None:
    """`0.0166 USD` for two segments; None where the sender's entry names no price for the country."""
    amount, _, currency = sender.sms_cost.get(country, "").partition(" ")
    try:
        each = Decimal(amount)
    except InvalidOperation:
        return None
    return f"{each * segments} {currency}".strip()
