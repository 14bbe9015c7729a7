"""`config/mappings/NAME.yaml` -> PortfolioMapping; what is wrong is said with file, line and key."""

from pathlib import Path
from typing import Any

from dispatcher.portfolio.domain.portfolio_columns import COLUMNS
from dispatcher.portfolio.domain.portfolio_mapping import PortfolioMapping
from dispatcher.rulebook.yaml_file import ConfigError, YamlFile, read_yaml
from dispatcher.values.written_values import date_pattern

_TEXT = {"type": "string"}
_SCALAR = {"type": ["string", "number", "boolean"]}
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
        "lookups": {
            "type": "object",
            "additionalProperties": {"type": "object", "minProperties": 1, "additionalProperties": _SCALAR},
        },
        "fields": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": dict.fromkeys(sorted(COLUMNS), _TEXT),
        },
    },
}


def load_mapping(directory: Path, name: str) -> PortfolioMapping:
    """The mapping of that name (or path of a .yaml file); raises ConfigError."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else directory / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in directory.glob("*.yaml"))) or "none"
        raise ConfigError(f"{path}: there is no mapping {name!r}; there are: {known}")
    return _mapping(read_yaml(path))


def load_mappings(directory: Path) -> tuple[PortfolioMapping, ...]:
    """All mappings of a folder, for `check`."""
    return tuple(_mapping(read_yaml(path)) for path in sorted(directory.glob("*.yaml")))


def _mapping(file: YamlFile) -> PortfolioMapping:
    _check_words(file)
    file.validate(SCHEMA)
    data = file.data
    _check_date_format(file, data.get("date_format", ""))
    return PortfolioMapping(
        name=data.get("name", file.path.stem),
        path=file.path,
        fields=data["fields"],
        lines={column: file.lines[("fields", column)] for column in data["fields"]},
        date_format=data.get("date_format", ""),
        decimal=data.get("decimal", "."),
        delimiter=data.get("delimiter", ""),
        lookups={name: _table(file, name, table) for name, table in data.get("lookups", {}).items()},
    )


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
    except ValueError as error:
        raise file.error(("date_format",), str(error)) from None


def _table(file: YamlFile, name: str, table: dict[str, Any]) -> dict[str, str]:
    for key, value in table.items():
        if isinstance(value, bool):
            raise file.error(
                ("lookups", name, key), "YAML reads this word as true or false: put it in quotation marks"
            )
    return {key: str(value) for key, value in table.items()}
