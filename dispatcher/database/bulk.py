"""Writes many like rows at once, past SQLAlchemy's handling of each single parameter, which costs as much again.

SQLite is in this process and takes them one after the other; to PostgreSQL they go as one JSON array in one statement,
which costs both sides a third of a statement a row.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Connection, Dialect, Table, func, literal, select, text

_Processor = Callable[[Any], Any]
_Rows = Sequence[Mapping[str, Any]]


def insert_rows(connection: Connection, table: Table, rows: _Rows) -> None:
    """Insert rows that all name the same columns, in their order; columns not named take the database's default."""
    if rows:
        names = tuple(rows[0])
        _execute(connection, _insert(table, names, connection.dialect), table, names, rows)


def insert_columns(
    connection: Connection,
    table: Table,
    columns: Mapping[str, Sequence[Any]],
    *,
    as_stored: Collection[str] = (),
) -> None:
    """Insert rows that are given a column at a time; the values of `as_stored` are what the database keeps already."""
    names = tuple(columns)
    if columns[names[0]]:
        statement = _insert(table, names, connection.dialect)
        _execute_columns(connection, statement, table, columns, as_stored)


def upsert_rows(connection: Connection, table: Table, rows: _Rows, *, key: tuple[str, ...]) -> None:
    """Insert rows that all name the same columns; where a key is there, replace them. The last row of a key counts."""
    if rows:
        names = tuple(rows[0])
        # One statement may not meet a row twice.
        last = list({tuple([row[name] for name in key]): row for row in rows}.values())
        _execute(connection, _upsert(table, names, key, connection.dialect), table, names, last)


def update_rows(connection: Connection, table: Table, rows: _Rows, *, key: tuple[str, ...]) -> None:
    """Write the columns that the rows, all alike, name besides `key` to the rows with these keys."""
    if rows:
        changed = tuple(name for name in rows[0] if name not in key)
        _execute(connection, _update(table, changed, key, connection.dialect), table, changed + key, rows)


def _execute(
    connection: Connection, statement: str, table: Table, names: tuple[str, ...], rows: _Rows
) -> None:
    _execute_columns(connection, statement, table, {name: [row[name] for row in rows] for name in names})


def _execute_columns(
    connection: Connection,
    statement: str,
    table: Table,
    columns: Mapping[str, Sequence[Any]],
    as_stored: Collection[str] = (),
) -> None:
    names = tuple(columns)
    # A column at a time: most need nothing done.
    processed = [
        columns[name] if name in as_stored else _column(columns[name], process)
        for name, process in _processors(table, names, connection.dialect)
    ]
    values = list(zip(*processed, strict=True))
    if _is_sqlite(connection.dialect):
        connection.exec_driver_sql(statement, values)
    else:
        array = orjson.dumps([dict(zip(names, row, strict=True)) for row in values])
        connection.exec_driver_sql(statement, (array.decode(),))


def _column(values: Sequence[Any], process: _Processor | None) -> Iterable[Any]:
    if process is None:
        return values
    first = values[0]
    if all(value is first for value in values):  # the instant of all that one transaction writes
        return [process(first)] * len(values)
    return map(process, values)


@lru_cache(maxsize=64)
def _processors(
    table: Table, names: tuple[str, ...], dialect: Dialect
) -> tuple[tuple[str, _Processor | None], ...]:
    """Each column with what turns a value into the driver's, as the column's type says."""
    return tuple((name, table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names)


@lru_cache(maxsize=64)
def _insert(table: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    quote = dialect.identifier_preparer.quote
    columns = ", ".join(map(quote, names))
    if _is_sqlite(dialect):
        places = ", ".join("?" * len(names))
        return f"INSERT INTO {quote(table.name)} ({columns}) VALUES ({places})"  # noqa: S608 names of our own tables
    return (
        f"INSERT INTO {quote(table.name)} ({columns}) SELECT {columns} FROM {_array(table, names, dialect)}"  # noqa: S608 names of our own tables
    )


@lru_cache(maxsize=64)
def _upsert(table: Table, names: tuple[str, ...], key: tuple[str, ...], dialect: Dialect) -> str:
    quote = dialect.identifier_preparer.quote
    changes = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in names if name not in key)
    found = f"ON CONFLICT ({', '.join(map(quote, key))}) DO UPDATE SET {changes}"
    return f"{_insert(table, names, dialect)} {found}"


@lru_cache(maxsize=64)
def _update(table: Table, changed: tuple[str, ...], key: tuple[str, ...], dialect: Dialect) -> str:
    quote = dialect.identifier_preparer.quote
    target = quote(table.name)
    if _is_sqlite(dialect):
        changes = ", ".join(f"{quote(name)} = ?" for name in changed)
        condition = " AND ".join(f"{quote(name)} = ?" for name in key)
        return f"UPDATE {target} SET {changes} WHERE {condition}"  # noqa: S608 names of our own tables
    changes = ", ".join(f"{quote(name)} = given.{quote(name)}" for name in changed)
    condition = " AND ".join(f"{target}.{quote(name)} = given.{quote(name)}" for name in key)
    return f"UPDATE {target} SET {changes} FROM {_array(table, changed + key, dialect)} WHERE {condition}"  # noqa: S608 names of our own tables


def _array(table: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    """The statement's one parameter as rows of these columns."""
    quote = dialect.identifier_preparer.quote
    typed = ", ".join(f"{quote(name)} {table.c[name].type.compile(dialect)}" for name in names)
    return f"json_to_recordset(%s) AS given ({typed})"


def _is_sqlite(dialect: Dialect) -> bool:
    return dialect.name == "sqlite"


def new_ids(connection: Connection, table: Table, count: int) -> Sequence[int]:
    """So many ids of a table that counts by itself, in order; nobody else gets them.

    Call it in the transaction that inserts the rows. Asking the database to return the ids instead inserts row
    by row on SQLite, which does not promise their order.
    """
    if connection.dialect.name == "sqlite":  # the writer is alone: what AUTOINCREMENT gave last is the last
        last = text("SELECT seq FROM sqlite_sequence WHERE name = :name").bindparams(name=table.name)
        first = (connection.scalar(last) or 0) + 1
        return range(first, first + count)
    # An insert locks its table before it takes a number, and the sealer counts on that (seals.settled_id).
    connection.exec_driver_sql(f"LOCK TABLE {table.name} IN ROW EXCLUSIVE MODE")
    sequence = func.pg_get_serial_sequence(table.name, "id")
    rows = func.generate_series(literal(1), literal(count)).table_valued("n")
    return connection.scalars(select(func.nextval(sequence)).select_from(rows)).all()
