"""Reads a YAML file with the place of every key, so that an error can name file, line and key."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

KeyPath = tuple[str | int, ...]
Part = tuple[KeyPath, Any, dict[str, Any]]
"""Where a part stands, its value, its JSON Schema."""
MOST_VALUES, DEEPEST = 200_000, 60


class ConfigError(ValueError):
    """A configuration file is wrong: the text names file, line and key, and what to do."""


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A parsed file and the line (from 1) of each key path."""

    path: Path
    data: Any
    lines: dict[KeyPath, int] = field(default_factory=dict)

    def error(self, where: KeyPath, problem: str) -> ConfigError:
        """An error at that key, or at the nearest key above it that has a line."""
        key = ".".join(str(part) for part in where) or "the file"
        return ConfigError(f"{self.place(where)}: {key}: {problem}")

    def validate(self, schema: dict[str, Any], parts: Iterable[Part] = ()) -> None:
        """Hold the data against a JSON Schema, and parts of it against their own.

        Raises ConfigError with all findings, a line each.
        """
        problems = [
            ((*at, *problem.absolute_path), problem)
            for at, value, wanted in (((), self.data, schema), *parts)
            for problem in _validator(_Frozen(wanted)).iter_errors(value)
        ]
        if problems:
            problems.sort(key=lambda found: self.line(found[0]))
            raise ConfigError("\n".join(str(self._sentence(*found)) for found in problems))

    def place(self, where: KeyPath) -> str:
        """`file:line` of a key, as findings name it."""
        return f"{self.path}:{self.line(where)}"

    def line(self, where: KeyPath) -> int:
        """The line of a key, or of the nearest key above it that has one."""
        at = where
        while at and at not in self.lines:
            at = at[:-1]
        return self.lines.get(at, 1)

    def _sentence(self, where: KeyPath, problem: ValidationError) -> ConfigError:
        if problem.validator == "additionalProperties" and isinstance(problem.instance, dict):
            known = list(problem.schema.get("properties", {}))  # type: ignore[union-attr]  # a schema with properties is an object
            unknown = next((key for key in problem.instance if key not in known), "?")
            return self.error((*where, unknown), f"unknown key{_suggestion(str(unknown), known)}")
        if problem.validator == "enum":
            choices = [str(value) for value in problem.validator_value]  # type: ignore[union-attr]  # an enum's value is a list
            given = problem.instance
            return self.error(
                where, f"{given!r} is none of {', '.join(choices)}{_suggestion(str(given), choices)}"
            )
        return self.error(where, problem.message)


def read_yaml(path: Path) -> YamlFile:
    """Parse one file; duplicate keys and broken syntax raise ConfigError."""
    return parse_yaml(text_of(path), path)


def text_of(path: Path) -> str:
    """What stands in a file; raises ConfigError where it cannot be read as UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 at byte {error.start}") from None


def read_table(path: Path, schema: dict[str, Any]) -> YamlFile:
    """A file that may be missing or empty, which says nothing; raises ConfigError for what its schema refuses."""
    file = read_yaml(path) if path.is_file() else YamlFile(path, None)
    if file.data is None:
        return YamlFile(path, {})
    file.validate(schema)
    return file


def parse_yaml(text: str, path: Path) -> YamlFile:
    """Parse a text that `path` names in errors; duplicate keys and broken syntax raise ConfigError."""
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{path}:{line}: {error.problem or 'not readable as YAML'}") from None
    lines: dict[KeyPath, int] = {}
    data = _build(node, (), lines, path) if node is not None else None
    return YamlFile(path, data, lines)


def _build(node: yaml.Node, at: KeyPath, lines: dict[KeyPath, int], path: Path) -> Any:
    lines.setdefault(at, node.start_mark.line + 1)
    if (
        len(lines) > MOST_VALUES or len(at) > DEEPEST
    ):  # aliases: a few lines may stand for millions, or for themselves
        line = node.start_mark.line + 1
        raise ConfigError(f"{path}:{line}: more than {MOST_VALUES:,} values, or more than {DEEPEST} levels")
    if isinstance(node, yaml.MappingNode):
        built: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if key in built:
                raise ConfigError(f"{path}:{line}: {key}: stands here twice; keep one")
            lines[(*at, key)] = line
            built[key] = _build(value_node, (*at, key), lines, path)
        return built
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*at, i), lines, path) for i, item in enumerate(node.value)]
    return _scalar(node)


def _scalar(node: yaml.Node) -> Any:
    if node.tag == _TEXT:  # most are; to build a loader costs ten times what the text does
        return node.value
    loader = yaml.CSafeLoader("")
    try:
        value: Hashable = loader.construct_object(node, deep=True)
    except ValueError:  # 2026-02-31: what reads it as a day says that it is none
        return node.value
    finally:
        loader.dispose()
    return value


_TEXT = "tag:yaml.org,2002:str"


def _suggestion(word: str, known: list[str]) -> str:
    close = get_close_matches(word, known, n=1)
    return f'; did you mean "{close[0]}"?' if close else ""


@dataclass(frozen=True, slots=True)
class _Frozen:
    """Lets a schema, which lives as long as its module, key the cache of validators."""

    schema: dict[str, Any]

    def __hash__(self) -> int:
        return id(self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Frozen) and other.schema is self.schema


@lru_cache(maxsize=128)
def _validator(frozen: _Frozen) -> Any:
    return _Validator(frozen.schema)


def _items(validator: Any, wanted: Any, instance: Any, schema: dict[str, Any]) -> Any:
    """Thousands of sentences are texts with something in them: seen at once, where each alone takes 20 µs."""
    if wanted == _SOME_TEXT and type(instance) is list and all(type(one) is str and one for one in instance):
        return ()
    return Draft202012Validator.VALIDATORS["items"](validator, wanted, instance, schema)


_SOME_TEXT = {"type": "string", "minLength": 1}
_Validator = extend(Draft202012Validator, {"items": _items})  # type: ignore[no-untyped-call]  # jsonschema's own
