"""Users, sessions, tokens."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
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
    Column("last_used_at", Instant),
)


service_accounts = Table(  # programs: users without roles, with scopes; their keys are api_tokens
    "service_accounts",
    metadata,
    Column("user_id", Id, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("scopes", CanonicalJson, nullable=False),
    Column("creditor", String(100)),  # its key; null: every creditor
    Column("is_test", Boolean, nullable=False, server_default=false()),  # what it asks for is undone
)


second_factors = Table(
    "second_factors",
    metadata,
    Column("user_id", Id, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("sealed_secret", Text, nullable=False),  # by a key outside of the database
    Column("last_step", BigInteger, nullable=False),  # the newest code that was taken: each counts once
    Column("created_at", Instant, nullable=False),
    Column("confirmed_at", Instant),  # null: shown, and no code of it was seen yet
)


recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("user_id", Id, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("code_sha256", String(64), primary_key=True),
    Column("used_at", Instant),
)


begun_sign_ins = Table(  # between the password and the code, or on the way to the provider and back
    "begun_sign_ins",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("user_id", Id, ForeignKey("users.id")),
    Column("details", CanonicalJson, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
)


provider_identities = Table(  # who signs in by the OpenID provider, by what never changes of them there
    "provider_identities",
    metadata,
    Column("user_id", Id, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("issuer", String(500), nullable=False),
    Column("subject", String(255), nullable=False),
    UniqueConstraint("issuer", "subject"),
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
    Column("way", Text, nullable=False, server_default=""),
    Column("address", Text, nullable=False, server_default=""),
    Column("agent", Text, nullable=False, server_default=""),
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
        Column("last_used_at", Instant),
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
