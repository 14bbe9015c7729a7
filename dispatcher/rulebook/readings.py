"""`config/readings/*.yaml` -> the table by which replies are read, a language each."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from dispatcher.inbox.domain.concepts import concepts_of
from dispatcher.inbox.domain.likeness import Likeness, learn
from dispatcher.inbox.domain.reading import Reading, ReadingPatterns, ReadingTable, compiled, fold
from dispatcher.rulebook.yaml_file import ConfigError, KeyPath, YamlFile, parse_yaml, text_of

_TEXTS = {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}
_PATTERNS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["says"],
    "properties": {"says": _TEXTS, "unless": _TEXTS},
}
_READ = [reading.value for reading in Reading if reading is not Reading.UNCLEAR]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["language", "negators", "readings"],
    "properties": {
        "language": {"type": "string", "pattern": "^[a-z]{2,3}$"},
        "negators": _TEXTS,
        "doubts": _TEXTS,
        "affirms": _TEXTS,
        "words": _TEXTS,
        "concepts": {"type": "object", "additionalProperties": _TEXTS},
        "readings": {
            "type": "object",
            "additionalProperties": False,
            "required": _READ,  # a reading that a language does not know would be read as nothing
            "properties": dict.fromkeys(_READ, _PATTERNS),
        },
        "sentences": {
            "type": "object",
            "additionalProperties": False,
            "properties": dict.fromkeys([reading.value for reading in Reading], _TEXTS),
        },
    },
}


def load_readings(directory: Path, *, learning: bool = True) -> ReadingTable:
    """Every language of the folder; raises ConfigError naming file, line and key.

    Without `learning` nothing is read by it yet, and whoever only asks whether the files hold does not wait.
    """
    paths = sorted(directory.glob("*.yaml"))
    if not paths:
        raise ConfigError(f"{directory}: no readings here; what people answer could not be read")
    return _read(tuple((path, text_of(path)) for path in paths), learning=learning)


@lru_cache(maxsize=4)
def _read(texts: tuple[tuple[Path, str], ...], *, learning: bool) -> ReadingTable:
    """Kept, as it takes a tenth of a second: a program reads its table at several places."""
    files = [parse_yaml(text, path) for path, text in texts]
    for file in files:
        file.validate(SCHEMA)
        if file.data["language"] != file.path.stem:
            raise file.error(("language",), f"{file.data['language']!r} must stand in a file of its name")
    return ReadingTable(
        patterns=tuple(patterns for file in files for patterns in _patterns(file)),
        negators={file.data["language"]: frozenset(file.data["negators"]) for file in files},
        doubts=frozenset(word for file in files for word in file.data.get("doubts", ())),
        affirms=tuple(
            pattern
            for file in files
            for pattern in _compiled(file, ("affirms",), file.data.get("affirms", ()))
        ),
        words={file.data["language"]: frozenset(file.data.get("words", ())) for file in files},
        known=_known(files) if learning else Likeness(),
    )


def _known(files: Iterable[YamlFile]) -> Likeness:
    return _learnt(
        tuple(_entries(files, "sentences")),
        frozenset(word for file in files for word in file.data["negators"]),
        tuple(_entries(files, "concepts")),
    )


def _entries(files: Iterable[YamlFile], key: str) -> Iterator[tuple[str, str]]:
    for file in files:
        for name, texts in file.data.get(key, {}).items():
            yield from ((name, text) for text in texts)


@lru_cache(maxsize=2)
def _learnt(
    sentences: tuple[tuple[str, str], ...], negators: frozenset[str], concepts: tuple[tuple[str, str], ...]
) -> Likeness:
    """Kept, as it takes a second: a word that changed elsewhere teaches nothing new."""
    return learn(_listed(sentences), negators, concepts_of(_listed(concepts)))


def _listed(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Folded, by name."""
    listed: dict[str, list[str]] = {}
    for name, text in pairs:
        listed.setdefault(name, []).append(fold(text)[0])
    return listed


def _patterns(file: YamlFile) -> list[ReadingPatterns]:
    return [
        ReadingPatterns(
            reading=Reading(name),
            language=file.data["language"],
            says=_compiled(file, ("readings", name, "says"), written["says"]),
            unless=_compiled(file, ("readings", name, "unless"), written.get("unless", ())),
        )
        for name, written in file.data["readings"].items()
    ]


def _compiled(file: YamlFile, at: KeyPath, patterns: Any) -> tuple[re.Pattern[str], ...]:
    made = []
    for i, pattern in enumerate(patterns):
        try:
            made.append(compiled(pattern))
        except re.error as error:
            raise file.error((*at, i), f"{pattern!r} is no pattern: {error}") from None
    return tuple(made)
