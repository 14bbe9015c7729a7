"""Keep what debtors state they have and spend, so that plans are proposed that fit."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "affordability",
        sa.Column("id", key, primary_key=True),
        sa.Column("debtor_id", key, sa.ForeignKey("debtors.id"), nullable=False),
        sa.Column("stated_on", sa.Date(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False, server_default="{}"),
        sa.Column("source", sa.Text(), nullable=False, server_default=""),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_affordability_debtor_id", "affordability", ["debtor_id"])
