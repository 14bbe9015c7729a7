"""Say of each debt of a message how it was spoken of: due, new, listed, disputed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message_debts", sa.Column("how", sa.String(10), nullable=False, server_default="due"))
