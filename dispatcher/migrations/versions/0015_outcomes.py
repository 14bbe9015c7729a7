"""Keep what ledgers show to have come in, and which arm of an experiment a message belongs to."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "balance_falls",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("debt_id", ID, sa.ForeignKey("debts.id", name="fk_balance_falls_debt_id"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_balance_falls_debt_id", "balance_falls", ["debt_id"])
    op.add_column("messages", sa.Column("arm", sa.String(100), server_default="", nullable=False))
