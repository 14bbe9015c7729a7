"""Rows as a creditor's system sends them: the portfolio's columns by name, the debtor's own ones nested if it likes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dispatcher.portfolio.domain.portfolio_columns import DEBTOR_COLUMNS

_DEBTOR = frozenset({"reference", "name", "kind"})  # columns that begin with `debtor_`


@dataclass(frozen=True, kw_only=True, slots=True)
class PushedRow:
    """`number` counts from 0, as the sender's array does; `cells` are texts as a file would hold them."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class PushProblem:
    """What is wrong with a row, said to the person who mends the sending program."""

    row: int
    column: str
    value: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        """For an answer."""
        return {"row": self.row, "column": self.column, "value": self.value, "reason": self.reason}


def read_rows(
    documents: Sequence[Any], creditor: str, *, people_only: bool = False
) -> tuple[list[PushedRow], list[PushProblem]]:
    """The rows that can be read; a row of another creditor than the account's is refused by itself.

    `people_only`: a row is a debtor, its columns as they stand in `debtor` otherwise; a debt's are refused.
    """
    rows: list[PushedRow] = []
    problems: list[PushProblem] = []
    for number, document in enumerate(documents):
        try:
            cells = _debtor_cells(document) if people_only else _cells(document)
            if creditor and cells.setdefault("creditor", creditor) != creditor:
                raise _CellError("creditor", cells["creditor"], f"this account writes for {creditor} alone")
            rows.append(PushedRow(number=number, cells=cells))
        except _CellError as error:
            problems.append(
                PushProblem(row=number, column=error.column, value=error.value, reason=error.reason)
            )
    return rows, problems


def by_columns(rows: Iterable[PushedRow]) -> list[list[PushedRow]]:
    """Rows that name the same columns together: of a column that a row does not name, it says nothing."""
    groups: dict[frozenset[str], list[PushedRow]] = {}
    for row in rows:
        groups.setdefault(frozenset(row.cells), []).append(row)
    return list(groups.values())


class _CellError(Exception):
    def __init__(self, column: str, value: str, reason: str) -> None:
        self.column, self.value, self.reason = column, value[:200], reason
        super().__init__(reason)


def _debtor_cells(document: Any) -> dict[str, str]:
    if not isinstance(document, dict):
        raise _CellError("", str(document), "a row is a JSON object with a debtor's columns")
    own = {name: value for name, value in document.items() if name != "creditor"}
    cells = _cells({"debtor": own} | ({"creditor": document["creditor"]} if "creditor" in document else {}))
    for column in cells:
        if column not in DEBTOR_COLUMNS:
            reason = "no column of a debtor; what belongs to a debt is pushed with it"
            raise _CellError(column, cells[column], reason)
    if not cells.get("debtor_reference"):
        raise _CellError("debtor_reference", "", "is missing: by which `reference` do your books know them?")
    return cells


def _cells(document: Any) -> dict[str, str]:
    if not isinstance(document, dict):
        raise _CellError("", str(document), "a row is a JSON object with the portfolio's columns")
    cells: dict[str, str] = {}
    for name, value in document.items():
        if name == "debtor":
            if not isinstance(value, dict):
                raise _CellError("debtor", str(value), "an object with the debtor's columns")
            for inner, text in value.items():
                column = f"debtor_{inner}" if inner in _DEBTOR else inner
                cells[column] = _text(column, text)
        else:
            cells[str(name)] = _text(str(name), value)
    return cells


def _text(column: str, value: Any) -> str:
    """A cell's text; a number is refused where its text is not its value (a float is not an amount)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ";".join(value)
    if isinstance(value, float):
        raise _CellError(column, repr(value), 'write amounts as text, such as "120.50": a float is not exact')
    raise _CellError(column, str(value), "a text, a whole number, a list of texts or null")
