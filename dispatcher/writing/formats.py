"""Money and dates as the reader's locale writes them: Babel's patterns, learnt once per locale and currency."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from dispatcher.values.money import Money, exponent

MoneyFormat = Callable[[int], str]

# CLDR puts a no-break space between a currency's letters and its digits (currencySpacing); Babel does not.
_CODE_BEFORE = re.compile(r"(?<=[^\W\d_])(?=\d)")
_CODE_AFTER = re.compile(r"(?<=\d)(?=[^\W\d_])")
# Both sides of every grouping edge, and more digits than any debt: a locale that differs on one is left to Babel.
_PROBES = (0, 1, 99, 100, 999_99, 1_000_00, 1_234_56, 99_999_99, 100_000_00, 1_234_567_89, 12_345_678_901_23)


def _first_of_month(locale: Locale, style: str) -> str:
    """The first of a month as an ordinal, for which the CLDR has no pattern; an SMS has no `º` in its alphabet."""
    if locale.language == "fr" and style != "short":
        return "1er"
    return "1º" if (locale.language, locale.territory, style) == ("pt", "BR", "long") else ""


class _Reader(Locale):
    """A locale that computes its hash once: every date and amount of a message looks it up."""

    def __init__(self, language: str, territory: str | None = None) -> None:
        super().__init__(language, territory)
        self._once = super().__hash__()

    def __hash__(self) -> int:
        return self._once

    __eq__ = Locale.__eq__


@lru_cache(maxsize=512)
def locale_for(language: str, country: str = "") -> Locale:
    """The locale of a language tag, made local by the country where the CLDR knows the pair; else English."""
    primary, *rest = re.split(r"[-_]", language) or [""]
    territories = [*(part for part in rest if len(part) == 2 or part.isdigit()), country, ""]
    for territory in territories:
        try:
            return _Reader(primary.lower(), territory.upper() or None)
        except (UnknownLocaleError, ValueError):
            continue
    return _Reader("en")


@lru_cache(maxsize=512)
def money_format(locale: Locale, currency: str) -> MoneyFormat:
    """A function from minor units to text. No-break spaces stay: a medium without them replaces them."""
    fast = _learnt(locale, currency)
    if fast is not None and all(fast(n) == _by_babel(locale, currency, n) for n in (*_PROBES, *_negative())):
        return fast
    return lambda minor: _by_babel(locale, currency, minor)


def _negative() -> tuple[int, ...]:
    return tuple(-n for n in _PROBES if n)


def _by_babel(locale: Locale, currency: str, minor: int) -> str:
    amount = Decimal(minor).scaleb(-exponent(currency))
    text = format_currency(amount, currency, locale=locale, decimal_quantization=False, currency_digits=True)
    return _CODE_AFTER.sub("\N{NO-BREAK SPACE}", _CODE_BEFORE.sub("\N{NO-BREAK SPACE}", text))


def _learnt(locale: Locale, currency: str) -> MoneyFormat | None:
    """Take prefix, separators and suffix apart from two examples; None where they do not have that shape."""
    digits = exponent(currency)
    shape = re.fullmatch(
        r"(?P<prefix>\D*)1(?P<group>\D?)234(?P<rest>(?:(?P<point>\D)\d+)?)(?P<suffix>\D*)",
        _by_babel(locale, currency, 1234 * 10**digits),
    )
    minus = re.fullmatch(
        r"(?P<prefix>\D*)1\D?234(?:\D\d+)?(?P<suffix>\D*)", _by_babel(locale, currency, -1234 * 10**digits)
    )
    if shape is None or minus is None or bool(shape["rest"]) != bool(digits):
        return None
    return _assembled(shape["group"], shape["point"] or "", digits, (shape, minus))


def _assembled(
    group: str, point: str, digits: int, signs: tuple[re.Match[str], re.Match[str]]
) -> MoneyFormat:
    (prefix, suffix), (minus_prefix, minus_suffix) = [(s["prefix"], s["suffix"]) for s in signs]
    unit = 10**digits

    def positive(minor: int) -> str:
        whole, part = divmod(minor, unit)
        text = f"{whole:,}" if group == "," else f"{whole:,}".replace(",", group)
        return f"{text}{point}{part:0{digits}d}" if digits else text

    def money(minor: int) -> str:
        if minor < 0:
            return f"{minus_prefix}{positive(-minor)}{minus_suffix}"
        return f"{prefix}{positive(minor)}{suffix}"

    return money


def money_text(money: Money, locale: Locale) -> str:
    """An amount in words of the locale: `$1,234.50`, `1.234,50 €`."""
    return money_format(locale, money.currency)(money.minor)


@lru_cache(maxsize=8192)
def date_text(day: date, locale: Locale, style: str = "long") -> str:
    """A date in words of the locale: `March 1, 2012`, `1 de marzo de 2012`, `1er mars 2012`."""
    text = format_date(day, style, locale=locale)
    ordinal = _first_of_month(locale, style) if day.day == 1 else ""
    return ordinal + text[1:] if ordinal and text.startswith("1 ") else text


@lru_cache(maxsize=1024)
def plural_form(number: int, locale: Locale) -> str:
    """The CLDR plural category of a count: `one`, `few`, `many`, `other`."""
    return str(locale.plural_form(number))


def number_text(number: Decimal, locale: Locale) -> str:
    """A number with the decimals that it has."""
    return format_decimal(number, locale=locale, decimal_quantization=False)
