"""Lets ladders that ended go on for another round, where their strategy says so."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from dispatcher.database.engine import Connection
from dispatcher.planning.domain.ladder import Rung, round_rung
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.planning.storage import ladder, rounds
from dispatcher.planning.storage.candidates import strategies_of
from dispatcher.planning.storage.ended_ladders import Ended, find_ended
from dispatcher.treatment.domain.segments import Segments


class GoesOn(NamedTuple):
    """A ladder that begins another round: the strategy that takes its debt, and the rung it stands on from then on."""

    ended: Ended
    strategy: Strategy
    rung: Rung


def begin_rounds(connection: Connection, strategies: Sequence[Strategy], as_of: date) -> int:
    """Let ladders that ended go on where their strategy wants another round; how many debts."""
    begun = 0
    for strategy in strategies:
        again = list(_going_on(connection, strategy, as_of))
        if again:
            keys = [(one.ended.debt_id, one.ended.recipient_id, one.ended.rounds) for one in again]
            rounds.begin(connection, strategy, again[0].rung, keys, as_of)
            ladder.fold_again(connection, {(debt_id, person) for debt_id, person, _ in keys})
            begun += len(again)
    return begun


def find_rounds(
    connection: Connection,
    strategies: Sequence[Strategy],
    as_of: date,
    *,
    segments: Segments,
    only: str | None = None,
    debtor_ids: Collection[int] = (),
    without: Collection[str] = (),
    one_in: int = 1,
) -> Iterator[GoesOn]:
    """What a run of that day would begin, with the strategy that takes each debt now; nothing is stored."""
    again = [
        one
        for strategy in strategies
        for one in _going_on(connection, strategy, as_of, debtor_ids=debtor_ids, one_in=one_in)
    ]
    if not again:
        return
    by_name = {strategy.name: strategy for strategy in strategies if only in (None, strategy.name)}
    ids = {one.ended.debt_id for one in again}
    taken = strategies_of(connection, strategies, ids, segments=segments, as_of=as_of)
    for one in again:
        strategy = by_name.get(taken.get(one.ended.debt_id, ""))
        relations = ("debtor", *strategy.relations()) if strategy else ()
        if strategy and one.ended.relation in relations and one.ended.creditor not in without:
            yield GoesOn(one.ended, strategy, one.rung)


def _going_on(
    connection: Connection,
    strategy: Strategy,
    as_of: date,
    *,
    debtor_ids: Collection[int] = (),
    one_in: int = 1,
) -> Iterator[GoesOn]:
    rung = round_rung(strategy, as_of)
    if rung is not None:
        for one in find_ended(connection, strategy, as_of, debtor_ids=debtor_ids, one_in=one_in):
            if not one.barred and one.rounds < strategy.ending.rounds:
                yield GoesOn(one, strategy, rung)
