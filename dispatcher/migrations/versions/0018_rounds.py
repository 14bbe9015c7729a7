"""Keep which ladders began another round, and from which step."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "rounds",
        sa.Column("debt_id", _ID, sa.ForeignKey("debts.id"), primary_key=True),
        sa.Column("recipient_id", _ID, sa.ForeignKey("debtors.id"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("strategy", sa.String(100), nullable=False),
        sa.Column("step", sa.String(100), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("next_day", sa.Integer(), nullable=False),
        sa.Column("begun_on", sa.Date(), nullable=False),
    )
