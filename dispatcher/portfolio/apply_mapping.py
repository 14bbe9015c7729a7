"""Turns one record of a foreign file into a portfolio's columns, by a mapping or by the names of the columns."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dispatcher.portfolio.domain.portfolio import RowProblem
from dispatcher.portfolio.domain.portfolio_columns import BY_PLAIN_NAME, REQUIRED, extra_name, plain_name
from dispatcher.portfolio.domain.portfolio_mapping import PortfolioMapping
from dispatcher.portfolio.expressions import ExpressionError, compile_expression

Expression = Callable[[Mapping[str, str]], object]
Bound = tuple[dict[str, str], dict[str, str], list[RowProblem]]

_NAME = re.compile(r"\w+")


class PortfolioFileError(ValueError):
    """The file as a whole cannot be read; the text names file, line and what to do. Nothing was imported."""


@dataclass(frozen=True, slots=True)
class Binding:
    """How the values under one header become our columns: straight ones, computed ones, and what is kept besides."""

    headers: Sequence[str]
    plain: tuple[tuple[str, int], ...]
    computed: tuple[tuple[str, str, Expression], ...]  # our column, its source, the expression
    extra: tuple[tuple[str, int], ...]

    def bind(self, values: Sequence[str]) -> Bound:
        """(our columns that are not empty, the file's other columns, expressions that failed) of one record."""
        # Most cells of a wide file are empty: they are passed over before anything is done with them.
        cells = {column: text for column, i in self.plain if (raw := values[i]) and (text := raw.strip())}
        extra = {name: text for name, i in self.extra if (raw := values[i]) and (text := raw.strip())}
        problems = self._compute(values, cells) if self.computed else []
        return cells, extra, problems

    def _compute(self, values: Sequence[str], cells: dict[str, str]) -> list[RowProblem]:
        row = dict(zip(self.headers, values, strict=True))
        problems = []
        for column, source, expression in self.computed:
            try:
                value = expression(row)
            except ExpressionError as error:
                problems.append(RowProblem(column=column, value=source, reason=str(error)))
                continue
            if text := "" if value is None else str(value).strip():
                cells[column] = text
        return problems


def bind_headers(
    headers: Sequence[str], mapping: PortfolioMapping | None, file: str, *, complete: bool = True
) -> Binding:
    """Match a header with our columns; raises PortfolioFileError naming file and line 1 or the mapping's line.

    `complete=False` is for JSON lines, where an object may leave out what it has no value for.
    """
    places = _places(headers, file)
    named = mapping.fields if mapping else {}
    straight = {
        column: places[key] for column, source in named.items() if (key := plain_name(source)) in places
    }
    rest = [column for column in named if column not in straight]
    if not complete:
        rest = [column for column in rest if not named[column].isidentifier()]
    computed = _computed(mapping, rest, headers)
    used = {*straight.values(), *_mentioned(headers, [source for _, source, _ in computed])}
    for key, i in places.items():
        column = BY_PLAIN_NAME.get(key)
        if column and column not in named and i not in used:
            straight[column] = i
            used.add(i)
    if complete:
        _require([*straight, *(column for column, _, _ in computed)], headers, file, mapping)
    extra = [
        (extra_name(header) or f"column_{i + 1}", i) for i, header in enumerate(headers) if i not in used
    ]
    return Binding(tuple(headers), tuple(straight.items()), tuple(computed), tuple(extra))


def _places(headers: Sequence[str], file: str) -> dict[str, int]:
    places: dict[str, int] = {}
    for i, header in enumerate(headers):
        key = plain_name(header)
        if key and key in places:
            raise PortfolioFileError(
                f"{file}, line 1: the columns {headers[places[key]]!r} and {header!r} have one name; keep one"
            )
        places[key] = i
    return places


def _computed(
    mapping: PortfolioMapping | None, columns: Iterable[str], headers: Sequence[str]
) -> list[tuple[str, str, Expression]]:
    if mapping is None:
        return []
    return [(column, mapping.fields[column], _compiled(mapping, column, headers)) for column in columns]


def _compiled(mapping: PortfolioMapping, column: str, headers: Sequence[str]) -> Expression:
    source = mapping.fields[column]
    try:
        expression = compile_expression(source, tables=mapping.lookups)
    except ExpressionError as error:
        raise PortfolioFileError(
            f"{mapping.where(column)}: {source!r} is neither a column of the file ({_listed(headers)}) "
            f"nor an expression: {error}"
        ) from None
    if source.isidentifier():
        raise PortfolioFileError(
            f"{mapping.where(column)}: the file has no column {source!r}; it has: {_listed(headers)}"
        )
    return expression


def check_expressions(mapping: PortfolioMapping) -> list[str]:
    """What can be said against a mapping's expressions without a file: a sentence each."""
    problems = []
    for column, source in mapping.fields.items():
        if not re.search(r"[{}|\[\]'\"]", source):
            continue  # may be a column's name: only the file can tell
        try:
            compile_expression(source, tables=mapping.lookups)
        except ExpressionError as error:
            problems.append(f"{mapping.where(column)}: {error}")
    return problems


def _mentioned(headers: Sequence[str], sources: Iterable[str]) -> set[int]:
    words = {word for source in sources for word in _NAME.findall(source)}
    return {
        i for i, header in enumerate(headers) if header in words or any(f'"{header}"' in s for s in sources)
    }


def _require(
    columns: Sequence[str], headers: Sequence[str], file: str, mapping: PortfolioMapping | None
) -> None:
    missing = [column for column in REQUIRED if column not in columns]
    if not missing:
        return
    what = "column" if len(missing) == 1 else "columns"
    mend = (
        f"add it under fields: in {mapping.path}"
        if mapping
        else "rename a column, or name it in a mapping (--mapping)"
    )
    raise PortfolioFileError(
        f"{file}, line 1: the required {what} {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; "
        f"the file has: {_listed(headers)}{_other_delimiter(headers)}; {mend}"
    )


def _other_delimiter(headers: Sequence[str]) -> str:
    if len(headers) == 1:
        for mark, name in ((";", "a semicolon"), ("\t", "a tab"), ("|", "a bar")):
            if mark in headers[0]:
                return f' (it seems to be parted by {name}: say delimiter: "{mark}" in a mapping)'.replace(
                    "\t", "\\t"
                )
    return ""


def _listed(headers: Sequence[str]) -> str:
    shown = ", ".join(header.strip() for header in headers[:30])
    return f"{shown} and {len(headers) - 30} more" if len(headers) > 30 else shown
