"""What a database is made of, and a way to put something in each of its tables, whatever its revision."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Inspector, MetaData, Table, inspect, select, text
from sqlalchemy.types import Boolean, Date, DateTime, Integer, LargeBinary

from dispatcher.database.engine import Database

_TEXTS = {  # of indexes and triggers
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL",
    "postgresql": (
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL "
        "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
    ),
}
_OF_OTHERS = (
    "content_words",
    "ix_content_words",
    "alembic_version",
)  # the word index is no table of SQLAlchemy's
ROWS = 3
_LEFT_EMPTY = {("sent_offers", "contact_id")}  # a message offered it, so no call did


def shape(database: Database) -> dict[str, Any]:
    """Tables with columns and keys, indexes and triggers, by name.

    On SQLite without the names of constraints: nothing there asks for them.
    """
    with database.reading() as connection:
        inspector = inspect(connection)
        # All tables at once: asked one by one, PostgreSQL answers some five hundred questions.
        columns, keys, foreign, unique, checks = (
            {name: found for (_, name), found in many().items()}
            for many in (
                inspector.get_multi_columns,
                inspector.get_multi_pk_constraint,
                inspector.get_multi_foreign_keys,
                inspector.get_multi_unique_constraints,
                inspector.get_multi_check_constraints,
            )
        )
        counting = _counting_for_good(connection)
        tables = {
            name: {
                "columns": {column["name"]: _column(column) for column in columns[name]},
                "key": keys[name]["constrained_columns"],
                "points at": _named(
                    database, foreign[name], "constrained_columns", "referred_table", "referred_columns"
                ),
                "unique": _named(database, unique[name], "column_names"),
                "checks": sorted(str(check["name"]) for check in checks[name]),
                "counts for good": name in counting,
            }
            for name in _tables(inspector)
        }
        texts = connection.execute(text(_TEXTS[connection.dialect.name]))
        made = {name: sql for name, sql in texts if not name.startswith(_OF_OTHERS)}
    return {**tables, **made}


def _column(column: Any) -> tuple[str, bool, str]:
    return str(column["type"]), column["nullable"], str(column["default"])


def _named(database: Database, constraints: list[Any], *parts: str) -> list[str]:
    names = () if database.is_sqlite else ("name",)
    return sorted(str([constraint[part] for part in (*parts, *names)]) for constraint in constraints)


def _counting_for_good(connection: Connection) -> set[str]:
    """Tables that never give a number twice, as SQLite's own words say it."""
    if connection.dialect.name != "sqlite":
        return set()
    made = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
    return {name for name, sql in made if "AUTOINCREMENT" in sql}


def tables_of(database: Database) -> MetaData:
    """Its tables as the database itself describes them: a third of what a climb of some revisions takes."""
    with database.reading() as connection:
        return _reflected(connection)


def fill(database: Database) -> MetaData:
    """Put ROWS rows in each table, as the database itself describes them; each points at a row that is there."""
    with database.writing() as connection:
        tables = _reflected(connection)
        for table in tables.sorted_tables:
            connection.execute(table.insert(), [_row(table, number) for number in range(1, ROWS + 1)])
    return tables


def values(database: Database, tables: MetaData | None = None) -> dict[tuple[str, str], list[str]]:
    """What stands in each column, by table and column; of `tables` where they are known."""
    with database.reading() as connection:
        wanted = (tables or _reflected(connection)).sorted_tables
        rows = {table: connection.execute(select(table)).all() for table in wanted}
    return {
        (table.name, column.name): sorted(str(row[place]) for row in there)
        for table, there in rows.items()
        for place, column in enumerate(table.columns)
    }


def _reflected(connection: Connection) -> MetaData:
    metadata = MetaData()
    metadata.reflect(connection, only=_tables(inspect(connection)))
    return metadata


def _tables(inspector: Inspector) -> list[str]:
    return [name for name in inspector.get_table_names() if not name.startswith(_OF_OTHERS)]


def _row(table: Table, number: int) -> dict[str, Any]:
    filled = (column for column in table.columns if (table.name, column.name) not in _LEFT_EMPTY)
    return {column.name: _value(column, number) for column in filled}


def _value(column: Column[Any], number: int) -> Any:
    if isinstance(column.type, Boolean):
        return False
    if isinstance(column.type, Integer):
        return number
    if isinstance(column.type, DateTime):
        return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=number)
    if isinstance(column.type, Date):
        return date(2026, 3, number)
    if isinstance(column.type, LargeBinary):
        return bytes([number])
    return str(number)  # JSON, too
