"""A mapping: how a foreign file's columns become a portfolio's."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

OTHERWISE = "*"  # the entry of a lookup table for what it does not name

Field = str | tuple[str, ...]
_CONSTANT = re.compile(r"'[^']*'")


def is_constant(source: str) -> bool:
    """Whether a field's source is one value for every row."""
    return _CONSTANT.fullmatch(source) is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class YearFrom:
    """Where a file whose dates name no year says when its period begins: a line and a cell, both from 1."""

    line: int
    cell: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PortfolioMapping:
    """`fields`: our column -> a column of the file, an expression over its row, or the columns that make a key.

    `lines` says where each stands. `encodings` are tried in order; `header` is the line of the column names, a
    pattern that it matches, or None: the first line that has the columns. `skip` is an expression: rows that are no
    debts. `fill_down`: columns whose cell counts for the rows below. `people_only`: the file has no debts.
    `empty_ends`: columns whose empty cell is the creditor's word that something has ended. `extra`: the columns of the
    file that are kept beside ours; None: all of them.
    """

    name: str
    path: Path
    fields: Mapping[str, Field]
    lines: Mapping[str, int] = field(default_factory=dict)
    encodings: tuple[str, ...] = ()
    header: int | str | None = None
    sheet: str = ""
    skip: str = ""
    fill_down: tuple[str, ...] = ()
    people_only: bool = False
    empty_ends: frozenset[str] = frozenset()
    extra: tuple[str, ...] | None = None
    date_format: str = ""  # empty: ISO 8601
    year_from: YearFrom | None = None
    decimal: str = "."
    decimal_stated: bool = False
    delimiter: str = ""  # empty: a comma
    lookups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def where(self, column: str) -> str:
        """File, line and key of a field, for an error."""
        return f"{self.path}:{self.lines.get(column, 1)}: fields.{column}"

    @property
    def sources(self) -> dict[str, str]:
        """The fields that are one column or one expression."""
        return {column: source for column, source in self.fields.items() if isinstance(source, str)}

    @property
    def keys(self) -> dict[str, tuple[str, ...]]:
        """The fields that several columns make."""
        return {column: source for column, source in self.fields.items() if not isinstance(source, str)}
