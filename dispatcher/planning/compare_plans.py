"""Writes a plan as lines, and says how two plans differ."""

from collections.abc import Sequence
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.planning.domain.plan_summary import Decided
from dispatcher.planning.domain.planner import PlannedMessage
from dispatcher.planning.storage import plans
from dispatcher.planning.storage.plan_lines import stored_lines
from dispatcher.planning.storage.plans import NoSuchRunError

_KEY = ("debtor", "relation", "debts", "step", "channel", "decision")


def plan_lines(decided: Sequence[Decided]) -> list[dict[str, Any]]:
    """A line a decision: who, which debts, which step, by which channel, from when, and why not."""
    return [_line(one) for one in decided]


def compare_with_run(
    database: Database, run_id: int, lines: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """What is new (`added`) and what is gone (`removed`) against the messages of a run; raises NoSuchRunError."""
    with database.reading() as connection:
        if plans.get_run(connection, run_id) is None:
            raise NoSuchRunError(
                f"there is no run {run_id} to compare with; `dispatcher messages list` shows their numbers"
            )
        before = {_key(line): line for line in stored_lines(connection, run_id)}
    after = {
        _key(line): line
        for line in lines
        if line["decision"] in {"allow", "defer", "hold"} and line["channel"]
    }
    added = [{"change": "added", **after[key]} for key in sorted(after.keys() - before.keys())]
    removed = [{"change": "removed", **before[key]} for key in sorted(before.keys() - after.keys())]
    return added + removed


def _line(decided: Decided) -> dict[str, Any]:
    intent = decided.intent
    planned = decided if isinstance(decided, PlannedMessage) else None
    outcome = planned.decision.outcome if planned else decided.outcome  # type: ignore[union-attr]  # the other of the two
    reasons = planned.decision.reasons if planned else decided.reasons  # type: ignore[union-attr]  # the other of the two
    not_before = planned.decision.not_before if planned else None
    return {
        "debtor": intent.person.full_reference,
        "relation": intent.relation,
        "debts": " ".join(each.debt.full_reference for each in intent.spoken),
        "strategy": intent.strategy.name,
        "step": intent.step.name,
        "kind": intent.step.kind,
        "channel": planned.channel.value if planned else "",
        "decision": outcome.value,
        "not_before": not_before.isoformat() if not_before else "",
        "balance": str(intent.total.amount),
        "currency": intent.total.currency,
        "reasons": "; ".join(f"{r.pack}/{r.rule}: {r.detail}" for r in reasons),
    }


def _key(line: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(line[name]) for name in _KEY)
