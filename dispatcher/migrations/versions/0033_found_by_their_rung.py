"""Find debts by the rung they stand on and the day they are barred on: Today asks who should be decided about."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_ladder_step", "ladder", ["step", "anchor"])
    known = sa.text("time_barred_on IS NOT NULL")
    op.create_index(
        "ix_debts_time_barred_on", "debts", ["time_barred_on"], sqlite_where=known, postgresql_where=known
    )
