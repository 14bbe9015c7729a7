"""What a restored copy is compared by: how many rows it holds, how far its log goes, and what the newest drill said."""

import json
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from dispatcher.database.tables.log import log_entries, log_facets
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.portfolio import debtors, debts
from dispatcher.database.tables.record import seals
from dispatcher.log.domain.events import Event

COUNTED = (debtors, debts, messages, log_entries)  # nothing of them is ever taken away
_NEWEST = (
    select(log_entries.c.at, log_entries.c.id, log_entries.c.entry)
    .where(log_entries.c.facet == bindparam("facet"))
    .order_by(log_entries.c.at.desc(), log_entries.c.id.desc())
    .limit(1)
)


def counts(connection: Connection) -> dict[str, int]:
    """Table -> rows."""
    return {table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in COUNTED}


def root_of_seal(connection: Connection, number: int) -> str | None:
    """The root that a seal states; None where there is no such seal."""
    root: str | None = connection.scalar(select(seals.c.root).where(seals.c.number == number))
    return root


def newest_drill(connection: Connection) -> dict[str, Any] | None:
    """The newest drill's entry; None where nobody ever practised."""
    which = connection.scalars(
        select(log_facets.c.facet).where(log_facets.c.event == Event.RESTORE_DRILLED.value).distinct()
    ).all()
    # One facet after the other: asked of several at once, SQLite reads the whole log by its times.
    newest = [row for facet in which if (row := connection.execute(_NEWEST, {"facet": facet}).first())]
    return json.loads(max(newest, key=lambda row: (row.at, row.id)).entry) if newest else None
