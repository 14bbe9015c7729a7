"""A mapping as a person chooses it on a page: which of the file's columns each of ours is."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dispatcher.portfolio.domain.portfolio_columns import COLUMNS, plain_name

Document = Mapping[str, Any]  # a mapping's file as it is read
_CONSTANT = re.compile(r"'([^']*)'")
_LOOKED_UP = re.compile(r'row\[(".*")\] \| lookup\("(\w+)"\)')
_SKIPPED = re.compile(r'row\[("(?:[^"\\]|\\.)*")\] in (\[.*\])')
SETTINGS = ("encoding", "delimiter", "header", "sheet", "date_format", "decimal")


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChoice:
    """What one of our columns is: a column of the file (and a second one that makes its key), a value, or kept.

    `kept` is a source that a page does not take apart; it stays as it is.
    """

    header: str = ""
    also: str = ""
    value: str = ""
    kept: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """Everything that a page lets a person choose. `words`: column -> the file's word -> our code."""

    fields: Mapping[str, FieldChoice] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    skip_column: str = ""
    skip_values: tuple[str, ...] = ()
    skip_kept: str = ""


def choices_of(document: Document, headers: Sequence[str]) -> Choices:
    """A mapping taken apart; what the file's own names say without a mapping counts as chosen."""
    by_name = {plain_name(header): header for header in reversed(headers) if header.strip()}
    sources = document.get("fields", {})
    fields = {column: _choice(column, sources.get(column), by_name) for column in sorted(COLUMNS)}
    skip = str(document.get("skip", ""))
    taken = _SKIPPED.fullmatch(skip)
    return Choices(
        fields={column: choice for column, choice in fields.items() if choice != FieldChoice()},
        settings={
            name: str(document[name]) for name in SETTINGS if isinstance(document.get(name), str | int)
        },
        words=document.get("lookups", {}),
        skip_column=json.loads(taken[1]) if taken else "",
        skip_values=tuple(json.loads(taken[2])) if taken else (),
        skip_kept="" if taken else skip,
    )


def document_of(choices: Choices, before: Document, headers: Sequence[str]) -> dict[str, Any]:
    """The mapping's file; what no page shows stays as it was in `before`."""
    by_name = {plain_name(header): header for header in headers}
    tables = before.get("lookups", {})
    words = {
        column: {word: code for word, code in tables.get(column, {}).items() if word == "*"} | dict(table)
        for column, table in choices.words.items()
        if table
    }
    fields: dict[str, Any] = {}
    for column in (*choices.fields, *(c for c in sorted(COLUMNS) if c not in choices.fields)):
        choice = choices.fields.get(column, FieldChoice())
        source = _source(column, choice, looked_up=column in words)
        if choice.kept:
            source = before["fields"].get(column)
        if source is not None:
            fields[column] = source
        elif plain_name(column) in by_name and not _is_used(by_name[plain_name(column)], choices):
            fields[column] = "''"  # the file's column of that name is another thing
    document = {name: value for name, value in before.items() if name not in {*SETTINGS, "skip", "fields"}}
    document |= {name: _typed(name, value) for name, value in choices.settings.items() if value}
    if choices.skip_column and choices.skip_values:
        document["skip"] = (
            f"row[{_text(choices.skip_column)}] in {json.dumps(choices.skip_values, ensure_ascii=False)}"
        )
    elif choices.skip_kept:
        document["skip"] = choices.skip_kept
    used = {column: table for column, table in words.items() if f'lookup("{column}")' in str(fields)}
    others = {name: t for name, t in document.get("lookups", {}).items() if name not in COLUMNS}
    document["lookups"] = {**others, **used}
    if not document["lookups"]:
        del document["lookups"]
    return document | {"fields": fields}


def _choice(column: str, source: Any, by_name: Mapping[str, str]) -> FieldChoice:
    if source is None:
        return FieldChoice(header=by_name.get(plain_name(column), ""))
    if not isinstance(source, str):
        parts = [_header(part, by_name) for part in source]
        plain = len(parts) in {1, 2} and all(parts)
        return (
            FieldChoice(header=parts[0], also=parts[1] if len(parts) > 1 else "") if plain else _kept(source)
        )
    if header := _header(source, by_name):
        return FieldChoice(header=header)
    if constant := _CONSTANT.fullmatch(source):
        return FieldChoice(value=constant[1])
    looked_up = _LOOKED_UP.fullmatch(source)
    if looked_up and looked_up[2] == column and (name := json.loads(looked_up[1])) in by_name.values():
        return FieldChoice(header=name)
    return _kept(source)


def _kept(source: Any) -> FieldChoice:
    return FieldChoice(kept=source if isinstance(source, str) else ", ".join(source))


def _header(source: str, by_name: Mapping[str, str]) -> str:
    """The file's column that a source names, of `A or B` the first that is there."""
    if (whole := by_name.get(plain_name(source))) is not None:
        return whole
    names = (by_name.get(plain_name(name), "") for name in source.removesuffix("?").split(" or "))
    return next((name for name in names if name), "")


def _source(column: str, choice: FieldChoice, *, looked_up: bool) -> Any:
    if choice.also:
        return [choice.header, choice.also]
    if choice.header:
        return f'row[{_text(choice.header)}] | lookup("{column}")' if looked_up else choice.header
    if choice.value:
        return f"'{choice.value}'"
    return None


def _is_used(header: str, choices: Choices) -> bool:
    return any(header in {choice.header, choice.also} for choice in choices.fields.values())


def _typed(name: str, value: str) -> str | int:
    return int(value) if name == "header" and value.isdecimal() else value


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
