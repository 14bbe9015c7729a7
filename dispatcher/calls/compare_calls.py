"""Writes the calls of a day as lines of a plan, so that strategies are compared with what is spoken too."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

from channels.kind import CallKind
from dispatcher.calls.judge_call import CallFiles, gather
from dispatcher.calls.plan_calls import DuePerson, callable_at, find_due_people
from dispatcher.database.engine import Database
from dispatcher.people.domain.asked import asked_by_currency
from dispatcher.planning.policy import Policy

_CHUNK = 500  # people whose files are loaded together


def calls_of(database: Database, as_of: date, now: datetime) -> Callable[[Policy], list[dict[str, Any]]]:
    """What gives the new calls of the day under a configuration, whatever a day holds."""
    return lambda policy: list(_lines(database, policy, as_of, now))


def _lines(database: Database, policy: Policy, as_of: date, now: datetime) -> Iterator[dict[str, Any]]:
    with database.reading() as connection:
        due = list(find_due_people(connection, policy, as_of))
    for page in (due[i : i + _CHUNK] for i in range(0, len(due), _CHUNK)):
        people, debts = {each.debtor_id for each in page}, {one.debt_id for each in page for one in each.due}
        with database.reading() as connection:
            files = gather(connection, policy, people, debts, now)
        yield from (_line(each, files) for each in page if callable_at(policy, each, files, now))


def _line(each: DuePerson, files: CallFiles) -> dict[str, Any]:
    about = [files.debts[due.debt_id] for due in each.due]
    total = asked_by_currency(about)[0]
    return {
        "debtor": files.people[each.debtor_id].full_reference,
        "relation": "debtor",
        "debts": " ".join(debt.full_reference for debt in about),
        "strategy": each.strategy.name,
        "step": each.step.name,
        "kind": "collection",
        "channel": CallKind.CALL.value,
        "decision": "allow",
        "not_before": "",
        "balance": str(total.amount),
        "currency": total.currency,
        "reasons": "",
        "template": "",
    }
