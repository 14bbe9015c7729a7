"""What a text says an amount is made of adds up, and is the same by e-mail, on paper, on the page and in the statement."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.kind import ChannelKind
from dispatcher.counsel.export_cases import statement
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.values.money import Money
from dispatcher.web.debtors.account_view import _debt_line, _Writer
from dispatcher.writing.domain.message_inputs import debt_view
from dispatcher.writing.formats import locale_for, money_text
from tests.writing.desk import a_debt, compiled, inputs, rendered, shipped

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
    line = _debt_line(debt, person, ON, _Writer(language="en", locale=locale))
    assert [(name, text.removeprefix("-")) for name, text in line.parts] == shown
    assert line.balance == money_text(view.balance, locale)
    rows: dict[str, Any] = {row[0]: row[2] for row in statement(debt, [(ON, 1_000)], ON)}
    assert [rows[name] for name in ("original amount", "interest", "fees", "other charges", "credits")] == [
        part.amount for part in (view.original, view.interest, view.fees, view.charges, view.credit) if part
    ]
    assert rows["payments and credits in the ledger"] + rows["paid since that ledger"] == usd(1_000).amount
    assert rows["owed"] == view.balance.amount
