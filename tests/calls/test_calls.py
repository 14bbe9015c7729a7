"""Calls as work for people: none outside hours or over a cap, none twice, and what they came to counts."""

import csv
import io
import random
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, insert, select, update

from dispatcher.calls.dialler import import_outcomes, write_list, write_recall
from dispatcher.calls.domain.call import DIALLER, CallError, CallOutcome
from dispatcher.calls.domain.opening_words import opening_words
from dispatcher.calls.plan_calls import CallPlan, plan_calls
from dispatcher.calls.work_on_calls import (
    CallDesk,
    end_call,
    list_calls,
    put_back,
    reserve_for_dialler,
    take_call,
)
from dispatcher.database.engine import Database
from dispatcher.database.tables.calls import calls
from dispatcher.database.tables.people import contacts, opt_outs
from dispatcher.database.tables.portfolio import contact_points, debts
from dispatcher.people.record_notice import record_notice
from dispatcher.people.recording import Said
from dispatcher.people.storage.people import load_people
from dispatcher.planning.domain.strategy import CallStep
from dispatcher.planning.policy import Policy
from dispatcher.rulebook.opening_words import load_opening_words
from dispatcher.rulebook.strategies import load_strategies
from dispatcher.rulebook.yaml_file import ConfigError
from dispatcher.wire.list_decisions import WantedDecisions, list_decisions
from tests.builders import TODAY, a_debt, a_debtor, a_desk, a_ladder, a_step, at, mark_sent, plan
from tests.shared import ROOT

RING = CallStep(name="ring", day=5, valid_days=5)
PHONE = "+12125550100"
NEW_YORK = ZoneInfo("America/New_York")


LADDER = a_ladder(join="debtor", steps=(a_step("first", 1), a_step("second", 30)), calls=(RING,))
WRITES = a_desk(LADDER)  # who wrote the first e-mail


@pytest.fixture
def policy() -> Policy:
    """A collector under Regulation F: calls from 8 to 21 o'clock, seven a week, none for a week after one that spoke."""
    sender = replace(WRITES.senders["acme"], role="third_party", creditor_name="Harbor Credit")
    return a_desk(LADDER, packs=("default", "house", "us-regf"), senders={"acme": sender})


def a_person_written_to(database: Database, *, phone: str = PHONE, **columns: Any) -> tuple[int, int]:
    """Somebody who got the first e-mail five days ago; returns person and debt."""
    debtor = a_debtor(database, phone=phone, **columns)
    debt = a_debt(database, debtor, TODAY - timedelta(days=5), debt_type="consumer")
    sent_on = TODAY - timedelta(days=4)
    plan(database, sent_on, WRITES, debtor_id=debtor)
    mark_sent(database, at=at(sent_on))
    return debtor, debt


def desk_at(database: Database, policy: Policy, now: datetime, actor: str = "user:dana") -> CallDesk:
    return CallDesk(database=database, policy=policy, now=now, actor=actor, words=OPENING)


def plan_all(database: Database, policy: Policy, now: datetime) -> int:
    return plan_calls(database, CallPlan(run_id=1, policy=policy, as_of=now.date(), now=now, actor="test"))


NOON = at(TODAY, 17)  # noon in New York


def planned(database: Database, policy: Policy) -> int:
    """One call that is planned, by its number."""
    assert plan_all(database, policy, NOON) == 1
    with database.reading() as connection:
        return connection.scalar(select(func.max(calls.c.id)))


def outbound(database: Database) -> list[tuple[str, str]]:
    with database.reading() as connection:
        return [
            (row.channel, row.outcome) for row in connection.execute(select(contacts).order_by(contacts.c.id))
        ]


def test_a_step_makes_one_call_a_person_behind_the_written_step(database: Database, policy: Policy) -> None:
    a_person_written_to(database)
    unwritten = a_debtor(database, phone="+12125550101")
    a_debt(database, unwritten, TODAY - timedelta(days=5))
    assert plan_all(database, policy, at(TODAY - timedelta(days=1))) == 0, "its day has not come"
    assert plan_all(database, policy, NOON) == 1
    assert plan_all(database, policy, NOON) == 0, "it is there already"
    [line] = list_calls(desk_at(database, policy, NOON))
    assert (line.call.address, line.call.step, line.may.allowed) == (PHONE, "ring", True)


@pytest.mark.parametrize(
    ("hour", "allowed"),
    [(12, False), (13, True), (1, True), (2, False)],
    ids=["07:00", "08:00", "20:00", "21:00"],
)
def test_a_call_may_be_opened_in_its_hours_alone(
    database: Database, policy: Policy, hour: int, allowed: bool
) -> None:
    a_person_written_to(database)
    key = planned(database, policy)
    then = at(TODAY + timedelta(days=1), hour)
    if allowed:
        line = take_call(desk_at(database, policy, then), key)
        assert line.call.valid_until is not None
        assert line.call.valid_until <= then + timedelta(minutes=30)
    else:
        with pytest.raises(CallError, match="not allowed now before"):
            take_call(desk_at(database, policy, then), key)
    assert len(outbound(database)) == allowed


def test_a_call_that_is_open_counts_in_every_cap_until_its_outcome_or_its_end(
    database: Database, policy: Policy
) -> None:
    debtor, _ = a_person_written_to(database)
    key = planned(database, policy)
    take_call(desk_at(database, policy, NOON), key)
    assert outbound(database) == [("call", "conversation")]
    with database.reading() as connection:
        history = load_people(connection, {debtor}, now=NOON)[debtor].history
    assert [entry.channel for entry in history] == ["email", "call"]
    late = NOON + timedelta(minutes=31)
    [line] = list_calls(desk_at(database, policy, late))
    assert (line.call.state, outbound(database)) == ("open", [])
    take_call(desk_at(database, policy, late), key)
    ended = end_call(desk_at(database, policy, late), key, CallOutcome.UNANSWERED)
    assert (ended.state, outbound(database)) == ("open", [("call", "unanswered")])


def test_a_conversation_ends_the_call_and_its_pause_keeps_others_back(
    database: Database, policy: Policy
) -> None:
    a_person_written_to(database)
    key = planned(database, policy)
    take_call(desk_at(database, policy, NOON), key)
    end_call(desk_at(database, policy, NOON), key, CallOutcome.CONVERSATION)
    assert list_calls(desk_at(database, policy, NOON)) == []
    assert plan_all(database, policy, NOON + timedelta(days=1)) == 0, "the step had its call"
    assert outbound(database) == [("call", "conversation")]


def test_nobody_answers_three_times_and_the_call_is_given_up(database: Database, policy: Policy) -> None:
    a_person_written_to(database, reference="ANA")
    said = Said(now=at(TODAY - timedelta(days=4)), actor="robin")
    record_notice(database, "acme/ANA", "validation", said)  # without it no call after five days
    key, now = planned(database, policy), NOON
    for _ in range(3):
        take_call(desk_at(database, policy, now), key)
        ended = end_call(desk_at(database, policy, now), key, CallOutcome.UNANSWERED)
        if ended.state == "open":
            with pytest.raises(CallError, match=r"rests until|not allowed"):
                take_call(desk_at(database, policy, now + timedelta(hours=1)), key)
        now += timedelta(days=1)
    assert ended.state == "made"
    assert len(outbound(database)) == 3


def test_two_browsers_do_not_make_one_call(database: Database, policy: Policy) -> None:
    a_person_written_to(database)
    key = planned(database, policy)
    start, results = threading.Barrier(2), []

    def take(actor: str) -> None:
        start.wait()
        try:
            results.append(take_call(desk_at(database, policy, NOON, actor), key).call.holder)
        except CallError as refused:
            results.append(type(refused).__name__)

    threads = [threading.Thread(target=take, args=(name,)) for name in ("user:dana", "user:eli")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    assert min(results) == "CallError"
    assert outbound(database) == [("call", "conversation")]


def test_what_became_forbidden_is_refused_when_the_call_is_opened(database: Database, policy: Policy) -> None:
    _, debt = a_person_written_to(database)
    key = planned(database, policy)
    with database.writing() as connection:
        connection.execute(update(debts).where(debts.c.id == debt).values(disputed_on=TODAY))
    with pytest.raises(CallError, match="not allowed any more: the debt is disputed"):
        take_call(desk_at(database, policy, NOON), key)
    with pytest.raises(CallError, match="no call"):
        take_call(desk_at(database, policy, NOON), key)
    assert outbound(database) == []


def test_a_call_goes_back_and_only_whoever_has_it_ends_it(database: Database, policy: Policy) -> None:
    a_person_written_to(database)
    key = planned(database, policy)
    with pytest.raises(CallError, match="not on this desk"):
        end_call(desk_at(database, policy, NOON), key, CallOutcome.CONVERSATION)
    take_call(desk_at(database, policy, NOON), key)
    with pytest.raises(CallError, match="not on this desk"):
        put_back(desk_at(database, policy, NOON, "user:eli"), key, why="x")
    put_back(desk_at(database, policy, NOON), key, why="the line was bad")
    assert outbound(database) == []


def test_a_number_that_is_not_in_service_is_not_called_again(database: Database, policy: Policy) -> None:
    debtor, _ = a_person_written_to(database)
    key = planned(database, policy)
    take_call(desk_at(database, policy, NOON), key)
    end_call(desk_at(database, policy, NOON), key, CallOutcome.NOT_IN_SERVICE)
    with database.reading() as connection:
        query = select(contact_points.c.closed_reason).where(
            contact_points.c.debtor_id == debtor, contact_points.c.medium == "phone"
        )
        assert connection.scalar(query) == "the number is not in service"


def test_a_dialler_gets_each_row_once_with_its_end_and_its_outcomes_count(
    database: Database, policy: Policy, tmp_path: Path
) -> None:
    a_person_written_to(database)
    key = planned(database, policy)
    evening = at(
        TODAY + timedelta(days=1), 1
    )  # 20:00 in New York the day before: an hour before the window's end
    near_the_end = evening - timedelta(hours=1)
    desk = desk_at(database, policy, near_the_end)
    rows = _written(lambda stream: write_list(desk, stream, most=timedelta(hours=4)))
    assert [(row["call_id"], row["number"]) for row in rows] == [(str(key), PHONE)]
    assert datetime.fromisoformat(rows[0]["valid_until"]) == at(TODAY + timedelta(days=1), 2), (
        "21:00 in New York"
    )
    assert _written(lambda stream: write_list(desk, stream, most=timedelta(hours=4))) == []
    file = tmp_path / "outcomes.csv"
    file.write_text(
        f"call_id,outcome,at\n{key},busy,{near_the_end.isoformat()}\n99,busy,{near_the_end.isoformat()}\nx,y,z\n"
    )
    imported = import_outcomes(desk, file)
    assert imported.made == 1
    assert [problem.split(": ")[0] for problem in imported.problems] == [f"{file}:3", f"{file}:4"]
    assert outbound(database) == [("call", "busy")]


def test_rows_that_are_refused_since_are_recalled_once(database: Database, policy: Policy) -> None:
    debtor, _ = a_person_written_to(database)
    key = planned(database, policy)
    desk = desk_at(database, policy, NOON)
    assert len(list(reserve_for_dialler(desk, DIALLER, timedelta(hours=2)))) == 1
    assert _written(lambda stream: write_recall(desk, stream)) == []
    with database.writing() as connection:
        connection.execute(insert(opt_outs).values(debtor_id=debtor, medium="call", at=NOON, scope="medium"))
    rows = _written(lambda stream: write_recall(desk, stream))
    assert [(row["call_id"], row["number"]) for row in rows] == [(str(key), PHONE)]
    assert rows[0]["why"]
    assert outbound(database) == []
    assert _written(lambda stream: write_recall(desk, stream)) == []


def test_calls_that_a_diallers_file_leaves_out_for_good_stand_among_the_decisions(
    database: Database, policy: Policy
) -> None:
    debtor, _ = a_person_written_to(database)
    planned(database, policy)
    desk = desk_at(database, policy, NOON)
    at_night = desk_at(database, policy, at(TODAY, 7))
    assert _written(lambda stream: write_list(at_night, stream, most=timedelta(hours=4))) == []
    wanted = WantedDecisions(creditor="acme", channel="call")
    assert list_decisions(database, wanted, limit=10, cursor="") == ([], ""), "what only waits is no refusal"
    with database.writing() as connection:
        connection.execute(insert(opt_outs).values(debtor_id=debtor, medium="call", at=NOON, scope="medium"))

    assert _written(lambda stream: write_list(desk, stream, most=timedelta(hours=4))) == []

    [decision], _ = list_decisions(database, wanted, limit=10, cursor="")
    assert (decision["event"], decision["decision"], decision["address"]) == ("call_refused", "block", PHONE)
    assert decision["reasons"]
    assert list_calls(desk) == []


@pytest.mark.parametrize("seed", range(6))
def test_whatever_a_desk_does_no_call_is_outside_hours_or_over_a_cap(
    sqlite_database: Database, policy: Policy, seed: int
) -> None:
    """A walk over days of opening, ending, letting lie and handing to a dialler: each reservation is judged from outside."""
    database, chance = sqlite_database, random.Random(seed)
    for n in range(4):
        a_person_written_to(database, phone=f"+1212555010{n}")
    reserved: set[datetime] = set()
    for step in range(60):
        now = at(TODAY, 0) + timedelta(hours=step * 5, minutes=chance.randint(0, 59))
        desk = desk_at(database, policy, now, chance.choice(["user:dana", "user:eli"]))
        if chance.random() < 0.3:
            plan_all(database, policy, now)
        for line in list_calls(desk):
            _do_something(desk, line.call.id, chance)
        with database.reading() as connection:
            reserved |= {row.reserved_at for row in connection.execute(select(calls)) if row.reserved_at}
    assert reserved, "somebody was called"
    assert all(8 <= moment.astimezone(NEW_YORK).hour < 21 for moment in reserved)
    with database.reading() as connection:
        rows = connection.execute(select(contacts).order_by(contacts.c.debtor_id, contacts.c.at)).all()
    for one, two in pairwise(rows):
        if one.debtor_id == two.debtor_id and one.outcome == "conversation":
            days = two.at.astimezone(NEW_YORK).date() - one.at.astimezone(NEW_YORK).date()
            assert days >= timedelta(days=7), "the week after a conversation is quiet"
    for person in {row.debtor_id for row in rows}:
        times = [row.at for row in rows if row.debtor_id == person]
        assert all(sum(t <= u < t + timedelta(days=7) for u in times) <= 7 for t in times)


def _do_something(desk: CallDesk, key: int, chance: random.Random) -> None:
    try:
        match chance.randint(0, 4):
            case 0:
                take_call(desk, key)
            case 1:
                take_call(desk, key)
                end_call(desk, key, chance.choice(list(CallOutcome)))
            case 2:
                list(reserve_for_dialler(desk, DIALLER, timedelta(minutes=20)))
            case 3:
                put_back(desk, key, why="x")
    except CallError:
        pass


def _written(write: Callable[[Any], int]) -> list[dict[str, str]]:
    stream = io.StringIO(newline="")
    count = write(stream)
    rows = list(csv.DictReader(io.StringIO(stream.getvalue())))
    assert len(rows) == count
    return rows


OPENING = load_opening_words(ROOT / "config" / "calls")
OF_DEBTS = ("debt", "deuda", "owe", "pay", "pago", "schuld", "forderung", "dette", "debit", "divida", "betal")


def test_the_first_words_name_who_calls_and_no_debt(policy: Policy) -> None:
    sender = next(iter(policy.senders.values()))
    assert {"en", "de", "es", "fr", "it", "nl", "pt"} <= set(OPENING)
    for language in OPENING:
        said = " ".join(opening_words(OPENING, sender, "Ana Pérez", f"{language}-XX"))
        assert sender.name in said
        assert "Ana Pérez" in said
        assert (language == "en") == ("Good day" in said)
        assert not any(word in said.lower() for word in OF_DEBTS)


def test_who_reads_a_language_without_first_words_is_not_spoken_to_in_another(policy: Policy) -> None:
    sender = next(iter(policy.senders.values()))
    assert opening_words(OPENING, sender, "Ana Pérez", "pl-PL") == ()
    assert opening_words({}, sender, "Ana Pérez", "") == ()
    assert opening_words(OPENING, sender, "Ana Pérez", "") == opening_words(
        OPENING, sender, "Ana Pérez", "en"
    )


def test_first_words_that_leave_no_room_for_a_name_are_refused_at_their_line(tmp_path: Path) -> None:
    english = (ROOT / "config" / "calls" / "en.yaml").read_text(encoding="utf-8")
    (tmp_path / "en.yaml").write_text(english.replace("{name}", "you"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"en\.yaml:6: opening\.asks_for: .*\{name\}"):
        load_opening_words(tmp_path)


def test_first_words_begun_from_another_language_and_not_translated_are_refused(tmp_path: Path) -> None:
    english = (ROOT / "config" / "calls" / "en.yaml").read_text(encoding="utf-8")
    (tmp_path / "en.yaml").write_text(english, encoding="utf-8")
    (tmp_path / "sv.yaml").write_text(english.replace("language: en", "language: sv"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"sv\.yaml:3: opening: is what en says"):
        load_opening_words(tmp_path)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("{name: a, kind: collection, day: 1, channels: [call]}", "first contact is written|calls alone"),
        ("{name: a, kind: collection, day: 1, channels: [email], template: t}, {name: b, kind: collection, day: 2, channels: [call, sms]}", "step of its own"),
        ("{name: a, kind: collection, day: 5, channels: [email], template: t}, {name: b, kind: collection, day: 2, channels: [call]}", "day 2 lies before"),
        ("{name: a, kind: collection, day: 1, channels: [email], template: t}, {name: b, kind: notice, day: 2, channels: [call]}", "kind collection"),
        ("{name: a, kind: collection, day: 1, channels: [email]}", "names its template"),
    ],
)  # fmt: skip
def test_a_call_in_the_wrong_place_is_refused(tmp_path: Path, steps: str, said: str) -> None:
    (tmp_path / "s.yaml").write_text(f"name: s\nsteps: [{steps}]\n")
    with pytest.raises(ConfigError, match=said):
        load_strategies(tmp_path)


def test_a_call_stands_between_the_written_steps(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "name: s\nsteps:\n- {name: a, kind: collection, day: 1, channels: [email], template: t}\n"
        "- {name: b, kind: collection, day: 4, channels: [call], valid_days: 2}\n"
        "- {name: c, kind: collection, day: 9, channels: [letter], template: t}\n"
    )
    [strategy] = load_strategies(tmp_path)
    assert ([step.name for step in strategy.steps], strategy.calls) == (
        ["a", "c"],
        (CallStep(name="b", day=4, valid_days=2),),
    )
