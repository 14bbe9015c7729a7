"""One PostgreSQL database for many tests: emptied after each, made anew where a test left it in another shape.

Making a database costs a third of a second of the server's time, emptying one a thirtieth of that.
"""

import itertools
from collections.abc import Sequence

import psycopg

TEMPLATE = "template_dispatcher"

# Numbers of objects are in it: what was dropped and made again is another shape too.
_SHAPE = """
SELECT md5(string_agg(line, chr(10) ORDER BY line)) FROM (
    SELECT concat_ws(' ', c.oid, c.relname, c.relkind, a.attnum, a.attname, a.atttypid, a.attnotnull, a.atthasdef)
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', oid, tgname, tgrelid, tgenabled) FROM pg_trigger
    UNION ALL SELECT concat_ws(' ', oid, conname, convalidated) FROM pg_constraint
    UNION ALL SELECT concat_ws(' ', oid, proname, prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', oid, nspname, nspacl) FROM pg_namespace WHERE nspname !~ '^pg_'
    UNION ALL SELECT setconfig::text FROM pg_db_role_setting
    UNION ALL SELECT version_num FROM alembic_version
) AS lines(line)
"""
# By the space taken and not by rows: what was rolled back has moved the numbering on as well.
_USED = """
SELECT relname, pg_relation_size(oid) FROM pg_class
 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0
"""
# As if they had never been looked at: a plan must not depend on the tests before.
_FORGET = "SELECT pg_clear_relation_stats('public', relname) FROM unnest(%s::text[]) AS relname"
_NUMBER_ANEW = "SELECT setval(seqrelid, seqstart, false) FROM pg_sequence"
_MUCH = 1 << 20  # bytes in all: below it, each row and its index entries are taken out one by one
_OTHERS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def named(url: str, name: str) -> str:
    """A URL without a database's name, given one."""
    return url.replace("@/", f"@/{name}", 1)


def execute(url: str, statement: str) -> None:
    """One statement outside of any transaction."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


class EmptiedDatabase:
    """Hands out a migrated database as new, to one test at a time."""

    def __init__(self, server: str) -> None:
        self._server, self._admin = server, named(server, "postgres")
        self._numbers = itertools.count(1)
        self._name = self._shape = ""
        self._kept: psycopg.Connection | None = None  # what it has read of the tables is half of the work

    def take(self) -> str:
        """Its URL."""
        if not self._name:
            self._name = f"test_{next(self._numbers)}"
            execute(self._admin, f"CREATE DATABASE {self._name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
            self._kept = self._connect()
            self._shape = _scalar(self._kept, _SHAPE)
        return named(self._server, self._name)

    def give_back(self) -> None:
        """Empty it, or drop it where it is not what it was."""
        assert self._kept is not None
        if not _is_empty_again(self._kept, self._shape):
            self._kept.close()
            execute(self._admin, f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)")
            self._name = ""

    def _connect(self) -> psycopg.Connection:
        # Not each table that is emptied along is told of; and as a replica, since the log is append-only.
        options = "-c client_min_messages=error -c session_replication_role=replica"
        return psycopg.connect(named(self._server, self._name), autocommit=True, options=options)


def _is_empty_again(connection: psycopg.Connection, shape: str) -> bool:
    try:
        connection.execute(_OTHERS)
        if _scalar(connection, _SHAPE) != shape:
            return False
        if used := dict(connection.execute(_USED).fetchall()):
            _empty(connection, list(used), is_much=sum(used.values()) > _MUCH)
    except psycopg.Error:
        return False
    return True


def _empty(connection: psycopg.Connection, used: Sequence[str], *, is_much: bool) -> None:
    """Truncating makes every file of every table that refers to these anew, four hundred: twenty times the rest."""
    names = ", ".join(used)
    if is_much:
        connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        return
    connection.execute(";".join(f"DELETE FROM {name}" for name in used))
    connection.execute(f"VACUUM (INDEX_CLEANUP ON, SKIP_DATABASE_STATS) {names}")
    connection.execute(_FORGET, [used])
    connection.execute(_NUMBER_ANEW)


def _scalar(connection: psycopg.Connection, query: str) -> str:
    row = connection.execute(query).fetchone()
    return str(row[0] or "") if row else ""
