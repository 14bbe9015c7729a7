"""Keep an offer that was made on a call beside those that messages made."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("sent_offers") as batch:
        batch.alter_column("message_id", existing_type=sa.String(36), nullable=True)
        batch.add_column(sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
        batch.create_check_constraint(
            "ck_sent_offers_said_once", "(message_id IS NULL) <> (contact_id IS NULL)"
        )
