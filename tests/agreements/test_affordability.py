"""What a debtor says they have: plans are proposed that fit, with a buffer; nothing is taken from them by it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from dispatcher.agreements.domain.offer_terms import OfferTerms, PlanTerms, PromiseTerms
from dispatcher.agreements.domain.offers import offers_for
from dispatcher.agreements.domain.schedules import PERIODS_A_YEAR, Frequency
from dispatcher.agreements.find_offers import offers_of
from dispatcher.database.engine import Database
from dispatcher.database.tables.log import log_entries, personal_values
from dispatcher.database.tables.people import affordability
from dispatcher.people.domain.affordability import HOLDS_FOR_DAYS, Affordability, read_affordability
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.people.record_affordability import record_affordability
from dispatcher.people.recording import Said
from dispatcher.people.release_hold import release
from dispatcher.record.storage.personal_data import erase, file_of, holdings_of
from dispatcher.values.money import Money
from tests.builders import TODAY, a_debt, a_debtor, at

PLANS = OfferTerms(
    name="plans",
    promises=PromiseTerms(most_days=9),
    plans=PlanTerms(frequencies=(Frequency.MONTHLY, Frequency.WEEKLY), most_payments=12),
)
SAID = Said(now=at(TODAY), actor="test", source="call 5512")


def state(database: Database, **figures: str):
    return record_affordability(database, "acme/A1", SAID, figures)


def offered(database: Database, *, on: date = TODAY, terms: OfferTerms = PLANS):
    return offers_of(database, (terms,), "acme/A1", on=on, now=at(on)).offers


def each_payment(offers) -> dict[Frequency, int]:
    """The largest payment that is proposed, in cents."""
    return {
        frequency: max(
            one.amount.minor
            for plan in offers.plans
            if plan.frequency is frequency
            for one in plan.instalments
        )
        for frequency in {plan.frequency for plan in offers.plans}
    }


@pytest.fixture
def owing(database: Database) -> Database:
    """A1 owes 600.00 USD."""
    a_debt(database, a_debtor(database, reference="A1"), TODAY - timedelta(days=20), balance_minor=60_000)
    return database


def test_plans_are_proposed_that_fit_what_is_left_less_the_buffer(owing: Database) -> None:
    assert each_payment(offered(owing))[Frequency.MONTHLY] == 30_000, (
        "two payments where nobody has said anything"
    )
    recorded = state(owing, income="2100", housing="1200", living="775")
    assert recorded.details["left a month"] == "125.00 USD"
    payments = each_payment(offered(owing))
    assert payments[Frequency.MONTHLY] == 10_000, (
        "125.00 less a fifth: six payments of 100.00 are the first that fit"
    )
    assert set(payments) == {Frequency.MONTHLY}, "23.07 a week would take more than twelve payments"
    wide = OfferTerms(
        name="wide",
        plans=PlanTerms(frequencies=(Frequency.MONTHLY,), most_payments=12, buffer_percent=Decimal(0)),
    )
    assert each_payment(offered(owing, terms=wide))[Frequency.MONTHLY] == 12_000


def test_where_no_plan_fits_none_is_proposed_and_the_one_that_would_is_named(owing: Database) -> None:
    state(owing, income="1000", housing="975")
    offers = offered(owing)
    assert offers.plans == ()
    [refusal] = [one for one in offers.refused if one.offer == "plan"]
    assert refusal.rule == "beyond-means"
    assert "20.00 USD a month" in refusal.detail
    assert "30 monthly payments would fit" in refusal.detail
    assert offers.promise is not None
    state(owing, income="900", housing="975")
    [refusal] = [one for one in offered(owing).refused if one.offer == "plan"]
    assert "nothing is left of a month" in refusal.detail


def test_a_plan_that_they_ask_for_themselves_is_agreed_whatever_they_stated(owing: Database) -> None:
    from dispatcher.agreements.domain.schedules import flat_schedule
    from dispatcher.agreements.domain.within_limits import breaches

    state(owing, income="1000", housing="975")
    schedule = flat_schedule(Money(60_000, "USD"), 3, Frequency.MONTHLY, TODAY + timedelta(days=5))
    assert not list(breaches(PLANS.plans, Money(60_000, "USD"), schedule, TODAY))


def test_figures_of_a_week_count_as_a_month_and_the_newest_statement_counts(owing: Database) -> None:
    state(owing, income="300", housing="250", every="week")
    with owing.reading() as connection:
        row = connection.execute(select(affordability)).one()
    stated = read_affordability(row.details, row.stated_on)
    assert (stated.income, stated.spending) == (Money(130_000, "USD"), Money(108_333, "USD"))
    record_affordability(owing, "acme/A1", SAID, {"income": "0"}, stated_on=TODAY - timedelta(days=3))
    assert offered(owing).plans, "an older day does not replace a newer one"


def test_a_statement_of_the_same_day_corrects_and_the_same_again_adds_nothing(owing: Database) -> None:
    assert not state(owing, income="2000", housing="900").already
    again = state(owing, income="2000", housing="1000")
    assert (again.already, again.added) == (True, {"housing": "1000"})
    assert again.details["left a month"] == "1000.00 USD"
    assert state(owing, income="2000", housing="1000").added == {}


def test_it_is_reckoned_with_for_half_a_year_and_until_they_take_it_back(owing: Database) -> None:
    state(owing, income="100")
    limited = each_payment(offered(owing))
    assert limited[Frequency.MONTHLY] <= 8_000
    last = TODAY + timedelta(days=HOLDS_FOR_DAYS)
    assert each_payment(offered(owing, on=last)) == limited
    assert each_payment(offered(owing, on=last + timedelta(days=1)))[Frequency.MONTHLY] == 30_000
    release(owing, "acme/A1", "affordability", SAID)
    assert each_payment(offered(owing))[Frequency.MONTHLY] == 30_000


def test_figures_of_another_currency_are_not_reckoned_with(owing: Database) -> None:
    state(owing, income="1", stated_currency="eur")
    assert each_payment(offered(owing))[Frequency.MONTHLY] == 30_000


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"income": "much"}, "income 'much'"),
        ({"income": "1000", "housing": "-5"}, "housing"),
        ({"income": "1000", "stated_currency": "XXY"}, "currency"),
    ],
)
def test_a_figure_that_is_none_is_refused(owing: Database, figures: dict[str, str], said: str) -> None:
    with pytest.raises(RecordError, match=said):
        state(owing, **figures)
    with owing.reading() as connection:
        assert connection.scalars(select(affordability.c.id)).all() == []


def test_figures_stand_where_they_can_be_erased_and_never_in_an_entry(owing: Database) -> None:
    state(owing, income="2111.11", housing="987.65", stated_words="since my hours were cut")
    with owing.reading() as connection:
        entry = connection.scalar(
            select(log_entries.c.entry).where(log_entries.c.event == "affordability_recorded")
        )
        values = connection.scalars(select(personal_values.c["values"])).all()
        person = connection.scalar(
            select(log_entries.c.person).where(log_entries.c.event == "affordability_recorded")
        )
        assert file_of(connection, person)["affordability"][0]["details"]["income"] == "2111.11"
    assert "2111" not in entry
    assert "987" not in entry
    assert any("2111.11" in str(each) for each in values)
    with owing.writing() as connection:
        erase(connection, holdings_of(connection, person), now=at(TODAY))
        assert connection.scalars(select(affordability.c.details)).all() == [{}]
    assert offered(owing).plans


@given(
    income=st.integers(0, 500_000),
    spending=st.integers(0, 500_000),
    owed=st.integers(200, 900_000),
    buffer=st.integers(0, 100),
    down=st.integers(0, 60),
)
def test_no_proposed_payment_is_more_than_what_is_left(
    income: int, spending: int, owed: int, buffer: int, down: int
) -> None:
    stated = Affordability(income=Money(income, "USD"), spending=Money(spending, "USD"), stated_on=TODAY)
    person = PersonFile(
        id=1, person="p", creditor_id=1, creditor="acme", reference="A1", affordability=stated
    )
    zero = Money(0, "USD")
    debt = DebtFile(
        id=1, creditor_id=1, creditor="acme", debtor_id=1, reference="R1", ledger=Money(owed, "USD"), paid=zero,
        credit=zero, due_date=TODAY - timedelta(days=9),
    )  # fmt: skip
    terms = OfferTerms(
        name="t",
        plans=PlanTerms(
            frequencies=tuple(Frequency),
            most_payments=24,
            buffer_percent=Decimal(buffer),
            least_down_payment_percent=Decimal(down),
        ),
    )
    left = max(0, income - spending) * (100 - buffer) / 100
    for plan in offers_for((terms,), person, [debt], TODAY).plans:
        most = left * 12 / PERIODS_A_YEAR[plan.frequency]
        assert all(one.amount.minor <= most for one in plan.instalments)
