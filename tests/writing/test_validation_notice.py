"""The validation notice: what the ledger must say of a debt, and that no sentence of the model form may be missing."""

from dataclasses import replace
from datetime import date

import pytest

from channels.kind import ChannelKind
from dispatcher.rulebook.packs import load_rule_packs
from dispatcher.values.money import Money
from dispatcher.values.validation_period import VALIDATION, validation_period_end
from dispatcher.writing.checks.checks import check
from dispatcher.writing.domain.itemization import itemization_of
from dispatcher.writing.formats import date_text, locale_for
from dispatcher.writing.mime import read_email
from dispatcher.writing.samples import an_itemization
from tests.writing.desk import ROOT, a_debt, inputs, rendered, shipped

EXTRA = {
    "itemization_date": "2026-01-02", "itemization_creditor": "Bank of Rockville", "itemization_amount": "100.00",
    "itemization_interest": "15.00", "itemization_fees": "10.00", "itemization_credits": "5.00",
}  # fmt: skip
NONE = Money(0, "USD")
[CONTENT] = [
    rule
    for rule in load_rule_packs(ROOT / "config/rules").pack("us-regf").rules
    if rule.id == "notice-content"
]


def american(language, channel=ChannelKind.EMAIL, **more):
    debt = a_debt()
    return inputs(
        channel, language=language, kind="notice", notice=VALIDATION, packs=("default", "us-regf"),
        debts=(replace(debt, itemization=an_itemization(debt.balance)),),
        sender={"role": "third_party", "creditor_name": "Example Lender Ltd."},
        validation_ends_on=validation_period_end(date(2026, 3, 11)), **more,
    )  # fmt: skip


def test_what_was_paid_to_us_since_the_ledger_stands_among_the_credits():
    item = itemization_of(EXTRA, Money(11_500, "USD"), Money(500, "USD"))
    assert item is not None
    assert item.credited == Money(1_000, "USD")


@pytest.mark.parametrize("column", EXTRA)
def test_a_debt_without_a_part_of_its_itemization_has_none(column):
    balance = Money(12_000, "USD")
    assert itemization_of(EXTRA, balance, NONE)
    assert itemization_of({k: v for k, v in EXTRA.items() if k != column}, balance, NONE) is None
    assert itemization_of({**EXTRA, column: ""}, balance, NONE) is None


@pytest.mark.parametrize("change", [{"itemization_fees": "9.00"}, {"itemization_date": "01/02/2026"}])
def test_figures_that_do_not_make_the_balance_and_unread_days_are_none(change):
    assert itemization_of({**EXTRA, **change}, Money(12_000, "USD"), NONE) is None


def test_the_period_ends_thirty_days_after_ten_business_days_and_federal_holidays_are_none():
    assert validation_period_end(date(2026, 11, 5)) == date(2026, 12, 20)  # Veterans Day lies between


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("first", [True, False])
def test_a_validation_notice_without_any_one_line_of_the_model_form_is_held(language, first):
    template, made = shipped("validation-notice"), american(language, first_contact=first)
    whole = rendered(template, made)
    assert whole.findings == ()
    assert whole.content.validation_period_end == made.validation_ends_on
    wanted = CONTENT.guard.elements | CONTENT.guard.sentences
    assert wanted <= set(whole.content.looked_for)
    parts = read_email(whole.body)
    text, missed = template.text(ChannelKind.EMAIL, language, language), set()
    for line in filter(str.strip, parts["text"].split("\n")):
        less = {**parts, "text": parts["text"].replace(line, "")}
        missed |= set(check(less, text=text, inputs=made).content.missing)
    assert missed | {"validation_period_end"} >= wanted
    undated = {
        **parts,
        "text": parts["text"].replace(date_text(made.validation_ends_on, locale_for(language, "US")), "soon"),
    }
    assert "validation_period_end" in check(undated, text=text, inputs=made).content.missing


def test_a_notice_whose_ledger_has_no_itemization_is_not_made():
    made = american("en")
    result = rendered(shipped("validation-notice"), replace(made, debts=(a_debt(),)))
    assert "itemized" in str(result)
