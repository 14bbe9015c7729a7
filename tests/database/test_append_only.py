"""The database itself refuses to change what was logged."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from dispatcher.database.engine import Database
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log


@pytest.mark.parametrize("statement", ["UPDATE log_entries SET event = 'x'", "DELETE FROM log_entries"])
def test_log_entries_refuse_update_and_delete(database: Database, statement: str) -> None:
    entry = LogEntry(event="planned", at=datetime(2026, 1, 1, tzinfo=UTC), actor="test")
    with database.writing() as connection:
        delivery_log.append(connection, [entry])
    with pytest.raises(DatabaseError, match="append-only"), database.writing() as connection:
        connection.execute(text(statement))


def test_postgresql_refuses_to_truncate_the_log(postgres_url: str, open_url) -> None:
    with pytest.raises(DatabaseError, match="append-only"), open_url(postgres_url).writing() as connection:
        connection.execute(text("TRUNCATE log_entries CASCADE"))
