"""What may stand in a strategy's file, as a JSON schema; what one key asks of another is told where it is read."""

from typing import Any

from channels.kind import CallKind, ChannelKind
from dispatcher.agreements.domain.follow_ups import On
from dispatcher.planning.domain.strategy import (
    ASK,
    CONVERSATION,
    GO_ON,
    HANDOVER,
    RESTART,
    TASK,
    TRIES,
    VOICEMAIL,
)
from dispatcher.rulebook.strategy_match import MATCH_COLUMNS

MOST_ROUNDS = 3  # more would be a siege
_TEXTS = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
_AMOUNT = {"type": "string", "pattern": r"^\d+(\.\d+)?$"}
NOTICE_STEPS = (
    "first_written",
    "validation",
    "transfer",
)  # what a step of kind notice may be; the first if unsaid
# As what a letter is posted, in the words that a print house is told and that Lob has for it.
POSTS = ("standard", "registered", "certified", "certified_return_receipt")
_NAME = {"type": "string", "pattern": r"^[a-z0-9][a-z0-9_-]*$"}
_HOURS = {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$"}
_CHANNELS = {
    "type": "array",
    "minItems": 1,
    "uniqueItems": True,
    "items": {"enum": [kind.value for kind in ChannelKind]},
}
_WITH_CALLS = {**_CHANNELS, "items": {"enum": [*(kind.value for kind in ChannelKind), CallKind.CALL.value]}}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "steps"],
    "properties": {
        "name": _NAME,
        "description": {"type": "string"},
        "match": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                **dict.fromkeys(MATCH_COLUMNS, _TEXTS),
                "balance": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"min": _AMOUNT, "max": _AMOUNT},
                },
            },
        },
        "minimum": {
            "type": "object",
            "additionalProperties": False,
            "patternProperties": {"^[A-Z]{3}$": {"oneOf": [_AMOUNT, {"type": "number", "minimum": 0}]}},
        },
        "join": {"enum": ["none", "debtor"]},
        "parties": {"enum": ["debtor", "all"]},
        "guarantors": {"type": "boolean"},
        "due_date_moved": {"enum": [ASK, GO_ON, RESTART]},
        "on_broken": _NAME,
        "follow_ups": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "on", "channels", "template"],
                "properties": {
                    "name": _NAME,
                    "on": {"enum": [on.value for on in On]},
                    "day": {"type": "integer", "minimum": -60, "maximum": 365},
                    "channels": _CHANNELS,
                    "template": _NAME,
                    "valid_days": {"type": "integer", "minimum": 0, "maximum": 365},
                },
            },
        },
        "ends": {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "properties": {
                "after_days": {"type": "integer", "minimum": 1, "maximum": 365},
                "rounds": {"type": "integer", "minimum": 0, "maximum": MOST_ROUNDS},
                "from": _NAME,
                "then": {"enum": [TASK, HANDOVER]},
            },
        },
        "handover": {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "properties": {
                "after_days": {"type": "integer", "minimum": 1, "maximum": 3650},
                "before_time_barred_days": {"type": "integer", "minimum": 1, "maximum": 3650},
                "needs_second": {"type": "boolean"},
            },
        },
        "experiments": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "step", "arms", "starts_on", "ends_on", "approved_by"],
                "properties": {
                    "name": _NAME,
                    "step": _NAME,
                    "starts_on": {},
                    "ends_on": {},
                    "approved_by": {
                        "type": "array",
                        "minItems": 2,
                        "uniqueItems": True,
                        "items": {"type": "string", "minLength": 1},
                    },
                    "arms": {
                        "type": "array",
                        "minItems": 2,
                        "maxItems": 4,
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["name"],
                            "properties": {
                                "name": _NAME,
                                "template": _NAME,
                                "channels": _CHANNELS,
                                "hours": _HOURS,
                                "day": {"type": "integer"},
                            },
                        },
                    },
                },
            },
        },
        "steps": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "kind", "day", "channels"],
                "properties": {
                    "name": _NAME,
                    "kind": {"enum": ["courtesy", "collection", "notice"]},
                    "day": {"type": "integer", "minimum": -365, "maximum": 3650},
                    "channels": _WITH_CALLS,
                    "template": _NAME,
                    "valid_days": {"type": "integer", "minimum": 0, "maximum": 365},
                    "needs_handover_decision": {"type": "boolean"},
                    "next_channel_on_bounce": {"type": "boolean"},
                    "next_channel_on_pause": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["wait"],
                        "properties": {"wait": {"type": "number", "minimum": 0, "maximum": 720}},
                    },
                    "vary": {"type": "boolean"},
                    "notice": {"enum": list(NOTICE_STEPS)},
                    "post": {"enum": list(POSTS)},
                    "done_by": {
                        "type": "array",
                        "minItems": 1,
                        "uniqueItems": True,
                        "items": {"enum": [CONVERSATION, VOICEMAIL, TRIES]},
                    },
                    "tries": {"type": "integer", "minimum": 1, "maximum": 9},
                },
            },
        },
    },
}
