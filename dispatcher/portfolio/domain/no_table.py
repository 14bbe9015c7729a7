"""Files that people hand in as ledgers and that hold no table: what each is by its first bytes, and what to do."""

import re

FIRST_BYTES = 1024  # enough to tell

_AS_TABLE = "ask for an export as CSV or .xlsx"
_SAVE = "open it in a spreadsheet program and save it as .xlsx"
_MARKS = (
    (b"%PDF", f"a PDF: it holds a picture of a table and no cells; {_AS_TABLE}"),
    (b"\x89PNG", f"a picture; {_AS_TABLE}"),
    (b"\xff\xd8\xff", f"a picture; {_AS_TABLE}"),
    (b"GIF8", f"a picture; {_AS_TABLE}"),
    (b"II*\0", f"a picture; {_AS_TABLE}"),
    (b"MM\0*", f"a picture; {_AS_TABLE}"),
    (b"{\\rtf", f"a text document; {_AS_TABLE}"),
    (b"SQLite format 3", f"a database; {_AS_TABLE}"),
    (b"{1:F01", f"a bank statement and no ledger; {_AS_TABLE} of what is open"),
    (b"7z\xbc\xaf\x27\x1c", "an archive of a kind that is not opened; pack it as .zip, or hand in what is in it"),
    (b"Rar!", "an archive of a kind that is not opened; pack it as .zip, or hand in what is in it"),
)  # fmt: skip
_WEB_PAGE = re.compile(
    rb"\s*(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head|body|meta|table)\b", re.IGNORECASE | re.DOTALL
)
_OF_PACKED = (
    ("content.xml", f"an OpenDocument file; {_SAVE}"),
    ("word/document.xml", f"a text document; {_AS_TABLE}"),
    ("ppt/presentation.xml", f"a presentation; {_AS_TABLE}"),
    ("xl/workbook.bin", f"a binary spreadsheet (.xlsb); {_SAVE}"),
    ("Index/Document.iwa", f"a file of Apple's Numbers or Pages; {_SAVE}"),
)


def no_table(start: bytes) -> str:
    """What a file is that holds no table, and what to do, told by how it begins; empty where it may be a table."""
    for mark, what in _MARKS:
        if start.startswith(mark):
            return what
    plain = start.removeprefix(b"\xef\xbb\xbf")
    if _WEB_PAGE.match(plain):
        return f"a web page, whatever its name says; {_SAVE}"
    if plain.lstrip().startswith(b"<?xml"):
        is_sheet = b"urn:schemas-microsoft-com:office:spreadsheet" in plain
        return f"an old spreadsheet in XML; {_SAVE}" if is_sheet else f"an XML document; {_AS_TABLE}"
    return ""


def no_table_packed(names: list[str]) -> str:
    """The same of an archive, by the names of what is in it."""
    return next((what for name, what in _OF_PACKED if name in names), "")
