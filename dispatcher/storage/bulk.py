"""Writes many like rows at once, past SQLAlchemy's handling of each single parameter, which costs as much again."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table

_Processor = Callable[[Any], Any]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns; columns not named take the database's default."""
    if rows:
        names = tuple(rows[0])
        statement = _insert(table, names, connection.dialect)
        connection.exec_driver_sql(statement, _values(connection, table, names, rows))


def update_rows(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, key: tuple[str, ...]
) -> None:
    """Write the columns that the rows, all alike, name besides `key` to the rows with these keys."""
    if rows:
        changed = tuple(name for name in rows[0] if name not in key)
        statement = _update(table, changed, key, connection.dialect)
        connection.exec_driver_sql(statement, _values(connection, table, changed + key, rows))


def _values(
    connection: Connection, table: Table, names: tuple[str, ...], rows: Sequence[Mapping[str, Any]]
) -> list[tuple[Any, ...]]:
    processors = _processors(table, names, connection.dialect)
    return [
        tuple([row[name] if process is None else process(row[name]) for name, process in processors])
        for row in rows
    ]


@lru_cache(maxsize=64)
def _processors(
    table: Table, names: tuple[str, ...], dialect: Dialect
) -> tuple[tuple[str, _Processor | None], ...]:
    """Each column with what turns a value into the driver's, as the column's type says."""
    return tuple((name, table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names)


@lru_cache(maxsize=64)
def _insert(table: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    quote = dialect.identifier_preparer.quote
    columns, places = ", ".join(map(quote, names)), ", ".join([_place(dialect)] * len(names))
    return f"INSERT INTO {quote(table.name)} ({columns}) VALUES ({places})"  # noqa: S608 names of our own tables


@lru_cache(maxsize=64)
def _update(table: Table, names: tuple[str, ...], key: tuple[str, ...], dialect: Dialect) -> str:
    quote, place = dialect.identifier_preparer.quote, _place(dialect)
    changes = ", ".join(f"{quote(name)} = {place}" for name in names)
    condition = " AND ".join(f"{quote(name)} = {place}" for name in key)
    return f"UPDATE {quote(table.name)} SET {changes} WHERE {condition}"  # noqa: S608 names of our own tables


def _place(dialect: Dialect) -> str:
    return "?" if dialect.paramstyle == "qmark" else "%s"
