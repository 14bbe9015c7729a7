"""The shapes of what the API gives and takes, as JSON Schema."""

from typing import Any, Final

from dispatcher.people.domain.fact_table import FACTS
from dispatcher.people.domain.facts import Fact, Field, Takes, words

TEXT: Final[dict[str, Any]] = {"type": "string"}
NUMBER: Final[dict[str, Any]] = {"type": "integer"}
INSTANT: Final[dict[str, Any]] = {
    "type": "string",
    "format": "date-time",
    "description": "UTC, with milliseconds.",
}
DAY: Final[dict[str, Any]] = {"type": "string", "format": "date"}
TEXTS: Final[dict[str, Any]] = {"type": "array", "items": TEXT}
ANYTHING: Final[dict[str, Any]] = {"type": "object", "additionalProperties": True}


def maybe(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema or null."""
    return {**schema, "type": [schema["type"], "null"]}


def shape(*required: str, **properties: Any) -> dict[str, Any]:
    """An object; clients must bear further properties, which later versions may add."""
    return {"type": "object", "required": list(required or properties), "properties": properties}


REASON = shape(
    "pack",
    "rule",
    pack=TEXT,
    rule=TEXT,
    decision=TEXT,
    reference=TEXT,
    detail=TEXT,
    link=TEXT,
    inputs=ANYTHING,
)
MESSAGE = shape(
    id=TEXT, state=TEXT, debtor=TEXT, channel=TEXT, address=TEXT, step=TEXT, kind=TEXT, template=TEXT,
    template_version=maybe(NUMBER), run_id=maybe(NUMBER), as_of=DAY, balance=TEXT, currency=TEXT, zones=TEXTS,
    not_before=maybe(INSTANT), sent_at=maybe(INSTANT), created_at=INSTANT, reasons={"type": "array", "items": REASON},
)  # fmt: skip
ENTRY = shape(
    "id", "at", "event", "actor", id=NUMBER, position=maybe(NUMBER), at=INSTANT, event=TEXT, actor=TEXT
)
SCHEMAS: Final[dict[str, Any]] = {
    "Problem": shape(type=TEXT, title=TEXT, status=NUMBER, detail=TEXT),
    "Message": MESSAGE,
    "MessageDetail": {
        "allOf": [
            {"$ref": "#/components/schemas/Message"},
            shape(
                "entries", debts=TEXTS, expires_at=INSTANT, body_sha256=maybe(TEXT), rule_packs=TEXTS,
                attempts={"type": "array", "items": ANYTHING}, entries={"type": "array", "items": ANYTHING},
            ),
        ]
    },
    "Person": shape(
        debtor=TEXT, person=TEXT, name=TEXT, kind=TEXT, country=TEXT, language=TEXT, debts=NUMBER, holds=TEXTS
    ),
    "PersonDetail": shape(
        "debtor", "debts", "records", debtor=TEXT, person=TEXT, name=TEXT,
        addresses={"type": "array", "items": ANYTHING}, debts={"type": "array", "items": ANYTHING}, records=ANYTHING,
    ),
    "Recorded": shape(
        "fact", "debtor", "already", fact=TEXT, debtor=TEXT, debts=TEXTS, details=ANYTHING, added=ANYTHING,
        already={"type": "boolean"},
    ),
    "Run": shape(
        "id", "as_of", "state", "due", id=NUMBER, as_of=DAY, mode=TEXT, state=TEXT, started_at=INSTANT,
        finished_at=maybe(INSTANT), actor=TEXT, due=NUMBER, sent=NUMBER, deferred=NUMBER, held=NUMBER, blocked=NUMBER,
        failed=NUMBER, unknown=NUMBER,
    ),
    "RunSummary": shape(
        "run_id", "as_of", "due", run_id=NUMBER, as_of=DAY, due=NUMBER, by_channel=ANYTHING, by_step=ANYTHING
    ),
    "Entry": ENTRY,
    "EntryDetail": {"allOf": [{"$ref": "#/components/schemas/Entry"}, shape("proof", proof=ANYTHING)]},
    "Seal": shape(body=ANYTHING, hash=TEXT, signature=TEXT),
    "Template": shape(name=TEXT, in_force=maybe(NUMBER)),
    "TemplateVersion": shape(
        "template", "version", "state", "files", template=TEXT, version=NUMBER, state=TEXT, author=TEXT, approver=TEXT,
        comment=TEXT, digest=TEXT, created_at=maybe(INSTANT), published_from=maybe(INSTANT), files=ANYTHING,
    ),
    "Stop": shape(id=NUMBER, scope=TEXT, name=TEXT, why=TEXT, stopped_by=TEXT, stopped_at=INSTANT),
}  # fmt: skip
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


RECORD: Final = {
    "description": "The facts that `dispatcher record` takes; a field that a fact does not know is refused.",
    "oneOf": [_fact(fact) for fact in FACTS],
}
