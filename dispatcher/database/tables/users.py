"""Users, sessions, tokens."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
)

from dispatcher.database.tables.metadata import Id, metadata, row_id
from dispatcher.database.types import CanonicalJson, Instant

users = Table(
    "users",
    metadata,
    row_id(),
    Column("name", String(100), nullable=False, unique=True),
    Column("email", Text, nullable=False, server_default=""),
    Column("password_hash", Text, nullable=False),
    Column("roles", CanonicalJson, nullable=False),
    Column("disabled_at", Instant),
    Column("created_at", Instant, nullable=False),
)


sign_in_tries = Table(  # wrong ones, by name and place
    "sign_in_tries",
    metadata,
    Column("key", String(64), primary_key=True),  # a digest: what was typed as a name may be a password
    Column("tries", Integer, nullable=False),
    Column("last_at", Instant, nullable=False, index=True),
    Column("waits_until", Instant, nullable=False),
)


sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("user_id", Id, ForeignKey("users.id"), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)


api_tokens = (
    Table(  # bearers of the API, each with its user's roles; the token itself is shown once and not kept
        "api_tokens",
        metadata,
        row_id(),
        Column("user_id", Id, ForeignKey("users.id"), nullable=False, index=True),
        Column("name", String(100), nullable=False),
        Column("token_sha256", String(64), nullable=False, unique=True),
        Column("created_at", Instant, nullable=False),
        Column("expires_at", Instant, nullable=False),
        Column("revoked_at", Instant),
    )
)


idempotency_keys = (
    Table(  # answers to the API's POSTs, so that a repeat under the same key gets the same answer
        "idempotency_keys",
        metadata,
        Column("user_id", Id, ForeignKey("users.id"), primary_key=True),
        Column("key", String(200), primary_key=True),
        Column("request_sha256", String(64), nullable=False),
        Column("status", Integer),  # null: the first request has begun and not ended
        Column("body", CanonicalJson),
        Column("created_at", Instant, nullable=False),
    )
)
