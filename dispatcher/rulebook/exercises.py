"""`config/practice/exercises.yaml` -> the exercises of the practice desk."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from dispatcher.inbox.domain.reading import Reading
from dispatcher.practice.domain.exercise import Exercise, Good
from dispatcher.rulebook.yaml_file import read_yaml

_TEXT = {"type": "string", "minLength": 1}
_NAME = {"type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["exercises"],
    "properties": {
        "exercises": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "title", "person", "balance", "writes", "good", "why"],
                "properties": {
                    "name": _NAME,
                    "title": _TEXT,
                    "person": {
                        "type": "object",
                        "required": ["debtor_name"],
                        "additionalProperties": _TEXT,
                        "propertyNames": {
                            "enum": [
                                "debtor_name",
                                "region",
                                "postal_code",
                                "city",
                                "phone",
                                "address_line_1",
                            ]
                        },
                    },
                    "balance": {"type": "string", "pattern": "^[0-9]{1,6}\\.[0-9]{2}$"},
                    "writes": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["channel", "text"],
                        "properties": {"channel": {"enum": ["email"]}, "text": _TEXT},
                    },
                    "says": _TEXT,
                    "good": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["reading"],
                        "properties": {
                            "reading": {"enum": [reading.value for reading in Reading]},
                            "reply": {"type": "boolean"},
                            "arrangement": {"enum": ["plan", "promise", "settlement"]},
                        },
                    },
                    "why": _TEXT,
                },
            },
        }
    },
}


def load_exercises(path: Path) -> tuple[Exercise, ...]:
    """Read the exercises; raises ConfigError with file, line and key."""
    file = read_yaml(path)
    file.validate(SCHEMA)
    items = file.data["exercises"]
    names = [item["name"] for item in items]
    for i, name in enumerate(names):
        if name in names[:i]:
            raise file.error(("exercises", i, "name"), f"{name!r} is the name of another exercise too")
    return tuple(
        Exercise(
            name=item["name"],
            title=item["title"],
            person=item["person"],
            balance=Decimal(item["balance"]),
            channel=item["writes"]["channel"],
            writes=item["writes"]["text"],
            good=Good(**item["good"]),
            why=item["why"].strip(),
            says=item.get("says", ""),
        )
        for item in items
    )
