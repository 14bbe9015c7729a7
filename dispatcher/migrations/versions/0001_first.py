"""The first shape of the database, with the triggers that make the log append-only."""

from alembic import op

from dispatcher.database.tables.metadata import metadata
from dispatcher.log.storage.append_only import append_only_statements
from dispatcher.record.storage.word_index import word_index_statements

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    metadata.create_all(connection)
    dialect = connection.dialect.name
    for statement in (*append_only_statements(dialect), *word_index_statements(dialect)):
        connection.exec_driver_sql(statement)
