"""Keep by which channels a person decided not to write about a step."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "given_up_channels",
        sa.Column("debt_id", _ID, sa.ForeignKey("debts.id"), primary_key=True),
        sa.Column("recipient_id", _ID, sa.ForeignKey("debtors.id"), primary_key=True),
        sa.Column("step", sa.String(100), primary_key=True),
        sa.Column("channel", sa.String(10), primary_key=True),
        sa.Column("given_up_on", sa.Date(), nullable=False),
    )
