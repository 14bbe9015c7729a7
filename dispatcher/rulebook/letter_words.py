"""`config/letters/*.yaml` -> the words of a letter's page, a language each, a region's own ones over them."""

from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from dispatcher.rulebook.filled_in import require_places
from dispatcher.rulebook.yaml_file import read_yaml
from dispatcher.writing.domain.letter_words import LetterWords

_WORD = {"type": "string", "minLength": 1}
_NAMES = [field.name for field in fields(LetterWords)]
_SOME: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": dict.fromkeys(_NAMES, _WORD),
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["language", "words"],
    "properties": {
        "language": {"type": "string", "pattern": "^[a-z]{2,3}$"},
        "words": {**_SOME, "required": _NAMES},
        "regions": {
            "type": "object",
            "propertyNames": {"pattern": "^[A-Z]{2}$"},
            "additionalProperties": _SOME,
        },
    },
}
_PLACES = {
    "page": {"page", "pages"},
    "continued": {"sender", "reference"},
    "balance_on": {"date"},
}  # what a word must leave room for; the others are printed as they stand


@lru_cache(maxsize=8)
def load_letter_words(directory: Path) -> Mapping[str, LetterWords]:
    """Language tag (`fr`, `fr-BE`) -> its words; raises ConfigError with file, line and key."""
    found: dict[str, LetterWords] = {}
    for path in sorted(directory.glob("*.yaml")):
        file = read_yaml(path)
        file.validate(SCHEMA)
        language, words = file.data["language"], file.data["words"]
        if language != path.stem:
            raise file.error(("language",), f"is {language}, the file's name says {path.stem}")
        regions = file.data.get("regions", {})
        require_places(file, ("words",), words, _PLACES)
        for region, own in regions.items():
            require_places(file, ("regions", region), own, _PLACES)
        found[language] = LetterWords(**words)
        found |= {f"{language}-{region}": LetterWords(**{**words, **own}) for region, own in regions.items()}
    return found
