"""Alembic's entry: runs the migrations over the connection it is handed, then makes the log append-only again.

Rebuilding a table, as Alembic's batch mode does on SQLite, drops its triggers without a word.
"""

from alembic import context
from sqlalchemy import inspect

from dispatcher.database.tables.metadata import metadata
from dispatcher.log.storage.append_only import append_only_statements

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
for statement in append_only_statements(connection.dialect.name, inspect(connection).get_table_names()):
    connection.exec_driver_sql(statement)
