"""Reads every entry of the log once, in order of writing, in short looks."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from dispatcher.database.engine import Database
from dispatcher.database.tables.log import log_entries

PAGE = 5_000


def documents(database: Database) -> Iterator[list[dict[str, Any]]]:
    """Yield pages of entries' documents; raises ValueError for one that cannot be read (verification names it)."""
    after = 0
    while True:
        query = select(log_entries.c.id, log_entries.c.entry).where(log_entries.c.id > after)
        with database.reading() as connection:
            rows = connection.execute(query.order_by(log_entries.c.id).limit(PAGE)).all()
        if not rows:
            return
        yield [json.loads(row.entry) for row in rows]
        after = rows[-1].id
