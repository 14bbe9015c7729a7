"""Let debtors prove who they are on their own page: wrong answers counted by person, visits that are open."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "page_tries",
        sa.Column("debtor_id", _ID, sa.ForeignKey("debtors.id"), primary_key=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "page_visits",
        sa.Column("token_sha256", sa.String(64), primary_key=True),
        sa.Column("debtor_id", _ID, sa.ForeignKey("debtors.id"), nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_page_visits_debtor_id", "page_visits", ["debtor_id"])
