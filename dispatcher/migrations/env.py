"""Alembic's entry: runs the migrations over the connection it is handed."""

from alembic import context

from dispatcher.database.tables.metadata import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
