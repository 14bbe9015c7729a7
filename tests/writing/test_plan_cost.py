"""What a plan that bears interest costs is said in every text, language and medium, adds up, and is no free plan."""

import re
from dataclasses import replace

import pytest

from channels.kind import ChannelKind
from dispatcher.values.money import Money
from dispatcher.writing.formats import locale_for, money_text
from dispatcher.writing.samples import a_discount, an_arrangement, with_interest
from tests.content.test_promises import ROOT
from tests.shared import yaml_of
from tests.writing.desk import a_debt, compiled, inputs, rendered, shipped

HOMES = {"en": ("US", "USD"), "es": ("MX", "MXN"), "de": ("DE", "EUR"), "fr": ("FR", "EUR"), "it": ("IT", "EUR"),
         "nl": ("NL", "EUR"), "pt": ("PT", "EUR")}  # fmt: skip
FREE = yaml_of(ROOT / "tests/content/promise_kinds.yaml")["no_cost"]
RATES = {"en": "7.5", "es": "7.5"}  # Mexicans write a point too
WRITTEN = [ChannelKind.EMAIL, ChannelKind.LETTER]


def dear(channel: ChannelKind, language: str, **more):
    country, currency = HOMES[language]
    debt = a_debt(balance=Money(123_450, currency), original=Money(123_450, currency))
    made = inputs(channel, language=language, country=country, debts=(debt,), **more)
    return with_interest(made)


def as_shown(result) -> str:
    return " ".join(f"{result.subject} {result.preheader} {result.text}".split())


@pytest.mark.parametrize("language", HOMES)
@pytest.mark.parametrize("channel", WRITTEN)
def test_an_offer_shows_balance_interest_and_total_and_calls_nothing_free(channel, language) -> None:
    owed, part = (Money(minor, HOMES[language][1]) for minor in (123_450, 100_000))
    made = dear(channel, language, settlement=part, discount=a_discount(owed))
    locale = locale_for(language, HOMES[language][0])
    for name in ("payment-plan-offer", "settlement-offer", "prompt-payment"):
        result = rendered(shipped(name), made)
        assert result.findings == ()
        text = as_shown(result)
        assert not re.search(FREE[language], text, re.IGNORECASE)
        for plan in made.plans:
            for money in (plan.principal, plan.interest_amount, plan.total):
                assert " ".join(money_text(money, locale).split()) in text
        assert f"{RATES.get(language, '7,5')}" in text


@pytest.mark.parametrize("language", HOMES)
@pytest.mark.parametrize("channel", WRITTEN)
def test_a_reminder_promises_no_free_plan_where_plans_bear_interest(channel, language) -> None:
    result = rendered(shipped("second-reminder"), dear(channel, language))
    assert result.findings == ()
    assert not re.search(FREE[language], as_shown(result), re.IGNORECASE)
    free = rendered(shipped("second-reminder"), replace(dear(channel, language), plans_bear_interest=False))
    assert re.search(FREE[language], as_shown(free), re.IGNORECASE)


@pytest.mark.parametrize("language", HOMES)
@pytest.mark.parametrize("channel", WRITTEN)
def test_what_was_agreed_and_what_was_kept_name_the_interest(channel, language) -> None:
    country, currency = HOMES[language]
    made = dear(
        channel, language, kind="arrangement_service", arrangement=an_arrangement(Money(123_450, currency))
    )
    agreed = made.arrangement
    assert agreed.principal + agreed.interest == agreed.total == agreed.paid
    locale = locale_for(language, country)
    for name, moneys in (
        ("arrangement-confirmation", (agreed.principal, agreed.interest, agreed.total)),
        ("account-settled", (agreed.interest, agreed.paid)),
    ):
        result = rendered(shipped(name), made)
        assert result.findings == ()
        for money in moneys:
            assert " ".join(money_text(money, locale).split()) in as_shown(result)


def test_a_plan_without_interest_shows_its_total_alone() -> None:
    result = rendered(shipped("payment-plan-offer"), inputs())
    assert "nothing extra" in result.text
    assert "Interest" not in result.text


def test_the_check_knows_every_figure_of_a_plan_s_cost_and_no_other() -> None:
    made = dear(ChannelKind.EMAIL, "en")
    body = "{{ tables.plans }}\n\nPay {{ total }} to {{ sender.name }}."
    assert not [one for one in rendered(compiled(en_email=body), made).findings if one.rule == "amount"]
    wrong = made.plans[0].interest_amount + Money(1, "USD")
    text = rendered(compiled(en_email=f"{body} Interest: {money_text(wrong, locale_for('en', 'US'))}."), made)
    assert "amount" in {one.rule for one in text.findings}
