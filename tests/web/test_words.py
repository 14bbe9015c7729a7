"""What the tables hold, as the pages say it."""

import re

import pytest
from jinja2 import Environment

from dispatcher.web.site.plain_words import without_commands
from dispatcher.web.site.schedule_words import cron
from dispatcher.web.site.stacking import stacked
from dispatcher.web.site.words import grouped, text_name
from tests.shared import ROOT


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("30 5 * * *", "every day at 05:30"),
        ("15 3 * * 0", "Sundays at 03:15"),
        ("0 7 * * 1-5", "Mondays to Fridays at 07:00"),
        ("*/15 * * * *", "every 15 minutes"),
        ("* * * * *", "every minute"),
        ("0 7 1 * *", "the 1st of each month at 07:00"),
        ("0 9 1 1,4,7,10 *", "the 1st of January, April, July and October at 09:00"),
        ("0 9 22 3 *", "the 22nd of March at 09:00"),
        ("7-59/15 * * * *", "every 15 minutes, from 7 minutes past"),
        ("5 * * * *", "every hour at 5 minutes past"),
        ("0,30 7 * * *", ""),
        ("*/5 7 * * *", ""),
        ("0-30/5 * * * *", ""),
        ("0 7 1 * 1", ""),
    ],
)
def test_a_schedule_is_said_in_words_where_it_is_a_plain_one(fields: str, said: str) -> None:
    assert cron(fields) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("there is no message x; `dispatcher messages list` shows their ids", "there is no message x; the page Messages shows their ids"),
        ("`dispatcher adopt --why TEXT` says so", "whoever keeps this machine says so"),
        ("no mailbox is set: set DISPATCHER_MAILBOX__HOST", "no mailbox is set: whoever keeps this machine can set that"),
        ("DISPATCHER_RULES__ONLY names the packs", "a setting names the packs"),
        ("the relay said no", "the relay said no"),
    ],
)  # fmt: skip
def test_a_page_names_a_page_where_a_terminal_would_name_a_command(text: str, said: str) -> None:
    assert without_commands(text) == said


def test_no_command_and_no_setting_of_our_sentences_is_left_on_a_page() -> None:
    """Every text between quotes that names one, wherever in the program it stands."""
    quoted = re.compile(r"\"[^\"\n]*(?:`dispatcher |DISPATCHER_)[^\"\n]*\"")
    said = [
        text
        for file in sorted((ROOT / "dispatcher").rglob("*.py"))
        for text in quoted.findall(file.read_text())
    ]
    assert len(said) > 50
    assert [
        text
        for text in said
        if re.search(r"`dispatcher [a-z]+[^`]*`|DISPATCHER_[A-Z]", without_commands(text))
    ] == []


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
