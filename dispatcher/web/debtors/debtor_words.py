"""What the debtors' own page says, in each language that has a file in `words/`; a new language is a file alone."""

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml

SECTIONS = ("messages", "account")  # to anybody with a link; behind the proof
DEFAULT = "en"


def _read() -> dict[str, dict[str, Any]]:
    folder = files(__package__).joinpath("words")
    read = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in folder.iterdir()]
    english = next(words for words in read if words["language"] == DEFAULT)
    for words in read:
        for section in SECTIONS:
            if english[section].keys() != words[section].keys():
                differing = ", ".join(sorted(english[section].keys() ^ words[section].keys()))
                raise ValueError(
                    f"words/{words['language']}.yaml: {section}: not the words of English: {differing}"
                )
    return {
        words["language"]: words for words in sorted(read, key=lambda words: words["language"] != DEFAULT)
    }


_READ = _read()
WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {key: each["messages"] for key, each in _READ.items()}
)
ACCOUNT_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {key: each["account"] for key, each in _READ.items()}
)
NAMES: Mapping[str, str] = MappingProxyType({key: each["name"] for key, each in _READ.items()})


def words_in(language: str) -> tuple[str, Mapping[str, str]]:
    """(language, words) nearest to a tag; English where we speak none of it."""
    primary = language.replace("_", "-").split("-")[0].lower()
    return (primary, WORDS[primary]) if primary in WORDS else (DEFAULT, WORDS[DEFAULT])
