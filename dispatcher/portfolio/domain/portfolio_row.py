"""Reads one row of a portfolio: columns of text in, a row or its problems out."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any

from dispatcher.portfolio.domain.portfolio import DebtLine, DebtorLine, PortfolioRow, RefusedRow, RowProblem
from dispatcher.portfolio.domain.portfolio_columns import (
    ADDRESS_LINES,
    AMOUNT_COLUMNS,
    COLUMNS,
    CONTACT_COLUMNS,
    DEBT_COLUMNS,
    DEBT_DATES,
    DEBT_READERS,
    DEBTOR_COLUMNS,
    DEBTOR_DATES,
    DEBTOR_READERS,
    LEFT_ASIDE,
    REQUIRED,
    Reader,
)
from dispatcher.portfolio.domain.row_contact_points import contact_points
from dispatcher.portfolio.domain.stand_ins import StandIns
from dispatcher.values.money import exponent, minor_units
from dispatcher.values.no_value import why_no_name
from dispatcher.values.whereabouts import PlaceTable, locate, zone_trouble
from dispatcher.values.written_values import amount_reader, date_reader, is_one_mark_and_three_digits

Cells = Mapping[str, str]  # column -> text, stripped and not empty

FIELDS = {  # where a column's name is not the field's
    "debtor_reference": "reference",
    "debtor_name": "name",
    "debtor_kind": "kind",
    "debt_reference": "reference",
}
MINOR = {"original_amount": "original_minor", "balance": "balance_minor", "promise_amount": "promise_minor"}
_READ_APART = frozenset({*ADDRESS_LINES, *CONTACT_COLUMNS})
_PERSON_ONLY_IF_ABSENT = frozenset({"debt_reference", "balance", "due_date"})
_REFUSED_WITHOUT = frozenset({*REQUIRED, "creditor"})
_OF_EVERY_DEBT = {column: None for column in REQUIRED if column != "debtor_reference"}.keys()
_DEBTORS_KEPT = 4096  # a debtor's columns repeat from row to row: they are read once
_SHAPES_KEPT = 1024  # of a file's rows, a few dozen fill other columns than those before
_AMOUNTS_KEPT = 4096  # what was owed first is mostly what is owed


@dataclass(frozen=True, kw_only=True, slots=True)
class FileForm:
    """How the rows of a file are to be read.

    `columns` are those of ours that it has: of the others it says nothing. `date_format` "" is ISO 8601;
    `decimal_stated` says that a person named the mark, so that one mark is not ambiguous. `creditor` is for rows that
    name none; `real_names` are debtors (`creditor/reference`) whose name only looks like no name.
    """

    columns: Collection[str] = COLUMNS
    date_format: str = ""
    period_start: date | None = None
    decimal: str = "."
    decimal_stated: bool = False
    creditor: str = ""
    people_only: bool = False
    real_names: frozenset[str] = frozenset()
    places: PlaceTable | None = None
    stand_ins: StandIns = field(default_factory=StandIns)


@dataclass(slots=True)
class _Debtor:
    line: DebtorLine | None
    warnings: list[RowProblem] = field(default_factory=list)
    unread: list[RowProblem] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class _DebtorShape:
    """What is to be done with debtors of whom the same columns are filled: it is worked out once."""

    columns: tuple[str, ...]
    texts: Callable[[Cells], tuple[str, ...]]
    readers: tuple[tuple[int, str, str, Reader], ...]  # place among the columns, column, field


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class _Shape:
    """The same of whole rows."""

    debtor: _DebtorShape
    readers: tuple[tuple[str, str, Reader], ...]  # of the debt: column, field
    amounts: tuple[tuple[str, str], ...]  # column, field of its minor units
    missing: tuple[str, ...]  # what every debt needs, and these rows have not
    person_only: bool


def _picked(columns: tuple[str, ...]) -> Callable[[Cells], tuple[str, ...]]:
    if len(columns) > 1:
        return itemgetter(*columns)
    return lambda cells: tuple(cells[column] for column in columns)


class RowReader:
    """Reads rows of one file."""

    def __init__(self, form: FileForm | None = None) -> None:
        self._form = form or FileForm()
        self._silent = silent_fields(self._form.columns)
        self._date = date_reader(self._form.date_format, period_start=self._form.period_start)
        amount = lru_cache(maxsize=_AMOUNTS_KEPT)(amount_reader(self._form.decimal))
        dates: dict[str, Reader] = dict.fromkeys((*DEBTOR_DATES, *DEBT_DATES), self._date)
        readers: dict[str, Reader] = {
            **DEBTOR_READERS, **DEBT_READERS, **dates, **dict.fromkeys(AMOUNT_COLUMNS, amount),
        }  # fmt: skip
        self._fields: dict[str, tuple[str, Reader]] = {
            column: (FIELDS.get(column, column), read) for column, read in readers.items()
        }
        self._shape: Callable[[tuple[str, ...]], _Shape] = lru_cache(maxsize=_SHAPES_KEPT)(self._shape_of)
        # A debtor of several debts has one shape whatever the rows' shapes are: it is part of what is remembered.
        self._debtor_shape: Callable[[tuple[str, ...]], _DebtorShape] = cache(self._debtor_shape_of)
        self._debtor: Callable[[_DebtorShape, tuple[str, ...]], _Debtor] = lru_cache(maxsize=_DEBTORS_KEPT)(
            self._read_debtor
        )
        self._amount: Reader = amount
        self._minor: Callable[[str, str], int] = lru_cache(maxsize=_AMOUNTS_KEPT)(self._read_minor)

    def read(self, cells: Cells, extra: Mapping[str, str]) -> PortfolioRow | RefusedRow:
        """One row; `extra` are the file's other columns."""
        shape = self._shape(tuple(cells))
        debtor = self._debtor(shape.debtor, shape.debtor.texts(cells))
        if debtor.line is not None and shape.person_only:
            return PortfolioRow(
                debtor=debtor.line, debt=None, warnings=tuple(debtor.warnings), unread=tuple(debtor.unread)
            )
        debt, found = self._read_debt(shape, cells, extra, debtor.line)
        if debtor.line is None or debt is None:
            problems = (*debtor.problems, *debtor.unread, *found.problems, *found.unread)
            return self._refused(problems, cells)
        if not (debtor.warnings or debtor.unread or found.warnings or found.unread):  # most rows
            return PortfolioRow(debtor.line, debt)
        warnings, unread = (*debtor.warnings, *found.warnings), (*debtor.unread, *found.unread)
        return PortfolioRow(debtor=debtor.line, debt=debt, warnings=warnings, unread=unread)

    def _shape_of(self, columns: tuple[str, ...]) -> _Shape:
        debt = tuple(column for column in columns if column in DEBT_COLUMNS)
        return _Shape(
            debtor=self._debtor_shape(tuple(column for column in columns if column in DEBTOR_COLUMNS)),
            readers=tuple((column, *self._fields[column]) for column in debt),
            amounts=tuple((column, name) for column, name in MINOR.items() if column in debt),
            missing=tuple(column for column in _OF_EVERY_DEBT if column not in columns),
            person_only=self._form.people_only or _PERSON_ONLY_IF_ABSENT.isdisjoint(columns),
        )

    def _debtor_shape_of(self, columns: tuple[str, ...]) -> _DebtorShape:
        readers = tuple(
            (place, column, *self._fields[column])
            for place, column in enumerate(columns)
            if column not in _READ_APART
        )
        return _DebtorShape(columns=columns, texts=_picked(columns), readers=readers)

    def _read_debtor(self, shape: _DebtorShape, texts: tuple[str, ...]) -> _Debtor:
        found = _Debtor(line=None)
        values: dict[str, Any] = {"creditor": self._form.creditor}
        for place, column, name, read in shape.readers:
            try:
                values[name] = read(texts[place])
            except ValueError as error:
                _note(found, RowProblem(column=column, value=texts[place], reason=str(error)))
        cells = dict(zip(shape.columns, texts, strict=True))
        if "debtor_reference" not in cells:
            found.problems.append(_missing("debtor_reference"))
        if found.problems:
            return found
        self._name(values, cells, found)
        self._zone(values, found)
        country = values.get("country", "")
        points = contact_points(cells, country, self._date, found.warnings, self._form.stand_ins)
        found.line = DebtorLine(
            **values, address_lines=_address(cells), contact_points=points, silent=self._silent[0]
        )
        return found

    def _name(self, values: dict[str, Any], cells: Cells, found: _Debtor) -> None:
        """Take a name that is none away: it would be printed as one."""
        name = values.get("name", "")
        why = why_no_name(name) if name else ""
        if why and f"{values['creditor']}/{values['reference']}" not in self._form.real_names:
            del values["name"]
            reason = f"{why}: read as empty; who is really called so stands under real_names in import.yaml"
            found.warnings.append(RowProblem(column="debtor_name", value=cells["debtor_name"], reason=reason))

    def _zone(self, values: dict[str, Any], found: _Debtor) -> None:
        stated, places = values.get("time_zone"), self._form.places
        if not stated or places is None:
            return
        home = _home(places, *(values.get(name, "") for name in ("country", "region", "city", "postal_code")))
        if why := zone_trouble(places, stated, home):
            found.warnings.append(RowProblem(column="time_zone", value=stated, reason=why))
            if "another continent" not in why:
                del values["time_zone"]

    def _read_debt(
        self, shape: _Shape, cells: Cells, extra: Mapping[str, str], debtor: DebtorLine | None
    ) -> tuple[DebtLine | None, _Debtor]:
        found = _Debtor(line=None)
        values: dict[str, Any] = {}
        for column, name, read in shape.readers:
            try:
                values[name] = read(cells[column])
            except ValueError as error:
                _note(found, RowProblem(column=column, value=cells[column], reason=str(error)))
        found.problems += [_missing(column) for column in shape.missing]
        self._to_minor(shape, values, cells, found)
        if found.problems or debtor is None:
            return None, found
        line = DebtLine(
            creditor=debtor.creditor,
            debtor_reference=debtor.reference,
            extra=extra,
            silent=self._silent[1],
            **values,
        )
        return line, found

    def _to_minor(self, shape: _Shape, values: dict[str, Any], cells: Cells, found: _Debtor) -> None:
        """Replace amounts by minor units of the row's currency; what is finer than the currency is a problem."""
        currency = values.get("currency")
        for column, name in shape.amounts:
            amount = values.pop(column, None)
            if amount is None or currency is None:
                continue
            try:
                values[name] = self._minor(cells[column], currency)
            except ValueError as error:
                _note(found, RowProblem(column=column, value=cells[column], reason=str(error)))

    def _read_minor(self, text: str, currency: str) -> int:
        if exponent(currency) == 3 and not self._form.decimal_stated:
            _refuse_ambiguous(text, currency)
        return minor_units(self._amount(text), currency)

    def _refused(self, problems: tuple[RowProblem, ...], cells: Cells) -> RefusedRow:
        return RefusedRow(
            problems=problems,
            creditor=cells.get("creditor", self._form.creditor),
            debt_reference=cells.get("debt_reference", ""),
        )


def silent_fields(columns: Collection[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The fields of debtors and of debts that a file without some columns says nothing of."""
    debtor = {FIELDS.get(c, c) for c in DEBTOR_COLUMNS if c not in columns and c not in ADDRESS_LINES}
    if not any(line in columns for line in ADDRESS_LINES):
        debtor.add("address_lines")
    debt = {MINOR.get(c, FIELDS.get(c, c)) for c in DEBT_COLUMNS if c not in columns}
    return frozenset(debtor), frozenset(debt)


def _note(found: _Debtor, problem: RowProblem) -> None:
    """A bad value refuses the row where every debt needs it, holds the debt, or is left aside."""
    if problem.column in _REFUSED_WITHOUT:
        found.problems.append(problem)
    elif problem.column in LEFT_ASIDE:
        found.warnings.append(
            RowProblem(column=problem.column, value=problem.value, reason=f"not used: {problem.reason}")
        )
    else:
        reason = f"{problem.reason}; the debt is held until this can be read"
        found.unread.append(RowProblem(column=problem.column, value=problem.value, reason=reason))


def _refuse_ambiguous(text: str, currency: str) -> None:
    if is_one_mark_and_three_digits(text):
        raise ValueError(
            f"{currency} has three decimals, so this may be thousands or thousandths: say `decimal` in a mapping"
        )


@lru_cache(maxsize=1 << 12)
def _home(places: PlaceTable, country: str, region: str, city: str, postal_code: str) -> Any:
    return locate(places, country=country, region=region, city=city, postal_code=postal_code)


def _address(cells: Cells) -> tuple[str, ...]:
    texts = [cells[column] for column in ADDRESS_LINES if column in cells]
    if all(map(str.isprintable, texts)):  # most: no line breaks, and cells are stripped
        return tuple(texts)
    lines = (line.strip() for text in texts for line in text.splitlines())
    return tuple(line for line in lines if line)


def _missing(column: str) -> RowProblem:
    return RowProblem(column=column, value="", reason="is missing; every debt needs it")
