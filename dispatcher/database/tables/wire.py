"""Where events are sent to, and every try."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from dispatcher.database.tables.metadata import Id, metadata, row_id
from dispatcher.database.types import Instant

webhooks = Table(
    "webhooks",
    metadata,
    row_id(),
    Column("url", Text, nullable=False),
    Column("creditor", String(100)),  # its key; null: every creditor's events
    Column(
        "nonce", String(64), nullable=False
    ),  # the secret is derived from it and a key outside of the database
    Column("created_at", Instant, nullable=False),
    Column("created_by", String(110), nullable=False),
    Column("ended_at", Instant),
    Column("position", BigInteger, nullable=False),  # of the last event that was taken, or passed over
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row, of the event that comes next
    Column("failing_since", Instant),
    Column("next_try_at", Instant),
)


webhook_tries = Table(
    "webhook_tries",
    metadata,
    row_id(),
    Column("webhook_id", Id, ForeignKey("webhooks.id"), nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("status", Integer),  # null: no answer
    Column("said", Text, nullable=False, server_default=""),
    Index("ix_webhook_tries_webhook_id", "webhook_id", "id"),
)
