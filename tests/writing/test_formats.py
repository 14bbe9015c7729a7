from datetime import date

import pytest
from babel import Locale, localedata
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.values.money import Money
from dispatcher.writing import formats
from dispatcher.writing.formats import date_text, locale_for, money_format, money_text, plural_form

LOCALES = [
    "en_US",
    "en_GB",
    "en_IN",
    "es_ES",
    "es_MX",
    "es_CO",
    "es_CL",
    "es_US",
    "pt_BR",
    "fr_CA",
    "de_CH",
    "ar_EG",
    "fa_IR",
    "hi_IN",
    "pl_PL",
    "sv_SE",
]
CURRENCIES = ["USD", "EUR", "MXN", "COP", "JPY", "KWD", "CLP", "INR"]


@given(
    locale=st.sampled_from(LOCALES),
    currency=st.sampled_from(CURRENCIES),
    minor=st.integers(-(10**14), 10**14),
)
def test_a_learnt_pattern_writes_what_babel_writes(locale, currency, minor):
    parsed = Locale.parse(locale)
    assert money_format(parsed, currency)(minor) == formats._by_babel(parsed, currency, minor)


@pytest.mark.deep
def test_every_locale_of_babel_is_learnt_right_or_left_to_babel():
    for name in localedata.locale_identifiers():
        parsed = Locale.parse(name)
        for minor in (0, 5, 123_456, -99_999_999, 10**12 + 7):
            assert money_format(parsed, "EUR")(minor) == formats._by_babel(parsed, "EUR", minor)


@pytest.mark.parametrize(
    ("language", "country", "text"),
    [
        ("en", "US", "$1,234.50"),
        ("en", "GB", "US$1,234.50"),
        ("es", "US", "$1,234.50"),
        ("es", "MX", "USD 1,234.50"),
        ("es", "CO", "US$1.234,50"),
        ("es", "ES", "1.234,50 US$"),
        ("en", "IN", "$1,234.50"),
    ],
)
def test_dollars_are_told_from_the_readers_own_money(language, country, text):
    assert (
        money_text(Money(123_450, "USD"), locale_for(language, country)).replace("\N{NO-BREAK SPACE}", " ")
        == text
    )


def test_lakhs_are_grouped_as_in_india():
    assert money_text(Money(1_234_567_890, "INR"), locale_for("en", "IN")) == "₹1,23,45,678.90"


@pytest.mark.parametrize(
    ("language", "country", "locale"),
    [
        ("es", "MX", "es_MX"),
        ("es-MX", "ES", "es_MX"),
        ("es", "DE", "es"),
        ("en", "MX", "en"),
        ("xx", "MX", "en"),
        ("", "", "en"),
    ],
)
def test_a_locale_is_the_language_in_its_country_or_the_nearest_there_is(language, country, locale):
    assert str(locale_for(language, country)) == locale


@pytest.mark.parametrize(
    ("language", "country", "day", "style", "text"),
    [
        ("fr", "FR", 1, "long", "1er mars 2026"),
        ("fr", "BE", 1, "medium", "1er mars 2026"),
        ("fr", "FR", 1, "short", "01/03/2026"),
        ("fr", "CA", 11, "long", "11 mars 2026"),
        ("fr", "FR", 31, "long", "31 mars 2026"),
        ("pt", "BR", 1, "long", "1º de março de 2026"),
        ("pt", "BR", 1, "medium", "1 de mar. de 2026"),
        ("pt", "PT", 1, "long", "1 de março de 2026"),
        ("es", "ES", 1, "long", "1 de marzo de 2026"),
    ],
)
def test_the_first_of_a_month_is_an_ordinal_where_its_readers_write_one(language, country, day, style, text):
    assert date_text(date(2026, 3, day), locale_for(language, country), style) == text


@pytest.mark.parametrize(("number", "form"), [(0, "other"), (1, "one"), (2, "other"), (1_000_000, "many")])
def test_plural_forms_are_those_of_the_language(number, form):
    assert plural_form(number, locale_for("es", "MX")) == form
