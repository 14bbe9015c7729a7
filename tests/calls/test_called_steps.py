"""A call that was made is a rung of the ladder: what makes it one, what does not, and what a later word changes."""

import csv
import io
import json
import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from dispatcher.calls.dialler import import_outcomes, write_list
from dispatcher.calls.domain.call import DIALLER, CallError, CallOutcome
from dispatcher.calls.plan_calls import CallPlan, plan_calls
from dispatcher.calls.work_on_calls import (
    correct_call,
    end_call,
    list_calls,
    list_made,
    recall,
    reserve_for_dialler,
    take_call,
)
from dispatcher.database.engine import Database
from dispatcher.database.tables.calls import call_debts, calls
from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.people import contacts, opt_outs
from dispatcher.database.tables.planning import ladder
from dispatcher.database.tables.portfolio import contact_points, debts
from dispatcher.planning.domain.ladder import ends_on
from dispatcher.planning.domain.strategy import CallStep, Ending
from dispatcher.planning.note_ended_ladders import note_ended_ladders
from dispatcher.planning.storage import ladder as ladders
from dispatcher.planning.storage.explained import rungs_of
from dispatcher.planning.storage.restarts import begin_anew
from tests.builders import a_desk, at, mark_sent, mark_unsent, plan, planned, rows_of
from tests.calls.called import RING, a_calling, call_on, comes, day, on, rang, written_to


def test_a_conversation_is_its_step_and_the_next_one_counts_its_distance_from_it(database: Database) -> None:
    desk = a_desk(a_calling())
    written_to(database, desk)
    assert comes(database, desk) == ("second", 10)
    assert rang(database, desk, call_on(database, desk, 5), 8, CallOutcome.CONVERSATION) == "made"
    assert comes(database, desk) == ("second", 13), "ten less five days after the call"
    with database.reading() as connection:
        rung = connection.execute(select(ladder.c.step, ladder.c.day, ladder.c.message_id)).one()
    assert tuple(rung) == ("ring", 5, "")
    plan(database, day(13), desk)
    assert [step for _, _, step, _ in planned(database)] == ["first", "second"]
    mark_sent(database, at=at(day(13)))
    assert comes(database, desk) == ("third", 23)


@pytest.mark.parametrize(
    ("done_by", "outcomes", "moved"),
    [
        (("conversation",), ["voicemail", "busy", "unanswered"], False),
        (("conversation",), ["unanswered", "conversation"], True),
        (("conversation", "voicemail"), ["voicemail"], True),
        (("conversation",), ["not_in_service"], False),
        (("conversation", "tries"), ["unanswered", "busy"], False),
        (("conversation", "tries"), ["unanswered", "busy", "voicemail"], True),
        (("conversation", "tries"), ["unanswered", "not_in_service"], False),
    ],
)
def test_what_makes_a_call_its_step_is_what_the_strategy_says(
    database: Database, done_by: tuple[str, ...], outcomes: list[str], moved: bool
) -> None:
    desk = a_desk(a_calling(replace(RING, done_by=done_by)))
    written_to(database, desk)
    key = call_on(database, desk, 5)
    for number, outcome in enumerate(outcomes, 5):
        rang(database, desk, key, number, CallOutcome(outcome))
    last = 4 + len(outcomes)
    assert comes(database, desk) == ("second", max(10, last + 5) if moved else 10)
    with database.reading() as connection:
        assert connection.scalars(select(call_debts.c.done_on)).all() == [day(last) if moved else None]
        steps = connection.scalars(select(ladder.c.step)).all()
    assert steps == ["ring" if moved else "first"]


@pytest.mark.parametrize("why", ["it lay there", "a dispute", "nobody has a number"])
def test_a_call_that_is_not_made_keeps_nothing_back(database: Database, why: str) -> None:
    desk = a_desk(a_calling())
    _, debt = written_to(database, desk)
    key = call_on(database, desk, 5)
    if why == "a dispute":
        with database.writing() as connection:
            connection.execute(update(debts).where(debts.c.id == debt).values(disputed_on=day(5)))
        with pytest.raises(CallError, match="not allowed any more"):
            take_call(on(desk, database, 5), key)
    elif why == "nobody has a number":
        rang(database, desk, key, 5, CallOutcome.NOT_IN_SERVICE)
    else:
        assert list_calls(on(desk, database, 14)) == []
    assert comes(database, desk) == ("second", 10)


def test_another_number_is_called_where_one_is_not_in_service(database: Database) -> None:
    desk = a_desk(a_calling())
    debtor, _ = written_to(database, desk)
    with database.writing() as connection:
        other = {"debtor_id": debtor, "medium": "phone", "address": "+12125550199"}
        connection.execute(contact_points.insert().values(**other))
    rang(database, desk, call_on(database, desk, 5), 5, CallOutcome.NOT_IN_SERVICE)
    key = call_on(database, desk, 6)
    with database.reading() as connection:
        assert connection.scalar(select(calls.c.address).where(calls.c.id == key)) == "+12125550199"


def test_a_call_behind_a_later_step_never_brings_the_ladder_back(database: Database) -> None:
    desk = a_desk(a_calling(replace(RING, valid_days=30)))
    written_to(database, desk)
    key = call_on(database, desk, 9)
    plan(database, day(10), desk)
    mark_sent(database, at=at(day(10)))
    assert rang(database, desk, key, 12, CallOutcome.CONVERSATION) == "made"
    assert comes(database, desk) == ("third", 20)
    plan(database, day(20), desk)
    assert [step for _, _, step, _ in planned(database)] == ["first", "second", "third"]


def test_a_ladder_past_a_call_has_it_no_more(database: Database) -> None:
    desk = a_desk(a_calling())
    written_to(database, desk)
    plan(database, day(10), desk)
    mark_sent(database, at=at(day(10)))
    now = at(day(11))
    assert plan_calls(database, CallPlan(run_id=1, policy=desk, as_of=day(11), now=now, actor="test")) == 0


def test_what_the_call_stood_behind_reached_nobody_and_is_said_again(database: Database) -> None:
    desk = a_desk(a_calling())
    written_to(database, desk)
    rang(database, desk, call_on(database, desk, 5), 5, CallOutcome.CONVERSATION)
    mark_unsent(database, [row.id for row in rows_of(database)], state="bounced")
    assert comes(database, desk) == ("first", 1)
    with database.writing() as connection:
        ladders.take_back(connection, [row.id for row in rows_of(database)])
    assert comes(database, desk) == ("second", 10)
    with database.reading() as connection:
        assert connection.scalars(select(ladder.c.step)).all() == ["ring"]


def test_a_ladder_that_begins_anew_is_called_about_anew(database: Database) -> None:
    desk = a_desk(a_calling())
    _, debt = written_to(database, desk)
    rang(database, desk, call_on(database, desk, 5), 5, CallOutcome.CONVERSATION)
    with database.writing() as connection:
        begin_anew(connection, [debt])
        assert connection.scalars(select(ladder.c.step)).all() == []
    plan(database, day(15), desk)
    mark_sent(database, at=at(day(15)))
    assert comes(database, desk) == ("second", 24)
    rang(database, desk, call_on(database, desk, 19), 19, CallOutcome.CONVERSATION)
    assert comes(database, desk) == ("second", 24)


def test_a_corrected_outcome_moves_the_ladder_and_the_caps_as_if_it_had_been_written_down(
    database: Database,
) -> None:
    desk = a_desk(a_calling())
    written_to(database, desk)
    key = call_on(database, desk, 5)
    rang(database, desk, key, 8, CallOutcome.CONVERSATION)
    [line] = list_made(on(desk, database, 8), at(day(1)))
    assert (line.call.id, line.call.outcome) == (key, "conversation")
    again = correct_call(on(desk, database, 8, 18), key, CallOutcome.UNANSWERED, why="the wrong row")
    assert (again.state, again.outcome, again.tries) == ("open", "unanswered", 1)
    assert comes(database, desk) == ("second", 10)
    assert outcomes(database) == ["unanswered"]
    back = correct_call(on(desk, database, 9), key, CallOutcome.CONVERSATION, why="it was right")
    assert back.state == "made"
    assert comes(database, desk) == ("second", 13), "by the day of the call, not of the correction"
    assert outcomes(database) == ["conversation"]
    with database.reading() as connection:
        events = connection.scalars(
            select(log_entries.c.event).where(log_entries.c.event.like("call_%")).order_by(log_entries.c.id)
        ).all()
    assert events == ["call_planned", "call_reserved", "call_made", "call_corrected", "call_corrected"]


def outcomes(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.scalars(select(contacts.c.outcome).order_by(contacts.c.id)))


def test_only_an_outcome_can_be_corrected_and_for_a_reason(database: Database) -> None:
    desk = a_desk(a_calling())
    written_to(database, desk)
    key = call_on(database, desk, 5)
    now = on(desk, database, 5)
    with pytest.raises(CallError, match="no outcome"):
        correct_call(now, key, CallOutcome.BUSY, why="x")
    rang(database, desk, key, 5, CallOutcome.NOT_IN_SERVICE)
    with pytest.raises(CallError, match="why"):
        correct_call(now, key, CallOutcome.BUSY, why=" ")
    with pytest.raises(CallError, match="already"):
        correct_call(now, key, CallOutcome.NOT_IN_SERVICE, why="x")
    correct_call(now, key, CallOutcome.BUSY, why="it rang")
    with database.reading() as connection:
        query = select(contact_points.c.closed_reason).where(contact_points.c.medium == "phone")
        assert connection.scalars(query).all() == [""], "the number is open again"


def test_a_corrected_call_is_not_tried_again_beside_another_of_the_person(database: Database) -> None:
    later = CallStep(name="ring-again", day=8, valid_days=8)
    desk = a_desk(a_calling(RING, later))
    written_to(database, desk)
    key = call_on(database, desk, 5)
    rang(database, desk, key, 5, CallOutcome.CONVERSATION)
    call_on(database, desk, 8)
    ended = correct_call(on(desk, database, 8), key, CallOutcome.UNANSWERED, why="x")
    assert ended.state == "made"


def test_what_a_dialler_made_in_its_time_counts_however_late_it_says_so(
    database: Database, tmp_path: Path
) -> None:
    desk = a_desk(a_calling())
    written_to(database, desk)
    key = call_on(database, desk, 5)
    stream = io.StringIO(newline="")
    write_list(on(desk, database, 5), stream, most=timedelta(hours=1))
    [row] = csv.DictReader(io.StringIO(stream.getvalue()))
    assert list_calls(on(desk, database, 5, 20))[0].call.state == "open", "its time has passed"
    made_at = datetime.fromisoformat(row["valid_until"]) - timedelta(minutes=1)
    file = tmp_path / "outcomes.csv"
    for minutes, made in ((5, 0), (0, 1), (0, 0)):
        file.write_text(
            f"call_id,outcome,at\n{key},conversation,{(made_at + timedelta(minutes=minutes)).isoformat()}\n"
        )
        assert import_outcomes(on(desk, database, 6), file).made == made
    assert outcomes(database) == ["conversation"]
    assert comes(database, desk) == ("second", 10)
    with database.reading() as connection:
        assert connection.scalar(select(call_debts.c.done_on)) == day(5)


def test_what_a_dialler_had_dialled_before_it_was_recalled_counts_and_later_does_not(
    database: Database,
) -> None:
    desk = a_desk(a_calling())
    debtor, _ = written_to(database, desk)
    key = call_on(database, desk, 5)
    at_five = on(desk, database, 5)
    list(reserve_for_dialler(at_five, DIALLER, timedelta(hours=2)))
    with database.writing() as connection:
        stop = {"debtor_id": debtor, "medium": "call", "at": at_five.now, "scope": "medium"}
        connection.execute(opt_outs.insert().values(**stop))
    at_six = on(desk, database, 5, 18)
    assert [line.call.id for line in recall(at_six, DIALLER)] == [key]
    late = at_six.now + timedelta(minutes=5)
    with pytest.raises(CallError, match="not on this desk"):
        end_call(on(desk, database, 6), key, CallOutcome.CONVERSATION, made_at=late, holder=DIALLER)
    before = at_six.now - timedelta(minutes=5)
    end_call(on(desk, database, 6), key, CallOutcome.CONVERSATION, made_at=before, holder=DIALLER)
    assert outcomes(database) == ["conversation"]


LAST_CALL = CallStep(name="ring-last", day=27)


def test_a_ladder_whose_last_step_is_a_call_ends_behind_it_made_or_not(database: Database) -> None:
    desk = a_desk(a_calling(LAST_CALL, ending=Ending(after_days=4)))
    strategy = desk.strategies[0]
    debtor, debt = written_to(database, desk)
    for number in (10, 20):
        plan(database, day(number), desk)
        mark_sent(database, at=at(day(number)))

    def told(number: int) -> int:
        note_ended_ladders(database, desk.strategies, as_of=day(number), now=at(day(number)))
        with database.reading() as connection:
            rung = rungs_of(connection, debtor, [debt])[debt]
            assert (ends_on(strategy, rung) <= day(number)) == (
                len(connection.execute(select(tasks).where(tasks.c.kind == "ladder_ended")).all()) > 0
            )
            return len(connection.execute(select(tasks).where(tasks.c.kind == "ladder_ended")).all())

    assert told(30) == 0, "the call may still be made"
    rang(database, desk, call_on(database, desk, 28), 28, CallOutcome.CONVERSATION)
    assert (told(31), told(32)) == (0, 1)


def test_after_a_break_the_ladder_goes_on_from_the_call(database: Database) -> None:
    strategy = a_calling(RING)
    assert strategy.rung_after_break("ring") == ("ring", 5)
    assert strategy.rung_after_break("first") == ("first", 1)
    assert replace(strategy, on_broken="third").rung_after_break("ring") == ("second", 10)
    assert a_calling(LAST_CALL).rung_after_break("ring-last") == ("ring-last", 27)


def test_an_auditor_stands_the_ladder_where_it_stands_from_the_log_alone(database: Database) -> None:
    """A second fold, over the entries and their erasable values."""
    desk = a_desk(a_calling(RING, CallStep(name="ring-again", day=12)))
    written_to(database, desk)
    key = call_on(database, desk, 5)
    rang(database, desk, key, 6, CallOutcome.CONVERSATION)
    assert _folded(database) == _standing(database)
    correct_call(on(desk, database, 7), key, CallOutcome.BUSY, why="x")
    assert _folded(database) == _standing(database) == {("first", day(1))}
    plan(database, day(10), desk)
    mark_sent(database, at=at(day(10)))
    correct_call(on(desk, database, 11), key, CallOutcome.CONVERSATION, why="x")
    assert _folded(database) == _standing(database) == {("second", day(10))}
    rang(database, desk, call_on(database, desk, 12), 13, CallOutcome.CONVERSATION)
    assert _folded(database) == _standing(database) == {("ring-again", day(13))}


def _standing(database: Database) -> set[tuple[str, date]]:
    with database.reading() as connection:
        rows = connection.execute(select(ladder.c.step, ladder.c.day, ladder.c.anchor))
        return {(row.step, row.anchor + timedelta(days=row.day)) for row in rows}


def _folded(database: Database) -> set[tuple[str, date]]:
    days_of = {"first": 1, "ring": 5, "second": 10, "ring-again": 12, "third": 20}
    rungs: dict[Any, tuple[date, str]] = {}
    with database.reading() as connection:
        for row in connection.execute(select(log_entries).order_by(log_entries.c.id)):
            entry = json.loads(row.entry)
            match entry["event"]:
                case "planned":
                    rungs[entry["message_id"]] = date.fromisoformat(entry["as_of"]), entry["step"]
                case "call_made" | "call_corrected":
                    done = entry["details"].get("step_done_on")
                    rungs.pop(entry["details"]["call"], None)
                    if done:
                        rungs[entry["details"]["call"]] = date.fromisoformat(done), entry["step"]
    last = ""
    fired = date.min
    for when, step in sorted(rungs.values(), key=lambda each: (each[0], days_of[each[1]])):
        if not last or days_of[step] >= days_of[last]:
            last, fired = step, when
    return {(last, fired)}


@pytest.mark.parametrize("seed", range(4))
def test_whatever_calls_come_to_each_written_step_comes_once_in_order_and_never_earlier(
    sqlite_database: Database, seed: int
) -> None:
    database, chance = sqlite_database, random.Random(seed)
    ring = replace(RING, done_by=chance.choice([("conversation",), ("conversation", "tries")]))
    desk = a_desk(a_calling(ring, CallStep(name="ring-again", day=14, valid_days=chance.randint(1, 9))))
    written_to(database, desk)
    for number in range(2, 45):
        if chance.random() < 0.2:
            continue  # an outage
        plan(database, day(number), desk)
        mark_sent(database, at=at(day(number)))
        now = at(day(number), 19)
        plan_calls(database, CallPlan(run_id=1, policy=desk, as_of=day(number), now=now, actor="test"))
        for line in list_calls(on(desk, database, number, 20)):
            if chance.random() < 0.5 and line.may.allowed:
                rang_at = replace(on(desk, database, number), now=at(day(number), 20))
                take_call(rang_at, line.call.id)
                end_call(rang_at, line.call.id, chance.choice(list(CallOutcome)))
        with database.reading() as connection:
            known = connection.execute(select(calls.c.id, calls.c.outcome).where(calls.c.outcome != "")).all()
        for key, outcome in known:
            other = chance.choice(list(CallOutcome))
            if chance.random() < 0.2 and other != outcome:
                correct_call(on(desk, database, number, 21), key, other, why="x")
    came = [(row.step, row.as_of) for row in rows_of(database)]
    assert [step for step, _ in came] == ["first", "second", "third"]
    for (before, one), (after, two), gap in zip(came, came[1:], (9, 10), strict=False):
        assert two - one >= timedelta(days=gap), f"{after} came too soon after {before}"
