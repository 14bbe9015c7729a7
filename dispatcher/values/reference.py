"""References of debts and debtors: kept as written, and compared so that what a spreadsheet did to them is seen."""

import re
import unicodedata
from functools import lru_cache

# 1.93044E+09, 1,93044E+09, 2E+12: digits are lost, and two references may have become one. `2E12` may be a real one.
_EXPONENT = re.compile(r"[+-]?\d(?:[.,]\d+[eE][+-]?|[eE]\+)\d{1,3}")
_POINT_ZERO = re.compile(r"(\d+)[.,]0+")
_CENTS = re.compile(r"(\d[\d.,'\u2019]*?)(?:[.,]0{1,2})+")  # a second export adds its own
_GROUPS = re.compile(r"\d{1,3}(?:([.,'\u2019])\d{3})(?:\1\d{3})*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
LONGEST = 200


def normal_reference(text: str) -> str:
    """A key: kept exactly, leading zeros too, without what cannot be seen; raises ValueError."""
    if text.isalnum() and text.isascii() and len(text) <= LONGEST:
        return text  # most: nothing unseen, no mark that an exponent needs
    visible = text if text.isascii() else "".join(c for c in text if unicodedata.category(c) != "Cf").strip()
    if _CONTROL.search(visible):
        raise ValueError("a reference cannot hold line breaks or control characters")
    if len(visible) > LONGEST:
        raise ValueError(f"a reference may have {LONGEST} characters")
    if _EXPONENT.fullmatch(visible.lstrip("'")):
        raise ValueError(
            "a spreadsheet turned it into a rounded number, digits are lost: export the column as text"
        )
    return visible


@lru_cache(maxsize=1 << 12)
def reference_key(reference: str) -> str:
    """The reference without what spreadsheets add or take: case, blanks, leading zeros, `.0`, grouping.

    Two references with one key are not the same; that they are two is what a person has to say.
    """
    if reference.isdecimal() and reference.isascii():
        return reference.lstrip("0") or "0"
    text = unicodedata.normalize("NFKC", reference).casefold().lstrip("'")
    text = "".join(text.split())
    if cents := _CENTS.fullmatch(text):
        text = cents[1]
    if _GROUPS.fullmatch(
        text
    ):  # 1,000 too: thousands are grouped more often than written with three decimals
        text = "".join(char for char in text if char.isdigit())
    elif whole := _POINT_ZERO.fullmatch(text):
        text = whole[1]
    return text.lstrip("0") or text[-1:]
