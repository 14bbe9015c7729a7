"""Keep the day that a final notice named: a debt is not passed on before it."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("handovers", sa.Column("hand_over_on", sa.Date()))
