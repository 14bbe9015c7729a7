"""Keep who handles whom: handlers with their deputies, rules, and what is said by hand."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "handlers",
        sa.Column("user", sa.String(100), primary_key=True),
        sa.Column("shown_as", sa.Text(), nullable=False),
        sa.Column("deputy", sa.String(100), nullable=False, server_default=""),
        sa.Column("away_from", sa.Date()),
        sa.Column("away_until", sa.Date()),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "handler_rules",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("handler", sa.String(100), sa.ForeignKey("handlers.user"), nullable=False),
        sa.Column("creditor", sa.String(100), nullable=False, server_default=""),
        sa.Column("country", sa.String(2), nullable=False, server_default=""),
        sa.Column("from_letter", sa.String(1), nullable=False, server_default=""),
        sa.Column("to_letter", sa.String(1), nullable=False, server_default=""),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by", sa.Text(), nullable=False, server_default=""),
    )
    op.create_table(
        "debtor_handlers",
        sa.Column("debtor_id", _ID, sa.ForeignKey("debtors.id"), primary_key=True),
        sa.Column("handler", sa.String(100), sa.ForeignKey("handlers.user"), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
    )
