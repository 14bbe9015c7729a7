from datetime import date
from decimal import Decimal

import pytest

from dispatcher.portfolio.domain.portfolio import is_open
from dispatcher.values.email_address import normal_email
from dispatcher.values.written_values import amount_reader, date_pattern, date_reader


@pytest.mark.parametrize(
    ("decimal", "text", "amount"),
    [
        (".", "55.94", "55.94"),
        (".", "1,234.56", "1234.56"),
        (".", "12,34,567.80", "1234567.80"),
        (".", "1 234.56", "1234.56"),
        (".", "1\u00a0234.56", "1234.56"),
        (".", "1'234.56", "1234.56"),
        (".", "-12.50", "-12.50"),
        (".", "12.50-", "-12.50"),
        (".", "\u221212.50", "-12.50"),
        (".", "+7", "7"),
        (".", ".50", "0.50"),
        (".", "1,234", "1234"),
        (",", "1.234,56", "1234.56"),
        (",", "12,5", "12.5"),
        (",", "1.234", "1234"),
        (",", "0,00", "0.00"),
    ],
)
def test_an_amount_is_read_exactly(decimal, text, amount):
    assert amount_reader(decimal)(text) == Decimal(amount)


@pytest.mark.parametrize(
    ("decimal", "text"),
    [
        (".", "12,34"), (".", "1.234,56"), (".", "1,23.4"), (".", "1,2345"), (".", "12.34.56"), (".", "$12"), (".", "12 USD"),
        (".", "1E5"), (".", "NaN"), (".", "Infinity"), (".", "--5"), (".", "-5-"), (".", "٣٤"), (".", "²"), (".", "1_000"),
        (".", "0x10"), (".", ""), (".", "-"), (".", "9" * 20), (",", "12.34"), (",", "1,234.56"),
    ],
)  # fmt: skip
def test_an_amount_that_could_mean_two_things_or_none_is_refused_with_the_way_out(decimal, text):
    with pytest.raises(ValueError, match=r"decimal|too large"):
        amount_reader(decimal)(text)


@pytest.mark.parametrize(
    ("form", "text", "day"),
    [
        ("", "2012-03-01", date(2012, 3, 1)),
        ("", "2012-03-01T00:00:00", date(2012, 3, 1)),
        ("", "2012-02-29 00:00", date(2012, 2, 29)),
        ("M/D/YYYY", "1/2/2013", date(2013, 1, 2)),
        ("M/D/YYYY", "12/31/2013", date(2013, 12, 31)),
        ("D/M/YYYY", "1/2/2013", date(2013, 2, 1)),
        ("DD.MM.YYYY", "01.02.2013", date(2013, 2, 1)),
        ("YYYYMMDD", "20130201", date(2013, 2, 1)),
        ("YYYY/MM/DD", "2013/02/01", date(2013, 2, 1)),
    ],
)
def test_a_date_is_read_in_the_form_that_was_named(form, text, day):
    assert date_reader(form)(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "3/4/2012",
        "13/4/2012",
        "4.3.2012",
        "2012/03/04",
        "04-03-2012",
        "20120304",
        "March 4, 2012",
        "2012-3-4",
        "2012-03-01T10:00:00",
    ],
)
def test_day_and_month_are_never_guessed(text):
    with pytest.raises(ValueError, match=r"date_format: D/M/YYYY or M/D/YYYY"):
        date_reader("")(text)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("M/D/YYYY", "13/4/2012"),
        ("", "2012-02-30"),
        ("", "9999-12-31"),
        ("", "0012-01-01"),
        ("DD.MM.YYYY", "1.2.2013"),
    ],
)
def test_a_day_that_is_not_in_the_calendar_or_not_in_the_form_is_refused(form, text):
    with pytest.raises(ValueError, match=r"calendar|cannot be meant|in the form"):
        date_reader(form)(text)


@pytest.mark.parametrize("form", ["D/YYYY", "YYYY", "D/D/YYYY", "dd/mm/yyyy", "DD.MM.YYYY HH", ""])
def test_a_date_form_without_day_month_and_year_is_none(form):
    with pytest.raises(ValueError, match="YYYY"):
        date_pattern(form)


@pytest.mark.parametrize(
    ("issued", "settled", "on", "expected"),
    [
        (date(2012, 3, 1), None, date(2012, 3, 1), True),
        (date(2012, 3, 2), None, date(2012, 3, 1), False),
        (None, None, date(2012, 3, 1), True),
        (date(2012, 1, 1), date(2012, 3, 1), date(2012, 2, 29), True),
        (date(2012, 1, 1), date(2012, 3, 1), date(2012, 3, 1), False),
    ],
)
def test_a_debt_is_open_from_its_issue_until_the_day_it_is_settled(issued, settled, on, expected):
    assert is_open(issued, settled, on) is expected


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("Ana.Perez@Debtors.EXAMPLE", "Ana.Perez@debtors.example"),
        (" ana+bills@debtors.example ", "ana+bills@debtors.example"),
        ("mailto:ana@debtors.example", "ana@debtors.example"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
    ],
)
def test_an_address_is_written_one_way(raw, normal):
    assert normal_email(raw) == normal


@pytest.mark.parametrize(
    "raw",
    [
        "ana", "@debtors.example", "ana@", "ana@localhost", "a b@debtors.example", "ana@debtors..example", "ana@-x.example",
        "ana@debtors.example\nBcc: all@debtors.example", "ana@debtors.example, luis@debtors.example", "ana@[127.0.0.1]",
        "ana@1.2.3.4", "<ana@debtors.example>", '"ana"@debtors.example', ".ana@debtors.example", "a" * 65 + "@debtors.example",
        "ana@" + "x" * 300 + ".example", "ána@debtors.example",
    ],
)  # fmt: skip
def test_what_no_ordinary_server_takes_is_no_address(raw):
    with pytest.raises(ValueError, match=r"@|domain"):
        normal_email(raw)
