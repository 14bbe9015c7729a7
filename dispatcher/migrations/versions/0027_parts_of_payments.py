"""Find the parts of a payment without reading all payments."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_PARTS = sa.text("split_of IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_payments_split_of", "payments", ["split_of"], sqlite_where=_PARTS, postgresql_where=_PARTS
    )
