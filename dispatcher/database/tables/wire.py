"""Where events are sent to, and every try; what papers a creditor provides about a debt."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from dispatcher.database.tables.metadata import Id, metadata, row_id, rows_where
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


debt_documents = Table(  # by link: the papers themselves stay with their creditor
    "debt_documents",
    metadata,
    row_id(),
    Column("debt_id", Id, ForeignKey("debts.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("title", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("sha256", String(64)),
    Column("external_id", String(200)),  # the creditor's own: sent twice it is one
    Column("added_at", Instant, nullable=False),
    Column("added_by", String(110), nullable=False),
    Column("withdrawn_at", Instant),
    Column("withdrawn_why", Text, nullable=False, server_default=""),
    Index("ix_debt_documents_debt_id", "debt_id"),
    Index(
        "debt_documents_external_id", "debt_id", "external_id", unique=True,
        **rows_where("external_id IS NOT NULL"),
    ),
)  # fmt: skip
