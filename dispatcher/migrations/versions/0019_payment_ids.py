"""Keep the creditor's own ids of payments, so that one sent twice counts once."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_NAMED = sa.text("split_of IS NULL AND external_id IS NOT NULL")


def upgrade() -> None:
    op.add_column("payments", sa.Column("external_id", sa.String(200)))
    op.add_column("payments", sa.Column("creditor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
    op.create_index(
        "payments_external_id",
        "payments",
        ["creditor_id", "external_id"],
        unique=True,
        sqlite_where=_NAMED,
        postgresql_where=_NAMED,
    )
