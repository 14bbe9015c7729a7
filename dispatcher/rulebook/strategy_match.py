"""Whom a file is for: the `match:` of strategies, offers and segments, its values read as the portfolio's are."""

from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import Any

from dispatcher.portfolio.domain.portfolio_columns import DEBT_READERS, DEBTOR_READERS, country_code
from dispatcher.rulebook.yaml_file import YamlFile

MATCH_COLUMNS = (
    "creditor",
    "debt_type",
    "country",
    "region",
    "currency",
    "segment",
    "ledger_segment",
    "debtor_kind",
    "sender_role",
    "language",
)
_READERS: Mapping[str, Callable[[str], Any]] = {**DEBTOR_READERS, **DEBT_READERS, "segment": str}


def check_segments(file: YamlFile, known: Collection[str] | None) -> None:
    """Raise ConfigError where a match asks for a segment that nobody works out: it would never be met."""
    written = file.data.get("match", {}).get("segment", ())
    for name in [written] if isinstance(written, str) else written:
        if known is not None and name not in known:
            near = get_close_matches(name, list(known), n=1)
            meant = f'; did you mean "{near[0]}"?' if near else "; the ledger's own word is `ledger_segment`"
            raise file.error(("match", "segment"), f"config/segments.yaml has no segment {name!r}{meant}")


def match_values(file: YamlFile, column: str, written: str | list[str]) -> tuple[str, ...]:
    """Read as the portfolio's column of that name is read, or a value written another way would never match."""
    texts = [written] if isinstance(written, str) else written
    try:
        return tuple(_value(column, text.strip()) for text in texts)
    except ValueError as error:
        raise file.error(("match", column), f"{', '.join(texts)}: {error}") from None


def _value(column: str, text: str) -> str:
    code = str(_READERS[column](text))
    country, dash, _ = text.partition("-")
    return f"{country_code(country)}-{code}" if column == "region" and dash else code
