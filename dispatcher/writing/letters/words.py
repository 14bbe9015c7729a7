"""The few words that the page layout itself says, per language, from `letter_words.yaml` beside it."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields

from babel import Locale, UnknownLocaleError

from dispatcher.writing.letters.reading import read_letter


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
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


class WordsError(ValueError):
    """`letter_words.yaml` lacks a language or a word, or holds one that nobody reads."""


def words_for(language: str, known: Mapping[str, Mapping[str, str]]) -> Words:
    """The words of a BCP 47 language, a region's own ones over its language's; raises WordsError."""
    base, _, _ = language.partition("-")
    if base not in known:
        raise WordsError(
            f"the layout of letters has no words in {_named(language)}: add a section {base!r} to"
            " letter_words.yaml"
        )
    merged = {**known[base], **known.get(language, {})}
    wanted = {field.name for field in fields(Words)}
    if merged.keys() != wanted:
        odd = ", ".join(sorted(merged.keys() ^ wanted))
        raise WordsError(f"letter_words.yaml, section {base!r}: missing or unknown: {odd}")
    return Words(**merged)


def _named(language: str) -> str:
    try:
        return Locale.parse(language, sep="-").get_display_name("en") or language
    except (UnknownLocaleError, ValueError):
        return repr(language)


def words_not_printed(body: bytes, text: str) -> list[str]:
    """List the words of a text that its PDF does not show.

    Only words in Latin letters and digits are looked for: shaped scripts do not come back letter by letter.
    Raises ValueError where the PDF cannot be read.
    """
    printed = _plain(read_letter(body).text)
    return [word for word in text.split() if (plain := _plain(word)).isascii() and plain not in printed]


def _plain(text: str) -> str:
    """Letters and digits alone, without accents: line ends, hyphens and ligatures do not count."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if letter.isalnum())
