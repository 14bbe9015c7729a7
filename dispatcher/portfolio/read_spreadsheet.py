"""Rows of an .xlsx sheet as text: real dates in ISO 8601, long numbers whole, zeros that a format shows ahead."""

import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from types import TracebackType
from typing import Any

from dispatcher.portfolio.apply_mapping import PortfolioFileError
from dispatcher.portfolio.read_lines import RawRow

_ZEROS = re.compile(r"0{2,}")
_EXACT = 10**15  # beyond, a spreadsheet's numbers have lost digits


class SheetRows:
    """The rows of the first or the named sheet, read as they come: memory does not grow with the file."""

    def __init__(self, path: Path, file: str, sheet: str) -> None:
        self._path, self._file, self._sheet = path, file, sheet
        self._book: Any = None

    def __enter__(self) -> "SheetRows":
        from openpyxl import load_workbook
        from openpyxl.utils.exceptions import InvalidFileException

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # styles and extensions that nothing here needs
                self._book = load_workbook(self._path, read_only=True, data_only=True, keep_links=False)
        except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
            raise PortfolioFileError(f"{self._file}: the spreadsheet cannot be read: {error}") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._book.close()

    def __iter__(self) -> Iterator[RawRow]:
        width = 0
        for number, cells in enumerate(self._chosen().iter_rows(), start=1):
            values = [_text(cell) for cell in cells]
            width = max(width, len(values))
            yield RawRow(number, values + [""] * (width - len(values)))

    def give_back_lines(self) -> None:
        """A spreadsheet's row is one line."""

    @property
    def names(self) -> list[str]:
        """The sheets there are; charts are none."""
        return [sheet.title for sheet in self._book.worksheets]

    def _chosen(self) -> Any:
        if not self._sheet:
            return self._book.worksheets[0]
        for sheet in self._book.worksheets:
            if sheet.title.strip().casefold() == self._sheet.strip().casefold():
                return sheet
        raise PortfolioFileError(
            f"{self._file}: there is no sheet {self._sheet!r}; there are: {', '.join(self.names)}"
        )


def sheet_names(path: Path, file: str) -> list[str]:
    """The names of a workbook's sheets in its order; raises PortfolioFileError."""
    with SheetRows(path, file, "") as book:
        return book.names


def _text(cell: Any) -> str:
    value = cell.value
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value, cell.number_format or "")
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    return value.isoformat() if isinstance(value, date) else str(value)


def _number(value: int | float, shown_as: str) -> str:
    if isinstance(value, float):
        if not value.is_integer():
            return repr(value) if "e" not in repr(value) else format(value, "f")
        if abs(value) >= _EXACT:
            return f"{value:.14E}"  # refused as a reference: nobody knows its last digits
        value = int(value)
    return str(value).zfill(len(shown_as)) if _ZEROS.fullmatch(shown_as) and value >= 0 else str(value)
