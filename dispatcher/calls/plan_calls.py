"""Plans the calls of a day: one task a person and step, for whom the gate does not refuse for good."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from channels.kind import CallKind
from dispatcher.calls.domain.call import CallState
from dispatcher.calls.judge_call import CallFiles, gather, may_call
from dispatcher.calls.log_calls import log_call, log_put_off
from dispatcher.calls.storage import calls
from dispatcher.calls.storage.calls import DueCall
from dispatcher.database.engine import Connection, Database
from dispatcher.people.domain.person import ContactPoint, PersonFile
from dispatcher.planning.domain.capacity import turns
from dispatcher.planning.domain.intended import reachable_points
from dispatcher.planning.domain.strategy import CallStep, Strategy
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage.candidates import Candidate
from dispatcher.planning.storage.turns import at_risk

_CHUNK = 500  # people whose files are loaded together


@dataclass(frozen=True, kw_only=True, slots=True)
class CallPlan:
    """What to plan by. `without`: creditors whose ledger is too old."""

    policy: Policy
    as_of: date
    now: datetime
    actor: str
    without: Collection[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _DuePerson:
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
        due = list(_due(connection, plan, plan.as_of))
        most = plan.policy.capacity.get("call")
        left = None if most is None else max(0, most - calls.count_on(connection, plan.as_of))
        waited = (
            _debts_of(_due(connection, plan, plan.as_of - timedelta(days=1))) if left is not None else set()
        )
        if left is not None:
            due = _in_order(connection, plan, due, waited)
    count = 0
    for page in _pages(due):
        with database.writing() as connection:
            count += _plan_page(connection, plan, page, None if left is None else left - count, waited)
    return count


def _due(connection: Connection, plan: CallPlan, day: date) -> Iterator[_DuePerson]:
    policy = plan.policy
    for strategy in policy.strategies:
        for step in strategy.calls:
            found = calls.find_due(
                connection,
                policy.strategies,
                strategy,
                step,
                day,
                segments=policy.segments,
                without=plan.without,
            )
            for debtor_id, group in groupby(list(found), key=lambda each: each.debtor_id):
                yield _DuePerson(strategy=strategy, step=step, debtor_id=debtor_id, due=tuple(group))


def _debts_of(people: Iterable[_DuePerson]) -> set[int]:
    return {each.debt_id for person in people for each in person.due}


def _in_order(
    connection: Connection, plan: CallPlan, due: Sequence[_DuePerson], waited: Collection[int]
) -> list[_DuePerson]:
    candidates = [
        Candidate(each.debt_id, person.debtor_id, "debtor", person.strategy, person.step.step)
        for person in due
        for each in person.due
    ]
    put_off = {(each.debt_id, each.recipient_id): 1 for each in candidates if each.debt_id in waited}
    key = turns(at_risk(connection, candidates, {}, plan.as_of, card=plan.policy.scorecard, put_off=put_off))
    return sorted(due, key=lambda person: key[person.debtor_id])


def _plan_page(
    connection: Connection,
    plan: CallPlan,
    page: Sequence[_DuePerson],
    left: int | None,
    waited: Collection[int],
) -> int:
    """`left`: how many more the day holds; None: any number. `waited`: debts that were due the day before too."""
    people = {each.debtor_id for each in page}
    files = gather(connection, plan.policy, people, sorted(_debts_of(page)), plan.now)
    has_one = {call.debtor_id for call in calls.of_person(connection, people)}
    count = 0
    for each in page:
        person = files.people[each.debtor_id]
        if each.debtor_id in has_one:
            continue
        point = _number(plan, person, each.due, files, each.strategy, each.step)
        if point is None:
            continue
        names = [files.debts[due.debt_id].full_reference for due in each.due]
        if left is not None and count >= left:
            if not all(due.debt_id in waited for due in each.due):
                log_put_off(
                    connection, each.strategy.name, each.step.name, person, names,
                    as_of=plan.as_of, now=plan.now, actor=plan.actor,
                )  # fmt: skip
            continue
        _leave(connection, plan, each, person, point, names)
        has_one.add(each.debtor_id)
        count += 1
    return count


def _leave(
    connection: Connection,
    plan: CallPlan,
    each: _DuePerson,
    person: PersonFile,
    point: ContactPoint,
    names: Sequence[str],
) -> None:
    row = {
        "debtor_id": each.debtor_id, "strategy": each.strategy.name, "step": each.step.name, "as_of": plan.as_of,
        "state": CallState.OPEN, "address": point.address, "created_at": plan.now,
        "expires_at": plan.now + timedelta(days=each.step.valid_days or 0.5),
    }  # fmt: skip
    key = calls.add(connection, row, each.due)
    [call] = calls.read(connection, [key])
    log_call(connection, "call_planned", call, person, names, now=plan.now, actor=plan.actor)


def _number(
    plan: CallPlan,
    person: PersonFile,
    due: Sequence[DueCall],
    files: CallFiles,
    strategy: Strategy,
    step: CallStep,
) -> ContactPoint | None:
    """The first number that the gate does not refuse for good; None: nobody may be called."""
    debts = [files.debts[each.debt_id] for each in due]
    for point in reachable_points(person, CallKind.CALL):
        if point is not None:
            answer = may_call(person, debts, strategy, step, point, plan.policy, plan.now, files.waiting)
            if not answer.final:
                return point
    return None


def _pages(due: Sequence[_DuePerson]) -> Iterator[Sequence[_DuePerson]]:
    return (due[i : i + _CHUNK] for i in range(0, len(due), _CHUNK))
