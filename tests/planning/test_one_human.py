"""What is on record of a human at one creditor binds at the others, at both gates, and no creditor learns of it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, text, update

from dispatcher.database.engine import Database
from dispatcher.database.tables.log import log_entries, personal_values
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import holds, opt_outs
from dispatcher.database.tables.planning import refusals
from dispatcher.database.tables.portfolio import debtors
from dispatcher.delivery.domain.verdict import VerdictKind
from dispatcher.delivery.judge_messages import JudgingContext, contact_of_message, judge_messages
from dispatcher.gate.act import Act
from dispatcher.gate.decision import Decision, Outcome
from dispatcher.gate.elsewhere import unless_kept, without_elsewhere
from dispatcher.gate.facts import (
    Action,
    Attorney,
    Cease,
    ContactFacts,
    Elsewhere,
    HistoryEntry,
    Kept,
    OptOut,
    ZoneCandidate,
)
from dispatcher.gate.gate import decide
from dispatcher.gate.grounds import grounds
from dispatcher.gate.guards.holds import AttorneyRepresents
from dispatcher.messages.storage import outbox
from dispatcher.people.link_people import link_people
from dispatcher.people.record_hold import record_hold
from dispatcher.people.recording import Said
from dispatcher.planning.domain.contact import contact_facts
from dispatcher.planning.domain.intended import zones_of
from dispatcher.planning.domain.standing import standing
from dispatcher.planning.explain_debtor import explain_debtor
from dispatcher.planning.forecast_days import ForecastRequest, predict_days
from dispatcher.planning.policy import Policy
from dispatcher.rulebook.contact_facts import UnknownKeys, parse_facts
from dispatcher.values.plain_values import plain
from dispatcher.writing.message_files import gather
from tests.builders import TODAY, a_debt, a_debtor, a_desk, a_ladder, a_party, at, mark_sent, plan, rows_of
from tests.gate.facts_made_up import facts as any_facts
from tests.planning.test_grounds import BOOK, WORDS

LADDER = a_ladder(1, 10, 20, join="debtor", parties="all")
HOUSE = ("default", "house")
HERE, THERE = "acme", "northwind"
ADDRESS = {"address_lines": ["12 High Street"], "postal_code": "12201", "city": "Albany"}


def a_policy(*packs: str) -> Policy:
    desk = a_desk(LADDER, packs=packs or HOUSE)
    sender = desk.senders[HERE]
    return replace(desk, senders={HERE: sender, THERE: replace(sender, name="Northwind")})


def a_human(database: Database, *, linked: bool = True, **there: Any) -> tuple[int, int]:
    """Ana at two creditors, a debt due yesterday at each; returns both records."""
    first = a_debtor(database, email="ana@mail.example", reference="A-1", **ADDRESS)
    second = a_debtor(
        database, creditor=THERE, email="ANA@mail.example", reference="N-1", **(dict(ADDRESS) | there)
    )
    a_debt(database, first, TODAY - timedelta(days=1), reference="RA")
    a_debt(database, second, TODAY - timedelta(days=1), reference="RN")
    with database.writing() as connection:
        link_people(connection, on=linked, now=at(TODAY), actor="import")
    return first, second


def record(connection: Any, debtor_id: int, kind: str, **more: Any) -> None:
    values = {"debtor_id": debtor_id, "kind": kind, "starts_on": TODAY, "recorded_at": at(TODAY)} | more
    connection.execute(insert(holds).values(**values))


def column(**values: Any) -> Callable[[Any, int], None]:
    return lambda connection, key: connection.execute(
        update(debtors).where(debtors.c.id == key).values(**values)
    )


def a_hold(kind: str, **more: Any) -> Callable[[Any, int], None]:
    return lambda connection, key: record(connection, key, kind, **more)


def a_full_stop(connection: Any, key: int) -> None:
    connection.execute(insert(opt_outs).values(debtor_id=key, scope="all", at=at(TODAY)))


BINDS: Mapping[str, Callable[[Any, int], None]] = {
    "a death in the ledger": column(deceased_on=TODAY),
    "a death that was recorded": a_hold("deceased"),
    "a moratorium in the ledger": column(breathing_space_until=TODAY + timedelta(days=60)),
    "a moratorium that was recorded": a_hold("breathing_space", until=TODAY + timedelta(days=60)),
    "an insolvency in the ledger": column(bankrupt_on=TODAY),
    "an insolvency that was recorded": a_hold("bankruptcy"),
    "a request to cease in the ledger": column(cease_received_on=TODAY),
    "a request to cease that was recorded": a_hold("cease", details={"form": "letter"}),
    "a full stop": a_full_stop,
    "care": a_hold("care"),
}
LAW = ("default", "house", "us-bankruptcy", "uk-conc")
MAY: Mapping[str, Callable[[Any, int], None]] = {
    "a dispute": a_hold("dispute"),
    "a promise": a_hold("promise", until=TODAY + timedelta(days=9)),
    "a complaint": a_hold("complaint"),
    "an attorney on those debts": a_hold("attorney"),
    "a pause": a_hold("manual"),
}


def reasons(database: Database, debtor_id: int) -> list[tuple[str, str, str]]:
    with database.reading() as connection:
        found = connection.scalars(select(refusals.c.reasons).where(refusals.c.recipient_id == debtor_id))
        return [(r["pack"], r["rule"], r["detail"]) for each in found for r in each]


def planned_for(database: Database) -> list[int]:
    return [row.recipient_id for row in rows_of(database)]


def second_gate(database: Database, policy: Policy, day: date = TODAY) -> dict[int, Any]:
    """By record; PREPARE: no reason against it, its text would come next."""
    context = JudgingContext(policy=policy, check_content=lambda *_: None)  # no text is there to be checked
    with database.writing() as connection:
        found = outbox.read(connection, [row.id for row in rows_of(database)])
        verdicts = judge_messages(connection, found, bodies={}, now=at(day), context=context)
    return {message.recipient_id: verdicts[message.id] for message in found}


@pytest.mark.parametrize("what", BINDS)
@pytest.mark.parametrize("place", ["US", "GB"])
def test_what_is_true_of_a_human_binds_at_every_creditor(database: Database, what: str, place: str) -> None:
    if (what.startswith("an insolvency") and place == "GB") or (
        what.startswith("a moratorium") and place == "US"
    ):
        pytest.skip("a status that the law of the place does not know")
    home = {"country": place, "region": "" if place == "GB" else "NY"}
    first, second = a_human(database, **home)
    with database.writing() as connection:
        connection.execute(update(debtors).values(**home))
        link_people(connection, on=True, now=at(TODAY), actor="import")
        BINDS[what](connection, first)
    plan(database, TODAY, a_policy(*LAW))
    assert planned_for(database) == []
    told = {(pack, rule) for pack, rule, _ in reasons(database, second)}
    assert told & {("desk", "held"), ("desk", "not-now"), ("ledger", "held")}, told


@pytest.mark.parametrize("what", MAY)
def test_what_is_said_of_one_creditors_debts_binds_nobody_elses(database: Database, what: str) -> None:
    first, second = a_human(database)
    with database.writing() as connection:
        MAY[what](connection, first)
    plan(database, TODAY, a_policy())
    assert second in planned_for(database)


@pytest.mark.parametrize("what", BINDS)
def test_with_linking_off_or_refused_they_are_two_people(database: Database, what: str) -> None:
    first, second = a_human(database, linked=False)
    with database.writing() as connection:
        BINDS[what](connection, first)
    plan(database, TODAY, a_policy(*LAW))
    assert second in planned_for(database)


@pytest.mark.parametrize(
    "what", [name for name in BINDS if "insolvency" not in name and "moratorium" not in name]
)
def test_what_is_recorded_after_planning_is_found_by_the_second_gate(database: Database, what: str) -> None:
    first, second = a_human(database)
    policy = a_policy("default")
    plan(database, TODAY, policy)
    assert {v.kind for v in second_gate(database, policy).values()} == {VerdictKind.PREPARE}
    with database.writing() as connection:
        BINDS[what](connection, first)
        connection.execute(update(messages).values(inputs_digest="x", content_sha256="y"))
    with database.reading() as connection:
        person = outbox.read(connection, [row.id for row in rows_of(database) if row.recipient_id == second])

    with database.reading() as connection:
        files = gather(connection, person, now=at(TODAY))
    contact = contact_of_message(person[0], files, policy)
    zones = zones_of(contact.person, contact.point, policy.places)
    decision = policy.judge(contact, contact_facts(contact, now=at(TODAY), zones=zones))
    held = standing(contact.debts[0], contact.person, None, None, TODAY)
    assert decision.outcome is Outcome.BLOCK or [reason.rule for reason in held] == ["held"]


def test_one_message_a_day_whoever_the_creditor_and_nobody_starves(database: Database) -> None:
    first, second = a_human(database)
    policy = a_policy()
    days = []
    for n in range(3):
        day = TODAY + timedelta(days=n)
        summary = plan(database, day, policy)
        days.append([row.recipient_id for row in rows_of(database, summary.run_id)])
        mark_sent(database, at=at(day))
    assert sorted(map(len, days)) == [0, 1, 1]
    assert {each for day in days for each in day} == {first, second}
    assert ("desk", "not-now", "not now") in reasons(database, first) + reasons(database, second) or not (
        reasons(database, first) + reasons(database, second)
    )


def test_a_message_that_waits_for_one_creditor_takes_the_day_of_the_other(database: Database) -> None:
    first, second = a_human(database)
    plan(database, TODAY, a_policy(), debtor_id=first)
    summary = plan(database, TODAY, a_policy(), debtor_id=second)
    assert summary.by_outcome == {"defer": 1}
    assert reasons(database, second) == [("desk", "not-now", "not now")]


def test_of_two_that_wait_the_second_gate_lets_one_go_a_day(database: Database) -> None:
    first, second = a_human(database, linked=False)
    plan(database, TODAY, a_policy())
    assert sorted(planned_for(database)) == [first, second]
    with database.writing() as connection:
        link_people(connection, on=True, now=at(TODAY), actor="import")
        connection.execute(
            update(messages)
            .where(messages.c.recipient_id == first)
            .values(state="accepted", sent_at=at(TODAY))
        )

    policy = a_policy()
    with database.reading() as connection:
        [message] = outbox.read(
            connection, [row.id for row in rows_of(database) if row.recipient_id == second]
        )
        files = gather(connection, [message], now=at(TODAY, 20))

    contact = contact_of_message(message, files, policy)
    zones = zones_of(contact.person, contact.point, policy.places)
    decision = policy.judge(contact, contact_facts(contact, now=at(TODAY, 20), zones=zones))
    assert decision.outcome is Outcome.DEFER
    assert [(reason.pack, reason.rule) for reason in decision.reasons] == [("desk", "not-now")]


def test_what_comes_next_counts_what_goes_to_the_other_record(database: Database) -> None:
    first, second = a_human(database)
    policy = a_policy()
    for n in range(4):
        day = TODAY + timedelta(days=n)
        foreseen = {
            key: [step.status for debt in answer.debts for step in debt.steps]
            for key, who in ((first, f"{HERE}/A-1"), (second, f"{THERE}/N-1"))
            for answer in [explain_debtor(database, policy, who, as_of=day, now=at(TODAY))]
        }
        request = ForecastRequest(as_of=TODAY, now=at(TODAY), days=n + 1)
        *_, (_, _, decided) = predict_days(database, policy, request)
        for each in decided:
            goes = hasattr(each, "channel")
            assert ("due" in foreseen[each.intent.person.id]) == goes


def test_no_creditor_learns_of_another_from_log_grounds_refusals_or_explanation(database: Database) -> None:
    first, second = a_human(database)
    secret = {"form": "letter", "name": "Vance LLP"}
    with database.writing() as connection:
        record(connection, first, "cease", details=secret, note="lost her job at Fabrikam")
        record(connection, first, "care", details={"text": "I cannot go on"})
    plan(database, TODAY, a_policy())
    answer = explain_debtor(database, a_policy(), f"{THERE}/N-1", as_of=TODAY, now=at(TODAY))
    with database.reading() as connection:
        [person] = connection.scalars(select(debtors.c.person).where(debtors.c.id == second))
        shown = [
            *connection.execute(select(log_entries).where(log_entries.c.creditor == THERE)),
            *connection.execute(select(personal_values).where(personal_values.c.person == person)),
            *connection.execute(select(refusals).where(refusals.c.recipient_id == second)),
            plain(answer),
        ]
        [foreign] = connection.scalars(select(debtors.c.person).where(debtors.c.id == first))
    words = " ".join(str(tuple(row)) if not isinstance(row, dict) else str(row) for row in shown)
    for told in (HERE, "A-1", "RA", foreign, "Vance", "Fabrikam", "go on", "cease", "care", "elsewhere"):
        assert told not in words.replace("acme.example", ""), told
    assert "on hold" in words


def test_a_death_at_one_creditor_reaches_co_debtors_at_another_only_as_far_as_a_pack_says(
    database: Database,
) -> None:
    first, second = a_human(database)
    ben = a_debtor(database, creditor=THERE, name="Ben Example")
    owed = a_debt(database, second, TODAY - timedelta(days=1), reference="RJ", debt_type="consumer")
    a_party(database, owed, ben)
    with database.writing() as connection:
        record(connection, first, "bankruptcy")
    plan(database, TODAY, a_policy("default", "us-bankruptcy"))
    assert ben not in planned_for(database)
    with database.writing() as connection:
        connection.execute(update(holds).values(released_at=at(TODAY)))
        record(connection, first, "deceased")
    plan(database, TODAY, a_policy("default", "us-bankruptcy"))
    assert ben in planned_for(database)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_whoever_a_fact_binds_is_locked_with_it(database: Database) -> None:
    first, second = a_human(database)
    plan(database, TODAY, a_policy("default"))
    [message] = [row.id for row in rows_of(database) if row.recipient_id == second]
    with database.writing() as connection:
        outbox.lock_people(connection, [message])
        with database.writing() as other, pytest.raises(Exception, match="could not obtain lock"):
            other.execute(text(f"SELECT id FROM debtors WHERE id = {first} FOR UPDATE NOWAIT"))
    said = Said(now=at(TODAY), actor="test")
    assert record_hold(database, f"{HERE}/A-1", "cease", said).debtor == f"{HERE}/A-1"


# ---- the gate's own part

PACKS = BOOK.named(["default", "house", "us-regf", "uk-conc", "us-bankruptcy", "mx-condusef"])
DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
beyond = st.builds(
    Elsewhere,
    history=st.lists(
        st.builds(
            HistoryEntry,
            at=st.integers(0, 4 * 365 * 24).map(
                lambda n: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=n)
            ),
            channel=st.sampled_from(("email", "sms", "call", "letter")),
            outcome=st.sampled_from(("sent", "conversation", "unanswered")),
            direction=st.just("outbound"),
            debts=st.just(("\0",)),
        ),
        max_size=4,
    ).map(tuple),
    opt_outs=st.sampled_from(((), (OptOut(scope="all"),))),
    cease=st.sampled_from((None, Cease(), Cease(form="oral"))),
    attorney=st.sampled_from((None, Attorney())),
    deceased=st.booleans(),
    bankruptcy_pending=st.booleans(),
    breathing_space_until=st.sampled_from((None, date(2026, 5, 1), date.max)),
)


@given(any_facts(), beyond)
@settings(max_examples=200)
def test_another_record_never_allows_more_and_the_grounds_judge_alike_without_it(
    facts: ContactFacts, other: Elsewhere
) -> None:
    before = decide(facts, PACKS)
    kept = without_elsewhere(replace(facts, elsewhere=other), lambda asked: decide(asked, PACKS))
    after = decide(kept, PACKS)
    assert after.outcome.precedence >= before.outcome.precedence
    if after.outcome is before.outcome is Outcome.DEFER:
        assert after.not_before is not None
        assert before.not_before is not None
        assert after.not_before >= before.not_before
    assert kept.elsewhere is None
    read = parse_facts(grounds(kept, [pack.stamp for pack in PACKS]), WORDS)
    assert not isinstance(read, UnknownKeys), read.detail
    again = decide(read, PACKS)
    assert (again.outcome, again.not_before) == (after.outcome, after.not_before)


@pytest.mark.parametrize("acts_for", ["debt", "person"])
def test_a_lawyer_of_another_debt_binds_where_a_pack_says_that_they_act_for_the_person(acts_for: str) -> None:

    facts = ContactFacts(
        now=DAY,
        action=Action(channel="email"),
        zones=(ZoneCandidate(source="residence", zone="America/New_York"),),
        attorney=Attorney(on_other_debts=True),
    )
    refusal = AttorneyRepresents(acts_for=acts_for).refuse(Act(facts))
    assert (refusal is not None) == (acts_for == "person")


def test_what_is_kept_back_says_when_and_nothing_else() -> None:

    allowed = Decision(outcome=Outcome.ALLOW)
    later = unless_kept(allowed, Kept(outcome="defer", not_before=DAY, put_off=True))
    assert (later.outcome, later.not_before) == (Outcome.DEFER, DAY)
    assert [(r.rule, r.detail, dict(r.inputs)) for r in later.reasons] == [
        ("not-now", "not now", {"put_off": "the plan of the next day decides anew"})
    ]
    never = unless_kept(later, Kept(outcome="block"))
    assert (never.outcome, never.not_before, never.reasons[-1].detail) == (Outcome.BLOCK, None, "on hold")
