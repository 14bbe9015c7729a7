"""A plan that bears interest on the debtors' own page: its cost is read before it is agreed to, in every language."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from dispatcher.agreements.domain.plan_interest import InterestCap, InterestTerms
from dispatcher.database.tables.agreements import arrangements
from dispatcher.values.interest import DayCount
from tests.web.house import Web
from tests.web.own_account import fields, proved, rows

CAP = InterestCap(country="US", percent=Decimal(9), valid_from=date(2026, 1, 1), reference="An act")
FREE = r"nothing extra|nichts zusätzlich|coste adicional|rien de plus|costi aggiuntivi|niets extra|custos adicionais"


@pytest.fixture
def dear(own: Web) -> Web:
    """Its plans bear 7.5 per cent a year."""
    policy = own.house.policy
    interest = InterestTerms(
        yearly_percent=Decimal("7.5"), day_count=DayCount.ACT_365, booked_by="Acme", caps=(CAP,)
    )
    offers = tuple(
        replace(terms, plans=replace(terms.plans, interest=interest)) if terms.plans else terms
        for terms in policy.offers
    )
    own.house.__dict__["policy"] = replace(policy, offers=offers)
    return own


def cents(text: str) -> list[int]:
    return [int(found.replace(".", "")) for found in re.findall(r"\$(\d+\.\d\d)", text)]


def test_balance_interest_and_total_stand_in_the_choice_in_the_words_and_in_what_was_agreed(
    dear: Web,
) -> None:
    visitor, path = proved(dear)
    page = visitor.get(path).text
    form = next(one for one in re.findall(r"<form.*?</form>", page, re.DOTALL) if 'value="offer 1"' in one)
    *payments, principal, interest, total = cents(form.partition("</table>")[0])
    assert sum(payments) == total == principal + interest
    assert interest > 0
    words = re.search(r'<p class="small">(I agree to pay.*?)</p>', form)
    assert words is not None
    assert {principal, interest, total} <= set(cents(words[1]))
    assert "7.5% a year" in words[1]
    assert not re.search(FREE, form)

    assert visitor.post(path, data=fields(page, "offer 1")).status_code == 303

    [agreed] = rows(dear, arrangements)
    assert agreed.total_minor == total
    assert agreed.terms["agreed_words"] == words[1]
    after = visitor.get(path).text
    table = after[after.index("What we agreed") :].partition("</table>")[0]
    assert cents(table)[-3:] == [principal, interest, total]


@pytest.mark.parametrize("language", ["de", "en", "es", "fr", "it", "nl", "pt"])
def test_no_language_calls_a_plan_that_bears_interest_free(dear: Web, language: str) -> None:
    visitor, path = proved(dear)
    page = visitor.get(f"{path}?lang={language}").text
    forms = [one for one in re.findall(r"<form.*?</form>", page, re.DOTALL) if 'value="offer ' in one]
    assert forms
    for form in forms:
        assert not re.search(FREE, form)
        assert re.search(r"7[.,]5\s?%", form)


def test_while_a_plan_runs_the_way_to_pay_asks_for_its_next_payment(own: Web) -> None:
    visitor, path = proved(own)
    before = visitor.get(path).text
    assert "amount $120.00." in before
    assert visitor.post(path, data=fields(before, "offer 1")).status_code == 303
    [agreed] = rows(own, arrangements)
    assert agreed.total_minor == 12_000
    assert "amount $60.00." in visitor.get(path).text
