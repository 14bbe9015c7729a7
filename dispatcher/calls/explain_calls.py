"""Explains a person's debts with the calls among the steps: made, waiting, put off, to come, or why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from channels.kind import CallKind
from dispatcher.calls.domain.call import Call, CallState
from dispatcher.calls.judge_call import CallFiles, gather, may_call
from dispatcher.calls.plan_calls import DuePerson, find_due_people
from dispatcher.calls.storage import calls
from dispatcher.database.engine import Database
from dispatcher.gate.decision import Reason
from dispatcher.people.domain.person import DebtFile
from dispatcher.people.storage.find_debtor import find_debtor
from dispatcher.planning import explain_words as words
from dispatcher.planning.domain.intended import reachable_points, zones_of
from dispatcher.planning.domain.ladder import Rung, call_comes_on
from dispatcher.planning.domain.strategy import CallStep, Strategy
from dispatcher.planning.explain_debtor import explain_debtor
from dispatcher.planning.explanation import DebtAnswer, Explanation, StepAnswer
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage import explained
from dispatcher.planning.storage.turns import put_off_of

_LIVING = (CallState.OPEN, CallState.RESERVED)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    policy: Policy
    as_of: date
    now: datetime
    zone: str
    files: CallFiles
    debtor_id: int
    rungs: Mapping[int, Rung]
    due: Mapping[tuple[int, str], DuePerson]
    made: Mapping[tuple[int, str], Call]  # the newest call of a debt and step
    put_off: Mapping[tuple[int, str], str]


def explain_with_calls(
    database: Database, policy: Policy, reference: str, *, as_of: date, now: datetime
) -> Explanation:
    """The answer of `explain_debtor`, with each call step in its place; raises what that raises."""
    answer = explain_debtor(database, policy, reference, as_of=as_of, now=now)
    with_calls = {strategy.name: strategy for strategy in policy.strategies if strategy.calls}
    if not any(debt.strategy in with_calls for debt in answer.debts):
        return answer
    with database.reading() as connection:
        debtor_id = find_debtor(connection, reference).id
        relations = explained.debt_ids_of(connection, debtor_id)
        ids = [key for key, relation in relations.items() if relation == "debtor"]
        files = gather(connection, policy, {debtor_id}, ids, answer.now)
        found = list(find_due_people(connection, policy, as_of, debtor_id=debtor_id))
        zones = zones_of(files.people[debtor_id], None, policy.places)
        case = _Case(
            policy=policy,
            as_of=as_of,
            now=answer.now,
            zone=min((zone.zone for zone in zones), default=""),
            files=files,
            debtor_id=debtor_id,
            rungs=explained.rungs_of(connection, debtor_id, ids),
            due={(due.debt_id, each.step.name): each for each in found for due in each.due},
            made={
                (debt, call.step): call for call in calls.every(connection, debtor_id) for debt in call.debts
            },
            put_off=put_off_of(connection, debtor_id),
        )
    by_name = {debt.full_reference: debt for debt in files.debts.values()}
    return replace(
        answer,
        debts=tuple(
            _with_calls(case, debt, by_name.get(debt.reference), with_calls.get(debt.strategy))
            for debt in answer.debts
        ),
    )


def _with_calls(
    case: _Case, answer: DebtAnswer, debt: DebtFile | None, strategy: Strategy | None
) -> DebtAnswer:
    if debt is None or strategy is None or answer.relation != "debtor":
        return answer
    steps = list(answer.steps)
    for number, call in enumerate(strategy.calls):
        steps.insert(strategy.written_before(call) + number, _step(case, debt, strategy, call))
    return replace(
        answer, steps=tuple(steps), sentence=_sentence(answer.sentence, steps, case.rungs.get(debt.id))
    )


def _sentence(sentence: str, steps: Sequence[StepAnswer], rung: Rung | None) -> str:
    """The call that the ladder stands on, and the one that is next, are told beside what is written."""
    spoken = [step for step in steps if step.kind == "call"]
    last = [step.sentence for step in spoken if step.status == "sent" and rung and rung.step == step.step]
    comes = [step.sentence for step in spoken if step.status in ("due", "waiting", "kept back")]
    return " ".join([*last, sentence, *comes])


def _step(case: _Case, debt: DebtFile, strategy: Strategy, step: CallStep) -> StepAnswer:
    call, due = case.made.get((debt.id, step.name)), case.due.get((debt.id, step.name))
    if call is not None and call.state in _LIVING:
        return _answer(
            step, "waiting", words.call_waits(step.name, call.as_of, call.expires_at, call.tries, case.zone)
        )
    if due is not None:
        return _due(case, debt, step, due)
    if call is not None and call.state is CallState.MADE:
        return _answer(step, "sent", words.call_made(step.name, call.outcome, call.ended_at, case.zone))
    comes = call_comes_on(strategy, step, debt.due_date, case.rungs.get(debt.id))
    if comes is not None:
        return _answer(
            step, "later", words.comes(step.name, max(comes, case.as_of + timedelta(days=1))), comes_on=comes
        )
    rung = case.rungs.get(debt.id)
    if rung is not None and rung.day >= step.day:
        return _answer(step, "skipped", words.call_passed(step.name))
    before = strategy.steps[strategy.written_before(step) - 1].name
    return _answer(step, "later", words.comes_after(step.name, before))


def _due(case: _Case, debt: DebtFile, step: CallStep, due: DuePerson) -> StepAnswer:
    """A call that has come and is no task yet."""
    against = _against(case, due)
    if against is not None:
        return _answer(step, "kept back", words.call_kept_back(step.name, against), reasons=against)
    put_off = case.put_off.get((debt.id, step.name))
    return _answer(step, "due", words.call_due(step.name, put_off))


def _against(case: _Case, due: DuePerson) -> tuple[Reason, ...] | None:
    """Why nobody may call at any number; None: somebody may, now or later."""
    person = case.files.people[case.debtor_id]
    debts = [case.files.debts[each.debt_id] for each in due.due]
    found: list[Reason] = []
    for point in reachable_points(person, CallKind.CALL):
        if point is not None:
            answer = may_call(
                person, debts, due.strategy, due.step, point, case.policy, case.now, case.files.waiting
            )
            if not answer.final:
                return None
            found += [reason for reason in answer.reasons if reason not in found]
    return tuple(found)


def _answer(step: CallStep, status: str, sentence: str, **more: Any) -> StepAnswer:
    return replace(StepAnswer(step=step.name, kind="call", status=status, sentence=sentence), **more)
