"""`dispatcher compare-strategies`: who would get something else."""

import secrets
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatcher.cli.opening import AsJson, AsOf, Now, actor, opened, print_json
from dispatcher.cli.progress import Bars

if TYPE_CHECKING:  # only types here
    from dispatcher.planning.compare_strategies import StrategyComparison
    from dispatcher.planning.domain.strategy import Strategy
    from dispatcher.planning.policy import Policy

MOST_SHOWN = 20

Name = Annotated[str, typer.Argument(metavar="STRATEGY", help="The name of a strategy in config/strategies.")]


def compare_strategies(
    first: Name, second: Name, as_of: AsOf = None, now: Now = None, as_json: AsJson = False
) -> None:
    """What the second strategy would do in the first one's place, over all its debts; nothing is stored.

    Example: dispatcher compare-strategies consumer gentle --as-of 2026-11-16
    """
    from dispatcher.calls.compare_calls import calls_of
    from dispatcher.planning.compare_strategies import compare_strategies as compare
    from dispatcher.planning.decide_reminders import PlanRequest

    with opened(now) as program, Bars(quiet=as_json) as bars:
        request = PlanRequest(
            as_of=as_of or program.now().date(),
            now=program.now(),
            real_now=program.real_now(),
            actor=actor(),
            random_bytes=secrets.token_bytes,
        )
        both = _known(program.policy, first), _known(program.policy, second)
        found = compare(
            program.database,
            program.policy,
            request,
            both,
            program.prices,
            progress=bars.counting("deciding"),
            beside=calls_of(program.database, request.as_of, request.now),
        )
    if as_json:
        print_json(_as_json(found))
    else:
        _print(found, first, second)


def _known(policy: "Policy", name: str) -> "Strategy":
    strategy = policy.strategy(name)
    if strategy is None:
        names = ", ".join(each.name for each in policy.strategies)
        raise typer.BadParameter(f"{name!r} is none of {names}", param_hint="STRATEGY")
    return strategy


def _as_json(found: "StrategyComparison") -> dict[str, Any]:
    return {
        "messages": dict(found.messages),
        "costs": {
            name: None if cost is None else {key: str(value) for key, value in cost.items()}
            for name, cost in found.costs.items()
        },
        "counts": dict(found.counts),
        "changes": [change for change in found.changes if change["change"] != "same"],
    }


def _print(found: "StrategyComparison", first: str, second: str) -> None:
    for name in (first, second):
        cost = found.costs[name]
        said = "not known" if cost is None else ", ".join(f"{v} {k}" for k, v in cost.items()) or "nothing"
        print(f"{name}: {found.messages[name]} messages, cost {said}")
    print(", ".join(f"{count} {word}" for word, count in found.counts.items()) or "nobody would get anything")
    changed = [change for change in found.changes if change["change"] != "same"]
    for change in changed[:MOST_SHOWN]:
        print(f"{change['change']:>8}  {change['debtor']}  {_what(change)}")
    if len(changed) > MOST_SHOWN:
        print(f"… and {len(changed) - MOST_SHOWN} more; --json lists them all")


def _what(change: dict[str, Any]) -> str:
    if "what" in change:
        return "; ".join(f"{name}: {was} -> {now}" for name, (was, now) in change["what"].items())
    why = f": {change['why']}" if change.get("why") else ""
    return f"{change['step']} by {change['channel']}{why}"
