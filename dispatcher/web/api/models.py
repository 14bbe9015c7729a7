"""What the API gives, field by field: what does not stand here is not published, whatever a row holds."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema
from pydantic.json_schema import models_json_schema

from dispatcher.values.instants import instant_text

Instant = Annotated[
    datetime,
    PlainSerializer(instant_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "description": "UTC, with milliseconds."}),
]
Json = dict[str, Any]


class Model(BaseModel):
    """Takes rows and documents as they come and keeps the fields it names; clients must bear further ones."""

    model_config = ConfigDict(extra="ignore", from_attributes=True, frozen=True)


class Problem(Model):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str


class Reason(Model):
    """Why something was kept back, or what was said of it."""

    pack: str
    rule: str
    decision: str = ""
    reference: str = ""
    detail: str = ""
    link: str = ""
    status: str = ""
    verified: str = ""
    not_before: str | None = None
    inputs: Json = {}
    channels: list[str] = []


class Message(Model):
    """One message."""

    id: str
    state: str
    debtor: str
    channel: str
    address: str
    step: str
    kind: str
    template: str
    template_version: int | None
    run_id: int | None
    as_of: date
    balance: str
    currency: str
    zones: list[str]
    not_before: Instant | None
    sent_at: Instant | None
    created_at: Instant
    reasons: list[Reason]


class Attempt(Model):
    """One try at sending."""

    number: int
    provider: str
    began_at: Instant
    ended_at: Instant | None
    outcome: str | None
    provider_id: str | None
    code: str | None
    reason: str | None
    content_sha256: str | None


class LogDocument(Model):
    """An entry as it was sealed."""

    at: str
    event: str
    actor: str
    as_of: date | None = None
    local_time: str | None = None
    run_id: int | None = None
    message_id: str | None = None
    person: str | None = None
    creditor: str | None = None
    strategy: str | None = None
    step: str | None = None
    kind: str | None = None
    channel: str | None = None
    provider: str | None = None
    provider_id: str | None = None
    template: str | None = None
    template_version: int | None = None
    rule_packs: list[str] | None = None
    decision: str | None = None
    reasons: list[Reason] | None = None
    balance: str | None = None
    currency: str | None = None
    days_past_due: int | None = None
    zones: list[str] | None = None
    body_sha256: str | None = None
    personal_id: int | None = None
    commitment: str | None = None
    simulated: bool | None = None
    details: Json | None = None


class MessageDetail(Message):
    """One message with its attempts and entries."""

    debts: list[str]
    expires_at: Instant
    body_sha256: str | None
    rule_packs: list[str] | None
    attempts: list[Attempt]
    entries: list[LogDocument]


class Person(Model):
    """One person on file."""

    debtor: str
    person: str
    name: str
    kind: str
    country: str
    language: str
    debts: int
    holds: list[str]


class Address(Model):
    """An address or number of a person, closed and gone ones too."""

    medium: str
    address: str
    label: str
    consent_on: date | None
    in_ledger: bool
    closed_at: Instant | None
    closed_reason: str


class Debt(Model):
    """A debt that a person owes; amounts are in the currency's smallest unit."""

    reference: str
    relation: str | None
    currency: str
    original_minor: int | None
    balance_minor: int
    paid_minor: int
    due_date: date
    issued_on: date | None
    settled_on: date | None
    disputed_on: date | None
    promise_date: date | None
    promise_minor: int | None
    time_barred_on: date | None
    notice_sent_on: date | None
    handover_decided_on: date | None
    sender_role: str
    debt_type: str
    extra: Json
    in_ledger: bool


class Statement(Model):
    """What every recorded fact says of itself."""

    id: int
    source: str
    note: str
    details: Json = {}


class Hold(Statement):
    """What keeps a person or a debt from being written to."""

    kind: str
    starts_on: date
    until: date | None
    recorded_at: Instant
    released_at: Instant | None
    released_why: str


class Wish(Statement):
    """A wish about times, places, language."""

    kind: str
    until: date | None
    recorded_at: Instant
    released_at: Instant | None


class Consent(Statement):
    """A consent, or what stands in for one."""

    kind: str
    medium: str
    address: str
    given_on: date
    recorded_at: Instant
    withdrawn_at: Instant | None


class Notice(Statement):
    """A notice that was sent."""

    kind: str
    sent_on: date
    recorded_at: Instant


class OptOut(Statement):
    """What a person stopped; an empty address or medium means any."""

    address: str
    medium: str
    scope: str
    at: Instant
    raw: str
    revoked_at: Instant | None
    revoked_by: str


class Contact(Statement):
    """A contact made elsewhere, or one that the debtor made."""

    external_id: str | None
    debts: list[str] | None
    at: Instant
    channel: str
    direction: str
    kind: str
    outcome: str
    address: str
    recorded_at: Instant


class Payment(Statement):
    """A payment that the ledger does not contain yet, or absorbed since."""

    reference: str
    currency: str
    amount_minor: int
    paid_on: date
    recorded_at: Instant
    absorbed_at: Instant | None


class Records(Model):
    """What is recorded of a person, newest first."""

    holds: list[Hold]
    wishes: list[Wish]
    consents: list[Consent]
    notices: list[Notice]
    opt_outs: list[OptOut]
    contacts: list[Contact]
    payments: list[Payment]


class PersonDetail(Model):
    """One person with debts, addresses and what is recorded."""

    debtor: str
    person: str
    name: str
    kind: str
    language: str
    country: str
    region: str
    time_zone: str
    addresses: list[Address]
    debts: list[Debt]
    records: Records


class Recorded(Model):
    """What was written down; `added`: what a repeat brought that was not there."""

    fact: str
    debtor: str
    debts: list[str]
    details: Json
    already: bool
    added: Json


class Run(Model):
    """A run by its numbers."""

    id: int
    as_of: date
    mode: str
    state: str
    started_at: Instant
    finished_at: Instant | None
    actor: str
    due: int
    sent: int
    deferred: int
    held: int
    blocked: int
    failed: int
    unknown: int


class KeptBack(Model):
    """How often a run kept something back for a reason."""

    word: str
    pack: str
    rule: str
    reference: str
    count: int


class RunSummary(Model):
    """A run's summary as it stands."""

    run_id: int
    as_of: date
    due: int
    sent: int
    deferred: int
    held: int
    blocked: int
    failed: int
    unknown: int
    by_channel: Json
    by_step: Json
    reasons: list[KeptBack]
    not_due: Json
    besides: Json
    sent_of_earlier_runs: int
    refused_creditors: Json
    template_problems: list[str]
    notes: list[str]
    stops: list[str]
    plan_digest: str
    seal: str


class Entry(LogDocument):
    """An entry of the log: what was sealed, beside it its erasable values."""

    id: int
    position: int | None = None
    debtor: str | None = None
    debts: list[str] | None = None
    address: str | None = None
    personal: Json | None = None


class Proof(Model):
    """That the log holds an entry, unchanged."""

    entry_id: int
    event: str
    position: int | None
    seal: int | None
    sealed_at: Instant | None
    leaf: str
    path: list[str]
    root: str
    key_id: str
    personal: str
    problems: list[str]
    holds: bool


class EntryDetail(Entry):
    """An entry with its proof."""

    proof: Proof


class Seal(Model):
    """A seal: the signed root of the log up to a position. `body` is what was signed."""

    body: Json
    hash: str
    signature: str


class Template(Model):
    """A template and the version in force."""

    name: str
    in_force: int | None


class TemplateVersion(Model):
    """One version of a template with its texts."""

    template: str
    version: int
    state: str
    author: str
    approver: str
    comment: str
    digest: str
    created_at: Instant | None
    published_from: Instant | None
    files: dict[str, str]


class Stop(Model):
    """Something that is stopped."""

    id: int
    scope: str
    name: str
    why: str
    stopped_by: str
    stopped_at: Instant


def published(model: type[Model], value: Any) -> Json:
    """What of a value the API gives: the model's fields that it has, as plain JSON values."""
    return model.model_validate(value).model_dump(mode="json", exclude_unset=True)


def schemas(models: list[type[Model]]) -> Mapping[str, Any]:
    """The models as JSON Schema, by name."""
    _, document = models_json_schema(
        [(model, "serialization") for model in models], ref_template="#/components/schemas/{model}"
    )
    definitions: Mapping[str, Any] = document["$defs"]
    return definitions
