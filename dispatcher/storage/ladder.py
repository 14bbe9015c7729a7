"""Keeps how far each debt has come on its ladder with each recipient; steps that never went out are given back."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select, tuple_

from dispatcher.storage.tables import ladder, message_debts, messages

# A message in one of these ends did not reach anybody: its step has not fired.
NOT_SENT = ("expired", "cancelled", "failed")


def climb(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Record new steps; each row holds the columns of `ladder`. The rows' earlier state is replaced."""
    if not rows:
        return
    _forget(connection, {(row["debt_id"], row["debtor_id"], row["strategy"]) for row in rows})
    connection.execute(insert(ladder), rows)


def anchor(as_of: date, day: int) -> date:
    """The ladder's own zero: a step's distance is counted from it, so that an outage only delays."""
    return as_of - timedelta(days=day)


def give_back(connection: Connection, message_ids: Iterable[str]) -> None:
    """The steps of these messages may be planned again, and the ladder stands where it stood before them.

    They did not reach anybody: unsent, or come back.
    """
    message_ids = list(message_ids)
    keys = _keys_of(connection, message_ids)
    if not keys:
        return
    _forget(connection, keys)
    latest = _latest_sent(connection, keys, without=list(message_ids))
    if latest:
        connection.execute(insert(ladder), latest)


def _keys_of(connection: Connection, message_ids: list[str]) -> set[tuple[int, int, str]]:
    columns = (message_debts.c.debt_id, message_debts.c.debtor_id, message_debts.c.strategy)
    rows = connection.execute(select(*columns).where(message_debts.c.message_id.in_(message_ids)))
    return {(row[0], row[1], row[2]) for row in rows}


def _forget(connection: Connection, keys: set[tuple[int, int, str]]) -> None:
    connection.execute(
        delete(ladder).where(tuple_(ladder.c.debt_id, ladder.c.debtor_id, ladder.c.strategy).in_(sorted(keys)))
    )


def _latest_sent(
    connection: Connection, keys: set[tuple[int, int, str]], *, without: list[str]
) -> list[dict[str, Any]]:
    query = (
        select(message_debts, messages.c.as_of)
        .join(messages, messages.c.id == message_debts.c.message_id)
        .where(
            and_(
                tuple_(message_debts.c.debt_id, message_debts.c.debtor_id, message_debts.c.strategy).in_(sorted(keys)),
                messages.c.state.not_in(NOT_SENT),
                messages.c.id.not_in(without),
            )
        )
        .order_by(message_debts.c.day, message_debts.c.occurrence)
    )
    latest = {(row.debt_id, row.debtor_id, row.strategy): row for row in connection.execute(query)}
    return [
        {
            "debt_id": row.debt_id,
            "debtor_id": row.debtor_id,
            "strategy": row.strategy,
            "step": row.step,
            "day": row.day,
            "anchor": anchor(row.as_of, row.day),
            "message_id": row.message_id,
        }
        for row in latest.values()
    ]
