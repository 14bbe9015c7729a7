"""Remembers which packs, strategies, senders and languages the last run worked with."""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from dispatcher.database.bulk import upsert_rows
from dispatcher.database.tables.operations import marks

_NAME = "configuration_in_force"


def read(connection: Connection) -> dict[str, list[str]]:
    """Kind -> names; empty before the first run."""
    return dict(connection.scalar(select(marks.c.value).where(marks.c.name == _NAME)) or {})


def keep(connection: Connection, names: Mapping[str, list[str]]) -> None:
    """Remember these."""
    upsert_rows(connection, marks, [{"name": _NAME, "value": dict(names)}], key=("name",))
