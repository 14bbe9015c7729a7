"""What another strategy would do over the whole portfolio on a day: who gets something else, why, what it costs."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.planning.compare_plans import compare_lines, going_out, plan_lines
from dispatcher.planning.decide_reminders import PlanRequest, Progress
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.planning.plan_reminders import preview_plan
from dispatcher.planning.policy import Policy
from dispatcher.treatment.domain.outcomes import Prices

Beside = Callable[[Policy], Sequence[dict[str, Any]]]
COMPARED = ("debts", "step", "channel", "template", "decision")


@dataclass(frozen=True, kw_only=True, slots=True)
class StrategyComparison:
    """`changes`: a line a message, as plans are compared. `costs`: by strategy and currency; None: not known."""

    changes: tuple[dict[str, Any], ...]
    messages: Mapping[str, int]
    costs: Mapping[str, Mapping[str, Decimal] | None]

    @property
    def counts(self) -> Counter[str]:
        """How many messages are new, gone, changed or the same."""
        return Counter(change["change"] for change in self.changes)


def compare_strategies(
    database: Database,
    policy: Policy,
    request: PlanRequest,
    strategies: tuple[Strategy, Strategy],
    prices: Prices,
    *,
    progress: Progress | None = None,
    beside: Beside | None = None,
) -> StrategyComparison:
    """The day with the first strategy, and with the second in its place and for the same debts; nothing is stored.

    A debt stands where its ladder stands: steps of another name go by their days.
    """
    one, other = strategies
    desks = [
        replace(policy, strategies=_in_place(policy.strategies, one, other, taken))
        for taken in (one, replace(other, name=one.name, match=one.match))
    ]
    return compare_policies(
        database,
        desks[0],
        desks[1],
        request,
        (one.name, other.name),
        prices,
        progress=progress,
        beside=beside,
    )


def compare_policies(
    database: Database,
    before: Policy,
    after: Policy,
    request: PlanRequest,
    names: tuple[str, str],
    prices: Prices,
    *,
    progress: Progress | None = None,
    beside: Beside | None = None,
) -> StrategyComparison:
    """The day under one configuration and under another; `names` are what the two are called in the answer.

    `beside` gives what else comes on the day under a configuration, as lines of a plan.
    """
    plans: list[Sequence[dict[str, Any]]] = []
    for desk in (before, after):
        _, decided = preview_plan(database, desk, request, progress=progress)
        lines = zip(plan_lines(decided), decided, strict=True)
        told = [line | {"template": each.intent.step.template} for line, each in lines]
        plans.append([*told, *(beside(desk) if beside else ())])
    first = [line for line in plans[0] if going_out(line)]
    second = [line for line in plans[1] if going_out(line)]
    return StrategyComparison(
        changes=tuple(compare_lines(first, plans[1], compared=COMPARED)),
        messages={names[0]: len(first), names[1]: len(second)},
        costs={names[0]: _cost(first, prices), names[1]: _cost(second, prices)},
    )


def _in_place(
    strategies: Sequence[Strategy], one: Strategy, other: Strategy, taken: Strategy
) -> tuple[Strategy, ...]:
    kept = (each for each in strategies if each.name == one.name or each.name != other.name)
    return tuple(taken if each.name == one.name else each for each in kept)


def _cost(lines: Sequence[Mapping[str, Any]], prices: Prices) -> Mapping[str, Decimal] | None:
    channels = Counter(line["channel"] for line in lines)
    if not channels.keys() <= prices.keys():
        return None
    total: dict[str, Decimal] = {}
    for channel, count in channels.items():
        each, currency = prices[channel]
        total[currency] = total.get(currency, Decimal()) + each * count
    return total
