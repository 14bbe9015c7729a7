"""Turns one record of a foreign file into a portfolio's columns, by a mapping or by the names of the columns."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import itemgetter

from dispatcher.portfolio.domain.portfolio import RowProblem
from dispatcher.portfolio.domain.portfolio_columns import BY_PLAIN_NAME, REQUIRED, extra_name, plain_name
from dispatcher.portfolio.domain.portfolio_mapping import PortfolioMapping
from dispatcher.portfolio.expressions import ExpressionError, compile_expression
from dispatcher.values.no_value import NO_VALUE_SPELLINGS

Expression = Callable[[Mapping[str, str]], object]
Bound = tuple[dict[str, str], dict[str, str], list[RowProblem]]

_NAME = re.compile(r"\w+")
_SYNTAX = re.compile(r"[{}|\[\]'\"]")
_KEY_MARK = "/"
_SAY_NOTHING = NO_VALUE_SPELLINGS | {""}
# Here the words themselves mean something, or somebody has to hear of them.
_WORDS_KEPT = frozenset({"authorised_channels", "debtor_name"})


class PortfolioFileError(ValueError):
    """The file as a whole cannot be read; the text names file, line and what to do. Nothing was imported."""


class Places:
    """Where in a row some columns stand."""

    def __init__(self, places: Iterable[tuple[str, int]], words_kept: frozenset[str] = frozenset()) -> None:
        self.named = tuple(places)
        self._words_kept = words_kept
        self._names = tuple(name for name, _ in self.named)
        self._pick = _picker([place for _, place in self.named])

    def filled(self, values: Sequence[str]) -> dict[str, str]:
        """The texts of the cells that hold anything, by column; only where one may say nothing is each looked at."""
        picked = self._pick(values)
        texts = map(str.strip, compress(picked, picked))
        found = dict(zip(compress(self._names, picked), texts, strict=True))
        if _SAY_NOTHING.isdisjoint(found.values()):
            return found
        return {
            column: text
            for column, text in found.items()
            if text and (text not in _SAY_NOTHING or column in self._words_kept)
        }


def _picker(places: Sequence[int]) -> Callable[[Sequence[str]], Sequence[str]]:
    if len(places) > 1:
        return itemgetter(*places)
    return lambda values: [values[place] for place in places]


@dataclass(frozen=True, slots=True)
class Binding:
    """How the values under one header become our columns: straight ones, computed ones, and what is kept besides."""

    headers: Sequence[str]
    plain: Places
    computed: tuple[tuple[str, str, Expression], ...]  # our column, its source, the expression
    extra: Places
    columns: frozenset[str] = frozenset()  # those of ours that the file has, filled or not
    warnings: tuple[RowProblem, ...] = ()  # about the header

    def bind(self, values: Sequence[str]) -> Bound:
        """(our columns that are not empty, the file's other columns, expressions that failed) of one record."""
        cells, extra = self.plain.filled(values), self.extra.filled(values)
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
            text = "" if value is None else str(value).strip()
            if text and (text not in NO_VALUE_SPELLINGS or column in _WORDS_KEPT):
                cells[column] = text
        return problems


def bind_headers(
    headers: Sequence[str],
    mapping: PortfolioMapping | None,
    file: str,
    *,
    complete: bool = True,
    line: int = 1,
) -> Binding:
    """Match a header with our columns; raises PortfolioFileError naming file and line or the mapping's line.

    `complete=False` is for JSON lines, where an object may leave out what it has no value for.
    """
    places, twins = _places(headers)
    named = mapping.sources if mapping else {}
    straight = {
        column: place for column, source in named.items() if (place := _place(source, places)) is not None
    }
    rest = [column for column in named if column not in straight and not _may_be_missing(named[column])]
    if not complete:
        rest = [column for column in rest if not named[column].isidentifier()]
    computed = _computed(mapping, rest, headers)
    keys = _keys(mapping, places, headers, complete=complete)
    sources = [source for _, source, _ in computed]
    used = {*straight.values(), *_mentioned(headers, sources), *(i for _, parts in keys for i in parts)}
    for key, i in places.items():
        column = BY_PLAIN_NAME.get(key)
        if column and i not in used and column not in straight and not (mapping and column in mapping.fields):
            straight[column] = i
            used.add(i)
    computed += [
        (column, " / ".join(headers[i] for i in parts), _joined(headers, parts)) for column, parts in keys
    ]
    columns = frozenset([*straight, *(column for column, _, _ in computed)])
    if complete:
        _refuse_twins(headers, twins, used, file, line)
        _require(columns, headers, file, mapping, line)
    extra = _extras(headers, used | _not_kept(headers, mapping))
    return Binding(
        tuple(headers),
        Places(straight.items(), _WORDS_KEPT),
        tuple(computed),
        extra,
        columns,
        _about_header(headers, twins),
    )


def _places(headers: Sequence[str]) -> tuple[dict[str, int], list[tuple[int, int]]]:
    """Plain name -> place; and the pairs that have one name."""
    places: dict[str, int] = {}
    twins = []
    for i, header in enumerate(headers):
        key = plain_name(header)
        if key and key in places:
            twins.append((places[key], i))
        else:
            places[key] = i
    places.pop("", None)
    return places, twins


def _place(source: str, places: Mapping[str, int]) -> int | None:
    """Where the column of a source stands: its name, or the first of `A or B` that the file has."""
    if (whole := plain_name(source)) in places:
        return places[whole]
    if _SYNTAX.search(source):
        return None
    names = [plain_name(name) for name in source.removesuffix("?").split(" or ")]
    return next((places[name] for name in names if name in places), None)


def _may_be_missing(source: str) -> bool:
    return source.endswith("?") and not _SYNTAX.search(source)


def _refuse_twins(
    headers: Sequence[str], twins: list[tuple[int, int]], used: set[int], file: str, line: int
) -> None:
    for first, second in twins:
        if first in used or second in used:
            raise PortfolioFileError(
                f"{file}, line {line}: the columns {headers[first]!r} and {headers[second]!r} have one name; keep one"
            )


def _about_header(headers: Sequence[str], twins: list[tuple[int, int]]) -> tuple[RowProblem, ...]:
    unnamed = [f"column {i + 1}" for i, header in enumerate(headers) if not header.strip()]
    found = [
        RowProblem(column=headers[second], value="", reason="two columns have this name; neither is used")
        for _, second in twins
    ]
    if unnamed:
        reason = f"{', '.join(unnamed)} without a name: kept, and used by nothing"
        found.append(RowProblem(column="", value="", reason=reason))
    return tuple(found)


def _not_kept(headers: Sequence[str], mapping: PortfolioMapping | None) -> set[int]:
    """The columns that a mapping does not keep beside ours; of a mapping that says nothing none."""
    if mapping is None or mapping.extra is None:
        return set()
    kept = {plain_name(name) for name in mapping.extra}
    return {i for i, header in enumerate(headers) if plain_name(header) not in kept}


def _extras(headers: Sequence[str], used: set[int]) -> Places:
    names: dict[str, int] = {}
    for i, header in enumerate(headers):
        if i not in used:
            name = extra_name(header) or f"column_{i + 1}"
            names[name if name not in names else f"{name}_{i + 1}"] = i
    return Places(names.items())


def _keys(
    mapping: PortfolioMapping | None, places: Mapping[str, int], headers: Sequence[str], *, complete: bool
) -> list[tuple[str, tuple[int, ...]]]:
    """The places of the columns that make a key: `Name?` may be missing, `A or B` is the first that is there."""
    found = []
    for column, parts in (mapping.keys if mapping else {}).items():
        indices = []
        for part in parts:
            index = _place(part, places)
            if index is not None:
                indices.append(index)
            elif not _may_be_missing(part) and complete:
                assert mapping is not None  # noqa: S101 there are keys only where there is a mapping
                raise PortfolioFileError(
                    f"{mapping.where(column)}: the file has no column {part!r}; it has: {_listed(headers)}"
                )
        found.append((column, tuple(indices)))
    return found


def _joined(headers: Sequence[str], parts: tuple[int, ...]) -> Expression:
    names = [headers[i] for i in parts]
    return lambda row: _KEY_MARK.join(text for name in names if (text := row[name].strip()))


def _computed(
    mapping: PortfolioMapping | None, columns: Iterable[str], headers: Sequence[str]
) -> list[tuple[str, str, Expression]]:
    if mapping is None:
        return []
    return [(column, mapping.sources[column], _compiled(mapping, column, headers)) for column in columns]


def _compiled(mapping: PortfolioMapping, column: str, headers: Sequence[str]) -> Expression:
    source = mapping.sources[column]
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
    for column, source in mapping.sources.items():
        if not _SYNTAX.search(source) or _may_be_missing(source):
            continue  # may be a column's name: only the file can tell
        try:
            compile_expression(source, tables=mapping.lookups)
        except ExpressionError as error:
            problems.append(f"{mapping.where(column)}: {error}")
    return problems


def names_wanted(mapping: PortfolioMapping | None) -> frozenset[str]:
    """The plain names that the line of column names must hold, to be known by them."""
    if mapping is None:
        return frozenset(plain_name(column) for column in REQUIRED)
    required = ("debtor_reference",) if mapping.people_only else REQUIRED
    wanted = [mapping.sources.get(column, column) for column in required if column not in mapping.keys]
    wanted += [parts[0].split(" or ")[0] for column, parts in mapping.keys.items() if column in required]
    plain = [source for source in wanted if not _SYNTAX.search(source) and not _may_be_missing(source)]
    return frozenset(name for source in plain if (name := plain_name(source)) and " or " not in source)


def _mentioned(headers: Sequence[str], sources: Iterable[str]) -> set[int]:
    words = {word for source in sources for word in _NAME.findall(source)}
    return {
        i
        for i, header in enumerate(headers)
        if header and (header in words or any(f'"{header}"' in s for s in sources))
    }


def _require(
    columns: Iterable[str], headers: Sequence[str], file: str, mapping: PortfolioMapping | None, line: int
) -> None:
    required = ("debtor_reference",) if mapping and mapping.people_only else REQUIRED
    missing = [column for column in required if column not in columns]
    if not missing:
        return
    what = "column" if len(missing) == 1 else "columns"
    mend = (
        f"add it under fields: in {mapping.path}"
        if mapping
        else "rename a column, or name it in a mapping (--mapping)"
    )
    raise PortfolioFileError(
        f"{file}, line {line}: the required {what} {', '.join(missing)} "
        f"{'is' if len(missing) == 1 else 'are'} missing; the file has: "
        f"{_listed(headers)}{_other_delimiter(headers)}{_other_encoding(headers)}; {mend}"
    )


def _other_delimiter(headers: Sequence[str]) -> str:
    if len(headers) == 1:
        for mark, name in ((";", "a semicolon"), ("\t", "a tab"), ("|", "a bar")):
            if mark in headers[0]:
                return f' (it seems to be parted by {name}: say delimiter: "{mark}" in a mapping)'.replace(
                    "\t", "\\t"
                )
    return ""


def _other_encoding(headers: Sequence[str]) -> str:
    if any("\udc80" <= char <= "\udcff" for header in headers for char in header):
        return " (the file is not UTF-8: name its encoding in a mapping, such as encoding: cp1252)"
    return ""


def _listed(headers: Sequence[str]) -> str:
    shown = ", ".join(header.strip() for header in headers[:30])
    listed = f"{shown} and {len(headers) - 30} more" if len(headers) > 30 else shown
    return listed.encode(errors="replace").decode()
