"""Who somebody on the debtors' own page is: two things that stand in no message, on no envelope and in no link."""

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

PROOFS = frozenset({"birth_date", "access_code"})  # columns of the ledger that no text of ours can show
MOST_TRIES = 5  # wrong ones of a person, over all their links; the next is not looked at
SHORTEST_CODE = 4  # characters: a shorter one would be guessed within the tries


@dataclass(frozen=True, kw_only=True, slots=True)
class OnFile:
    """What the ledger holds of a person to know them by; `shown`: what of theirs stands in messages."""

    birth_date: date | None = None
    access_code: str = ""
    shown: Collection[str] = ()


def is_proof(typed_birth_date: str, typed_code: str, on_file: OnFile) -> bool:
    """Whether both answers are right. Every pair takes the same path, also where the ledger holds nothing.

    `typed_birth_date` as 1980-05-31. A code that is too short, or that a message shows (a reference, a number, a
    postal code), proves nothing.
    """
    code = folded(on_file.access_code)
    usable = len(code) >= SHORTEST_CODE and code not in {folded(each) for each in on_file.shown}
    day = on_file.birth_date.isoformat() if on_file.birth_date else ""
    same_day = _same(typed_birth_date, day)
    same_code = _same(folded(typed_code), code)
    return same_day & same_code & usable & bool(day)


def typed_day(day: str, month: str, year: str) -> str:
    """Three fields of a form as 1980-05-31; what is no day is some text that no day is."""
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except (ValueError, OverflowError):
        return "?"


def folded(text: str) -> str:
    """A code as it is compared: people type blanks, hyphens and either case."""
    return "".join(char for char in text.casefold() if char.isalnum())


def _same(typed: str, kept: str) -> bool:
    return hmac.compare_digest(typed.encode("utf-8", "surrogateescape"), kept.encode())
