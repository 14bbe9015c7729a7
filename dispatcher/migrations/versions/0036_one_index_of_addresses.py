"""Addresses are found by their lower case alone: the index of them as written serves nothing, and slows an import."""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_contact_points_address", table_name="contact_points")
