"""`config/mappings/NAME.yaml` -> PortfolioMapping; what is wrong is said with file, line and key."""

import codecs
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from dispatcher.portfolio.domain.portfolio_columns import COLUMNS, MAY_END_WHEN_EMPTY
from dispatcher.portfolio.domain.portfolio_mapping import PortfolioMapping, YearFrom
from dispatcher.portfolio.expressions import ExpressionError, compile_expression
from dispatcher.rulebook.yaml_file import ConfigError, YamlFile, parse_yaml, read_yaml
from dispatcher.values.written_values import date_pattern, has_year

_OTHER_NAMES = {"segment": "ledger_segment"}  # fields as earlier files call them
_TEXT = {"type": "string"}
_SCALAR = {"type": ["string", "number", "boolean"]}
_TEXTS = {"type": "array", "minItems": 1, "items": _TEXT}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["fields"],
    "properties": {
        "name": _TEXT,
        "description": _TEXT,
        "date_format": _TEXT,
        "decimal": {"enum": [".", ","]},
        "delimiter": {"enum": [",", ";", "|", "\t"]},
        "encoding": {"oneOf": [_TEXT, _TEXTS]},
        "header": {"oneOf": [{"type": "integer", "minimum": 1}, _TEXT]},
        "sheet": _TEXT,
        "skip": _TEXT,
        "fill_down": _TEXTS,
        "extra": {"type": "array", "items": _TEXT},
        "rows": {"enum": ["debts", "people"]},
        "empty_ends": {"type": "array", "items": {"enum": sorted(MAY_END_WHEN_EMPTY)}},
        "year_from": {
            "type": "object",
            "additionalProperties": False,
            "required": ["line", "cell"],
            "properties": {
                "line": {"type": "integer", "minimum": 1},
                "cell": {"type": "integer", "minimum": 1},
            },
        },
        "lookups": {
            "type": "object",
            "additionalProperties": {"type": "object", "minProperties": 1, "additionalProperties": _SCALAR},
        },
        "fields": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": {
                column: {"oneOf": [_TEXT, _TEXTS]} for column in sorted({*COLUMNS, *_OTHER_NAMES})
            },
        },
    },
}


def load_mapping(directory: Path, name: str, saved: Mapping[str, str] | None = None) -> PortfolioMapping:
    """The mapping of that name (or path of a .yaml file); raises ConfigError.

    `saved`: texts of mappings by name that operators made on the pages; a file of the configuration goes before them.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else directory / f"{name}.yaml"
    if path.is_file():
        return _mapping(read_yaml(path))
    if saved and name in saved:
        return read_mapping(saved[name], name)
    known = ", ".join(sorted({*(p.stem for p in directory.glob("*.yaml")), *(saved or ())})) or "none"
    raise ConfigError(f"{path}: there is no mapping {name!r}; there are: {known}")


def read_mapping(text: str, name: str) -> PortfolioMapping:
    """A mapping from the text of its file; raises ConfigError."""
    return _mapping(parse_yaml(text, Path(name)))


def mapping_text(document: Mapping[str, Any]) -> str:
    """A mapping's file from what it holds."""
    return yaml.safe_dump(dict(document), allow_unicode=True, sort_keys=False, width=110)


def mapping_document(directory: Path, name: str, saved: Mapping[str, str]) -> dict[str, Any]:
    """What the file of a mapping holds; raises ConfigError."""
    path = directory / f"{name}.yaml"
    file = read_yaml(path) if path.is_file() else parse_yaml(saved.get(name, ""), Path(name))
    return dict(file.data or {})


def load_mappings(directory: Path) -> tuple[PortfolioMapping, ...]:
    """All mappings of a folder, for `check`."""
    return tuple(_mapping(read_yaml(path)) for path in sorted(directory.glob("*.yaml")))


def _mapping(file: YamlFile) -> PortfolioMapping:
    _check_words(file)
    file.validate(SCHEMA)
    data = file.data
    for old, new in _OTHER_NAMES.items():
        if old in data["fields"] and new in data["fields"]:
            raise file.error(("fields", old), f"{old} is the earlier name of {new}: keep one of the two")
    _check_date_format(file, data.get("date_format", ""))
    return PortfolioMapping(
        name=data.get("name", file.path.stem),
        path=file.path,
        fields={
            _OTHER_NAMES.get(column, column): source if isinstance(source, str) else tuple(source)
            for column, source in data["fields"].items()
        },
        lines={_OTHER_NAMES.get(column, column): file.lines[("fields", column)] for column in data["fields"]},
        encodings=_encodings(file),
        header=_header(file),
        sheet=data.get("sheet", ""),
        skip=_skip(file),
        fill_down=tuple(data.get("fill_down", ())),
        people_only=data.get("rows") == "people",
        empty_ends=frozenset(data.get("empty_ends", ())),
        extra=tuple(data["extra"]) if "extra" in data else None,
        date_format=data.get("date_format", ""),
        year_from=YearFrom(**data["year_from"]) if "year_from" in data else None,
        decimal=data.get("decimal", "."),
        decimal_stated="decimal" in data,
        delimiter=data.get("delimiter", ""),
        lookups={name: _table(file, name, table) for name, table in data.get("lookups", {}).items()},
    )


def _encodings(file: YamlFile) -> tuple[str, ...]:
    named = file.data.get("encoding", ())
    names = (named,) if isinstance(named, str) else tuple(named)
    for name in names:
        try:
            codecs.lookup(name)
        except LookupError:
            raise file.error(
                ("encoding",), f"{name!r} is no encoding; there are utf-8, cp1252, iso-8859-1, utf-16 …"
            ) from None
    return names


def _header(file: YamlFile) -> int | str | None:
    header: int | str | None = file.data.get("header")
    try:
        if isinstance(header, str):
            re.compile(header)
    except re.error as error:
        raise file.error(
            ("header",), f"{header!r} is neither a line's number nor a pattern: {error}"
        ) from None
    return header


def _skip(file: YamlFile) -> str:
    source: str = file.data.get("skip", "")
    try:
        if source:
            compile_expression(source, tables=file.data.get("lookups", {}))
    except ExpressionError as error:
        raise file.error(("skip",), str(error)) from None
    return source


def _check_words(file: YamlFile) -> None:
    """A column called No, or 2026: YAML makes another thing of it than a word."""
    fields = file.data.get("fields") if isinstance(file.data, dict) else None
    for column, value in (fields if isinstance(fields, dict) else {}).items():
        if value is not None and not isinstance(value, str | dict | list):
            raise file.error(("fields", column), f"YAML reads this as {value!r}: put it in quotation marks")


def _check_date_format(file: YamlFile, date_format: str) -> None:
    try:
        if date_format:
            date_pattern(date_format)
            if not has_year(date_format) and "year_from" not in file.data:
                raise ValueError(
                    "names no year: add YYYY or YY, or say with year_from where the period begins"
                )
    except ValueError as error:
        raise file.error(("date_format",), str(error)) from None


def _table(file: YamlFile, name: str, table: dict[str, Any]) -> dict[str, str]:
    for key, value in table.items():
        if isinstance(value, bool):
            raise file.error(
                ("lookups", name, key), "YAML reads this word as true or false: put it in quotation marks"
            )
    return {key: str(value) for key, value in table.items()}
