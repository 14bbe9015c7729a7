"""What the tables hold, as the pages say it."""

import pytest
from jinja2 import Environment

from dispatcher.web.site.stacking import stacked
from dispatcher.web.site.words import cron, grouped, text_name


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("30 5 * * *", "every day at 05:30"),
        ("15 3 * * 0", "Sundays at 03:15"),
        ("0 7 * * 1-5", "Mondays to Fridays at 07:00"),
        ("*/15 * * * *", "every 15 minutes"),
        ("* * * * *", "every minute"),
        ("0 7 1 * *", "0 7 1 * *"),
        ("0,30 7 * * *", "0,30 7 * * *"),
        ("5 * * * *", "5 * * * *"),
        ("*/5 7 * * *", "*/5 7 * * *"),
    ],
)
def test_a_schedule_is_said_in_words_where_it_is_a_plain_one(fields: str, said: str) -> None:
    assert cron(fields) == said


@pytest.mark.parametrize(
    ("money", "said"),
    [("6428.15 MXN", "6,428.15 MXN"), ("-1000 JPY", "-1,000 JPY"), ("0.00 USD", "0.00 USD")],
)
def test_an_amount_has_its_thousands_apart(money: str, said: str) -> None:
    assert grouped(money) == said


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("es-MX/sms.txt", "SMS in Spanish (Mexico)"),
        ("en/letter.md", "Letter in English"),
        ("template.yaml", "What it is for"),
        ("xx/email.md", "E-mail in xx"),
    ],
)
def test_a_text_is_called_by_channel_and_language(path: str, said: str) -> None:
    assert text_name(path) == said


def test_each_cell_carries_its_columns_name_and_nothing_that_people_wrote_becomes_one() -> None:
    page = Environment(autoescape=True)
    page.filters["stacked"] = stacked
    table = page.from_string(
        '{% filter stacked %}<table><thead><tr><th class="num">Due</th><th><span class="sr">Who</span></th></tr></thead>'
        "<tbody><tr><td>{{ one }}</td><td>2</td></tr></tbody></table>{% endfilter %}"
    )

    text = table.render(one="<td>forged</td>")

    assert '<td data-th="Due">&lt;td&gt;forged&lt;/td&gt;</td><td data-th="Who">2</td>' in text
