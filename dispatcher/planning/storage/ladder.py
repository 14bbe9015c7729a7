"""Keeps how far each debt has come on its ladder with each recipient; steps that reached nobody are given back."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, tuple_, update

from dispatcher.database.bulk import upsert_rows
from dispatcher.database.one_of import one_of
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.planning import ladder
from dispatcher.planning.domain.ladder import Rung
from dispatcher.planning.domain.strategy import LAST_DAY_OF_A_COURTESY
from dispatcher.planning.storage import called, resumptions, rounds

_RUNGS = select(ladder.c.debt_id, ladder.c.recipient_id).where(
    one_of(ladder.c.debt_id, "ids"), ladder.c.day > LAST_DAY_OF_A_COURTESY
)

_Key = tuple[int, int]  # debt, recipient


def climb(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Record the step each debt has come to, each row the columns of `ladder`; what stood there before is replaced."""
    upsert_rows(connection, ladder, rows, key=("debt_id", "recipient_id"))


def anchor(as_of: date, day: int) -> date:
    """The ladder's own zero: a step's distance is counted from it, so that an outage only delays."""
    return as_of - timedelta(days=day)


def rung_of(row: Any) -> Rung:
    """A stored row as the domain reads it."""
    return Rung(step=row.step, day=row.day, fired_on=row.anchor + timedelta(days=row.day))


def on_the_ladder(connection: Connection, debt_ids: Collection[int]) -> set[tuple[int, int]]:
    """(debt, recipient) of these debts for which some step has fired or is on its way, courtesies apart."""
    rows = connection.execute(_RUNGS, {"ids": sorted(debt_ids)})
    return {(row[0], row[1]) for row in rows}


def give_back(connection: Connection, message_ids: Iterable[str]) -> None:
    """The steps of these messages count as not fired, and the ladder stands where it stood before them.

    They reached nobody: unsent, or come back. A message that a person cancelled is not given back: its step
    is done.
    """
    _set_given_back(connection, list(message_ids), given_back=True)


def take_back(connection: Connection, message_ids: Iterable[str]) -> None:
    """The steps of these messages have fired after all: a provider's word came late."""
    _set_given_back(connection, list(message_ids), given_back=False)


def _set_given_back(connection: Connection, message_ids: list[str], *, given_back: bool) -> None:
    if not message_ids:
        return
    changed = connection.execute(
        update(message_debts)
        .where(message_debts.c.message_id.in_(message_ids), message_debts.c.given_back.is_(not given_back))
        .values(given_back=given_back)
        .returning(message_debts.c.debt_id, message_debts.c.recipient_id)
    )
    fold_again(connection, {(row[0], row[1]) for row in changed})


def fold_again_of(connection: Connection, message_ids: Iterable[str]) -> None:
    """Stand the ladders of these messages where their messages, with the days these bear now, put them."""
    query = select(message_debts.c.debt_id, message_debts.c.recipient_id).where(
        message_debts.c.message_id.in_(list(message_ids))
    )
    fold_again(connection, {(row[0], row[1]) for row in connection.execute(query)})


def fold_again(connection: Connection, keys: Collection[_Key]) -> None:
    """Set the ladders of (debt, recipient) to what their messages, calls, rounds and broken arrangements say."""
    if not keys:
        return
    connection.execute(
        delete(ladder).where(tuple_(ladder.c.debt_id, ladder.c.recipient_id).in_(sorted(keys)))
    )
    rungs = _last_fired(connection, keys)
    if rungs:
        connection.execute(insert(ladder), rungs)


def _leads_on(call: called.Called, standing: Any) -> bool:
    """A call is a rung behind a written step that stands, and never brings a ladder back that is past it."""
    return standing is not None and LAST_DAY_OF_A_COURTESY < standing.day <= call.day


def _last_fired(connection: Connection, keys: Collection[_Key]) -> list[dict[str, Any]]:
    fired = message_debts.c
    rows = connection.execute(
        select(message_debts, messages.c.as_of)
        .join(messages, messages.c.id == fired.message_id)
        .where(
            tuple_(fired.debt_id, fired.recipient_id).in_(sorted(keys)),
            fired.given_back.is_(False),
            fired.step != "",  # merely listed: no rung
            fired.on_ladder,
        )
        .order_by(messages.c.as_of, fired.day, fired.occurrence)
    )
    # what fired on the day of a break came before it was known, and on the day of a round after it had begun
    by_day: list[Any] = [
        *rounds.of(connection, keys),
        *rows,
        *called.of(connection, keys),
        *resumptions.of(connection, keys),
    ]
    by_day.sort(key=lambda row: row.as_of)
    last: dict[_Key, Any] = {}
    for row in by_day:
        key = (row.debt_id, row.recipient_id)
        if not isinstance(row, called.Called) or _leads_on(row, last.get(key)):
            last[key] = row
    return [
        {
            "debt_id": row.debt_id,
            "recipient_id": row.recipient_id,
            "strategy": row.strategy,
            "step": row.step,
            "day": row.day,
            "anchor": row.anchor if isinstance(row, rounds.Round) else anchor(row.as_of, row.day),
            "message_id": row.message_id,
        }
        for row in last.values()
    ]
