"""Writes a plan as lines, and says what people would get now that they did not get then."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.planning.domain.plan_summary import Decided
from dispatcher.planning.domain.planner import PlannedMessage
from dispatcher.planning.storage import plans
from dispatcher.planning.storage.plan_lines import stored_lines
from dispatcher.planning.storage.plans import NoSuchRunError

_COMPARED = ("debts", "step", "channel", "decision")
_GOES = frozenset({"allow", "defer", "hold"})
_ORDER = ("new", "gone", "changed", "same")


def plan_lines(decided: Sequence[Decided]) -> list[dict[str, Any]]:
    """A line a decision: who, which debts, which step, by which channel, from when, and why not."""
    return [_line(one) for one in decided]


def compare_with_run(
    database: Database, run_id: int, lines: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """What each person would get now against what a run decided; raises NoSuchRunError.

    `change` is same, changed (`what`: field -> [then, now]), new or gone (`why`). A person's messages are matched by
    their debts, so that one that only moved to another channel or step is changed, not gone and new.
    """
    with database.reading() as connection:
        if plans.get_run(connection, run_id) is None:
            raise NoSuchRunError(
                f"there is no run {run_id} to compare with; `dispatcher messages list` shows their numbers"
            )
        before = stored_lines(connection, run_id)
    return compare_lines(before, lines)


def going_out(line: Mapping[str, Any]) -> bool:
    """Whether a line is a message, now or later or once a person has decided."""
    return line["decision"] in _GOES and bool(line["channel"])


def compare_lines(
    before: Sequence[dict[str, Any]], lines: Sequence[dict[str, Any]], *, compared: Sequence[str] = _COMPARED
) -> list[dict[str, Any]]:
    """The messages of one plan beside the lines of another, a line a message; see `compare_with_run`."""
    going: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    refused: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        if going_out(line):
            going[line["debtor"], line["relation"]].append(line)
        else:
            refused[line["debtor"]].append(line)
    changes: list[dict[str, Any]] = []
    for old in before:
        mine = going[old["debtor"], old["relation"]]
        now = _closest(old, mine)
        if now is None:
            changes.append({"change": "gone", **old, "why": _why_gone(old, refused[old["debtor"]])})
            continue
        mine.remove(now)
        what = {name: [old[name], now[name]] for name in compared if old[name] != now[name]}
        changes.append({"change": "changed" if what else "same", **now} | ({"what": what} if what else {}))
    changes += [{"change": "new", **line} for mine in going.values() for line in mine]
    return sorted(
        changes, key=lambda change: (_ORDER.index(change["change"]), change["debtor"], change["debts"])
    )


def _closest(old: dict[str, Any], mine: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The message of the same person that shares most debts with an old one; None where none shares any."""
    shared = [(len(_debts(line) & _debts(old)), line["step"] == old["step"], line) for line in mine]
    best = max(shared, key=lambda each: each[:2], default=None)
    return best[2] if best and best[0] else None


def _debts(line: dict[str, Any]) -> set[str]:
    return set(line["debts"].split())


def _why_gone(old: dict[str, Any], refused: Sequence[dict[str, Any]]) -> str:
    reasons = [line["reasons"] for line in refused if _debts(line) & _debts(old) and line["reasons"]]
    return "; ".join(dict.fromkeys(reasons)) or (
        "nothing is due about it: it was sent, paid or settled, or the strategies have changed"
    )


def _line(decided: Decided) -> dict[str, Any]:
    intent = decided.intent
    planned = decided if isinstance(decided, PlannedMessage) else None
    outcome = planned.decision.outcome if planned else decided.outcome  # type: ignore[union-attr]  # the other of the two
    reasons = planned.decision.reasons if planned else decided.reasons  # type: ignore[union-attr]  # the other of the two
    not_before = planned.not_before if planned else None
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
