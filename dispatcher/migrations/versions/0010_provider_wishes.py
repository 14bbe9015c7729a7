"""Remember which opt-outs a provider was told of: each is told once, and taken back once when it ends."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "provider_wishes",
        sa.Column("provider", sa.String(20), primary_key=True),
        sa.Column("opt_out_id", identity, sa.ForeignKey("opt_outs.id"), primary_key=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True)),
    )
