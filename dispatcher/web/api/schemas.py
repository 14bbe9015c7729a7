"""The shapes of what the API takes, as JSON Schema; what it gives stands in `models.py`."""

from typing import Any, Final

from channels.kind import CallKind, ChannelKind
from dispatcher.people.domain.fact_table import FACTS
from dispatcher.people.domain.facts import Fact, Field, Takes, words
from dispatcher.portfolio.domain.portfolio_columns import DEBTOR_COLUMNS
from dispatcher.wire.provide_documents import KINDS

TEXT: Final[dict[str, Any]] = {"type": "string"}
NUMBER: Final[dict[str, Any]] = {"type": "integer"}
INSTANT: Final[dict[str, Any]] = {
    "type": "string",
    "format": "date-time",
    "description": "UTC, with milliseconds.",
}
DAY: Final[dict[str, Any]] = {"type": "string", "format": "date"}


def shape(*required: str, **properties: Any) -> dict[str, Any]:
    """An object; clients must bear further properties, which later versions may add."""
    return {"type": "object", "required": list(required or properties), "properties": properties}


def strict(*required: str, **properties: Any) -> dict[str, Any]:
    """An object of which a field that nobody knows is refused: a misspelt one would say nothing."""
    return {**shape(*required, **properties), "additionalProperties": False}


DECISION: Final = shape(
    decision={"type": "string", "enum": ["hold", "release", "cancel", "sent", "not_sent"]}, why=TEXT
)
STOP: Final = shape(
    "scope",
    "why",
    scope={"type": "string", "enum": ["all", "creditor", "channel", "template", "pack"]},
    name=TEXT,
    why=TEXT,
)
RESUMPTION: Final = shape(why=TEXT)


def _field(field: Field) -> dict[str, Any]:
    schema: dict[str, Any] = {
        Takes.DAY: DAY,
        Takes.INSTANT: INSTANT,
        Takes.FLAG: {"type": "boolean"},
    }.get(field.takes, TEXT)
    if field.choices:
        schema = {"type": "string", "enum": list(field.choices)}
    if field.many:
        schema = {"oneOf": [schema, {"type": "array", "items": schema}]}
    only = f" For {', '.join(field.only)}." if field.only else ""
    silence = {} if field.default is None or field.default_for else {"default": field.default}
    return {**schema, "description": f"{field.says}{only}", **silence}


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "title": fact.title or words(fact.name).capitalize(),
        "description": fact.says,
        "type": "object",
        "required": ["fact", "source", *(field.name for field in fact.fields if field.required)],
        "properties": {
            "fact": {"const": fact.name},
            "source": {
                **TEXT,
                "description": "Where it comes from: a call, a letter's number.",
                "maxLength": 300,
            },
            "note": {**TEXT, "description": "In your words; erasable.", "maxLength": 2_000},
            **{field.name: _field(field) for field in fact.fields},
        },
    }


AMOUNT: Final[dict[str, Any]] = {
    "type": "string",
    "description": "As 120.50, in the debt's currency.",
    "pattern": "^[0-9]+([.][0-9]+)?$",
}
PAYMENT: Final = strict(
    "amount",
    amount=AMOUNT,
    debt={
        **TEXT,
        "description": "The debt's reference; without one the debtor's agreed debts, then the oldest.",
    },
    debtor={**TEXT, "description": "The debtor's reference, or creditor/reference."},
    debt_reference={**TEXT, "description": "The same as `debt`."},
    debtor_reference={**TEXT, "description": "The same as `debtor`."},
    creditor=TEXT,
    currency={**TEXT, "description": "Refused where the debt is in another."},
    paid_on={**DAY, "description": "Today if not given."},
    source=TEXT,
    note=TEXT,
    external_id={**TEXT, "maxLength": 200, "description": "Your own id of it: sent twice, it counts once."},
    again={"type": "boolean", "description": "Another payment of the same amount and day is meant."},
    sure={
        "type": "boolean",
        "description": "It is right, although it is more than is owed or of a day that has not come.",
    },
)
REVERSAL: Final = strict(
    "source", source={**TEXT, "description": "Why: a cheque or a direct debit bounced."}, note=TEXT
)
WEBHOOK: Final = strict("url", url={**TEXT, "format": "uri"}, creditor=TEXT)
QUESTION: Final = strict(
    "debtor",
    debtor={**TEXT, "description": "The debtor's reference, or creditor/reference."},
    channel={
        "type": "string",
        "enum": [str(one) for one in (*ChannelKind, CallKind.CALL)],
        "default": "call",
    },
    at={**INSTANT, "description": "When it would be; now if not given, 30 days ahead at most."},
    debts={
        "type": "array",
        "items": TEXT,
        "description": "What would be spoken of; all that may be if not given.",
    },
    address={**TEXT, "description": "The number or mailbox; any that may be used if not given."},
)
DOCUMENT: Final = strict(
    "debt",
    "title",
    "url",
    debt={**TEXT, "description": "The debt's reference, or creditor/reference."},
    creditor=TEXT,
    kind={"type": "string", "enum": list(KINDS), "default": "other"},
    title={**TEXT, "maxLength": 200},
    url={**TEXT, "format": "uri", "description": "https; people of the desk open it."},
    sha256={**TEXT, "pattern": "^[0-9a-f]{64}$", "description": "Of the paper's bytes."},
    external_id={**TEXT, "maxLength": 200, "description": "Your own id of it: sent twice, it is one."},
)
WITHDRAWAL: Final = strict(why=TEXT)
ROWS: Final[dict[str, Any]] = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "description": "The columns of a portfolio file; those of the debtor may stand in `debtor`. Amounts are texts.",
        "additionalProperties": True,
        "properties": {
            "debt_reference": TEXT,
            "debtor_reference": TEXT,
            "currency": TEXT,
            "balance": TEXT,
            "due_date": DAY,
            "debtor": {"type": "object", "additionalProperties": True},
        },
    },
}
DEBTORS: Final[dict[str, Any]] = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "description": "The columns of a portfolio file that are a debtor's: reference, name, kind, and the others.",
        "additionalProperties": True,
        "properties": {
            "reference": TEXT,
            "creditor": TEXT,
            "name": TEXT,
            "kind": TEXT,
            **{name: TEXT for name in sorted(DEBTOR_COLUMNS) if not name.startswith("debtor_")},
        },
    },
}


def fact_of(name: str) -> dict[str, Any]:
    """A fact of the table under an address of its own, of the debtor whom the body names."""
    [fact] = [one for one in FACTS if one.name == name]
    schema = _fact(fact)
    fields = {key: value for key, value in schema["properties"].items() if key != "fact"}
    debtor = {**TEXT, "description": "The debtor's reference, or creditor/reference."}
    required = ["debtor", *(key for key in schema["required"] if key not in ("fact", "source"))]
    return {**schema, "required": required, "properties": {"debtor": debtor, **fields}}


RECORD: Final = {
    "description": "The facts that `dispatcher record` takes; a field that a fact does not know is refused.",
    "oneOf": [_fact(fact) for fact in FACTS],
}
