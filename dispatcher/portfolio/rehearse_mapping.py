"""Puts a made-up row through a mapping, to find what is wrong with it before a real file does."""

import re
from collections.abc import Iterator
from datetime import date

from dispatcher.portfolio.apply_mapping import PortfolioFileError, bind_headers, check_expressions
from dispatcher.portfolio.domain.portfolio_columns import AMOUNT_COLUMNS, DATE_COLUMNS
from dispatcher.portfolio.domain.portfolio_mapping import PortfolioMapping
from dispatcher.values.written_values import amount_reader, date_reader

_QUOTED = re.compile(r"""row\[(?:"((?:[^"\\]|\\.)*)"|'([^']*)')\]""")
_SYNTAX = re.compile(r"[{}|\[\]'\"]")
_WORD = re.compile(r"[^\W\d]\w*")
_DAY = date(2026, 11, 23)
_PARTS = {
    "YYYY": "2026",
    "YY": "26",
    "MMMM": "November",
    "MMM": "Nov",
    "MM": "11",
    "M": "11",
    "DD": "23",
    "D": "23",
}


def rehearse_mapping(mapping: PortfolioMapping) -> list[str]:
    """What is wrong with a mapping, a sentence each, with file, line and key; nothing where its row comes through."""
    if problems := check_expressions(mapping):
        return problems
    headers = list(dict.fromkeys(_headers(mapping)))
    try:
        binding = bind_headers(headers, mapping, mapping.name)
    except PortfolioFileError as error:
        return [str(error)]
    values = dict.fromkeys(headers, "1")
    for column, place in binding.plain.named:
        values[headers[place]] = _value(mapping, column)
    cells, _, _ = binding.bind([values[header] for header in headers])
    return list(_misread(mapping, cells))


def _headers(mapping: PortfolioMapping) -> Iterator[str]:
    """Every column of a file that the mapping names, of `A or B` the first."""
    for source in (*mapping.sources.values(), *(part for key in mapping.keys.values() for part in key)):
        if not _SYNTAX.search(source):
            yield source.removesuffix("?").split(" or ")[0]
            continue
        yield from (double or single for double, single in _QUOTED.findall(source))
        bare = _QUOTED.sub("", re.sub(r"\"[^\"]*\"|'[^']*'", "", source))
        yield from (word for word in _WORD.findall(bare) if word not in {"row", "if", "else", "lookup"})


def _value(mapping: PortfolioMapping, column: str) -> str:
    if column in DATE_COLUMNS:
        form = mapping.date_format or "YYYY-MM-DD"
        return re.sub("YYYY|YY|MMMM|MMM|MM|M|DD|D", lambda token: _PARTS[token[0]], form)
    return f"1234{mapping.decimal}50" if column in AMOUNT_COLUMNS else "1"


def _misread(mapping: PortfolioMapping, cells: dict[str, str]) -> Iterator[str]:
    """Days and amounts that come out as another, or not at all; of computed ones only a real file can tell."""
    computed = {column for column, source in mapping.sources.items() if _SYNTAX.search(source)}
    day = date_reader(mapping.date_format, period_start=date(2026, 1, 1))
    for column, text in cells.items():
        if column in computed:
            continue
        try:
            if column in DATE_COLUMNS and day(text) != _DAY:
                yield f"{mapping.where(column)}: {text} is read as {day(text)}"
            if column in AMOUNT_COLUMNS:
                amount_reader(mapping.decimal)(text)
        except ValueError as error:
            yield f"{mapping.where(column)}: {text}: {error}"
