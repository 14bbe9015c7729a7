"""Lets the ladder of debts go on after an arrangement broke, its distance counted from the break."""

from collections.abc import Mapping
from datetime import datetime

from dispatcher.agreements.domain.agreed import Agreed
from dispatcher.agreements.storage import arrangements
from dispatcher.database.engine import Connection
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.planning.storage import ladder, resumptions


def resume_ladders(connection: Connection, strategies: tuple[Strategy, ...], now: datetime) -> int:
    """Bring ladders to what broke since, and back where a late fact shows that nothing broke; returns how many."""
    by_name = {strategy.name: strategy for strategy in strategies}
    early = arrangements.resumed_too_early(connection)
    for key in early:
        ladder.fold_again(connection, resumptions.drop(connection, key))
        arrangements.set_resumed(connection, key, None)
    broken = arrangements.read(connection, arrangements.unresumed(connection))
    for agreed in broken:
        _resume(connection, agreed, by_name)
        arrangements.set_resumed(connection, agreed.id, now)
    return len(early) + len(broken)


def _resume(connection: Connection, agreed: Agreed, strategies: Mapping[str, Strategy]) -> None:
    strategy, broken_on = strategies.get(agreed.strategy), agreed.standing.since
    if strategy is None or broken_on is None:
        return
    known = {step.name for step in strategy.steps}
    rows = []
    for debt_id, person, last in resumptions.standing_rungs(connection, agreed.debt_ids):
        rung = strategy.rung_after_break(last)
        if rung is None or (last and last not in known):
            continue  # no step comes, or the ladder stands where its file has no step
        rows.append(resumptions.row(agreed.id, debt_id, person, strategy.name, *rung, broken_on))
    resumptions.keep(connection, rows)
    ladder.fold_again(connection, {(row["debt_id"], row["recipient_id"]) for row in rows})
