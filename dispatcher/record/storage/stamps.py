"""Keeps the time-stamps of seals: what was asked of an authority, and its whole answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from dispatcher.database.tables.record import seal_stamps, seals


def is_stamped(connection: Connection, number: int) -> bool:
    """Whether an authority has stamped that seal."""
    return connection.scalar(_of(number).where(seal_stamps.c.answer.is_not(None))) is not None


def _of(number: int) -> Any:
    return select(seal_stamps.c.number).where(seal_stamps.c.number == number)


def keep_failure(connection: Connection, number: int, authority: str, problem: str, now: datetime) -> None:
    """Write down that a seal was not stamped, and why; a stamp that another process fetched meanwhile stays."""
    tried = {"authority": authority, "asked_at": now, "problem": problem}
    unstamped = (seal_stamps.c.number == number, seal_stamps.c.answer.is_(None))
    if connection.scalar(_of(number)) is None:
        connection.execute(insert(seal_stamps).values(number=number, tries=1, **tried))
    else:
        connection.execute(
            update(seal_stamps).where(*unstamped).values(tries=seal_stamps.c.tries + 1, **tried)
        )


def keep_stamp(
    connection: Connection, number: int, authority: str, answer: bytes, stamped_at: datetime, now: datetime
) -> None:
    """Store an authority's answer, once a seal."""
    got = {"authority": authority, "asked_at": now, "problem": "", "stamped_at": stamped_at, "answer": answer}
    if connection.scalar(_of(number)) is None:
        connection.execute(insert(seal_stamps).values(number=number, tries=1, **got))
    elif not is_stamped(connection, number):
        tries = seal_stamps.c.tries + 1
        connection.execute(
            update(seal_stamps).where(seal_stamps.c.number == number).values(tries=tries, **got)
        )


def stamped_seals(connection: Connection, upto: int | None = None) -> Sequence[Any]:
    """(number, body, answer, stamped_at, authority) of every stamped seal, in order; `upto`: to that position."""
    query = select(
        seals.c.number, seals.c.body, seal_stamps.c.answer, seal_stamps.c.stamped_at, seal_stamps.c.authority
    ).join_from(seals, seal_stamps, seals.c.number == seal_stamps.c.number)
    query = query.where(seal_stamps.c.answer.is_not(None)).order_by(seals.c.number)
    return connection.execute(query if upto is None else query.where(seals.c.last_position <= upto)).all()
