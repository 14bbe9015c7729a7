"""What the words of a foreign file mean where we want a code: names of countries, languages and currencies."""

from collections.abc import Iterable, Mapping
from functools import cache

from babel import Locale
from babel.core import get_global

from dispatcher.portfolio.domain.portfolio_columns import DEBT_READERS, DEBTOR_READERS

_LANGUAGES = ("en", "de", "es", "fr", "it", "pt", "nl")
_SIGNS = {"€": "EUR", "£": "GBP", "US$": "USD", "EURO": "EUR"}
_KINDS = {
    "company": "company firma unternehmen organisation organization business empresa société gewerblich b2b juridical",
    "person": "person privat private privatperson individual persona particular consumer privatkunde b2c natural",
}
CODED = ("country", "language", "currency", "debtor_kind")
MOST_WORDS = 60  # different ones in a column: more are no codes


def words_of(column: str, texts: Iterable[str]) -> Mapping[str, str]:
    """Each different word of a column with the code that it means, or "" where nobody can tell.

    Empty where all can be read as they are, where the column holds no codes, and where its words are too many.
    """
    different = list(dict.fromkeys(texts))
    if column not in CODED or len(different) > MOST_WORDS:
        return {}
    found = {text: _read(column, text) for text in different}
    if all(found.values()):
        return {}
    return {text: code or _names(column).get(text.casefold(), "") for text, code in found.items()}


def country_named(text: str) -> str:
    """The code of a country from its code or its name in one of seven languages; "" stays. Raises ValueError."""
    code = _read("country", text) or _names("country").get(text.casefold(), "") if text else ""
    if text and not code:
        raise ValueError(f"{text!r} is the name of no country")
    return code


def _read(column: str, text: str) -> str:
    reader = DEBTOR_READERS.get(column) or DEBT_READERS[column]
    try:
        return str(reader(text))
    except ValueError:
        return ""


@cache
def _names(column: str) -> Mapping[str, str]:
    match column:
        case "country":
            return _short_forms("territory_aliases") | _of_all_languages("territories")
        case "language":
            return _short_forms("language_aliases") | _of_all_languages("languages")
        case "currency":
            signs = {sign.casefold(): code for sign, code in _SIGNS.items()}
            return _of_all_languages("currencies") | signs
        case _:
            return {word: kind for kind, words in _KINDS.items() for word in words.split()}


def _short_forms(kind: str) -> dict[str, str]:
    """Codes of three letters."""
    return {
        alias.casefold(): str(codes[0]) if isinstance(codes, list) else str(codes)
        for alias, codes in get_global(kind).items()  # type: ignore[arg-type]  # its names are literals
        if len(alias) == 3 and alias.isalpha()
    }


def _of_all_languages(kind: str) -> dict[str, str]:
    return {
        name.casefold(): code
        for language in reversed(_LANGUAGES)
        for code, name in getattr(Locale(language), kind).items()
        if code.isalpha()
    }
