"""Keep the ledger's own word apart from the segment that is worked out, and write that beside each message."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("debtors", "segment", new_column_name="ledger_segment")
    op.add_column("messages", sa.Column("segment", sa.String(100), server_default="", nullable=False))
