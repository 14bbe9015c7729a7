"""Loads config/content/optout_words.yaml into an OptOutTable."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from dispatcher.people.domain.optout_words import (
    Keyword,
    Kind,
    OptOutTable,
    Phrase,
    Scope,
    StopKind,
    Words,
    word_list,
)
from dispatcher.people.domain.own_words import bare
from dispatcher.rulebook.yaml_file import KeyPath, YamlFile, read_yaml

_ABOUT_STOPPING = "optout_"  # the layouts' phrases
_WHOLE_MESSAGE: tuple[Kind, ...] = ("start", "help", "wrong_number")
_WORDS = {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}


def _row(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_LANGUAGE = _row(
    {
        "stop": {
            "type": "object",
            "properties": {scope: _row({"words": _WORDS, "phrases": _WORDS}) for scope in get_args(Scope)},
            "required": ["address"],
            "additionalProperties": False,
        },
        "start": _WORDS,
        "help": _WORDS,
        "courtesy": _WORDS,
        "doubts": _WORDS,
        "negators": _WORDS,
    }
)
_LANGUAGE["properties"] |= {  # where a language says them
    "wrong_number": _WORDS,
    "kinds": {
        "type": "array",
        "items": _row(
            {
                "scope": {"enum": list(get_args(Scope))},
                "parts": {"type": "array", "items": _WORDS, "minItems": 2},
            }
        ),
    },
}
_SCHEMA = _row(
    {
        "languages": {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z]{2}$"},
            "additionalProperties": _LANGUAGE,
            "minProperties": 1,
        }
    }
)


_CARE = _row(
    {
        "phrases": {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z]{2}$"},
            "additionalProperties": _WORDS,
            "required": ["en"],
        },
        "helplines": {
            "type": "object",
            "propertyNames": {"pattern": r"^([A-Z]{2}|\*)$"},
            "additionalProperties": {"type": "string", "minLength": 1},
            "required": ["*"],
        },
    }
)


@lru_cache(maxsize=4)
def load_optout_words(path: Path) -> OptOutTable:
    """Read the word table, and from the wordings beside it what our own foot says of stopping.

    Raises ConfigError, since without it a STOP would go unheard.
    """
    file = read_yaml(path)
    file.validate(_SCHEMA)
    languages: Mapping[str, Any] = file.data["languages"]
    keywords = _keywords(file, languages)
    care = read_yaml(path.with_name("care_words.yaml"))
    care.validate(_CARE)
    phrases = [phrase for language, entry in languages.items() for phrase in _phrases(language, entry)]
    return OptOutTable(
        keywords=MappingProxyType(keywords),
        phrases=tuple(sorted(phrases, key=lambda phrase: (-len(phrase.words), phrase.words))),
        courtesy=frozenset(word_list(word) for entry in languages.values() for word in entry["courtesy"]),
        doubts=_single_words(languages, "doubts"),
        negators=_single_words(languages, "negators"),
        kinds=tuple(kind for language, entry in languages.items() for kind in _kinds(language, entry)),
        care=tuple(word_list(text) for texts in care.data["phrases"].values() for text in texts),
        helplines=MappingProxyType(care.data["helplines"]),
        ours=frozenset(_foot(path.parent)),
    )


def _foot(folder: Path) -> Iterator[str]:
    """How every language's layout says how to stop: a debtor's program quotes it."""
    for path in sorted(folder.glob("[a-z][a-z].yaml")):
        phrases = read_yaml(path).data.get("phrases", {})
        yield from (bare(text) for name, text in phrases.items() if name.startswith(_ABOUT_STOPPING))


def _phrases(language: str, entry: Mapping[str, Any]) -> Iterator[Phrase]:
    for scope, lists in entry["stop"].items():
        for text in lists["phrases"]:
            yield Phrase(words=word_list(text), scope=scope, language=language)


def _kinds(language: str, entry: Mapping[str, Any]) -> Iterator[StopKind]:
    for row in entry.get("kinds", ()):
        parts = tuple(frozenset(word for text in part for word in word_list(text)) for part in row["parts"])
        yield StopKind(parts=parts, scope=row["scope"], language=language)


def _keywords(file: YamlFile, languages: Mapping[str, Any]) -> dict[Words, Keyword]:
    """Key the words of all languages; the first keeps a shared word, and two meanings of one are an error."""
    keywords: dict[Words, Keyword] = {}
    for language, entry in languages.items():
        for kind, scope, text, where in _listed(entry):
            keyword = Keyword(kind=kind, scope=scope, language=language)
            kept = keywords.setdefault(word_list(text), keyword)
            if kept.kind != kind:
                at: KeyPath = ("languages", language, *where)
                raise file.error(
                    at, f"{text!r} means {kept.kind} in {kept.language}; a word can mean one thing only"
                )
    return keywords


def _listed(entry: Mapping[str, Any]) -> Iterator[tuple[Kind, Scope | None, str, KeyPath]]:
    for scope, lists in entry["stop"].items():
        for index, text in enumerate(lists["words"]):
            yield "stop", scope, text, ("stop", scope, "words", index)
    for kind in _WHOLE_MESSAGE:
        for index, text in enumerate(entry.get(kind, ())):
            yield kind, None, text, (kind, index)


def _single_words(languages: Mapping[str, Any], key: str) -> Mapping[str, frozenset[str]]:
    return MappingProxyType(
        {
            language: frozenset(word for text in entry[key] for word in word_list(text))
            for language, entry in languages.items()
        }
    )
