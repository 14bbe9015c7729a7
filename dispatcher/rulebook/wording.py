"""`config/content/*.yaml` -> Wording values, a language each."""

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from channels.kind import ChannelKind
from dispatcher.rulebook.yaml_file import ConfigError, KeyPath, YamlFile, read_yaml
from dispatcher.writing.domain.leaning import Leaning
from dispatcher.writing.domain.wording import (
    Denials,
    Disclosure,
    FairSentences,
    Family,
    Patterns,
    Wording,
    folded,
)

_TEXTS = {"type": "array", "items": {"type": "string", "minLength": 1}}
_BY_NAME = {"type": "object", "additionalProperties": {"type": "string", "minLength": 1}}
_CHANNELS = [kind.value for kind in ChannelKind]
_FAMILIES: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["rule", "advice"],
        "anyOf": [{"required": ["patterns"]}, {"required": ["mentions"]}],
        "properties": {
            "rule": {"type": "string", "pattern": "^[a-z][a-z-]*$"},
            "fact": {"type": "string"},
            "topic": {"type": "string"},
            "where": {"type": "array", "items": {"enum": ["text", "neutral", "heading"]}},
            "advice": {"type": "string", "minLength": 1},
            "patterns": {**_TEXTS, "minItems": 1},
            "mentions": {**_TEXTS, "minItems": 1},
            "allowed": _TEXTS,
            "may_be_denied": {"type": "boolean"},
            "may_be_fair": {"type": "boolean"},
        },
    },
}
_LANGUAGE = re.compile("[a-z]{2,3}")  # the folder holds other word lists too
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        "language",
        "words",
        "phrases",
        "families",
        "optout",
        "handover",
        "not_a_court",
        "stopwords",
    ],
    "properties": {
        "language": {"type": "string", "pattern": "^[a-z]{2,3}$"},
        "words": {
            "type": "object",
            "additionalProperties": {**_BY_NAME, "required": ["default"]},
            "required": ["amount", "instalment", "instalments"],
        },
        "phrases": _BY_NAME,
        "disclosures": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "packs", "kinds", "first", "source"],
                "properties": {
                    "name": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
                    "packs": {**_TEXTS, "minItems": 1},
                    "roles": _TEXTS,
                    "kinds": {**_TEXTS, "minItems": 1},
                    "channels": {"type": "array", "items": {"enum": _CHANNELS}},
                    "first": {"type": "string", "minLength": 1},
                    "later": {"type": "string"},
                    "source": {"type": "string", "minLength": 1},
                    "collector_statement": {"type": "boolean"},
                    "notices": _TEXTS,
                    "in_text": {"type": "boolean"},
                },
            },
        },
        "families": _FAMILIES,
        "denials": {
            "type": "object",
            "additionalProperties": False,
            "required": ["leads", "not_between", "veils"],
            "properties": {
                "leads": _TEXTS,
                "not_between": {"type": "string"},
                "trails": _TEXTS,
                "within": _TEXTS,
                "veils": _TEXTS,
            },
        },
        "topics": {"type": "object", "additionalProperties": _TEXTS},
        "optout": {
            "type": "object",
            "additionalProperties": False,
            "required": _CHANNELS,
            "properties": {name: {**_TEXTS, "minItems": 1} for name in _CHANNELS},
        },
        "handover": _TEXTS,
        "not_a_court": _TEXTS,
        "stopwords": {"type": "string"},
    },
}


_INTENTS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["language", "lexicon", "fair", "help", "unfair", "families"],
    "properties": {
        "language": {"type": "string"},
        "lexicon": _BY_NAME,
        "fair": _TEXTS,
        "help": {"type": "string", "minLength": 1},
        "unfair": _TEXTS,
        "families": _FAMILIES,
    },
}
_EXAMPLES: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["language", "advice", "held", "free"],
    "properties": {
        "language": {"type": "string"},
        "advice": {"type": "string", "minLength": 1},
        "held": {"type": "object", "additionalProperties": _TEXTS},
        "free": {"type": "object", "additionalProperties": _TEXTS},
    },
}
_OF_LEXICON = re.compile(r"<([a-z0-9_]+)>")
_GAP = r"(?:[^.;:!?\w][^.;:!?]{0,60}?)?\s+"


@lru_cache(maxsize=8)
def load_wordings(directory: Path) -> Mapping[str, Wording]:
    """Every language of the folder; raises ConfigError with file, line and key.

    An expression that is none is found when it is first used: `Wording.compile` finds it at once.
    """
    wordings = {}
    for path in sorted(path for path in directory.glob("*.yaml") if _LANGUAGE.fullmatch(path.stem)):
        wordings[path.stem] = _language(path)
    for folder, schema in (("intents", _INTENTS), ("examples", _EXAMPLES)):
        for path in sorted((directory / folder).glob("*.yaml")):
            if path.stem not in wordings:  # a language that is being written: what is wrong is said at once
                _beside(directory / path.name, folder, schema)
    if "en" not in wordings:
        raise ConfigError(f"{directory}: en.yaml is missing; English is the last resort of every message")
    return wordings


def _language(path: Path) -> Wording:
    """One language; what reads as one that was read before is that: a draft of one leaves the others alone."""
    digest = hashlib.sha256(path.stem.encode())
    for part in (path, *(path.parent / folder / path.name for folder in ("intents", "examples"))):
        read = part.read_bytes() if part.is_file() else b""
        digest.update(len(read).to_bytes(8, "big") + read)
    known = _READ.get(digest.digest())
    if known is None:
        if len(_READ) >= _MOST_READ:
            _READ.clear()
        known = _READ[digest.digest()] = _read_language(path)
    return known


_READ: dict[bytes, Wording] = {}
_MOST_READ = 64  # a few hundred compiled patterns each


def _read_language(path: Path) -> Wording:
    file = read_yaml(path)
    file.validate(SCHEMA)
    if file.data["language"] != path.stem:
        raise file.error(("language",), f"is {file.data['language']}, the file's name says {path.stem}")
    intents = _beside(path, "intents", _INTENTS)
    examples = _beside(path, "examples", _EXAMPLES)
    return _wording(file, intents, _leaning(examples, _own_sentences(file)))


def _beside(path: Path, folder: str, schema: dict[str, Any]) -> YamlFile:
    """The same language's file in a folder beside; raises ConfigError where there is none."""
    beside, language = path.parent / folder / path.name, path.stem
    if not beside.is_file():
        raise ConfigError(f"{beside}: is missing; without it threats in {language} would not be seen")
    file = read_yaml(beside)
    file.validate(schema)
    if file.data["language"] != language:
        raise file.error(("language",), f"is {file.data['language']}, the file's name says {language}")
    return file


def _leaning(examples: YamlFile, own: list[str]) -> Leaning:
    held, free = (
        [
            folded(row.replace(AN_AMOUNT, " "))
            for family, rows in examples.data[side].items()
            if family not in _JUDGED_BY_DATA
            for row in rows
        ]
        for side in ("held", "free")
    )
    return Leaning(held, free + own, examples.data["advice"])


def _own_sentences(file: YamlFile) -> list[str]:
    """What the layouts and the law say, without placeholders: sentences that pass whatever they are compared with."""
    said = list(file.data["phrases"].values())
    # Not what notices alone hold: a page of other words would make every word of a reminder rarer than it is.
    laws = [
        item for item in file.data.get("disclosures", []) if not (item.get("in_text") or item.get("notices"))
    ]
    said += [item.get(which, "") for item in laws for which in ("first", "later")]
    return [folded(_PLACEHOLDER.sub(" ", row)) for text in said for row in text.split("\n")]


_JUDGED_BY_DATA = {"handover"}  # true where another firm takes over, so its words lean nowhere
AN_AMOUNT = "{amount}"  # stands in an example for an amount of the ledger
_PLACEHOLDER = re.compile(r"\{\{.*?\}\}")


def _written_out(file: YamlFile, at: KeyPath, rows: list[str]) -> list[str]:
    """Rows with `<name>` replaced by the lexicon's words and ` … ` by a stretch of the same sentence."""
    words = {**file.data["lexicon"], "help": file.data["help"]}

    def named(match: re.Match[str]) -> str:
        if match[1] not in words:
            raise file.error(at, f"<{match[1]}> is not in the lexicon; there are {', '.join(sorted(words))}")
        return f"(?:{words[match[1]]})"

    return [_OF_LEXICON.sub(named, row).replace(" … ", _GAP) for row in rows]


def _wording(file: YamlFile, intents: YamlFile, leaning: Leaning) -> Wording:
    data = file.data
    return Wording(
        language=data["language"],
        words=data["words"],
        phrases=data["phrases"],
        disclosures=tuple(_disclosure(item) for item in data.get("disclosures", [])),
        families=(
            *(_family(file, i, item) for i, item in enumerate(data["families"])),
            *(_family(intents, i, item) for i, item in enumerate(intents.data["families"])),
        ),
        topics={
            name: _patterns(file, ("topics", name), rows) for name, rows in data.get("topics", {}).items()
        },
        optout={name: _patterns(file, ("optout", name), rows) for name, rows in data["optout"].items()},
        handover=_patterns(file, ("handover",), data["handover"]),
        not_a_court=_patterns(file, ("not_a_court",), data["not_a_court"]),
        denials=_denials(file, data["denials"]) if "denials" in data else Denials(),
        fair=FairSentences(
            frames=_patterns(intents, ("fair",), intents.data["fair"]),
            unless=_patterns(intents, ("unfair",), intents.data["unfair"]),
        ),
        leaning=leaning,
        stopwords=frozenset(data["stopwords"].split()),
    )


def _disclosure(item: dict[str, Any]) -> Disclosure:
    return Disclosure(
        name=item["name"],
        packs=frozenset(item["packs"]),
        roles=frozenset(item.get("roles", ())),
        kinds=frozenset(item["kinds"]),
        channels=frozenset(item.get("channels", ())),
        notices=frozenset(item.get("notices", ())),
        in_text=item.get("in_text", False),
        first=item["first"],
        later=item.get("later", ""),
        source=item["source"],
        is_collector_statement=item.get("collector_statement", False),
    )


def _family(file: YamlFile, index: int, item: dict[str, Any]) -> Family:
    at: KeyPath = ("families", index)
    return Family(
        rule=item["rule"],
        fact=item.get("fact", ""),
        topic=item.get("topic", ""),
        where=frozenset(item.get("where", ["text"])),
        advice=item["advice"],
        patterns=_patterns(file, (*at, "patterns"), item.get("patterns", [])),
        mentions=_patterns(file, (*at, "mentions"), item.get("mentions", [])),
        allowed=_patterns(file, (*at, "allowed"), item.get("allowed", [])),
        may_be_denied=item.get("may_be_denied", False),
        may_be_fair=item.get("may_be_fair", False),
    )


def _denials(file: YamlFile, item: dict[str, Any]) -> Denials:
    """Leads end where the denied phrase begins; `…` in one stands for up to six words, none of `not_between`."""
    between = "|".join(item["not_between"].split())
    words = rf"(?:,?\s+(?!(?:{between})\b)[\w'\ufffc-]+){{0,10}},?"
    leads = [row.replace(" …", words) for row in item["leads"]]
    return Denials(
        leads=_patterns(file, ("denials", "leads"), leads, end=r"(?:\s+|(?<='))$"),
        trails=_patterns(file, ("denials", "trails"), item.get("trails", []), begin=r"\s*(?:"),
        within=_patterns(file, ("denials", "within"), item.get("within", [])),
        veils=_patterns(file, ("denials", "veils"), item["veils"]),
    )


def _patterns(
    file: YamlFile, at: KeyPath, rows: list[str], end: str = r"(?!\w)", begin: str = r"(?<!\w)(?:"
) -> Patterns:
    """Each row as whole words; a space stands for any run of spaces."""
    if "lexicon" in file.data:
        rows = _written_out(file, at, rows)
    lines = tuple(file.line((*at, index)) for index in range(len(rows)))
    sources = tuple(begin + _spaced(row) + ")" + end for row in rows)
    return Patterns(sources, partial(_no_expression, file.path, at, lines))


def _no_expression(path: Path, at: KeyPath, lines: tuple[int, ...], index: int, reason: str) -> ConfigError:
    return YamlFile(path, None, {(*at, index): lines[index]}).error(
        (*at, index), f"is no regular expression: {reason}"
    )


def _spaced(row: str) -> str:
    """A space is any run of spaces, ` ?` one that may be missing; inside brackets it is itself."""
    return _SPACE.sub(_any_run, row)


def _any_run(gap: re.Match[str]) -> str:
    return gap[0] if gap[0].startswith("[") else r"[ \t]*" if gap[0] == " ?" else r"[ \t]+"


_SPACE = re.compile(r"\[[^\]]*\]| \??")
