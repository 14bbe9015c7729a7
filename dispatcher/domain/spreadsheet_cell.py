"""Keeps cells of a CSV file from running as formulas in a spreadsheet, and gives the original back."""

import re

_TRIGGERS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"  # the last four are the full-width forms
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*")
_MARK = "'"


def safe_cell(value: str) -> str:
    """The value as a spreadsheet may see it: what it would run gets an apostrophe in front; numbers stay numbers."""
    return _MARK + value if _needs_mark(value) else value


def original_cell(cell: str) -> str:
    """What `safe_cell` was given."""
    return cell[1:] if cell.startswith(_MARK) and _needs_mark(cell[1:]) else cell


def _needs_mark(value: str) -> bool:
    bare = value.lstrip(" '\"%;,")
    return bool(bare) and bare[0] in _TRIGGERS and not _NUMBER.fullmatch(value)
