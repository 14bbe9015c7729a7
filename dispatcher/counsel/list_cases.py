"""Lists what should be decided about passing debts on, what was, and what counsel has; the next to be barred first."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from dispatcher.agreements import handover
from dispatcher.agreements.storage import arrangements, handovers
from dispatcher.agreements.watch import Watcher
from dispatcher.counsel.domain.case import PROPOSED, Case, Tried
from dispatcher.counsel.storage import tried
from dispatcher.database.engine import Connection, Database
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.storage.find_debtor import find_debtor
from dispatcher.people.storage.people_facts import debts_of
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage.candidates import strategies_of
from dispatcher.planning.storage.handover_candidates import HandoverCandidate, proposed
from dispatcher.values.instants import instant_text
from dispatcher.values.money import Money

_DEFAULT_DAYS = 14
_OPEN = ("proposed", "decided", "notified")


def list_cases(connection: Connection, policy: Policy, as_of: date, states: Sequence[str] = ()) -> list[Case]:
    """Every debt that waits, is decided, has gone or was kept, in the order in which somebody should look.

    `states`: of those on file only these.
    """
    found = [
        *(_waiting(each, as_of) for each in _proposed(connection, policy, as_of)),
        *(_standing(row, as_of) for row in handovers.listed(connection, states)),
    ]
    return sorted(_with_rules(connection, policy, found, as_of), key=lambda case: case.order)


def find_case(connection: Connection, policy: Policy, debtor: str, debt: str, as_of: date) -> Case | None:
    """One debt's, or None where nothing proposed it and nobody decided; raises UnknownDebtorError."""
    who = find_debtor(connection, debtor).full_reference
    wanted = f"{who.partition('/')[0]}/{debt.removeprefix(who.partition('/')[0] + '/')}"
    cases = list_cases(connection, policy, as_of)
    return next((case for case in cases if (case.debtor, case.debt) == (who, wanted)), None)


def with_tried(connection: Connection, cases: Sequence[Case]) -> list[Case]:
    """The same cases with what was tried, as far as somebody looks at them."""
    ids = {case.debt_id for case in cases}
    if not ids:
        return []
    written, rung = tried.messages_about(connection, ids), tried.calls_about(connection, ids)
    heard, paid = tried.heard(connection, ids), tried.paid(connection, ids)
    agreed: dict[int, list[tuple[str, date, str, date | None]]] = {}
    for one in arrangements.read(connection, arrangements.ever_on_debts(connection, ids)):
        line = (one.terms.kind, one.terms.agreed_on, one.state.value, one.standing.since)
        for debt_id in one.debt_ids:
            agreed.setdefault(debt_id, []).append(line)
    return [
        replace(
            case,
            tried=Tried(
                **written.get(case.debt_id, {}),
                calls=tuple(rung.get(case.debt_id, ())),
                agreed=tuple(agreed.get(case.debt_id, ())),
                heard=heard.get(case.debt_id, (0, None))[0],
                heard_on=heard.get(case.debt_id, (0, None))[1],
                paid=Money(paid[case.debt_id][0], case.owed.currency) if case.debt_id in paid else None,
                paid_on=paid.get(case.debt_id, (0, None))[1],
            ),
        )
        for case in cases
    ]


def undecided(connection: Connection, policy: Policy, as_of: date) -> list[Case]:
    """What waits for a person's decision, the next to be time-barred first."""
    return list_cases(connection, policy, as_of, (PROPOSED,))


def notes(connection: Connection, policy: Policy, as_of: date) -> list[str]:
    """Sentences for the day's summary: what should be decided, and what should have gone to counsel."""
    waiting = undecided(connection, policy, as_of)
    rows = [_standing(row, as_of) for row in handovers.listed(connection, handovers.TO_GO)]
    going = [case for case in _with_rules(connection, policy, rows, as_of) if case.may_go(as_of)]
    return [*_to_decide(waiting, as_of), *_to_export(going)]


def rules_for(
    connection: Connection, policy: Policy, debt_ids: Collection[int], as_of: date
) -> dict[int, tuple[bool, bool]]:
    """Debt -> (whether two people decide, whether a final notice goes out first), by its strategy."""
    names = strategies_of(
        connection, policy.strategies, sorted(debt_ids), segments=policy.segments, as_of=as_of
    )
    found = {}
    for debt_id, name in names.items():
        strategy = policy.strategy(name)
        rule = strategy.handover if strategy else None
        notice = strategy is not None and any(step.needs_handover_decision for step in strategy.steps)
        found[debt_id] = (rule is not None and rule.needs_second, notice)
    return found


def rules_of_debt(
    connection: Connection, policy: Policy, debtor: str, debt: str, as_of: date
) -> tuple[bool, bool]:
    """The same of one debt by its name; raises RecordError where the person has no such debt."""
    who = find_debtor(connection, debtor)
    bare = debt.removeprefix(f"{who.creditor}/")
    ids = [each.id for each in debts_of(connection, who.id, as_of) if each.reference == bare]
    if not ids:
        raise RecordError(f"{who.full_reference} has no debt {bare}")
    return rules_for(connection, policy, ids, as_of).get(ids[0], (False, False))


def note_final_notices(database: Database, policy: Policy, watcher: Watcher) -> int:
    """Bring decided debts to what their final notices came to; how many changed."""
    steps = {
        (strategy.name, step.name)
        for strategy in policy.strategies
        for step in strategy.steps
        if step.needs_handover_decision
    }

    def days_of(creditor: str) -> int:
        sender = policy.senders.get(creditor)
        return sender.handover_days if sender else _DEFAULT_DAYS

    with database.writing() as connection:
        return handover.note_notices(connection, steps, days_of, watcher)


def _proposed(connection: Connection, policy: Policy, as_of: date) -> Iterator[HandoverCandidate]:
    return proposed(connection, policy.strategies, as_of, policy.segments)


def _waiting(each: HandoverCandidate, as_of: date) -> Case:
    return Case(
        debt_id=each.debt_id,
        debtor_id=each.debtor_id,
        state=PROPOSED,
        debtor=each.debtor,
        debt=each.debt,
        owed=each.owed,
        due_date=each.due_date,
        age_days=(as_of - each.due_date).days,
        time_barred_on=each.time_barred_on,
        last_step_on=each.last_step_on,
        why=each.why,
        needs_second=each.needs_second,
    )


def _standing(row: Any, as_of: date) -> Case:
    return Case(
        debt_id=row.debt_id,
        debtor_id=row.debtor_id,
        state=row.state,
        debtor=f"{row.key}/{row.debtor}",
        debt=f"{row.key}/{row.reference}",
        owed=Money(row.balance_minor - row.paid_minor, row.currency),
        due_date=row.due_date,
        age_days=(as_of - row.due_date).days,
        time_barred_on=row.time_barred_on,
        why=row.note or row.why,
        decided_on=row.decided_on,
        decided_by=tuple(row.decided_by),
        notified_on=row.notified_on,
        hand_over_on=row.hand_over_on,
        exported_at=instant_text(row.exported_at) if row.exported_at else "",
    )


def _with_rules(connection: Connection, policy: Policy, cases: Sequence[Case], as_of: date) -> list[Case]:
    ids = [case.debt_id for case in cases if case.state in _OPEN]
    rules = rules_for(connection, policy, ids, as_of) if ids else {}
    return [
        replace(case, needs_second=second, needs_notice=notice)
        for case in cases
        for second, notice in [rules.get(case.debt_id, (case.needs_second, False))]
    ]


def _to_decide(waiting: Sequence[Case], as_of: date) -> Iterator[str]:
    barred = [case for case in waiting if case.is_barred(as_of)]
    waiting = [case for case in waiting if not case.is_barred(as_of)]
    if barred:
        count = f"{len(barred)} debts are" if len(barred) > 1 else "1 debt is"
        yield (
            f"{count} time-barred and nobody had decided to hand over, {barred[0].debt} since "
            f"{barred[0].time_barred_on}: no court takes it, so `dispatcher handover refuse` says why it stays"
        )
    if not waiting:
        return
    first = waiting[0]
    count = f"{len(waiting)} debts wait" if len(waiting) > 1 else "1 debt waits"
    said = f"{count} for a decision about handing over to counsel (`dispatcher handover list`)"
    if first.time_barred_on is None:
        yield f"{said}, the oldest, {first.debt}, due since {first.due_date}"
    else:
        days = (first.time_barred_on - as_of).days
        yield f"{said}; {first.debt} is time-barred on {first.time_barred_on}, in {days} day{'s' if days > 1 else ''}"


def _to_export(going: Sequence[Case]) -> Iterator[str]:
    if going:
        count = f"{len(going)} debts" if len(going) > 1 else "1 debt"
        yield f"{count} may go to counsel now: `dispatcher handover export --out DIR`"
