"""What is kept of delivering: attempts, stops, what providers told, tasks."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from dispatcher.database.tables.metadata import Id, metadata, row_id
from dispatcher.database.types import CanonicalJson, Instant

attempts = Table(
    "attempts",
    metadata,
    Column("message_id", String(36), ForeignKey("messages.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("began_at", Instant, nullable=False),  # business clock
    Column("real_began_at", Instant, nullable=False),
    Column("worker", String(100), nullable=False, server_default=""),
    Column("provider", String(20), nullable=False),
    Column("content_sha256", String(64), nullable=False),
    Column("outcome", String(12)),  # accepted, rejected, try_later, unknown; null: began and not ended
    Column("ended_at", Instant),
    Column("provider_id", Text, nullable=False, server_default=""),
    Column("code", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
)


stops = Table(
    "stops",
    metadata,
    row_id(),
    Column("scope", String(10), nullable=False),  # all, creditor, channel, template, pack
    Column("name", String(100), nullable=False, server_default=""),
    Column("why", Text, nullable=False),
    Column("stopped_by", Text, nullable=False),
    Column("stopped_at", Instant, nullable=False),
    Column("resumed_by", Text, nullable=False, server_default=""),
    Column("resumed_at", Instant),
)


provider_events = Table(  # what webhooks and receipts brought, once each
    "provider_events",
    metadata,
    Column("provider", String(20), primary_key=True),
    Column("event_id", String(300), primary_key=True),
    Column("message_id", String(36), index=True),
    Column("kind", String(20), nullable=False),
    Column("at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("raw", CanonicalJson, nullable=False),
)


provider_wishes = (
    Table(  # which opt-outs a provider was told of, so that each is told once and taken back once
        "provider_wishes",
        metadata,
        Column("provider", String(20), primary_key=True),
        Column("opt_out_id", Id, ForeignKey("opt_outs.id"), primary_key=True),
        Column("told_at", Instant, nullable=False),
        Column("taken_back_at", Instant),
    )
)


tasks = Table(  # what needs a person: unclear replies, unknown ends, reviews
    "tasks",
    metadata,
    row_id(),
    Column("kind", String(30), nullable=False),
    Column("debtor_id", Id, index=True),
    Column("message_id", String(36)),
    Column("text", Text, nullable=False, server_default=""),
    Column("details", CanonicalJson, nullable=False, server_default="{}"),
    Column("owner", Text, nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
    Column("done_at", Instant),
    Column("done_by", Text, nullable=False, server_default=""),
    Column("outcome", Text, nullable=False, server_default=""),
    Index("ix_tasks_done_at_kind", "done_at", "kind"),
)
