"""`config/calls/*.yaml` -> what a caller says first, a language each."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from dispatcher.calls.domain.opening_words import OpeningWords
from dispatcher.rulebook.filled_in import require_places
from dispatcher.rulebook.yaml_file import read_yaml

_PLACES = {
    "calls": frozenset({"sender"}),
    "on_behalf": frozenset({"creditor"}),
    "asks_for": frozenset({"name"}),
}
_PARTS = (*_PLACES, "proof")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["language", "opening"],
    "properties": {
        "language": {"type": "string", "pattern": "^[a-z]{2,3}$"},
        "opening": {
            "type": "object",
            "additionalProperties": False,
            "required": list(_PARTS),
            "properties": {key: {"type": "string", "minLength": 1} for key in _PARTS},
        },
    },
}


@lru_cache(maxsize=8)
def load_opening_words(directory: Path) -> Mapping[str, OpeningWords]:
    """Every language of the folder; raises ConfigError with file, line and key."""
    found: dict[str, OpeningWords] = {}
    for path in sorted(directory.glob("*.yaml"), key=lambda one: (one.stem != "en", one.stem)):
        file = read_yaml(path)
        file.validate(SCHEMA)
        if file.data["language"] != path.stem:
            raise file.error(("language",), f"is {file.data['language']}, the file's name says {path.stem}")
        require_places(file, ("opening",), file.data["opening"], _PLACES)
        words = OpeningWords(**file.data["opening"])
        if same := next((language for language, known in found.items() if known == words), None):
            raise file.error(
                ("opening",), f"is what {same} says, word for word: it has to be written in {path.stem}"
            )
        found[path.stem] = words
    return found
