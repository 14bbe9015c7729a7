"""Keep which notice of the law a message is: a notice of ours counts as one that somebody recorded."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("notice", sa.String(30), nullable=False, server_default=""))
