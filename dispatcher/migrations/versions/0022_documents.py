"""Keep links to a creditor's papers about a debt, and which accounts are for tests."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAMED = sa.text("external_id IS NOT NULL")


def upgrade() -> None:
    op.add_column(
        "service_accounts", sa.Column("is_test", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "debt_documents",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("debt_id", _ID, sa.ForeignKey("debts.id"), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("external_id", sa.String(200)),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(110), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.Column("withdrawn_why", sa.Text(), nullable=False, server_default=""),
    )
    op.create_index("ix_debt_documents_debt_id", "debt_documents", ["debt_id"])
    op.create_index(
        "debt_documents_external_id",
        "debt_documents",
        ["debt_id", "external_id"],
        unique=True,
        sqlite_where=_NAMED,
        postgresql_where=_NAMED,
    )
