"""Writes text into spreadsheet cells so that no program runs it, and reads it back unchanged."""

import re

# Also behind what an importer may strip or split at, and in full-width form.
_RUNS = re.compile(r"(\s|[\"';,|]|%0[9AaDd])*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def to_cell(text: str) -> str:
    """Put an apostrophe before what a spreadsheet might run; amounts stay numbers."""
    if _NUMBER.fullmatch(text):
        return text
    return f"'{text}" if text == "" or text.startswith("'") or _RUNS.match(text) else text


def from_cell(cell: str) -> str:
    """Give back the text that `to_cell` was given."""
    return cell.removeprefix("'")
