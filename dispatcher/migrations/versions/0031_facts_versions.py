"""Count the changes of what is on file of a person, and keep what a message was cleared by."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "facts_versions",
        sa.Column("subject", _ID, primary_key=True, autoincrement=False),
        sa.Column("part", sa.String(30), primary_key=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.add_column("messages", sa.Column("clearance", sa.Text()))
