"""What a text says an amount is made of adds up, and is the same by e-mail, on paper, on the page and in the statement."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.kind import ChannelKind
from dispatcher.counsel.export_cases import statement
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.rulebook.own_page_words import load_own_page_words
from dispatcher.values.charges import Charge, FixedSum, Rate
from dispatcher.values.interest import DayCount
from dispatcher.values.money import Money
from dispatcher.web.debtors.account_view import _debt_line, _Writer
from dispatcher.writing.domain.message_inputs import debt_view
from dispatcher.writing.formats import locale_for, money_text
from tests.writing.desk import ROOT, a_debt, compiled, inputs, rendered, shipped

EMAIL, LETTER = ChannelKind.EMAIL, ChannelKind.LETTER
ON = date(2026, 3, 11)
ADDED, TAKEN = ("original", "interest", "fees", "charges"), ("paid", "credit")

amounts = st.integers(0, 10**9)
EXPONENTS = {"JPY": 0, "USD": 2, "KWD": 3}


@st.composite
def debt_files(draw: st.DrawFn) -> DebtFile:
    """A debt whatever its ledger says, in a currency with 0, 2 or 3 decimals."""
    currency = draw(st.sampled_from(sorted(EXPONENTS)))
    money = amounts.map(lambda minor: Money(minor, currency))
    extra = {name: str(draw(money).amount) for name in ("interest", "fees") if draw(st.booleans())} | draw(
        st.sampled_from([{}, {"interest": "n/a"}, {"fees": ""}])
    )
    return DebtFile(
        id=1, creditor_id=1, creditor="acme", debtor_id=1, reference="R1", ledger=draw(money), paid=draw(money),
        credit=draw(money), due_date=date(2026, 1, 1), original=draw(st.none() | money), extra=extra,
    )  # fmt: skip


@given(debt_files())
def test_the_parts_of_a_debt_add_up_to_its_balance(debt: DebtFile) -> None:
    view = debt_view(debt, ON)
    added = sum(part.minor for name in ADDED if (part := getattr(view, name)))
    taken = sum(part.minor for name in TAKEN if (part := getattr(view, name)))
    assert added - taken == view.balance.minor == debt.balance.minor
    assert all(part is None or part.minor >= 0 for part in (view.charges, view.paid, view.credit))


WORDS = load_own_page_words(ROOT / "config/own_page").account["en"]
WHOLE = a_debt(
    balance=Money(17_300, "USD"),
    original=Money(15_000, "USD"),
    interest=Money(1_250, "USD"),
    fees=Money(2_000, "USD"),
    charges=Money(350, "USD"),
    paid=Money(1_000, "USD"),
    credit=Money(300, "USD"),
)


def figures(text: str) -> list[int]:
    """The dollars of a text, in cents, in their order."""
    return [int(found.replace(",", "").replace(".", "")) for found in re.findall(r"\$([\d,]+\.\d\d)", text)]


@pytest.mark.parametrize("channel", [EMAIL, LETTER])
def test_what_the_amount_is_made_of_is_the_same_on_every_medium_and_known_to_the_check(
    channel: ChannelKind,
) -> None:
    made = inputs(channel, debts=(WHOLE,))
    body = "{{ tables.breakdown }}\n\nPay {{ total }} to {{ sender.name }}."
    result = rendered(compiled(en_email=body, en_letter=body), made)
    assert not [finding for finding in result.findings if finding.rule == "amount"]
    expected = [15_000, 1_250, 2_000, 350, 1_000, 300, 17_300]
    found = [figure for figure in figures(result.text) if figure in expected]
    assert found[:7] == expected
    assert sum(expected[:4]) - sum(expected[4:6]) == expected[6]


def test_a_figure_that_the_ledger_does_not_know_is_held() -> None:
    body = "{{ tables.breakdown }}\n\nPay {{ total }} to {{ sender.name }}, and $3.51."
    result = rendered(compiled(en_email=body), inputs(debts=(WHOLE,)))
    assert "amount" in {finding.rule for finding in result.findings}


def test_the_shipped_reminder_says_other_charges_where_the_ledger_names_none() -> None:
    template = shipped("second-reminder")
    plain = rendered(template, inputs(debts=(WHOLE,)))
    assert not [finding for finding in plain.findings if finding.rule == "amount"]
    assert "Other charges: $3.50" in plain.text.replace("\n", " ")
    without = rendered(template, inputs(debts=(replace(WHOLE, charges=None),)))
    assert "Other charges" not in without.text


def test_page_and_statement_say_the_same_as_the_text() -> None:
    usd = lambda minor: Money(minor, "USD")  # noqa: E731 it is read beside its use
    debt = DebtFile(
        id=1, creditor_id=1, creditor="acme", debtor_id=1, reference="R1", ledger=usd(18_600), paid=usd(1_000),
        credit=usd(300), due_date=date(2026, 1, 1), original=usd(15_000),
        extra={"interest": "12.50", "fees": "20.00"},
    )  # fmt: skip
    view, locale = debt_view(debt, ON), locale_for("en", "US")
    shown = [(name, money_text(part, locale)) for name in (*ADDED, *TAKEN) if (part := getattr(view, name))]
    person = PersonFile(id=1, person="p", creditor_id=1, creditor="acme", reference="A1")
    line = _debt_line(debt, person, ON, _Writer(words=WORDS, locale=locale))
    assert [(name, text.removeprefix("-")) for name, text in line.parts] == shown
    assert line.balance == money_text(view.balance, locale)
    rows: dict[str, Any] = {row[0]: row[2] for row in statement(debt, [(ON, 1_000)], ON)}
    assert [rows[name] for name in ("original amount", "interest", "fees", "other charges", "credits")] == [
        part.amount for part in (view.original, view.interest, view.fees, view.charges, view.credit) if part
    ]
    assert rows["payments and credits in the ledger"] + rows["paid since that ledger"] == usd(1_000).amount
    assert rows["owed"] == view.balance.amount


STATUTE = Charge(
    name="test", title="A statute", reference="Act art. 1", link="https://law.example", valid_from=date(2020, 1, 1),
    day_count=DayCount.ACT_365, rates=(Rate(valid_from=date(2026, 1, 1), percent=Decimal("7.3"), source="s"),),
    fixed={"USD": (FixedSum(amount=Money(4_000, "USD")),)}, half_years=True,
)  # fmt: skip


def a_late_debt(**changes: Any) -> DebtFile:
    debt = DebtFile(
        id=1, creditor_id=1, creditor="acme", debtor_id=1, reference="R1", ledger=Money(10_000, "USD"),
        paid=Money(0, "USD"), credit=Money(0, "USD"),
        original=Money(10_000, "USD"), due_date=date(2026, 1, 1), debt_type="commercial",
    )  # fmt: skip
    return replace(debt, **changes)


def test_what_a_statute_adds_is_the_same_on_every_medium_beside_a_balance_that_it_leaves_alone() -> None:
    debt = a_late_debt()
    view = debt_view(debt, ON, STATUTE)
    assert (view.late_interest, view.late_costs) == (
        Money(138, "USD"),
        Money(4_000, "USD"),
    )  # 69 days of 2 cents
    assert (view.balance, view.with_late) == (Money(10_000, "USD"), Money(14_138, "USD"))
    body = "{{ tables.breakdown }}\n\nPay {{ total }} to {{ sender.name }}."
    for channel in (EMAIL, LETTER):
        result = rendered(compiled(en_email=body, en_letter=body), inputs(channel, debts=(view,)))
        assert not [finding for finding in result.findings if finding.rule == "amount"]
        said = [figure for figure in figures(result.text) if figure in (138, 4_000, 14_138)]
        assert said[:3] == [138, 4_000, 14_138]
        assert result.content.claims_costs is True
        assert result.content.costs == Decimal("40.00")
    sender = replace(inputs().sender, charges=STATUTE)
    person = PersonFile(id=1, person="p", creditor_id=1, creditor="acme", reference="A1")
    line = _debt_line(debt, person, ON, _Writer(words=WORDS, locale=locale_for("en", "US")), sender)
    assert [amount for _, amount in line.late] == ["$1.38", "$40.00", "$141.38"]
    rows = {row[0]: row[2] for row in statement(debt, [], ON, STATUTE)}
    assert rows["owed"] == Decimal("100.00")
    assert [rows[f"{what} by Act art. 1"] for what in ("interest", "costs of recovery")] == [
        Decimal("1.38"),
        Decimal("40.00"),
    ]
    assert (rows["owed with them"], rows["added a day from here"]) == (Decimal("141.38"), Decimal("0.02"))
    assert debt_view(debt, ON).with_late is None  # nothing by default


@pytest.mark.parametrize(
    ("changes", "on", "interest", "costs"),
    [
        ({"extra": {"interest": "0.00"}}, ON, False, True),  # the ledger books it, though it be nothing
        ({"extra": {"fees": "5.00"}, "ledger": Money(10_500, "USD")}, ON, True, False),
        ({"ledger": Money(10_500, "USD")}, ON, False, False),  # 5.00 that nobody named
        ({"disputed_on": date(2026, 2, 1)}, ON, False, False),
        ({"paid": Money(10_000, "USD")}, ON, False, False),
        ({}, date(2026, 7, 1), False, False),  # of the next half year no rate is known
        ({}, date(2026, 1, 1), False, False),  # not late yet
    ],
)
def test_no_charge_is_computed_twice_or_where_nothing_says_how_much(
    changes: dict[str, Any], on: date, interest: bool, costs: bool
) -> None:
    view = debt_view(a_late_debt(**changes), on, STATUTE)
    assert (view.late_interest is not None, view.late_costs is not None) == (interest, costs)


def test_costs_that_the_ledger_does_not_name_are_costs_all_the_same() -> None:
    facts = rendered(shipped("second-reminder"), inputs(debts=(WHOLE,))).content
    assert (facts.claims_costs, facts.costs) == (True, Decimal("23.50"))
    unnamed = replace(WHOLE, fees=None)
    assert rendered(shipped("second-reminder"), inputs(debts=(unnamed,))).content.claims_costs is True
