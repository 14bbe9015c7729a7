"""Interest on plans: what may be offered, what an agreement costs, and how its ledger shows that it was paid."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.agreements.domain.arrangement import Facts, Paid, Standing, State, Terms, fold
from dispatcher.agreements.domain.ledger_falls import DebtLedger, Inflow
from dispatcher.agreements.domain.more_terms import more_of
from dispatcher.agreements.domain.offer_terms import OfferTerms, PlanTerms, Watch
from dispatcher.agreements.domain.offers import Offers, offers_for
from dispatcher.agreements.domain.plan_interest import InterestCap, InterestTerms, PlanInterest, plan_schedule
from dispatcher.agreements.domain.schedules import Frequency
from dispatcher.agreements.domain.within_limits import breaches
from dispatcher.agreements.storage.sent_offers import _plan, plan_json
from dispatcher.people.domain.affordability import Affordability
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.rulebook.interest_caps import load_interest_caps
from dispatcher.rulebook.offers import load_offers
from dispatcher.rulebook.yaml_file import ConfigError
from dispatcher.values.interest import DayCount
from dispatcher.values.money import Money
from tests.agreements.story import Desk, agreed, day, told
from tests.shared import ROOT

ON = date(2026, 3, 2)
CAP = InterestCap(
    country="US", region="NY", percent=Decimal(9), valid_from=date(2026, 1, 1), reference="NY act"
)
TERMS = InterestTerms(
    yearly_percent=Decimal("7.5"), day_count=DayCount.ACT_365, booked_by="Acme accounts", caps=(CAP,)
)


def person(**changes: Any) -> PersonFile:
    made = PersonFile(
        id=1, person="p", creditor_id=1, creditor="acme", reference="A1", country="US", region="NY"
    )
    return replace(made, **changes)


def debt(minor: int = 60_000, currency: str = "USD") -> DebtFile:
    zero = Money(0, currency)
    return DebtFile(
        id=1, creditor_id=1, creditor="acme", debtor_id=1, reference="R1", ledger=Money(minor, currency), paid=zero,
        credit=zero, due_date=date(2026, 1, 2),
    )  # fmt: skip


def terms(interest: InterestTerms | None = TERMS, **changes: Any) -> OfferTerms:
    plans = PlanTerms(frequencies=tuple(Frequency), most_payments=12, interest=interest)
    return OfferTerms(name="plans", plans=replace(plans, **changes))


def offered(
    who: PersonFile, wanted: InterestTerms | None = TERMS, minor: int = 60_000, **limits: Any
) -> Offers:
    return offers_for((terms(wanted, **limits),), who, [debt(minor)], ON)


@pytest.mark.parametrize(("held", "bears"), [("", True), ("0.00", True), ("4.10", False), ("some", False)])
def test_no_plan_bears_interest_on_interest_that_the_ledger_s_balance_holds(held: str, bears: bool) -> None:
    found = offers_for((terms(),), person(), [replace(debt(), extra={"interest": held})], ON)
    assert {plan.interest is not None for plan in found.plans} == {bears}
    said = [one.rule for one in found.refused if one.offer == "interest"]
    assert said == ([] if bears else ["interest-on-interest"])


def test_no_plan_bears_interest_on_what_an_earlier_plan_may_have_left_in_the_balance() -> None:
    found = offers_for((terms(),), person(), [replace(debt(), plan_interest=True)], ON)
    assert [plan.interest for plan in found.plans] == [None] * len(found.plans) != []
    assert [one.rule for one in found.refused if one.offer == "interest"] == ["interest-on-interest"]


def test_a_plan_shows_what_is_owed_what_the_interest_is_and_both_together() -> None:
    plans = offered(person()).plans
    assert plans
    for plan in plans:
        assert plan.principal == Money(60_000, "USD")
        assert plan.interest_amount is not None
        assert plan.interest_amount.minor > 0
        assert plan.total == plan.principal + plan.interest_amount
        assert sum(one.amount.minor for one in plan.instalments) == plan.total.minor
        assert plan.interest is not None
        assert plan.interest.from_on == ON
        written = plan_json(plan)
        assert Decimal(written["total"]) == Decimal(written["principal"]) + Decimal(
            written["interest"]["amount"]
        )
        assert _plan(json.loads(json.dumps(written)), "USD") == plan, "kept as it was said"


def test_a_plan_without_interest_is_written_as_ever() -> None:
    [plan, *_] = offered(person(), None).plans
    assert plan.total == plan.principal
    assert {"interest", "principal"}.isdisjoint(plan_json(plan))


@pytest.mark.parametrize(
    ("who", "caps", "rule"),
    [
        ({}, (), "interest-unknown"),
        ({"country": ""}, (CAP,), "interest-unknown"),
        ({"region": "IL"}, (CAP,), "interest-unknown"),
        ({"region": ""}, (CAP,), "interest-unknown"),
        ({"kind": "company"}, (replace(CAP, debtor_kind="person"),), "interest-unknown"),
        ({}, (replace(CAP, valid_from=date(2026, 3, 3)),), "interest-unknown"),
        ({}, (replace(CAP, status="policy"),), "interest-unknown"),  # the desk's own word is no law
        ({}, (CAP, replace(CAP, percent=Decimal(5), status="policy")), "interest-capped"),
        ({}, (CAP, replace(CAP, region="", percent=Decimal(6))), "interest-capped"),
        ({}, (CAP, replace(CAP, percent=Decimal(0), valid_from=ON)), "interest-capped"),
        ({}, (replace(CAP, percent=Decimal("7.5")),), ""),
        (
            {},
            (replace(CAP, percent=Decimal(3), valid_from=date(2025, 1, 1)), CAP),
            "",
        ),  # the newer one counts
        ({"region": "US-NY"}, (replace(CAP, region="US-NY"),), ""),
        ({"region": "IL"}, (replace(CAP, region=""),), ""),
    ],
)
def test_interest_is_refused_where_the_law_caps_it_below_or_nobody_wrote_the_place_down(
    who: dict[str, str], caps: tuple[InterestCap, ...], rule: str
) -> None:
    found = offered(person(**who), replace(TERMS, caps=caps))
    assert [one.rule for one in found.refused if one.offer == "interest"] == [rule] * bool(rule)
    assert found.plans, "plans stay, without interest"
    assert {plan.interest is None for plan in found.plans} == {bool(rule)}


@given(st.integers(20_000, 10**6), st.decimals("0.01", "9", places=2), st.integers(2, 12), st.integers(0, 30))
def test_no_plan_with_interest_breaks_a_limit_or_goes_beyond_what_somebody_has(
    minor: int, percent: Decimal, most: int, down: int
) -> None:
    stated = Affordability(stated_on=ON, income=Money(150_000, "USD"), spending=Money(110_000, "USD"))
    limits = {
        "most_payments": most, "most_days": 200, "least_payment": {"USD": Decimal(20)},
        "least_down_payment_percent": Decimal(down),
    }  # fmt: skip
    wanted = replace(TERMS, yearly_percent=percent)
    made = terms(wanted, **limits)
    assert made.plans
    for plan in offered(person(affordability=stated), wanted, minor, **limits).plans:
        assert not list(breaches(made.plans, plan.principal, plan.instalments, ON))
        a_year = {Frequency.WEEKLY: 52, Frequency.FORTNIGHTLY: 26, Frequency.MONTHLY: 12}[plan.frequency]
        fits = stated.for_payments(made.plans.buffer_percent, a_year).minor
        assert all(one.amount.minor <= fits for one in plan.instalments)


def test_a_file_that_a_score_adds_never_makes_a_plan_dearer() -> None:
    plain, dear = terms(None), terms(TERMS)
    for one, two in ((plain, dear), (dear, plain)):
        both = more_of(replace(one, name="one"), replace(two, name="two"))
        assert both is not None
        assert both.plans is not None
        assert both.plans.interest is None
    cheap = terms(replace(TERMS, yearly_percent=Decimal(2)))
    both = more_of(replace(dear, name="one"), replace(cheap, name="two"))
    assert both is not None
    assert both.plans is not None
    assert both.plans.interest == replace(TERMS, yearly_percent=Decimal(2))


# How the ledger shows it: 900.00 in three payments of which each bears interest.
SCHEDULE = plan_schedule(
    Money(90_000, "USD"), 3, Frequency.MONTHLY, date(2026, 4, 1),
    interest=PlanInterest(
        yearly_percent=Decimal(12), day_count=DayCount.THIRTY_360, from_on=date(2026, 3, 1), booked_by="Acme"
    ),
)  # fmt: skip
PLAN = Terms(kind="plan", agreed_on=ON, schedule=SCHEDULE, watch=Watch(grace_days=3))
PAY, INTEREST = (
    [one.amount.minor for one in SCHEDULE],
    [one.interest.minor for one in SCHEDULE if one.interest],
)
WAYS = ["as it falls due", "beforehand", "on the day before"]


def ledgers_of(way: str, paid: dict[date, int], days: list[date]) -> DebtLedger:
    """What the creditor's ledger of each day says that books the interest in that way."""
    booked = {one.due_on: one.interest.minor for one in SCHEDULE if one.interest}
    if way == "beforehand":
        booked = {date(2026, 3, 10): sum(INTEREST)}
    elif way == "on the day before":
        booked = {on - timedelta(days=1): minor for on, minor in booked.items()}
    elif way == "never":
        booked = {}
    balances = {
        on: 90_000
        + sum(minor for day, minor in booked.items() if day <= on)
        - sum(minor for day, minor in paid.items() if day <= on)
        for on in days
    }
    return DebtLedger(balances={ON: 90_000} | balances)


def stands(ledger: DebtLedger, payments: tuple[Inflow, ...] = ()) -> Standing:
    return fold(PLAN, Facts(payments=payments, ledgers={1: replace(ledger, explained=payments)}))


def test_the_payments_are_what_this_file_reckons_with() -> None:
    assert (PAY, INTEREST) == ([30_602, 30_602, 30_602], [900, 603, 303])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("each", [1, 7, 30])
@pytest.mark.parametrize("early", [0, 2])
@pytest.mark.parametrize("recorded", [(), (0,), (1,), (0, 1, 2)])
def test_each_payment_is_paid_by_its_whole_amount_however_the_ledger_books_the_interest(
    way: str, each: int, early: int, recorded: tuple[int, ...]
) -> None:
    days = [ON + timedelta(days=n) for n in range(each, 130, each)]
    paid = {one.due_on - timedelta(days=early): one.amount.minor for one in SCHEDULE}
    written = tuple(
        Inflow(day=on, minor=minor) for i, (on, minor) in enumerate(paid.items()) if i in recorded
    )
    standing = stands(ledgers_of(way, paid, days), written)
    assert [one.state for one in standing.instalments] == [Paid.PAID] * 3
    assert (standing.state, standing.paid) == (State.KEPT, sum(PAY))
    assert not any(one.missed_on for one in standing.instalments)


@pytest.mark.parametrize("way", [*WAYS, "never"])
def test_interest_that_nobody_paid_is_not_paid(way: str) -> None:
    days = [ON + timedelta(days=n) for n in range(1, 60)]
    nothing = stands(ledgers_of(way, {}, days))
    assert (nothing.paid, nothing.instalments[0].state) == (0, Paid.MISSED)
    short = stands(ledgers_of(way, {SCHEDULE[0].due_on: PAY[0] - INTEREST[0] - 1}, days))
    assert short.instalments[0].state is Paid.MISSED


def test_a_ledger_that_booked_it_apart_shows_who_paid_without_it() -> None:
    days = [ON + timedelta(days=n) for n in range(1, 60)]
    without = {SCHEDULE[0].due_on: PAY[0] - INTEREST[0]}
    assert stands(ledgers_of("on the day before", without, days)).instalments[0].state is Paid.MISSED
    assert stands(ledgers_of("beforehand", without, days)).instalments[0].state is Paid.MISSED


def test_a_plan_is_kept_with_the_last_of_its_interest_and_not_before() -> None:
    days = [ON + timedelta(days=n) for n in range(1, 130)]
    paid = {one.due_on: one.amount.minor for one in SCHEDULE}
    paid[SCHEDULE[-1].due_on] -= INTEREST[-1] + 1
    assert stands(ledgers_of("beforehand", paid, days)).state is not State.KEPT
    assert stands(ledgers_of("as it falls due", paid, days)).state is not State.KEPT


def test_who_pays_everything_at_once_owes_no_interest_of_the_time_after() -> None:
    """The ledger is the truth: on what is paid nothing accrues, and whoever books finds nothing to book."""
    days = [ON + timedelta(days=n) for n in range(1, 40)]
    standing = stands(ledgers_of("never", {date(2026, 3, 20): 90_000}, days))
    assert (standing.state, standing.since) == (State.KEPT, date(2026, 3, 20))


@given(
    st.permutations(range(6)), st.sampled_from(WAYS), st.sets(st.integers(1, 120), min_size=1, max_size=10)
)
def test_the_same_facts_in_any_order_are_the_same_state(
    order: list[int], way: str, numbers: set[int]
) -> None:
    paid = {one.due_on + timedelta(days=1): one.amount.minor for one in SCHEDULE}
    days = [ON + timedelta(days=n) for n in sorted(numbers)]
    ledger = ledgers_of(way, paid, days)
    payments = [Inflow(day=on, minor=minor) for on, minor in list(paid.items())[:2]]
    turned = DebtLedger(
        balances=dict(sorted(ledger.balances.items(), key=lambda one: order[one[0].day % 6])),
        explained=payments[::-1],
    )
    straight = replace(ledger, explained=payments)
    assert fold(PLAN, Facts(payments=payments, ledgers={1: straight})) == fold(
        PLAN, Facts(payments=payments[::-1], ledgers={1: turned})
    )


# The files.


PLANS = """\
name: plans
plans:
  frequencies: [monthly]
  most_payments: 3
  interest: {interest}
"""


def load(tmp_path: Path, interest: str, caps: str = "") -> tuple[OfferTerms, ...]:
    (tmp_path / "offers").mkdir()
    (tmp_path / "offers/plans.yaml").write_text(PLANS.replace("{interest}", interest))
    if caps:
        (tmp_path / "interest_caps.yaml").write_text(caps)
    return load_offers(tmp_path / "offers")


def test_a_rate_without_a_word_on_who_books_it_is_refused_with_file_line_and_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"plans\.yaml:5: .*booked_by"):
        load(tmp_path, '{percent: "7.5", day_count: ACT/365}')


@pytest.mark.parametrize(
    "interest",
    [
        '{percent: "7.5", day_count: ACT/365, booked_by: " "}',
        '{percent: "7.5", day_count: "ACT/364", booked_by: Acme}',
        "{percent: -1, day_count: ACT/365, booked_by: Acme}",
        '{percent: "7.5", booked_by: Acme}',
    ],
)
def test_a_broken_rate_is_refused(tmp_path: Path, interest: str) -> None:
    with pytest.raises(ConfigError, match=r"plans\.yaml:\d+: .*interest"):
        load(tmp_path, interest)


CAPS = """\
caps:
  - {country: US, region: NY, percent: "9", valid_from: 2026-01-01, reference: An act, link: "https://law.example", status: law, verified: unverified}
"""


def test_a_rate_is_read_with_the_caps_of_its_places(tmp_path: Path) -> None:
    [found] = load(tmp_path, '{percent: "7.5", day_count: ACT/360, booked_by: Acme}', CAPS)
    assert found.plans is not None
    assert found.plans.interest == InterestTerms(
        yearly_percent=Decimal("7.5"), day_count=DayCount.ACT_360, booked_by="Acme",
        caps=(replace(CAP, reference="An act"),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("country: US", "country: ZZ", "ZZ is no country"),
        ("2026-01-01", '"soon"', "is not a day"),
        ("status: law", "status: rumour", "status"),
    ],
)
def test_a_broken_cap_is_refused(tmp_path: Path, old: str, new: str, why: str) -> None:
    file = tmp_path / "interest_caps.yaml"
    file.write_text(CAPS.replace(old, new))
    with pytest.raises(ConfigError, match=rf"interest_caps\.yaml:2: .*{why}"):
        load_interest_caps(file)


# The story.


@pytest.fixture
def with_interest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "config"
    (folder / "offers").mkdir(parents=True)
    text = (ROOT / "config/offers/consumer.yaml").read_text()
    rate = '  interest: {percent: "7.5", day_count: ACT/365, booked_by: Acme accounts}\n'
    (folder / "offers/consumer.yaml").write_text(
        text.replace("  grace_days: 5\n", f"{rate}  grace_days: 5\n")
    )
    (folder / "interest_caps.yaml").write_text(CAPS)
    monkeypatch.setenv("DISPATCHER_CONFIG_DIR", str(folder))


def test_a_plan_with_interest_is_offered_agreed_booked_by_the_creditor_and_kept(
    with_interest: None, desk: Desk, ledger: Callable[..., None], tmp_path: Path
) -> None:
    ledger("2026-01-13", "120.00")
    day(desk, "2026-01-13")
    [offer, *_] = json.loads(desk("offers", "acme/A1", "--as-of", "2026-02-01", "--json"))["plans"]
    assert (offer["principal"], offer["interest"]["amount"], offer["total"]) == ("120.00", "0.70", "120.70")
    assert "120.70 USD in all (120.00 USD and 0.70 USD interest, 7.5 per cent a year" in desk(
        "offers", "acme/A1", "--as-of", "2026-02-01"
    )
    desk("record", "plan", "acme/A1", "--debt", "R1", "--offer", "1", "--now", "2026-02-01T15:00:00Z")
    made = agreed(desk)
    assert (made["principal"], made["interest"], made["total"]) == ("120.00", "0.70", "120.70")
    assert made["terms"]["interest"]["booked_by"] == "Acme accounts"
    assert [one["amount"] for one in made["instalments"]] == [one["amount"] for one in offer["instalments"]]
    first, second = (Decimal(one["amount"]) for one in made["instalments"])
    parts = [Decimal(part) for part in made["terms"]["interest"]["parts"]]
    left = Decimal(120) + parts[0] - first
    ledger("2026-02-16", str(left))  # the creditor booked the interest and the payment of the 15th
    assert [one["state"] for one in agreed(desk)["instalments"]] == ["paid", "due"]
    assert agreed(desk)["instalments"][0]["paid"] == str(first)
    ledger("2026-03-15", str(left + parts[1]))
    desk("record", "payment", "acme/A1", str(second), "--debt", "R1", "--now", "2026-03-15T12:00:00Z")
    ended = agreed(desk)
    assert (ended["state"], [one["paid"] for one in ended["instalments"]]) == (
        "kept",
        [str(first), str(second)],
    )
    desk("log", "export", "--out", str(tmp_path / "log.jsonl"))
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()[:-1]]
    [kept] = [line for line in lines if line["event"] == "arrangement_kept"]
    assert [kept["details"][name] for name in ("total", "paid", "interest")] == ["120.70", "120.70", "0.70"]
    day(desk, "2026-03-15")
    assert ("2026-03-15", "account-settled") in told(desk)


def test_what_a_ledger_calls_interest_moves_nothing_its_balance_does(
    with_interest: None, desk: Desk, ledger: Callable[..., None]
) -> None:
    """How a balance is split says which part the creditor paid itself from first, and not that anybody paid."""
    ledger("2026-01-13", "120.00", interest="0.00")
    desk("record", "plan", "acme/A1", "--debt", "R1", "--offer", "1", "--now", "2026-02-01T15:00:00Z")
    made = agreed(desk)
    first = Decimal(made["instalments"][0]["amount"])
    part = Decimal(made["terms"]["interest"]["parts"][0])
    ledger("2026-02-10", "120.00", interest="60.00")
    assert [one["paid"] for one in agreed(desk)["instalments"]] == ["0.00", "0.00"]
    ledger("2026-02-16", str(120 + part - first), interest=str(part))  # the price was paid first
    assert [one["paid"] for one in agreed(desk)["instalments"]] == [str(first), "0.00"]
    ledger("2026-02-17", str(120 + part - first), interest="0.00")
    assert [one["paid"] for one in agreed(desk)["instalments"]] == [str(first), "0.00"]


def test_check_says_which_plans_bear_interest_and_where(
    with_interest: None, desk: Desk, tmp_path: Path
) -> None:
    said = desk("check", "--data-only")
    assert "plans bear 7.5 per cent a year, Acme accounts books it, in US-NY at most" in " ".join(
        said.split()
    )
    (tmp_path / "config/interest_caps.yaml").write_text("caps: []\n")
    said = desk("check", "--data-only", code=1)
    assert "nowhere: config/interest_caps.yaml knows no place" in " ".join(said.split())
