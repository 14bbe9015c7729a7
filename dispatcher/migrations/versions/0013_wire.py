"""Accounts of creditors' programs, and where events are sent to."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "service_accounts",
        sa.Column("user_id", _ID, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("creditor", sa.String(100)),
    )
    op.create_table(
        "webhooks",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("creditor", sa.String(100)),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("created_by", sa.String(110), nullable=False),
        sa.Column("ended_at", _INSTANT),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("failing_since", _INSTANT),
        sa.Column("next_try_at", _INSTANT),
    )
    op.create_table(
        "webhook_tries",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("webhook_id", _ID, sa.ForeignKey("webhooks.id"), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("said", sa.Text(), nullable=False, server_default=""),
    )
    op.create_index("ix_webhook_tries_webhook_id", "webhook_tries", ["webhook_id", "id"])
