"""Tells PostgreSQL how many rows there are after much has been written at once.

It finds out by itself within a minute or so; a run that begins at once would be planned for empty tables, and reads
whole ones where it wants thirty rows. SQLite needs no telling.
"""

from collections.abc import Sequence

from sqlalchemy import Table, text

from dispatcher.database.engine import Database
from dispatcher.database.tables import log, messages, portfolio

WORTH_IT = 1_000  # rows: counting costs some tenths of a second, however large the tables are

PORTFOLIO = (portfolio.debtors, portfolio.debts, portfolio.contact_points)
PLAN = (messages.messages, messages.message_debts)
TEXTS = (messages.messages, messages.contents, log.log_entries)


def renew(database: Database, changed: Sequence[Table], rows: int) -> None:
    """Have the database look at these tables again, if so many rows are worth it."""
    if rows >= WORTH_IT and not database.is_sqlite:
        with database.writing() as connection:
            connection.execute(text("ANALYZE " + ", ".join(table.name for table in changed)))
