"""Keep what a time-stamping authority says of seals."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "seal_stamps",
        sa.Column(
            "number", sa.Integer(), sa.ForeignKey("seals.number"), primary_key=True, autoincrement=False
        ),
        sa.Column("authority", sa.String(200), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("stamped_at", sa.DateTime(timezone=True)),
        sa.Column("answer", sa.LargeBinary()),
    )
