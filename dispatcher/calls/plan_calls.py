"""Plans the calls of a day: one task a person and step, for whom the gate does not refuse for good."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from channels.kind import CallKind
from dispatcher.calls.domain.call import CallState
from dispatcher.calls.judge_call import CallFiles, gather, may_call
from dispatcher.calls.log_calls import log_call
from dispatcher.calls.storage import calls
from dispatcher.calls.storage.calls import DueCall
from dispatcher.database.engine import Connection, Database
from dispatcher.people.domain.person import ContactPoint, PersonFile
from dispatcher.planning.domain.intended import reachable_points
from dispatcher.planning.domain.strategy import CallStep, Strategy
from dispatcher.planning.policy import Policy

_CHUNK = 500  # people whose files are loaded together


@dataclass(frozen=True, kw_only=True, slots=True)
class CallPlan:
    """What to plan by. `without`: creditors whose ledger is too old."""

    policy: Policy
    as_of: date
    now: datetime
    actor: str
    without: Collection[str] = ()


def plan_calls(database: Database, plan: CallPlan) -> int:
    """Leave the tasks; returns how many are new."""
    count = 0
    for strategy in plan.policy.strategies:
        for step in strategy.calls:
            with database.reading() as connection:
                due = list(
                    calls.find_due(
                        connection, plan.policy.strategies, strategy, step, plan.as_of,
                        segments=plan.policy.segments, without=plan.without,
                    )
                )  # fmt: skip
            for page in _pages(due):
                with database.writing() as connection:
                    count += _plan_page(connection, plan, strategy, step, page)
    return count


def _plan_page(
    connection: Connection, plan: CallPlan, strategy: Strategy, step: CallStep, page: Sequence[DueCall]
) -> int:
    people = {each.debtor_id for each in page}
    files = gather(connection, plan.policy, people, [each.debt_id for each in page], plan.now)
    has_one = {call.debtor_id for call in calls.of_person(connection, people)}
    count = 0
    for debtor_id, group in groupby(page, key=lambda each: each.debtor_id):
        due, person = list(group), files.people[debtor_id]
        point = None if debtor_id in has_one else _number(plan, person, due, files, strategy, step)
        if point is None:
            continue
        row = {
            "debtor_id": debtor_id, "strategy": strategy.name, "step": step.name, "as_of": plan.as_of,
            "state": CallState.OPEN, "address": point.address, "created_at": plan.now,
            "expires_at": plan.now + timedelta(days=step.valid_days or 0.5),
        }  # fmt: skip
        key = calls.add(connection, row, due)
        [call] = calls.read(connection, [key])
        names = [files.debts[each.debt_id].full_reference for each in due]
        log_call(connection, "call_planned", call, person, names, now=plan.now, actor=plan.actor)
        count += 1
    return count


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


def _pages(due: Sequence[DueCall]) -> Iterator[list[DueCall]]:
    """Pages of _CHUNK people; one person's debts are never parted."""
    page: list[DueCall] = []
    people = 0
    for _, group in groupby(due, key=lambda each: each.debtor_id):
        page += group
        people += 1
        if people == _CHUNK:
            yield page
            page, people = [], 0
    if page:
        yield page
