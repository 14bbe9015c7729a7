"""Triggers by which the database itself refuses to change or remove what was logged."""

from collections.abc import Collection, Iterator

TABLES = ("log_entries", "seals", "sealed_entries")


def append_only_statements(dialect: str, tables: Collection[str]) -> Iterator[str]:
    """Yield the SQL that forbids UPDATE and DELETE (and TRUNCATE on PostgreSQL) on those of the tables that log.

    Safe to repeat.
    """
    logs = [table for table in TABLES if table in tables]
    yield from _postgresql(logs) if dialect == "postgresql" else _sqlite(logs)


def _sqlite(logs: Collection[str]) -> Iterator[str]:
    for table in logs:
        for verb in ("UPDATE", "DELETE"):
            yield (
                f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def _postgresql(logs: Collection[str]) -> Iterator[str]:
    yield (
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$"
    )
    for table in logs:
        yield (
            f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
