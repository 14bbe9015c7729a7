"""`config/own_page/*.yaml` -> what the debtors' own page says, a language each."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from dispatcher.people.domain.own_page_words import LAST_RESORT, OwnPageWords
from dispatcher.rulebook.filled_in import places_of, require_places
from dispatcher.rulebook.yaml_file import ConfigError, YamlFile, read_yaml

SECTIONS = ("messages", "account")  # to anybody with a link; behind the proof
_WORDS = {"type": "object", "additionalProperties": {"type": "string", "minLength": 1}}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["language", "name", *SECTIONS],
    "properties": {
        "language": {"type": "string", "pattern": "^[a-z]{2,3}$"},
        "name": {"type": "string", "minLength": 1},
        **dict.fromkeys(SECTIONS, _WORDS),
    },
}


@lru_cache(maxsize=8)
def load_own_page_words(directory: Path) -> OwnPageWords:
    """Every language of the folder, English first; raises ConfigError with file, line and key."""
    files = {path.stem: _read(path) for path in sorted(directory.glob("*.yaml"))}
    english = files.get(LAST_RESORT)
    if english is None:
        raise ConfigError(f"{directory}: en.yaml is missing; English is the last resort of the debtors' page")
    for file in files.values():
        for section in SECTIONS:
            _require_the_same(file, section, english.data[section])
    _refuse_one_name_twice(files.values())
    order = [LAST_RESORT, *(language for language in files if language != LAST_RESORT)]
    return OwnPageWords(
        names={language: files[language].data["name"] for language in order},
        messages={language: files[language].data["messages"] for language in order},
        account={language: files[language].data["account"] for language in order},
    )


def _read(path: Path) -> YamlFile:
    file = read_yaml(path)
    file.validate(SCHEMA)
    if file.data["language"] != path.stem:
        raise file.error(("language",), f"is {file.data['language']}, the file's name says {path.stem}")
    return file


def _refuse_one_name_twice(files: Iterable[YamlFile]) -> None:
    """Raise ConfigError where readers could not tell two languages apart, as in one begun from another's words."""
    known: dict[str, str] = {}
    for file in files:
        name = file.data["name"]
        if name in known:
            raise file.error(("name",), f"{name} is what {known[name]} is called already")
        known[name] = file.data["language"]


def _require_the_same(file: YamlFile, section: str, english: Mapping[str, str]) -> None:
    words = file.data[section]
    if differing := sorted(english.keys() ^ words.keys()):
        raise file.error((section,), f"not the words of English: {', '.join(differing)}")
    require_places(file, (section,), words, {name: places_of(text) for name, text in english.items()})
