"""A plan that bears interest on file, in both databases: its parts, what its debt is known for, offers that stand."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

import pytest

from dispatcher.agreements.agree import plan, promise
from dispatcher.agreements.domain.agreed import Agreed
from dispatcher.agreements.domain.offer_terms import OfferTerms, PlanTerms, PromiseTerms
from dispatcher.agreements.domain.plan_interest import InterestCap, InterestTerms
from dispatcher.agreements.domain.schedules import Frequency
from dispatcher.agreements.end import cancel
from dispatcher.agreements.storage import arrangements
from dispatcher.agreements.terms_said import Approval, PlanWords
from dispatcher.agreements.watch import AgreementRules
from dispatcher.database.engine import Database
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.domain.person import DebtFile
from dispatcher.people.recording import Said
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.values.interest import DayCount
from dispatcher.values.money import Money
from tests.builders import TODAY, a_debt, a_debtor, at

SAID = Said(now=at(TODAY), actor="test", source="call 5512")
CAP = InterestCap(
    country="US", percent=Decimal(9), valid_from=TODAY - timedelta(days=900), reference="An act"
)
INTEREST = InterestTerms(
    yearly_percent=Decimal(6), day_count=DayCount.THIRTY_360, booked_by='Acme "accounts"', caps=(CAP,)
)
THREE = PlanWords(payments=3, every=Frequency.MONTHLY, first_on=TODAY + timedelta(days=10))


def no_strategy(*_: object) -> Mapping[int, str]:
    return {}


def rules(interest: InterestTerms | None) -> AgreementRules:
    plans = PlanTerms(frequencies=(Frequency.MONTHLY,), most_payments=6, interest=interest)
    terms = OfferTerms(name="plans", promises=PromiseTerms(most_days=30), plans=plans)
    return AgreementRules(offers=(terms,), strategy_of=no_strategy)


@pytest.fixture
def owing(database: Database) -> Database:
    """A1 owes 600.00 USD."""
    a_debt(database, a_debtor(database, reference="A1"), TODAY - timedelta(days=20), balance_minor=60_000)
    return database


def debt_of(database: Database, agreed: Agreed) -> DebtFile:
    with database.reading() as connection:
        return load_debts(connection, agreed.debt_ids, as_of=TODAY)[agreed.debt_ids[0]]


def test_what_each_payment_bears_is_read_back_as_it_was_agreed(owing: Database) -> None:
    agreed = plan(owing, rules(INTEREST), "acme/A1", SAID, THREE)
    with owing.reading() as connection:
        [kept] = arrangements.read(connection, [agreed.id])
    assert kept.terms.schedule == agreed.terms.schedule
    assert kept.interest is not None
    assert kept.total == Money(60_000, "USD") + kept.interest
    assert [one.amount for one in kept.standing.instalments] == [one.amount for one in kept.terms.schedule]


def test_a_debt_stays_known_for_a_plan_that_bore_interest_and_for_no_other(owing: Database) -> None:
    words = 'they said "interest":{ and nothing else'
    plain = plan(owing, rules(None), "acme/A1", SAID, THREE, agreed_words=words)
    assert (debt_of(owing, plain).plan_interest, debt_of(owing, plain).arrangement is None) == (False, False)
    cancel(owing, plain.id, SAID, why="another one")
    dear = plan(owing, rules(INTEREST), "acme/A1", SAID, THREE)
    assert debt_of(owing, dear).plan_interest
    cancel(owing, dear.id, SAID, why="it was too much")
    after = debt_of(owing, dear)
    assert after.plan_interest
    assert after.arrangement is None, "what was cancelled stands no more"
    again = promise(owing, rules(INTEREST), "acme/A1", SAID, on=TODAY + timedelta(days=3))
    assert debt_of(owing, again).arrangement is not None
    assert again.interest is None, "a promise bears none"


def test_nobody_can_approve_interest_where_no_law_is_written_down(owing: Database) -> None:
    unknown = InterestTerms(yearly_percent=Decimal(6), day_count=DayCount.ACT_365, booked_by="Acme")
    agreed = plan(
        owing, rules(unknown), "acme/A1", SAID, THREE, approval=Approval(by="mia", why="she said so")
    )
    assert agreed.interest is None
    assert agreed.total == Money(60_000, "USD")


def test_a_plan_that_would_end_in_nothing_is_refused_in_words(owing: Database) -> None:
    words = PlanWords(payments=3, every=Frequency.MONTHLY, first_on=TODAY + timedelta(days=10), down="0.50")
    with pytest.raises(RecordError, match="does not cover the interest"):
        plan(owing, rules(INTEREST), "acme/A1", SAID, words, approval=Approval(by="mia", why="she said so"))
