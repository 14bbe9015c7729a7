"""Keep with each message which sentences of the law it says: whether one was said before is a fact of what was said."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("said", sa.Text, nullable=False, server_default="[]"))
