"""Inserts many like rows at once, past SQLAlchemy's handling of each single parameter, which costs as much again."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table

_Processor = Callable[[Any], Any]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns; columns not named take the database's default."""
    if not rows:
        return
    names = tuple(rows[0])
    dialect = connection.dialect
    processors = _processors(table, names, dialect)
    values = [
        tuple([row[name] if process is None else process(row[name]) for name, process in processors])
        for row in rows
    ]
    connection.exec_driver_sql(_statement(table, names, dialect), values)


@lru_cache(maxsize=64)
def _processors(
    table: Table, names: tuple[str, ...], dialect: Dialect
) -> tuple[tuple[str, _Processor | None], ...]:
    """Each column with what turns a value into the driver's, as the column's type says."""
    return tuple((name, table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names)


@lru_cache(maxsize=64)
def _statement(table: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    quote = dialect.identifier_preparer.quote
    place = "?" if dialect.paramstyle == "qmark" else "%s"
    columns, places = ", ".join(map(quote, names)), ", ".join([place] * len(names))
    return f"INSERT INTO {quote(table.name)} ({columns}) VALUES ({places})"  # noqa: S608 names of our own tables
