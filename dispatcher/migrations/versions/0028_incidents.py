"""Keep what went out wrong, whom it reached, and what put it right."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("cause", sa.String(10), nullable=False),
        sa.Column("name", sa.String(150), nullable=False),
        sa.Column("creditor", sa.String(100), nullable=False, server_default=""),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("aware_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_breach", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("template", sa.String(100), nullable=False, server_default=""),
        sa.Column("corrected_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("corrected_at", sa.DateTime(timezone=True)),
        sa.Column("closed_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.Text(), nullable=False, server_default=""),
    )
    op.create_table(
        "incident_messages",
        sa.Column("incident_id", _ID, sa.ForeignKey("incidents.id"), primary_key=True),
        sa.Column("message_id", sa.String(36), sa.ForeignKey("messages.id"), primary_key=True),
        sa.Column("correction_id", sa.String(36), sa.ForeignKey("messages.id")),
        sa.Column("not_corrected", sa.Text(), nullable=False, server_default=""),
    )
