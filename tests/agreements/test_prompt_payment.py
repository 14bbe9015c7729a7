"""The discount for prompt payment: it adds up, is offered once, and whoever pays it in time owes nothing more."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.agreements.domain.arrangement import Facts, Terms
from dispatcher.agreements.domain.ledger_falls import DebtLedger, Inflow
from dispatcher.agreements.domain.offer_terms import PromptPaymentTerms, Watch
from dispatcher.agreements.domain.offered_before import OfferedBefore, Past, SettlementOffer
from dispatcher.agreements.domain.paid_in_time import is_paid_in_time
from dispatcher.agreements.domain.prompt_payment import discount_breaches, discount_for
from dispatcher.agreements.domain.schedules import Instalment
from dispatcher.rulebook.offers import load_offers
from dispatcher.rulebook.yaml_file import ConfigError
from dispatcher.values.money import Money
from tests.agreements.story import OFFER, TALK, Desk, agreed, day, events, told

DAY = date(2026, 2, 1)
THEN = ("--now", "2026-02-01T16:00:00Z")

percents = st.decimals(min_value="0.01", max_value="99.99", places=2)
totals = st.builds(Money, st.integers(1, 10**12), st.sampled_from(["USD", "CLP", "KWD"]))  # 2, 0, 3 decimals


def limits_of(percent: Decimal | str = "3", **changes: int) -> PromptPaymentTerms:
    return PromptPaymentTerms(percent=Decimal(percent), **{"within_days": 7, **changes})


@given(total=totals, percent=percents, within=st.integers(1, 60))
def test_a_discount_adds_up_to_the_unit_and_is_never_more_than_its_part(
    total: Money, percent: Decimal, within: int
) -> None:
    found = discount_for(limits_of(percent, within_days=within), [1], total, DAY, Past())
    if isinstance(found, tuple):
        assert found[0] == "nothing-off"
        assert total.minor * percent < 100  # of which no unit is left
        return
    off = total - found.amount
    assert off + found.amount == total
    assert 0 < off.minor <= total.minor * percent / 100 < off.minor + 1
    assert found.valid_until == DAY + timedelta(days=within)


@given(
    total=totals,
    percent=percents,
    within=st.integers(1, 60),
    paid=st.integers(1, 10**12),
    on=st.integers(0, 90),
)
def test_whatever_keeps_within_the_limits_is_no_less_and_no_later(
    total: Money, percent: Decimal, within: int, paid: int, on: int
) -> None:
    schedule = (Instalment(due_on=DAY + timedelta(days=on), amount=Money(paid, total.currency)),)
    beyond = dict(discount_breaches(limits_of(percent, within_days=within), total, schedule, DAY))
    assert ("percent" in beyond) == ((total.minor - paid) * 100 > total.minor * percent)
    assert ("within_days" in beyond) == (on > within)


@given(
    percents_said=st.lists(st.sampled_from([Decimal(2), Decimal(3), Decimal(5)]), min_size=1, max_size=4),
    gaps=st.lists(st.integers(0, 40), min_size=4, max_size=4),
    debts=st.lists(st.frozensets(st.integers(1, 3), min_size=1), min_size=4, max_size=4),
)
def test_of_one_debt_no_last_day_stands_beside_another_and_none_comes_again(
    percents_said: list[Decimal], gaps: list[int], debts: list[frozenset[int]]
) -> None:
    """Asked again and again, with terms that change: what is offered anew never contradicts what was said."""
    total, on, said = Money(10_000, "USD"), DAY, []
    for percent, gap, some in zip(percents_said, gaps, debts, strict=False):
        on += timedelta(days=gap)
        found = discount_for(limits_of(percent), some, total, on, Past(discounts=tuple(said)))
        if isinstance(found, tuple) or any(one.settlement == found for one in said):
            continue
        of_these = [one for one in said if one.debts & some]
        assert all(one.settlement.valid_until < on for one in of_these)
        assert all(one.settlement.off != found.off for one in of_these)
        said.append(OfferedBefore(message_id=None, on=on, debts=some, total=total, settlement=found))


def test_no_discount_is_offered_beside_a_settlement_that_costs_less() -> None:
    settled = SettlementOffer(amount=Money(6_000, "USD"), percent=Decimal(60), valid_until=DAY)
    past = Past(settlement_offered_on=DAY, settlement=settled)
    refused = discount_for(limits_of(), [1], Money(10_000, "USD"), DAY, past)
    assert isinstance(refused, tuple)
    assert refused[0] == "settlement-stands"
    later = discount_for(limits_of(), [1], Money(10_000, "USD"), DAY + timedelta(days=1), past)
    assert isinstance(later, SettlementOffer)


@given(
    due=st.integers(1, 20), grace=st.integers(0, 5),
    paid=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 120)), max_size=4),
    looks=st.lists(st.integers(1, 40), max_size=3, unique=True),
)  # fmt: skip
def test_only_what_may_have_come_by_the_last_day_and_its_grace_counts(
    due: int, grace: int, paid: list[tuple[int, int]], looks: list[int]
) -> None:
    """97 of 100 by a day; the payments are recorded, and ledgers show them on the day they come."""
    until = DAY + timedelta(days=due)
    terms = Terms(
        kind="settlement", agreed_on=DAY, schedule=(Instalment(due_on=until, amount=Money(97, "USD")),),
        watch=Watch(grace_days=grace),
    )  # fmt: skip
    inflows = [Inflow(day=DAY + timedelta(days=n), minor=minor) for n, minor in paid]
    balances = {DAY: 100} | {
        DAY + timedelta(days=n): 100 - sum(one.minor for one in inflows if one.day <= DAY + timedelta(days=n))
        for n in looks
    }
    facts = Facts(payments=inflows, ledgers={1: DebtLedger(balances=balances, explained=inflows)})
    in_time = sum(one.minor for one in inflows if one.day <= until + timedelta(days=grace))
    assert is_paid_in_time(terms, facts) == (in_time >= 97)


# ---- the desk


def offered(desk: Desk, on: str) -> dict:
    return json.loads(desk("offers", "acme/A1", "--as-of", on, "--now", f"{on}T12:00:00Z", "--json"))


def refusals(desk: Desk, on: str) -> dict[str, str]:
    return {one["offer"]: one["rule"] for one in offered(desk, on)["refused"]}


def pay(desk: Desk, amount: str, on: str) -> None:
    desk("record", "payment", "acme/A1", amount, "--debt", "R1", "--on", on, "--now", f"{on}T12:00:00Z")


SAID = {"amount": "114.00", "percent": "95", "valid_until": "2026-02-08", "off": "5"}


def test_the_shipped_desk_offers_none(desk: Desk, ledger: Callable[..., None]) -> None:
    ledger("2026-02-01", "120.00")
    assert offered(desk, "2026-02-01")["prompt_payment"] is None
    assert refusals(desk, "2026-02-01")["prompt_payment"] == "not-offered"


def test_whoever_pays_the_discounted_sum_in_time_owes_nothing_more_whatever_the_ledger_says(
    discounting: Desk, ledger: Callable[..., None], tmp_path: Path
) -> None:
    desk = discounting
    assert offered(desk, "2026-02-01")["prompt_payment"] == SAID
    desk(*OFFER, *THEN)
    assert json.loads(desk(*OFFER, *THEN, "--json"))["already"]
    pay(desk, "100", "2026-02-05")
    assert json.loads(desk("arrangements", "list", "--json")) == []
    assert refusals(desk, "2026-02-05")["prompt_payment"] == "discount-stands"
    pay(desk, "14", "2026-02-08")
    one = agreed(desk)
    assert (one["kind"], one["state"], one["since"], one["total"]) == (
        "settlement",
        "kept",
        "2026-02-08",
        "114.00",
    )
    for on in ("2026-02-09", "2026-02-20", "2026-03-20"):
        ledger(on, "6.00")
        day(desk, on)
    assert told(desk) == [("2026-02-08", "account-settled")]
    assert events(desk, tmp_path) == [
        "arrangement_offered", "arrangement_agreed", "instalment_paid", "arrangement_kept",
    ]  # fmt: skip


def test_a_message_offers_it_with_one_last_day_beside_the_whole_and_plans(
    with_discount: Path, desk: Desk, ledger: Callable[..., None], tmp_path: Path
) -> None:
    strategies = with_discount / "strategies" / "consumer.yaml"
    text = strategies.read_text(encoding="utf-8")
    strategies.write_text(
        text.replace("template: second-reminder", "template: prompt-payment"), encoding="utf-8"
    )
    for on in ("2026-01-13", "2026-01-22"):
        ledger(on, "120.00")
        day(desk, on)
    [message] = [
        one for one in json.loads(desk("messages", "list", "--json")) if one["step"] == "second-reminder"
    ]
    [file] = (tmp_path / "home").rglob(f"*{message['id']}*.eml")
    body = message_from_bytes(file.read_bytes(), policy=policy.default).get_body(("plain",))
    assert body is not None
    text = " ".join(body.get_content().split())
    assert "Pay $114.00 by January 29, 2026: that is $120.00 less $6.00." in text
    said = {"amount": "114.00", "percent": "95", "valid_until": "2026-01-29", "off": "5"}
    assert offered(desk, "2026-01-25")["prompt_payment"] == said
    ledger("2026-01-28", "120.00")
    pay(desk, "114", "2026-01-29")
    assert [(one["source"], one["state"]) for one in json.loads(desk("arrangements", "list", "--json"))] == [
        ("paid in time", "kept")
    ]
    for on in ("2026-01-30", "2026-02-20"):
        ledger(on, "6.00")
        day(desk, on)
    assert [step for _, step in told(desk)] == ["first-reminder", "second-reminder", "account-settled"]


def test_a_payment_that_only_a_ledger_shows_keeps_it_too(
    discounting: Desk, ledger: Callable[..., None]
) -> None:
    discounting(*OFFER, *THEN)
    ledger("2026-02-10", "6.00")  # within the grace, and the first ledger of a later day
    assert (agreed(discounting)["state"], agreed(discounting)["source"]) == ("kept", "paid in time")


def test_what_comes_after_the_last_day_and_its_grace_is_a_part_payment(
    discounting: Desk, ledger: Callable[..., None]
) -> None:
    discounting(*OFFER, *THEN)
    ledger("2026-02-12", "120.00")  # by this one nothing had come
    pay(discounting, "114", "2026-02-12")
    ledger("2026-02-14", "6.00")
    assert json.loads(discounting("arrangements", "list", "--json")) == []


def test_it_is_not_offered_again_on_the_same_terms(discounting: Desk, ledger: Callable[..., None]) -> None:
    discounting(*OFFER, *THEN)
    assert offered(discounting, "2026-02-08")["prompt_payment"] == SAID
    assert refusals(discounting, "2026-02-09")["prompt_payment"] == "offered-before"
    discounting(*TALK, "--now", "2026-02-20T15:00:00Z")
    for words in ((), ("--approved-by", "Dana Reyes", "--why", "asked for it")):
        discounting(*OFFER, *words, "--now", "2026-02-20T16:00:00Z", code=2)


def test_plans_of_which_nobody_spoke_are_not_shown_as_offered_with_it(discounting: Desk) -> None:
    discounting(*OFFER, *THEN)
    shown = discounting("offers", "acme/A1", "--as-of", "2026-02-03", "--now", "2026-02-03T12:00:00Z")
    assert "114.00 USD paid by 2026-02-08: 120.00 USD less 5 per cent, 6.00 USD, as was offered" in shown
    assert "offered on" not in shown


def test_of_other_terms_it_is_offered_only_with_a_reason_and_an_approver(discounting: Desk) -> None:
    own = (*OFFER, "--amount", "108", "--by", "2026-02-20", *THEN)
    discounting(*own, code=2)
    discounting(*own, "--approved-by", "Dana Reyes", "--why", "a long customer")
    said = {"amount": "108.00", "percent": "90.00", "valid_until": "2026-02-20", "off": "10.00"}
    assert offered(discounting, "2026-02-03")["prompt_payment"] == said
    discounting(*OFFER, "--by", "2026-02-08", *THEN, code=2)  # another last day beside it


@pytest.mark.parametrize(
    "forbids", [{"time_barred_on": "2026-01-20"}, {"disputed_on": "2026-01-20"}], ids=["barred", "disputed"]
)
def test_none_is_offered_for_a_barred_or_a_disputed_debt_whoever_approves(
    discounting: Desk, ledger: Callable[..., None], forbids: dict[str, str]
) -> None:
    ledger("2026-02-01", "120.00", **forbids)
    assert offered(discounting, "2026-02-01")["prompt_payment"] is None
    approved = ("--approved-by", "Dana Reyes", "--why", "asked for it")
    discounting(*OFFER, *approved, *THEN, code=2)


def test_none_is_offered_where_no_plan_may_stand_beside_it(
    discounting: Desk, ledger: Callable[..., None]
) -> None:
    ledger("2026-02-01", "6.00")
    assert refusals(discounting, "2026-02-01")["prompt_payment"] == "no-plan"


def test_who_says_that_they_will_pay_it_has_a_settlement_within_the_limits(discounting: Desk) -> None:
    settle = ("record", "settlement", "acme/A1", "--debt", "R1", "--source", "call 1")
    discounting(*settle, "--amount", "113.99", "--by", "2026-02-08", *THEN, code=2)
    discounting(*settle, "--amount", "114", "--by", "2026-02-09", *THEN, code=2)
    discounting(*settle, "--amount", "114", "--by", "2026-02-08", *THEN)
    assert (agreed(discounting)["kind"], agreed(discounting)["state"]) == ("settlement", "active")


def test_a_promise_to_pay_it_does_not_take_it_away(discounting: Desk) -> None:
    discounting(*OFFER, *THEN)
    discounting("record", "promise", "acme/A1", "--debt", "R1", "--on", "2026-02-20", *THEN)
    pay(discounting, "114", "2026-02-07")
    kinds = [(one["kind"], one["state"]) for one in json.loads(discounting("arrangements", "list", "--json"))]
    assert kinds[-1] == ("settlement", "kept")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("{percent: 100, within_days: 7}", "prompt_payment.percent"),
        ("{percent: 3}", "within_days"),
        ("{percent: 3, within_days: 0}", "within_days"),
        ("{percent: 3, within_days: 7, until: 2026-01-01}", "until"),
    ],
)
def test_a_broken_file_names_file_line_and_key(tmp_path: Path, words: str, says: str) -> None:
    plans = "plans: {frequencies: [monthly], most_payments: 3}\n"
    (tmp_path / "some.yaml").write_text(f"name: some\n{plans}prompt_payment: {words}\n")
    with pytest.raises(ConfigError, match=r"some\.yaml:3: .*prompt_payment") as told:
        load_offers(tmp_path)
    assert says.rpartition(".")[2] in str(told.value)


def test_a_discount_without_a_plan_beside_it_is_no_terms(tmp_path: Path) -> None:
    (tmp_path / "some.yaml").write_text("name: some\nprompt_payment: {percent: 3, within_days: 7}\n")
    with pytest.raises(ConfigError, match=r"some\.yaml:2: prompt_payment: .*write `plans` too"):
        load_offers(tmp_path)
