"""Codes from a phone, sign-in by a provider, where each session is from, and when users and tokens were last used."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "second_factors",
        sa.Column("user_id", _ID, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("confirmed_at", _INSTANT),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", _ID, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("code_sha256", sa.String(64), primary_key=True),
        sa.Column("used_at", _INSTANT),
    )
    op.create_table(
        "begun_sign_ins",
        sa.Column("token_sha256", sa.String(64), primary_key=True),
        sa.Column("user_id", _ID, sa.ForeignKey("users.id")),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
    )
    op.create_index("ix_begun_sign_ins_expires_at", "begun_sign_ins", ["expires_at"])
    op.create_table(
        "provider_identities",
        sa.Column("user_id", _ID, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.UniqueConstraint("issuer", "subject", name="uq_provider_identities_issuer_subject"),
    )
    for name in ("way", "address", "agent"):
        op.add_column("sessions", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("users", sa.Column("last_used_at", _INSTANT))
    op.add_column("api_tokens", sa.Column("last_used_at", _INSTANT))
