"""Remember which failed and expired messages somebody has taken note of, and find those that nobody has."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('held', 'unknown', 'failed', 'expired') AND acknowledged_at IS NULL")


def upgrade() -> None:
    op.add_column("messages", sa.Column("acknowledged_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_messages_left_open",
        "messages",
        ["state", "as_of"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
