"""Keep the calls that somebody should make."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
_OPEN = sa.text("state IN ('open', 'reserved')")


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("debtor_id", ID, sa.ForeignKey("debtors.id", name="fk_calls_debtor_id"), nullable=False),
        sa.Column("strategy", sa.String(100), nullable=False),
        sa.Column("step", sa.String(100), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", INSTANT),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("holder", sa.Text(), server_default="", nullable=False),
        sa.Column("reserved_at", INSTANT),
        sa.Column("valid_until", INSTANT),
        sa.Column("contact_id", ID),
        sa.Column("outcome", sa.String(30), server_default="", nullable=False),
        sa.Column("reasons", sa.Text(), server_default="[]", nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("recalled_at", INSTANT),
    )
    op.create_index("ix_calls_debtor_id", "calls", ["debtor_id"])
    op.create_index(
        "ix_calls_open", "calls", ["state", "expires_at"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_table(
        "call_debts",
        sa.Column("call_id", ID, sa.ForeignKey("calls.id", name="fk_call_debts_call_id"), primary_key=True),
        sa.Column("debt_id", ID, sa.ForeignKey("debts.id", name="fk_call_debts_debt_id"), primary_key=True),
        sa.Column("strategy", sa.String(100), nullable=False),
        sa.Column("step", sa.String(100), nullable=False),
        sa.Column("occurrence", sa.Integer(), server_default="1", nullable=False),
        sa.UniqueConstraint(
            "debt_id", "strategy", "step", "occurrence", name="uq_call_debts_debt_id_strategy_step_occurrence"
        ),
    )
