"""The few words that the page around a letter says, in one language or one region's own form of it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterWords:
    """One language's words; `{braces}` are filled in by the layout."""

    date: str
    reference: str
    page: str  # with {page} and {pages}
    continued: str  # with {sender} and {reference}
    pay_heading: str
    pay_to: str
    pay_reference: str
    balance_on: str  # with {date}
    pay_online: str
    pay_scan: str
    pay_structured: str
    pay_scan_bank: str
