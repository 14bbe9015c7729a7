"""Plans the calls of a day: one task a person and step, for whom the gate does not refuse for good."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from channels.kind import CallKind
from dispatcher.calls.domain.call import CallState
from dispatcher.calls.judge_call import CallFiles, gather, may_call
from dispatcher.calls.log_calls import log_call, log_put_off
from dispatcher.calls.storage import calls
from dispatcher.calls.storage.calls import DueCall
from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.people.domain.person import ContactPoint
from dispatcher.planning.domain.capacity import day_full, turns
from dispatcher.planning.domain.intended import reachable_points
from dispatcher.planning.domain.strategy import CallStep, Strategy
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage import plans
from dispatcher.planning.storage.candidates import Candidate
from dispatcher.planning.storage.turns import at_risk

_CHUNK = 500  # people whose files are loaded together


@dataclass(frozen=True, kw_only=True, slots=True)
class CallPlan:
    """What to plan by. `without`: creditors whose ledger is too old; `run_id`: the run that it belongs to."""

    run_id: int
    policy: Policy
    as_of: date
    now: datetime
    actor: str
    without: Collection[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DuePerson:
    """Everything of one person that has come to one step."""

    strategy: Strategy
    step: CallStep
    debtor_id: int
    due: tuple[DueCall, ...]


def plan_calls(database: Database, plan: CallPlan) -> int:
    """Leave the tasks; returns how many are new.

    Where a day holds only so many calls, whoever was put off comes first, then the largest amount at risk, then the
    oldest debt; who finds no room is logged, and comes first the next day.
    """
    with database.reading() as connection:
        due = list(find_due_people(connection, plan.policy, plan.as_of, without=plan.without))
        most = plan.policy.capacity.get("call")
        left = None if most is None else max(0, most - calls.count_on(connection, plan.as_of))
        if left is not None:
            due = _in_order(connection, plan, due)
    count = 0
    for page in _pages(due):
        with database.writing() as connection:
            count += _plan_page(connection, plan, page, None if left is None else left - count)
    return count


def find_due_people(
    connection: Connection,
    policy: Policy,
    day: date,
    *,
    without: Collection[str] = (),
    debtor_id: int | None = None,
) -> Iterator[DuePerson]:
    """Whose call has come on a day, each person once a step; `debtor_id`: this one alone."""
    for strategy in policy.strategies:
        for step in strategy.calls:
            found = calls.find_due(
                connection,
                policy.strategies,
                strategy,
                step,
                day,
                segments=policy.segments,
                without=without,
                debtor_id=debtor_id,
            )
            for owes, group in groupby(list(found), key=lambda each: each.debtor_id):
                yield DuePerson(strategy=strategy, step=step, debtor_id=owes, due=tuple(group))


def _in_order(connection: Connection, plan: CallPlan, due: Sequence[DuePerson]) -> list[DuePerson]:
    candidates = [
        Candidate(each.debt_id, person.debtor_id, "debtor", person.strategy, person.step.step)
        for person in due
        for each in person.due
    ]
    key = turns(at_risk(connection, candidates, {}, plan.as_of, card=plan.policy.scorecard))
    return sorted(due, key=lambda person: key[person.debtor_id])


def _plan_page(connection: Connection, plan: CallPlan, page: Sequence[DuePerson], left: int | None) -> int:
    """`left`: how many more the day holds; None: any number."""
    people = {each.debtor_id for each in page}
    debts = {due.debt_id for each in page for due in each.due}
    files = gather(connection, plan.policy, people, sorted(debts), plan.now)
    has_one = {call.debtor_id for call in calls.of_person(connection, people)}
    put_off: list[DuePerson] = []
    count = 0
    for each in page:
        if each.debtor_id in has_one:
            continue
        point = callable_at(plan.policy, each, files, plan.now)
        if point is None:
            continue
        if left is not None and count >= left:
            put_off.append(each)
            continue
        _leave(connection, plan, each, files, point)
        has_one.add(each.debtor_id)
        count += 1
    _put_off(connection, plan, put_off, files)
    plans.forget_put_off(connection, _keys(each for each in page if each not in put_off))
    return count


def _keys(people: Iterable[DuePerson]) -> set[plans.RefusalKey]:
    return {
        (due.debt_id, each.debtor_id, each.strategy.name, each.step.name)
        for each in people
        for due in each.due
    }


def _put_off(connection: Connection, plan: CallPlan, people: Sequence[DuePerson], files: CallFiles) -> None:
    """Count who found no room; what is new is logged."""
    reason = day_full(plan.as_of, CallKind.CALL.value, plan.policy.capacity) if people else None
    fresh = plans.save_put_off(connection, plan.run_id, _keys(people), reason) if reason else set()
    for each in people:
        if reason and _keys([each]) & fresh:
            log_put_off(
                connection,
                each.strategy.name,
                each.step.name,
                files.people[each.debtor_id],
                [files.debts[due.debt_id].full_reference for due in each.due],
                [reason],
                as_of=plan.as_of,
                now=plan.now,
                actor=plan.actor,
            )


def _leave(
    connection: Connection, plan: CallPlan, each: DuePerson, files: CallFiles, point: ContactPoint
) -> None:
    about, person = [files.debts[due.debt_id] for due in each.due], files.people[each.debtor_id]
    segment = min(about, key=lambda debt: (debt.due_date, debt.reference)).segment
    row = {
        "debtor_id": each.debtor_id, "strategy": each.strategy.name, "step": each.step.name, "as_of": plan.as_of,
        "segment": segment, "state": CallState.OPEN, "address": point.address, "created_at": plan.now,
        "expires_at": plan.now + timedelta(days=each.step.valid_days or 0.5),
    }  # fmt: skip
    key = calls.add(connection, row, each.due, day=each.step.day)
    [call] = calls.read(connection, [key])
    names = [debt.full_reference for debt in about]
    said: dict[str, Any] = {"segment": segment} if segment else {}
    log_call(connection, Event.CALL_PLANNED, call, person, names, now=plan.now, actor=plan.actor, **said)


def callable_at(policy: Policy, each: DuePerson, files: CallFiles, now: datetime) -> ContactPoint | None:
    """The first number that the gate does not refuse for good; None: nobody may be called."""
    person = files.people[each.debtor_id]
    debts = [files.debts[due.debt_id] for due in each.due]
    for point in reachable_points(person, CallKind.CALL):
        if point is not None:
            answer = may_call(person, debts, each.strategy, each.step, point, policy, now, files.waiting)
            if not answer.final:
                return point
    return None


def _pages(due: Sequence[DuePerson]) -> Iterator[Sequence[DuePerson]]:
    return (due[i : i + _CHUNK] for i in range(0, len(due), _CHUNK))
