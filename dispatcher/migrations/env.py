"""Alembic's entry: runs the migrations over the connection it is handed, then makes the log append-only again
and lets facts raise their versions.

Rebuilding a table, as Alembic's batch mode does on SQLite, drops its triggers without a word.
"""

from alembic import context
from sqlalchemy import inspect

from dispatcher.database.facts_versions import version_statements
from dispatcher.database.tables.metadata import metadata
from dispatcher.log.storage.append_only import append_only_statements

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
dialect, tables = connection.dialect.name, inspect(connection).get_table_names()
for statement in (*append_only_statements(dialect, tables), *version_statements(dialect, tables)):
    connection.exec_driver_sql(statement)
