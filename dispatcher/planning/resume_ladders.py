"""Lets the ladder of debts go on after an arrangement broke, its distance counted from the break."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from dispatcher.agreements.domain.agreed import Agreed
from dispatcher.agreements.storage import arrangements
from dispatcher.agreements.watch import pages
from dispatcher.database.engine import Connection
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.planning.storage import ladder, resumptions


def resume_ladders(connection: Connection, strategies: tuple[Strategy, ...], now: datetime) -> int:
    """Bring ladders to what broke since, and back where a late fact shows that nothing broke; returns how many.

    So many statements a page of five hundred, however many broke.
    """
    by_name = {strategy.name: strategy for strategy in strategies}
    early, broken = arrangements.resumed_too_early(connection), arrangements.unresumed(connection)
    for page in pages(early):
        ladder.fold_again(connection, resumptions.drop(connection, page))
        arrangements.set_resumed(connection, page, None)
    for page in pages(broken):
        _resume(connection, arrangements.read(connection, page), by_name)
        arrangements.set_resumed(connection, page, now)
    return len(early) + len(broken)


def may_resume(connection: Connection) -> bool:
    """Whether a ladder is to go on after a break, or back where nothing broke after all."""
    return bool(arrangements.resumed_too_early(connection) or arrangements.unresumed(connection))


def _resume(connection: Connection, page: Sequence[Agreed], strategies: Mapping[str, Strategy]) -> None:
    standing: dict[int, list[tuple[int, str]]] = defaultdict(list)
    debts = sorted({debt for agreed in page for debt in agreed.debt_ids})
    for debt_id, person, last in resumptions.standing_rungs(connection, debts):
        standing[debt_id].append((person, last))
    rows = [
        row
        for agreed in page
        for debt_id in agreed.debt_ids
        for person, last in standing[debt_id]
        for row in _rungs(agreed, debt_id, person, last, strategies.get(agreed.strategy))
    ]
    resumptions.keep(connection, rows)
    ladder.fold_again(connection, {(row["debt_id"], row["recipient_id"]) for row in rows})


def _rungs(
    agreed: Agreed, debt_id: int, person: int, last: str, strategy: Strategy | None
) -> Iterator[dict[str, Any]]:
    """The rung to stand on; none where no step comes, or the ladder stands where its file has no step."""
    broken_on = agreed.standing.since
    if strategy is None or broken_on is None or (last and not (strategy.step(last) or strategy.call(last))):
        return
    rung = strategy.rung_after_break(last)
    if rung is not None:
        yield resumptions.row(agreed.id, debt_id, person, strategy.name, *rung, broken_on)
