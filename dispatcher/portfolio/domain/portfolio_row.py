"""Reads one row of a portfolio: columns of text in, a row or its problems out."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from dispatcher.portfolio.domain.portfolio import (
    DebtLine,
    DebtorLine,
    LedgerContactPoint,
    PortfolioRow,
    RefusedRow,
    RowProblem,
)
from dispatcher.portfolio.domain.portfolio_columns import (
    ADDRESS_LINES,
    AMOUNT_COLUMNS,
    CONTACT_COLUMNS,
    DEBT_COLUMNS,
    DEBT_DATES,
    DEBT_READERS,
    DEBTOR_COLUMNS,
    DEBTOR_DATES,
    DEBTOR_READERS,
    REQUIRED,
    Reader,
    label,
)
from dispatcher.values.email_address import normal_email
from dispatcher.values.money import Money
from dispatcher.values.phone import PhoneProblem, to_e164
from dispatcher.values.written_values import amount_reader, date_reader

Cells = Mapping[str, str]  # column -> text, stripped and not empty

_FIELDS = {  # where a column's name is not the field's
    "debtor_reference": "reference",
    "debtor_name": "name",
    "debtor_kind": "kind",
    "debt_reference": "reference",
}
_MINOR = {"original_amount": "original_minor", "balance": "balance_minor", "promise_amount": "promise_minor"}
_READ_APART = frozenset({*ADDRESS_LINES, *CONTACT_COLUMNS})
_PERSON_ONLY_IF_ABSENT = ("debt_reference", "balance", "due_date")
_DEBTORS_KEPT = 4096  # a debtor's columns repeat from row to row: they are read once

Parts = tuple[tuple[str, str], ...]


class RowReader:
    """Reads rows of one file; `date_format` and `decimal` are the file's, `creditor` is for rows that name none."""

    def __init__(self, *, date_format: str = "", decimal: str = ".", creditor: str = "") -> None:
        self._creditor = creditor
        self._date = date_reader(date_format)
        self._amount = amount_reader(decimal)
        dates: dict[str, Reader] = dict.fromkeys((*DEBTOR_DATES, *DEBT_DATES), self._date)
        self._readers: dict[str, Reader] = {
            **DEBTOR_READERS, **DEBT_READERS, **dates, **dict.fromkeys(AMOUNT_COLUMNS, self._amount),
        }  # fmt: skip
        self._debtor = lru_cache(maxsize=_DEBTORS_KEPT)(self._read_debtor)

    def read(self, cells: Cells, extra: Mapping[str, str]) -> PortfolioRow | RefusedRow:
        """One row; `extra` are the file's other columns."""
        parts = tuple([cell for cell in cells.items() if cell[0] in DEBTOR_COLUMNS])
        debtor, warnings, problems = self._debtor(parts)
        if debtor is not None and not any(column in cells for column in _PERSON_ONLY_IF_ABSENT):
            return PortfolioRow(debtor=debtor, debt=None, warnings=warnings)
        debt, more = self._read_debt(cells, extra, debtor)
        if debtor is None or debt is None:
            return _refused((*problems, *more), cells, self._creditor)
        return PortfolioRow(debtor=debtor, debt=debt, warnings=warnings)

    def _read_debtor(
        self, parts: Parts
    ) -> tuple[DebtorLine | None, tuple[RowProblem, ...], tuple[RowProblem, ...]]:
        cells = dict(parts)
        values, problems = self._values([part for part in parts if part[0] not in _READ_APART])
        if "debtor_reference" not in cells:
            problems.append(_missing("debtor_reference"))
        if problems:
            return None, (), tuple(problems)
        points, warnings = self._contact_points(cells, values.get("country", ""))
        line = DebtorLine(
            **{"creditor": self._creditor, **values},
            address_lines=_address(cells),
            contact_points=tuple(points),
        )
        return line, tuple(warnings), ()

    def _read_debt(
        self, cells: Cells, extra: Mapping[str, str], debtor: DebtorLine | None
    ) -> tuple[DebtLine | None, list[RowProblem]]:
        values, problems = self._values([item for item in cells.items() if item[0] in DEBT_COLUMNS])
        problems += [
            _missing(column) for column in REQUIRED if column not in cells and column != "debtor_reference"
        ]
        problems += _to_minor(values, cells)
        if problems or debtor is None:
            return None, problems
        return DebtLine(
            creditor=debtor.creditor, debtor_reference=debtor.reference, extra=extra, **values
        ), []

    def _values(self, parts: Iterable[tuple[str, str]]) -> tuple[dict[str, Any], list[RowProblem]]:
        values: dict[str, Any] = {}
        problems = []
        readers = self._readers
        for column, text in parts:
            try:
                values[_FIELDS.get(column, column)] = readers[column](text)
            except ValueError as error:
                problems.append(RowProblem(column=column, value=text, reason=str(error)))
        return values, problems

    def _contact_points(
        self, cells: Cells, country: str
    ) -> tuple[list[LedgerContactPoint], list[RowProblem]]:
        points: list[LedgerContactPoint] = []
        warnings: list[RowProblem] = []
        for medium, consent_column in (("email", "email_consent_on"), ("phone", "sms_consent_on")):
            if medium in cells:
                consent = self._consent(cells, consent_column, warnings)
                for raw in cells[medium].split(";"):
                    try:
                        points.append(
                            _point(medium, raw.strip(), cells.get(f"{medium}_label", ""), consent, country)
                        )
                    except ValueError as error:
                        warnings.append(RowProblem(column=medium, value=raw, reason=f"not used: {error}"))
        return points, warnings

    def _consent(self, cells: Cells, column: str, warnings: list[RowProblem]) -> date | None:
        try:
            return self._date(cells[column]) if column in cells else None
        except ValueError as error:
            warnings.append(
                RowProblem(column=column, value=cells[column], reason=f"taken as no consent: {error}")
            )
            return None


def _point(medium: str, raw: str, label_text: str, consent: date | None, country: str) -> LedgerContactPoint:
    where = label(label_text) if label_text else ""
    if medium == "email":
        return LedgerContactPoint(medium=medium, address=normal_email(raw), label=where, consent_on=consent)
    number = to_e164(raw, country or None)
    if isinstance(number, PhoneProblem):
        raise ValueError(number.reason)  # noqa: TRY004 a finding about the cell, told like the others
    return LedgerContactPoint(medium=medium, address=number, label=where, consent_on=consent)


def _address(cells: Cells) -> tuple[str, ...]:
    lines = (
        line.strip() for column in ADDRESS_LINES if column in cells for line in cells[column].splitlines()
    )
    return tuple(line for line in lines if line)


def _to_minor(values: dict[str, Any], cells: Cells) -> list[RowProblem]:
    """Replace amounts by minor units of the row's currency; returns those finer than the currency."""
    problems = []
    currency = values.get("currency")
    for column, field in _MINOR.items():
        amount = values.pop(column, None)
        if amount is None or currency is None:
            continue
        try:
            values[field] = Money.of(amount, currency).minor
        except ValueError as error:
            problems.append(RowProblem(column=column, value=cells[column], reason=str(error)))
    return problems


def _refused(problems: tuple[RowProblem, ...], cells: Cells, creditor: str) -> RefusedRow:
    return RefusedRow(
        problems=problems,
        creditor=cells.get("creditor", creditor),
        debt_reference=cells.get("debt_reference", ""),
    )


def _missing(column: str) -> RowProblem:
    return RowProblem(column=column, value="", reason="is missing; every debt needs it")
