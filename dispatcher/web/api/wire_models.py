"""What the API gives to a creditor's system."""

from datetime import date

from pydantic import Field

from dispatcher.web.api.models import Instant, Json, Model, Reason


class Creditor(Model):
    """A creditor and the day of its newest ledger."""

    key: str
    ledger_as_of: date | None
    ledger_imported_at: Instant | None


class Debtor(Model):
    """Somebody who owes; `debtor` is creditor/reference. Of one who was erased no name is left."""

    creditor: str
    debtor: str
    reference: str
    name: str
    kind: str
    language: str
    country: str
    region: str
    time_zone: str
    erased: bool


class ContactMade(Model):
    """A contact that was made elsewhere, or that the person made; `debts` null: all. No words."""

    id: int
    creditor: str
    debtor: str
    debts: list[str] | None
    at: Instant
    channel: str
    direction: str
    outcome: str
    address: str
    external_id: str | None
    recorded_at: Instant


class Stopped(Model):
    """What a person stopped; an empty medium or address means any. No words."""

    id: int
    creditor: str
    debtor: str
    medium: str
    address: str
    scope: str
    at: Instant
    revoked_at: Instant | None


class Party(Model):
    """Somebody who answers for a debt beside its debtor."""

    reference: str
    relation: str


class DebtParty(Model):
    """Somebody who answers for a debt beside its debtor; `debt` and `debtor` as creditor/reference."""

    debt: str
    debtor: str
    relation: str


class Decision(Model):
    """What the gate said: of a debt in a plan, a message, a call, or of a contact that was asked about.

    `decision`: allow, defer, hold or block. A yes holds until `valid_until` and reserves nothing. `debts`: those that
    may be spoken of.
    """

    id: int | None = None
    at: str
    event: str
    decision: str
    creditor: str
    debtor: str
    debts: list[str]
    channel: str
    address: str
    step: str = ""
    message_id: str | None = None
    run_id: int | None = None
    asked_for: str | None = None
    not_before: str | None = None
    valid_until: str | None = None
    reasons: list[Reason]


class DebtDocument(Model):
    """A paper about a debt, by link."""

    id: int
    debt: str
    kind: str
    title: str
    url: str
    sha256: str
    external_id: str
    added_at: Instant
    withdrawn_at: Instant | None


class DebtBalance(Model):
    """A debt: `balance` is what is owed now, `ledger_balance` what the newest ledger said; amounts are texts."""

    creditor: str
    debtor: str
    reference: str
    currency: str
    balance: str
    ledger_balance: str
    due_date: date
    settled_on: date | None
    disputed_on: date | None
    balance_as_of: date | None
    in_ledger: bool


class DebtBalanceDetail(DebtBalance):
    """A debt with everybody who answers for it."""

    parties: list[Party]


class RowError(Model):
    """What is wrong with a row, in the sender's own count from 0."""

    row: int
    column: str
    value: str
    reason: str


class Pushed(Model):
    """What became of rows that were sent; `location` where that is to be asked for later."""

    id: int | None = None
    state: str = "done"
    location: str = ""
    rows: int = 0
    imported: int = 0
    refused: int = 0
    held: int = 0
    errors: list[RowError] = Field(default_factory=list)
    warnings: list[RowError] = Field(default_factory=list)
    why: str = ""


class PaymentMade(Model):
    """A payment; one that paid several debts has a part for each."""

    id: int
    creditor: str
    debtor: str
    debt: str
    amount: str
    currency: str
    paid_on: date
    source: str
    external_id: str
    reversed: bool


class PaymentRecorded(Model):
    """What a payment, or its reversal, came to; `left` is owed on the debts it was put on.

    `already`: it stood under that `external_id` before, and nothing was added.
    """

    id: int
    debtor: str
    debts: list[str]
    amount: str
    currency: str
    paid_on: date | None = None
    left: str = ""
    external_id: str = ""
    reversed: bool = False
    already: bool = False


class Instalment(Model):
    """One payment of an arrangement. `state`: due, paid, missed."""

    due_on: date
    amount: str
    paid: str
    state: str


class Arrangement(Model):
    """What was agreed: a promise, a plan or a settlement, and how it stands.

    `principal` and `interest` are what the total of a plan that bears interest is made of.
    """

    id: int
    kind: str
    state: str
    debtor: str
    debts: list[str]
    currency: str
    total: str
    principal: str = ""
    interest: str = ""
    agreed_on: date
    instalments: list[Instalment]


class Event(Model):
    """Something that happened; `id` is the cursor that follows it."""

    id: str
    type: str
    timestamp: str
    creditor: str = ""
    debtor: str = ""
    debts: list[str] = Field(default_factory=list)
    message_id: str = ""
    run_id: int | None = None
    channel: str = ""
    step: str = ""
    details: Json = Field(default_factory=dict)


class Webhook(Model):
    """A receiver of events; `secret` is shown once, when it is added."""

    id: int
    url: str
    creditor: str | None
    created_at: Instant
    failures: int
    failing_since: Instant | None
    next_try_at: Instant | None
    secret: str = ""


class WebhookTry(Model):
    """One request to a receiver."""

    event: str
    at: Instant
    status: int | None
    said: str
