"""Whoever owes forty invoices reads first what they can do, and then the list."""

from dataclasses import replace
from datetime import date

import pytest

from dispatcher.authoring.template_files import read_template, template_folders
from dispatcher.values.money import Money
from dispatcher.values.validation_period import VALIDATION
from dispatcher.writing.formats import locale_for, money_text
from dispatcher.writing.language.meta import FILE as META_FILE
from dispatcher.writing.language.meta import read_meta
from dispatcher.writing.render import Draft, render_words
from dispatcher.writing.samples import an_arrangement
from tests.writing.desk import LANGUAGES, ROOT, a_debt, home_of, inputs, shipped

COUNT = 40
TOTAL = Money(sum(10_000 + 137 * n for n in range(COUNT)), "EUR")


def lists_debts(name: str) -> bool:
    """Whether its e-mail shows a table a debt; the order of a validation notice is its law's."""
    # Each process that collects asks this: compiling all that is shipped would cost each two seconds.
    files = read_template(ROOT / "templates", name).files
    source = files.get("en/email.md", "")
    return read_meta(files[META_FILE]).notice != VALIDATION and any(
        table in source for table in ("tables.debts", "tables.breakdown")
    )


NAMES = [name for name in template_folders(ROOT / "templates") if lists_debts(name)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_what_one_can_do_comes_before_a_long_list(name: str, language: str) -> None:
    template = shipped(name)
    (kind,) = template.meta.kinds
    debts = tuple(
        a_debt(
            reference=f"INV-{n:04}", balance=Money(10_000 + 137 * n, "EUR"), original=Money(10_000 + 137 * n, "EUR"),
            paid=None, due_date=date(2026, 3, 16 if kind == "courtesy" else 1),
        )
        for n in range(COUNT)
    )  # fmt: skip
    country = home_of(language)
    made = inputs(language=language, country=country, debts=debts, kind=kind, notice=template.meta.notice)
    made = replace(made, arrangement=an_arrangement(TOTAL) if "arrangement" in name else None)
    draft = render_words(template, made)
    assert isinstance(draft, Draft)
    assert draft.report.findings == ()
    text, locale = draft.parts["text"], locale_for(language, country)
    rows = [text.index(money_text(debt.balance, locale)) for debt in debts]
    assert text.index(made.sender.phone) < min(rows)
    assert text.index(money_text(TOTAL, locale)) < min(rows)


def test_the_templates_that_list_debts_are_looked_at() -> None:
    assert {
        "first-reminder",
        "second-reminder",
        "first-notice",
        "transfer-notice",
        "arrangement-broken",
    } <= set(NAMES)
