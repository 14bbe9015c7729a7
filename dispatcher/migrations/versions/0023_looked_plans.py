"""Keep everybody of a plan that was looked at, so that it can be read, filtered and mended before it goes."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "looked_plans",
        sa.Column("job_id", _ID, sa.ForeignKey("jobs.id"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("recipient_id", _ID, sa.ForeignKey("debtors.id"), nullable=False),
        sa.Column("relation", sa.String(20), nullable=False),
        sa.Column("debts", sa.Text(), nullable=False),
        sa.Column("strategy", sa.String(100), nullable=False),
        sa.Column("step", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("template", sa.String(100), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("decision", sa.String(10), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True)),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False, server_default="[]"),
        sa.Column("taken_out_by", sa.Text(), nullable=False, server_default=""),
    )
    op.create_index("ix_looked_plans_recipient_id", "looked_plans", ["recipient_id"])
