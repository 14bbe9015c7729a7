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
    word_list,
)
from dispatcher.people.domain.own_words import bare
from dispatcher.people.domain.stop_kinds import GAP, Limits, Part, Scope, StopKind, Words
from dispatcher.rulebook.yaml_file import KeyPath, YamlFile, read_yaml

_CLASS = "$"  # before the name of a class of words
_ABOUT_STOPPING = "optout_"  # the layouts' phrases
_WHOLE_MESSAGE: tuple[Kind, ...] = ("start", "help", "wrong_number")
_WORDS = {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}
_PART = {"anyOf": [_WORDS, {"type": "string", "minLength": 1}]}  # words, or the name of a class of them


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
    "classes": {"type": "object", "additionalProperties": _WORDS},
    "limits": _WORDS,
    "matters": _WORDS,
    "turns": _WORDS,
    "tellers": _WORDS,
    "kinds": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "scope": {"enum": list(get_args(Scope))},
                "parts": {"type": "array", "items": _PART, "minItems": 2},
                "gap": {"type": "integer", "minimum": 0, "maximum": GAP},
                "tale": _PART,
            },
            "required": ["scope", "parts"],
            "additionalProperties": False,
        },
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
        kinds=tuple(kind for language, entry in languages.items() for kind in _kinds(file, language, entry)),
        tellers={language: _part(entry.get("tellers", [])) for language, entry in languages.items()},
        turns=frozenset(word for entry in languages.values() for word in entry.get("turns", ())),
        limits={language: _limits(entry) for language, entry in languages.items()},
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


def _kinds(file: YamlFile, language: str, entry: Mapping[str, Any]) -> Iterator[StopKind]:
    classes: Mapping[str, list[str]] = entry.get("classes", {})

    def of(written: str, where: KeyPath) -> list[str]:
        if not written.startswith(_CLASS):
            return [written]
        if (name := written.removeprefix(_CLASS)) in classes:
            return classes[name]
        at: KeyPath = ("languages", language, "kinds", *where)
        raise file.error(at, f"{written!r} names no class of words; there are {', '.join(classes) or 'none'}")

    def part(written: str | list[str], *where: str | int) -> Part:
        texts = [written] if isinstance(written, str) else written
        return _part([word for text in texts for word in of(text, where)])

    for i, row in enumerate(entry.get("kinds", ())):
        yield StopKind(
            parts=tuple(part(each, i, "parts", j) for j, each in enumerate(row["parts"])),
            scope=row["scope"],
            language=language,
            gap=row.get("gap", GAP),
            tale=part(row["tale"], i, "tale") if "tale" in row else Part(),
        )


def _limits(entry: Mapping[str, Any]) -> Limits:
    """What limits a wish by kind; where a language does not say it, its doubts anywhere do."""
    if "limits" not in entry:
        return Limits(anywhere=_part(entry["doubts"]))
    return Limits(here=_part(entry["limits"]), anywhere=_part(entry.get("matters", [])))


def _part(texts: list[str]) -> Part:
    """Words as they are read; one that ends in a star is the beginning of others."""
    return Part(
        words=frozenset(word for text in texts if not text.endswith("*") for word in word_list(text)),
        stems=tuple(word for text in texts if text.endswith("*") for word in word_list(text)),
    )


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
