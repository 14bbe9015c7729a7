"""Let a call that was made stand on the ladder as its step, and keep who came into a trial whose arms move days."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("calls", sa.Column("segment", sa.String(100), nullable=False, server_default=""))
    op.add_column("calls", sa.Column("made_contact_id", _ID))
    op.add_column("calls", sa.Column("lapsed_until", sa.DateTime(timezone=True)))
    op.add_column("call_debts", sa.Column("day", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("call_debts", sa.Column("done_on", sa.Date()))
    op.create_table(
        "trial_entries",
        sa.Column("debt_id", _ID, sa.ForeignKey("debts.id"), primary_key=True),
        sa.Column("recipient_id", _ID, sa.ForeignKey("debtors.id"), primary_key=True),
        sa.Column("trial", sa.String(100), primary_key=True),
        sa.Column("arm", sa.String(100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_trial_entries_at", "trial_entries", ["at"])
