"""One total: what is asked for is the same through every door, adds up, and holds nothing that stands beside the balance."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.kind import ChannelKind
from dispatcher.agreements.domain.arrangement import InstalmentState
from dispatcher.agreements.domain.offer_terms import (
    OfferTerms,
    PlanTerms,
    PromiseTerms,
    SettlementTerms,
    part_of,
)
from dispatcher.agreements.domain.offered_before import Past
from dispatcher.agreements.domain.offers import offers_for
from dispatcher.agreements.domain.schedules import Frequency
from dispatcher.counsel.export_cases import statement
from dispatcher.messages.domain.message import Envelope, Message, State
from dispatcher.people.domain.asked import asked_by_currency, asked_in_all
from dispatcher.people.domain.person import Arranged, DebtFile, PersonFile
from dispatcher.rulebook.own_page_words import load_own_page_words
from dispatcher.values.charges import Charge, FixedSum, Rate
from dispatcher.values.interest import DayCount
from dispatcher.values.money import Money
from dispatcher.web.debtors.account_view import _debt_line, _to_pay, _Writer
from dispatcher.writing.domain.arrangement_view import ArrangementView
from dispatcher.writing.domain.message_inputs import Offered, debt_view, message_inputs
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.formats import locale_for, money_text
from dispatcher.writing.samples import SAMPLE_SENDER
from tests.writing.desk import ROOT, compiled, inputs, rendered, shipped

ON = date(2026, 3, 11)
WORDS = load_own_page_words(ROOT / "config/own_page").account["en"]
STATUTE = Charge(
    name="test", title="A statute", reference="Act art. 1", link="https://law.example", valid_from=date(2020, 1, 1),
    day_count=DayCount.ACT_365, rates=(Rate(valid_from=date(2026, 1, 1), percent=Decimal("10.15"), source="s"),),
    fixed={currency: (FixedSum(amount=Money(4_000, currency)),) for currency in ("JPY", "USD", "KWD")}, half_years=True,
)  # fmt: skip
SENDER = replace(
    SAMPLE_SENDER,
    key="acme",
    charges=STATUTE,
    payment_url="https://pay.acme.example/{debt_reference}?a={amount}&c={currency}",
)
TERMS = OfferTerms(
    name="all",
    promises=PromiseTerms(most_days=30),
    plans=PlanTerms(frequencies=tuple(Frequency), most_payments=6),
    settlements=SettlementTerms(least_percent=Decimal("62.5"), valid_days=14),
)
PERSON = PersonFile(id=1, person="p", creditor_id=1, creditor="acme", reference="A1", country="US")


def a_message(currency: str, **changes: Any) -> Message:
    at = datetime(2026, 3, 11, tzinfo=UTC)
    values: dict[str, Any] = {
        "id": "m", "run_id": None, "creditor_id": 1, "creditor": "acme", "recipient_id": 1, "person": "p",
        "relation": "debtor", "as_of": ON, "strategy": "", "step": "s", "kind": "collection", "channel": "email",
        "address": "a@b.example", "contact_point_id": None, "language": "en", "template": "t", "template_version": None,
        "currency": currency, "balance_minor": 0, "days_past_due": 1, "zones": (), "state": State.PLANNED,
        "rule_packs": ("default@1",), "not_before": None, "not_after": None, "expires_at": at, "next_try_at": None,
        "attempts": 0, "lease_owner": None, "inputs_digest": "", "content_sha256": None, "envelope": Envelope(),
        "provider": "", "provider_id": "", "personal_id": None, "commitment": "", "sent_at": None, "created_at": at,
    }  # fmt: skip
    return Message(**{**values, **changes})


@st.composite
def owed(draw: st.DrawFn) -> list[DebtFile]:
    """Late debts in one currency with 0, 2 or 3 decimals, whatever their ledger names."""
    currency = draw(st.sampled_from(["JPY", "USD", "KWD"]))
    amount = st.integers(1_000, 10**8)
    debts = []
    for number in range(draw(st.integers(1, 4))):
        ledger = draw(amount)
        original = draw(
            st.none() | st.integers(ledger // 2, 2 * ledger).map(lambda minor: Money(minor, currency))
        )
        named = draw(st.sampled_from([{}, {"interest": "1"}, {"fees": "2"}, {"interest": "1", "fees": "2"}]))
        debts.append(
            DebtFile(
                id=number + 1,
                creditor_id=1,
                creditor="acme",
                debtor_id=1,
                reference=f"R{number}",
                ledger=Money(ledger, currency),
                paid=Money(draw(st.integers(0, ledger // 4)), currency),
                credit=Money(draw(st.integers(0, ledger // 4)), currency),
                original=original,
                due_date=ON - timedelta(days=draw(st.integers(-5, 69))),
                debt_type="commercial",
                extra=named,
            )
        )
    return debts


def made(debts: list[DebtFile], **more: Any) -> RenderInputs:
    message = a_message(debts[0].balance.currency)
    offered = Offered(terms=(TERMS,), past=Past())
    return message_inputs(
        message, PERSON, debts, SENDER, first_sent={}, optout_url="", offered=offered, **more
    )


def asked_by_link(url: str) -> tuple[Decimal, str]:
    values = parse_qs(urlsplit(url).query)
    return Decimal(values["a"][0]), values["c"][0]


@given(owed())
def test_every_door_asks_for_the_same_and_its_parts_add_up(debts: list[DebtFile]) -> None:
    currency = debts[0].balance.currency
    total = Money(sum(debt.balance.minor for debt in debts), currency)
    text, offers = made(debts), offers_for((TERMS,), PERSON, debts, ON)

    assert asked_in_all(debts, currency) == total
    assert text.total == text.part_total == offers.total == total
    assert asked_by_link(text.payment_url) == (total.amount, currency)
    assert text.plans == offers.plans
    for plan in offers.plans:
        assert sum(one.amount.minor for one in plan.instalments) == plan.principal.minor == total.minor
    assert offers.promise is not None
    assert offers.promise.amount == total
    assert [one.amount for one in offers.settlements] == [part_of(total, Decimal("62.5"))]
    assert text.settlement == part_of(total, Decimal("62.5"))

    writer = _Writer(words=WORDS, locale=locale_for("en", "US"))
    assert list(_to_pay(debts, []).amounts) == asked_by_currency(debts) == [total]
    lines = [_debt_line(debt, PERSON, ON, writer, SENDER) for debt in debts]
    for debt, view, line in zip(debts, text.debts, lines, strict=True):
        added = [part.minor for part in (view.original, view.interest, view.fees, view.charges) if part]
        taken = [part.minor for part in (view.paid, view.credit) if part]
        assert sum(added) - sum(taken) == view.balance.minor == debt.balance.minor
        late = [part.minor for part in (view.late_interest, view.late_costs) if part]
        assert (view.with_late is None) is (not late)
        assert view.with_late is None or view.with_late.minor == view.balance.minor + sum(late)
        assert line.balance == money_text(view.balance, writer.locale)
        assert [amount for _, amount in line.late] == [
            money_text(part, writer.locale)
            for part in (view.late_interest, view.late_costs, view.with_late)
            if part
        ]
        rows = {row[0]: row[2] for row in statement(debt, [], ON, STATUTE)}
        assert rows["owed"] == view.balance.amount
        assert rows.get("owed with them") == (view.with_late.amount if view.with_late else None)
        if late:
            by = sum(amount for what, amount in rows.items() if what.endswith("by Act art. 1"))
            assert rows["owed"] + by == rows["owed with them"]


LATE = DebtFile(
    id=1, creditor_id=1, creditor="acme", debtor_id=1, reference="R1", ledger=Money(10_000, "USD"),
    paid=Money(0, "USD"), credit=Money(0, "USD"), original=Money(10_000, "USD"), due_date=date(2026, 1, 1),
    debt_type="commercial",
)  # fmt: skip


@pytest.mark.parametrize("channel", [ChannelKind.EMAIL, ChannelKind.LETTER])
@pytest.mark.parametrize("language", ["de", "en", "es", "fr", "it", "nl", "pt"])
def test_a_text_that_shows_what_the_law_adds_says_that_it_asks_for_the_balance(
    channel: ChannelKind, language: str
) -> None:
    view = debt_view(LATE, ON, STATUTE)
    assert view.with_late is not None
    country = {"en": "US", "es": "ES"}.get(language, language.upper())
    result = rendered(
        shipped("second-reminder"), inputs(channel, language=language, country=country, debts=(view,))
    )
    assert result.findings == ()
    text = " ".join(result.text.split())
    note = load_own_page_words(ROOT / "config/own_page").account[language]["late_note"]
    assert note in text
    plain = inputs(channel, language=language, country=country, debts=(debt_view(LATE, ON),))
    assert note not in " ".join(rendered(shipped("second-reminder"), plain).text.split())


def test_the_check_knows_what_stands_beside_the_balance_and_not_a_sum_that_nobody_asks_for() -> None:
    two = (debt_view(LATE, ON, STATUTE), debt_view(replace(LATE, id=2, reference="R2"), ON, STATUTE))
    body = "{{ tables.breakdown }}\n\nPay {{ total }} to {{ sender.name }}"
    known = rendered(compiled(en_email=f"{body}."), inputs(debts=two))
    assert not [one for one in known.findings if one.rule == "amount"]
    both = sum((view.with_late for view in two if view.with_late), Money(0, "USD"))
    strange = rendered(
        compiled(en_email=f"{body}, or {money_text(both, locale_for('en', 'US'))}."), inputs(debts=two)
    )
    assert "amount" in {one.rule for one in strange.findings}


def test_what_a_statute_adds_stops_while_an_arrangement_stands_and_its_interest_after_a_plan_that_bore_interest() -> (
    None
):
    """A text of the arrangement says that nothing is asked for beyond it."""
    stands = replace(LATE, arrangement=Arranged(id=1, kind="plan", active=True, until=ON))
    assert debt_view(stands, ON, STATUTE).with_late is None
    after = debt_view(replace(LATE, plan_interest=True), ON, STATUTE)
    assert (after.late_interest, after.late_costs) == (None, Money(4_000, "USD"))
    settled = replace(LATE, arrangement=Arranged(id=1, kind="settlement", active=False, until=ON))
    assert debt_view(settled, ON, STATUTE).late_interest == Money(192, "USD")


def test_the_link_of_a_text_about_an_arrangement_asks_for_its_payment() -> None:
    def instalment(number: int, paid: int) -> InstalmentState:
        day = date(2026, 3, 15) + timedelta(days=30 * number)
        return InstalmentState(
            number=number, due_on=day, amount=Money(4_000, "USD"), paid=Money(paid, "USD"), paid_on=None
        )

    view = ArrangementView(
        kind="plan", agreed_on=ON, total=Money(8_000, "USD"), instalments=(instalment(1, 1_500), instalment(2, 0)),
        current=instalment(1, 1_500),
    )  # fmt: skip
    assert asked_by_link(made([LATE], arrangement=view).payment_url) == (Decimal("25.00"), "USD")
    broken = replace(view, ended_on=ON)
    assert asked_by_link(made([LATE], arrangement=broken).payment_url) == (Decimal("100.00"), "USD")


def test_debts_of_two_currencies_are_no_one_sum() -> None:
    euros = replace(LATE, id=2, ledger=Money(5_000, "EUR"), paid=Money(0, "EUR"), credit=Money(0, "EUR"))
    with pytest.raises(ValueError, match="cannot be added"):
        asked_in_all([LATE, euros], "USD")
    assert asked_by_currency([LATE, euros, replace(LATE, id=3)]) == [
        Money(20_000, "USD"),
        Money(5_000, "EUR"),
    ]
