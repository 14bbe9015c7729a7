"""Scores: points that anybody can add up, by one statement; for private people they order and add, and no more."""

import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from dispatcher.agreements.domain.more_terms import more_of
from dispatcher.agreements.domain.offer_terms import (
    OfferMatch,
    OfferTerms,
    PlanTerms,
    PromiseTerms,
    SettlementTerms,
)
from dispatcher.agreements.domain.offers import offers_for, terms_for
from dispatcher.agreements.domain.schedules import Frequency, flat_schedule
from dispatcher.agreements.domain.within_limits import breaches, settlement_breaches
from dispatcher.agreements.find_offers import offers_of
from dispatcher.database.engine import Database
from dispatcher.database.tables.people import humans, wishes
from dispatcher.database.tables.portfolio import debtors, debts, payments
from dispatcher.people.record_wish import no_score, record_wish
from dispatcher.people.recording import Said
from dispatcher.people.release_hold import release
from dispatcher.planning.domain.strategy import HandoverRule, Match
from dispatcher.planning.storage.handover_candidates import proposed
from dispatcher.rulebook.scorecard import load_scorecard
from dispatcher.rulebook.segments import load_segments
from dispatcher.rulebook.yaml_file import ConfigError
from dispatcher.treatment.domain.facts import DATED, MONEY, Fact
from dispatcher.treatment.domain.scorecard import ATTRIBUTES, Attribute, Band, Range, Scorecard
from dispatcher.treatment.domain.segments import ANY, ByHand, Condition, Limit, Segment
from dispatcher.treatment.explain_score import explain_score, for_the_debtor
from dispatcher.treatment.storage.scores import count_by_score, figures_of_person, score_column
from dispatcher.values.money import Money
from tests.builders import TODAY, a_debt, a_debtor, a_desk, a_ladder, a_party, a_step, at, plan, planned


def points(*ranges: tuple[int | None, int]) -> tuple[Range, ...]:
    return tuple(
        Range(below=None if below is None else Decimal(below), points=each) for below, each in ranges
    )


OVERDUE = Attribute(
    fact=Fact.OVERDUE_DEBTS, ranges=points((2, 60), (None, -60)), fair_because="It is what is open."
)
CARD = Scorecard(
    name="plain",
    version="1",
    made_on=TODAY,
    base=500,
    percent_at_base=Decimal(50),
    double=40,
    attributes=(OVERDUE,),
    bands=(Band(name="low", below=500), Band(name="high", below=None)),
    about="paid within 30 days",
    approved_by="Mia Ng",
    in_use=True,
)


def scoring(name: str, least: int, card: Scorecard | None = CARD, **fields) -> Segment:
    limit = Limit(least={ANY: Decimal(least)})
    return Segment(name=name, conditions=(Condition(fact=Fact.SCORE, limit=limit, card=card),), **fields)


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def name_of(database: Database, debtor: int) -> str:
    with database.reading() as connection:
        return "acme/" + connection.scalar(select(debtors.c.reference).where(debtors.c.id == debtor))


def scores_of(connection, card: Scorecard, on: date, ids: list[int]) -> dict[int, int]:
    query = select(debts.c.id, score_column(card, on)).where(debts.c.id.in_(ids))
    return {row[0]: row[1] for row in connection.execute(query) if row[1] is not None}


def object_to(database: Database, debtor: int) -> None:
    said = Said(now=at(TODAY), actor="test", source="a call")
    record_wish(database, name_of(database, debtor), said, [no_score()], read=pytest.fail)


def a_card(chance: random.Random) -> Scorecard:
    """Every attribute that there is, cut somewhere."""
    attributes = []
    for fact in ATTRIBUTES:
        cuts = sorted({chance.randint(-30, 130) for _ in range(3)} | {chance.choice([1, 2, 3])})
        attributes.append(
            Attribute(
                fact=fact,
                ranges=tuple(
                    Range(below=None if cut is None else Decimal(cut), points=chance.randint(-40, 40))
                    for cut in [*cuts, None]
                ),
                unknown=chance.randint(-9, 9),
                within_days=chance.choice([30, 365, None]) if fact in DATED else None,
                currency="USD" if fact in MONEY else "",
            )
        )
    return Scorecard(
        name="all", version="1", made_on=TODAY, base=100, percent_at_base=Decimal(50), double=20,
        attributes=tuple(attributes), in_use=True,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_the_score_of_every_debt_is_the_sum_of_the_points_of_its_figures(
    database: Database, seed: int
) -> None:
    chance = random.Random(seed)
    card, people = a_card(chance), []
    for _ in range(6):
        people.append(a_debtor(database))
        for _ in range(chance.randint(1, 4)):
            due = days_ago(chance.randint(-40, 120))
            key = a_debt(
                database, people[-1], due, balance_minor=chance.choice([100, 3000, 9_900]),
                currency=chance.choice(["USD", "USD", "EUR"]), issued_on=due - timedelta(days=30),
                settled_on=chance.choice([None, None, due + timedelta(days=chance.randint(-5, 20))]),
            )  # fmt: skip
            with database.writing() as connection:
                row = {
                    "debt_id": key,
                    "amount_minor": 10,
                    "paid_on": days_ago(chance.randint(0, 60)),
                    "recorded_at": at(TODAY),
                }
                connection.execute(insert(payments).values(row))
    with database.reading() as connection:
        figures = [each for who in people for each in figures_of_person(connection, card, who, TODAY)]
        scores = scores_of(connection, card, TODAY, [each.debt_id for each in figures])
        counts = count_by_score(connection, card, TODAY)
    added = {each.debt_id: card.score(dict(enumerate(each.values))) for each in figures}
    assert scores == added
    assert sum(counts.values()) == len(added)
    assert len(set(added.values())) > 3, "the card tells them apart"


def test_a_million_debts_are_scored_by_as_many_statements_as_one(
    sqlite_database: Database, monkeypatch
) -> None:
    debtor = a_debtor(sqlite_database)
    ids = [a_debt(sqlite_database, debtor, days_ago(n)) for n in range(1, 30)]
    with sqlite_database.reading() as connection:
        statements = []
        execute = type(connection).execute
        monkeypatch.setattr(
            type(connection), "execute", lambda self, *words: (statements.append(1), execute(self, *words))[1]
        )
        assert len(scores_of(connection, a_card(random.Random(1)), TODAY, ids)) == len(ids)
    assert len(statements) == 1


def a_private_and_a_company_world(database: Database) -> tuple[list[int], list[int]]:
    """People and companies with one debt overdue (they score high) or three (low)."""
    found: dict[str, list[int]] = {"person": [], "company": []}
    for kind, keys in found.items():
        for count in (1, 3):
            debtor = a_debtor(database, kind=kind)
            keys += [
                a_debt(
                    database,
                    debtor,
                    days_ago(12),
                    reference=f"{kind}{count}{i}",
                    time_barred_on=TODAY + timedelta(days=9),
                )
                for i in range(count)
            ]
    return found["person"], found["company"]


def test_for_private_people_a_score_changes_no_step_no_distance_no_hand_over_and_no_work_by_hand(
    database: Database,
) -> None:
    people, companies = a_private_and_a_company_world(database)
    late = Segment(
        name="just late",
        conditions=(Condition(fact=Fact.DAYS_PAST_DUE, limit=Limit(least={ANY: Decimal(1)})),),
    )
    firm = a_ladder(
        name="firm", match=Match(equals={"segment": ("unlikely", "likely")}),
        steps=(a_step("firm-1", 1), a_step("firm-2", 2)), handover=HandoverRule(before_time_barred_days=30),
    )  # fmt: skip
    mild = a_ladder(
        name="mild", match=Match(equals={"segment": ("just late",)}), steps=(a_step("mild-1", 5),)
    )
    by_hand = ByHand(owner="Dana Fox", within_days=5)
    abusing = (scoring("likely", 520), scoring("unlikely", 0, by_hand=by_hand), late)
    plan(database, TODAY, a_desk(firm, mild, segments=abusing))
    steps = {debt: step for _, debt, step, _ in planned(database)}
    assert {debt: steps.get(debt) for debt in people} == dict.fromkeys(people, "mild-1")
    assert [steps.get(debt) for debt in companies] == ["firm-1", None, None, None], (
        "companies may be told apart"
    )
    with database.reading() as connection:
        asked = [each.debt for each in proposed(connection, (firm, mild), TODAY, abusing)]
    assert asked
    assert all(name.startswith("acme/company") for name in asked)


def test_a_private_person_is_offered_no_less_with_a_score_than_without(database: Database) -> None:
    debtor = a_debtor(database)
    a_debt(database, debtor, days_ago(12), balance_minor=100_000)
    plain = OfferTerms(
        name="plain",
        promises=PromiseTerms(most_days=9),
        plans=PlanTerms(frequencies=(Frequency.MONTHLY,), most_payments=6),
        settlements=SettlementTerms(least_percent=Decimal(80), valid_days=10),
    )
    asks = OfferMatch(equals={"segment": ("likely",)})
    harsh = OfferTerms(
        name="harsh", match=asks, promises=PromiseTerms(most_days=1),
        settlements=SettlementTerms(least_percent=Decimal(95), valid_days=1),
    )  # fmt: skip
    kind = OfferTerms(
        name="kind", match=asks, promises=PromiseTerms(most_days=20),
        plans=PlanTerms(frequencies=(Frequency.WEEKLY,), most_payments=12),
        settlements=SettlementTerms(least_percent=Decimal(60), valid_days=20),
    )  # fmt: skip

    def offered(*files: OfferTerms):
        return offers_of(
            database,
            files,
            name_of(database, debtor),
            on=TODAY,
            now=at(TODAY),
            segments=(scoring("likely", 520),),
        ).offers

    without = offered(plain)
    assert (offered(harsh, plain).promise, offered(harsh, plain).plans) == (without.promise, without.plans)
    assert offered(harsh, plain).settlements[0].amount == without.settlements[0].amount
    more = offered(kind, plain)
    assert more.terms == "plain+kind"
    assert more.promise.latest == TODAY + timedelta(days=20)
    assert more.settlements[0].amount == Money(60_000, "USD")
    assert {plan.frequency for plan in more.plans} == {Frequency.MONTHLY, Frequency.WEEKLY}
    object_to(database, debtor)
    assert offered(kind, plain) == without, "the objection ends it"


_PLANS = st.none() | st.builds(
    PlanTerms,
    frequencies=st.lists(st.sampled_from(Frequency), min_size=1, unique=True).map(tuple),
    most_payments=st.integers(2, 24),
    most_days=st.none() | st.integers(10, 400),
    first_within_days=st.integers(0, 40),
    least_payment=st.dictionaries(st.sampled_from(["USD", "EUR"]), st.integers(1, 90).map(Decimal)),
    least_down_payment_percent=st.integers(0, 60).map(Decimal),
)
_SETTLEMENTS = st.none() | st.builds(
    SettlementTerms,
    least_percent=st.integers(10, 99).map(Decimal),
    valid_days=st.integers(1, 40),
    least_amount=st.dictionaries(st.sampled_from(["USD", "EUR"]), st.integers(1, 900).map(Decimal)),
    instalments_allowed=st.integers(1, 4),
    needs_approval_below_percent=st.none() | st.integers(10, 99).map(Decimal),
    not_again_within_days=st.integers(0, 60),
)
_TERMS = st.builds(
    OfferTerms,
    name=st.just("terms"),
    promises=st.none()
    | st.builds(PromiseTerms, most_days=st.integers(0, 90), most_broken=st.none() | st.integers(0, 3)),
    plans=_PLANS,
    settlements=_SETTLEMENTS,
)


@given(
    terms=_TERMS,
    added=_TERMS,
    parts=st.integers(1, 24),
    every=st.sampled_from(Frequency),
    percent=st.integers(1, 99),
)
def test_terms_put_together_allow_whatever_the_first_allow(terms, added, parts, every, percent) -> None:
    both, total = more_of(terms, added), Money(100_000, "USD")
    schedule = flat_schedule(total, parts, every, TODAY + timedelta(days=5))
    if (
        terms.plans
        and every in terms.plans.frequencies
        and not list(breaches(terms.plans, total, schedule, TODAY))
    ):
        assert every in both.plans.frequencies
        assert not list(breaches(both.plans, total, schedule, TODAY))
    part = Money(percent * 1000, "USD")
    at_once = flat_schedule(part, 1, every, TODAY + timedelta(days=1))
    if terms.settlements:
        refused = set(settlement_breaches(terms.settlements, total, part, at_once, TODAY))
        assert refused or not list(settlement_breaches(both.settlements, total, part, at_once, TODAY))
    if terms.promises:
        assert both.promises.most_days >= terms.promises.most_days
        assert both.promises.most_broken is None or both.promises.most_broken >= (
            terms.promises.most_broken or 0
        )


def test_terms_for_a_scored_segment_never_bring_an_age_limit_that_refuses(database: Database) -> None:
    """What a limitation must be known for is asked of the file that adds: it adds nothing then, and refuses nothing."""
    from dispatcher.people.storage.debt_files import load_debts
    from dispatcher.people.storage.people import load_people
    from dispatcher.treatment.find_segments import with_segments

    debtor = a_debtor(database)
    key = a_debt(database, debtor, days_ago(400))
    plain = OfferTerms(name="plain", promises=PromiseTerms(most_days=9))
    strict = OfferTerms(
        name="strict", match=OfferMatch(equals={"segment": ("likely",)}), promises=PromiseTerms(most_days=30),
        unknown_limitation_after_days={"US": 100},
    )  # fmt: skip
    with database.reading() as connection:
        person = load_people(connection, [debtor], now=at(TODAY))[debtor]
        files = with_segments(
            connection, load_debts(connection, [key], as_of=TODAY), (scoring("likely", 520),), TODAY
        )
    assert files[key].score_segment == "likely"
    assert terms_for((strict, plain), person, [files[key]], TODAY) == plain
    assert offers_for((strict, plain), person, [files[key]], TODAY).promise is not None


def test_an_objection_ends_the_score_for_the_human_and_for_who_owes_with_them(database: Database) -> None:
    ana, again, joint, other = (a_debtor(database) for _ in range(4))
    ids = [a_debt(database, each, days_ago(5)) for each in (ana, again, joint, other)]
    a_party(database, ids[2], ana)
    with database.writing() as connection:
        connection.execute(
            insert(humans), [{"debtor_id": ana, "human": ana}, {"debtor_id": again, "human": ana}]
        )

    def scored() -> list[bool]:
        with database.reading() as connection:
            found = scores_of(connection, CARD, TODAY, ids)
            assert count_by_score(connection, CARD, TODAY).get(None, 0) == 4 - len(found)
            return [key in found for key in ids]

    assert scored() == [True] * 4
    object_to(database, ana)
    assert scored() == [False, False, False, True]
    with database.reading() as connection:
        assert explain_score(connection, CARD, name_of(database, ana), TODAY).debts[0].score is None
    release(database, name_of(database, ana), "wish_no_score", Said(now=at(TODAY), actor="test"))
    assert scored() == [True] * 4
    with database.reading() as connection:
        assert connection.scalars(select(wishes.c.kind)).all() == ["no_score"]


def test_an_explanation_adds_up_and_the_debtor_is_told_what_it_is_for(database: Database) -> None:
    debtor = a_debtor(database)
    for n in range(2):
        a_debt(database, debtor, days_ago(5), reference=f"X{n}")
    with database.reading() as connection:
        explained = explain_score(connection, CARD, name_of(database, debtor), TODAY)
        off = explain_score(connection, None, name_of(database, debtor), TODAY)
    debt = explained.debts[0]
    assert (debt.debt, debt.score, debt.band) == ("acme/X0", 440, "low")
    assert debt.score == debt.base + sum(each.points for each in debt.counted)
    assert [(each.fact, each.value, each.range, each.points) for each in debt.counted] == [
        ("overdue_debts", "2", "2 or more", -60)
    ]
    assert round(debt.percent, 1) == 26.1, "60 points less than even odds, 40 to halve them"
    text = "\n".join(for_the_debtor(explained))
    assert "acme/X0: 440 points" in text
    assert "You may object" in text
    assert "Mia" not in text, "who of the desk approved it is not theirs to know"
    assert list(for_the_debtor(off)) == ["We make no score of you."]


def written(
    path: Path, *, use: str = "true", approved: str = "Mia Ng", fact: str = "overdue_debts", more: str = ""
) -> Path:
    path.write_text(
        f"use: {use}\nname: plain\nversion: '1'\ndate: 2026-01-01\napproved_by: {approved!r}\napproved_on: 2026-01-02\n"
        f"base: 500\npercent_at_base: 50\ndouble: 40\nattributes:\n  - fact: {fact}\n    fair_because: it is open\n"
        f"    approved_by: {approved!r}\n    points:\n      - {{below: 2, points: 60}}\n      - {{points: -60}}\n{more}"
    )
    return path


def test_what_nobody_may_be_scored_by_is_refused_with_file_line_and_key(tmp_path: Path) -> None:
    for fact in (
        "disputes", "complaints", "opt_outs", "language", "country", "place", "name", "sex", "age", "marital_status",
        "benefits", "health", "Postal code", "disputed",
    ):  # fmt: skip
        path = written(tmp_path / "scorecard.yaml", fact=fact, use="false", approved="")
        with pytest.raises(ConfigError, match="never asks for") as refused:
            load_scorecard(path)
        assert str(refused.value).startswith(f"{path}:11: attributes.0.fact: "), fact
    with pytest.raises(ConfigError, match="no fact that a score may ask for"):
        load_scorecard(written(tmp_path / "scorecard.yaml", fact="share_of_book"))
    with pytest.raises(ConfigError, match="no fact that a score may ask for"):
        load_scorecard(written(tmp_path / "scorecard.yaml", fact="score"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"approved": ""}, "approved_by: is empty"),
        ({"more": "      - {below: 9, points: 1}\n"}, "attributes.0.points.1: the last entry"),
        ({"fact": "balance"}, "attributes.0.currency: balance needs"),
        ({"more": "    within_days: 9\n"}, "attributes.0.within_days"),
        ({"more": "    currency: USD\n"}, "attributes.0.currency"),
        ({"use": "maybe"}, "use: 'maybe' is not of type"),
    ],
)
def test_a_card_that_is_not_whole_is_refused(tmp_path: Path, changed: dict[str, str], said: str) -> None:
    path = written(tmp_path / "scorecard.yaml", **changed)
    with pytest.raises(ConfigError, match=said) as refused:
        load_scorecard(path)
    assert str(refused.value).startswith(f"{path}:")


def test_a_card_that_is_off_or_not_there_gives_nobody_a_score(database: Database, tmp_path: Path) -> None:
    segments = tmp_path / "segments.yaml"
    segments.write_text("segments:\n- {name: scored, match: {score: {min: 0}}}\n")
    a_debt(database, a_debtor(database, kind="company"), days_ago(5), reference="C1")
    from dispatcher.treatment.find_segments import segments_on

    def found(card: Scorecard | None) -> dict[str, str | None]:
        with database.reading() as connection:
            return dict(segments_on(connection, load_segments(segments, card), TODAY))

    card = load_scorecard(written(tmp_path / "on.yaml"))
    assert found(card) == {"acme/C1": "scored"}
    assert found(load_scorecard(written(tmp_path / "off.yaml", use="false"))) == {"acme/C1": None}
    assert found(load_scorecard(tmp_path / "nowhere.yaml")) == {"acme/C1": None}


def test_the_shipped_card_is_off_and_reads_well() -> None:
    from dispatcher import resources

    card = load_scorecard(resources.config_path(None, "scorecard.yaml"))
    assert card is not None
    assert not card.in_use
    assert all(each.fair_because for each in card.attributes)
