"""A mapping: how a foreign file's columns become a portfolio's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class PortfolioMapping:
    """`fields`: our column -> a column of the file, or an expression over its row; `lines` says where each stands."""

    name: str
    path: Path
    fields: Mapping[str, str]
    lines: Mapping[str, int] = field(default_factory=dict)
    date_format: str = ""  # empty: ISO 8601
    decimal: str = "."
    delimiter: str = ""  # empty: a comma
    lookups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def where(self, column: str) -> str:
        """File, line and key of a field, for an error."""
        return f"{self.path}:{self.lines.get(column, 1)}: fields.{column}"
