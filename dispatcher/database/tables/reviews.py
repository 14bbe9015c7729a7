"""What counsel has read: a rule pack or the answer about a place, each as it read on that day."""

from sqlalchemy import Column, Index, String, Table, Text

from dispatcher.database.tables.metadata import metadata, row_id
from dispatcher.database.types import Instant

law_reviews = Table(
    "law_reviews",
    metadata,
    row_id(),
    Column("kind", String(10), nullable=False),  # pack, place
    Column("name", String(100), nullable=False),
    Column("digest", String(64), nullable=False),  # of the very text that was read
    Column("note", Text, nullable=False, server_default=""),
    Column("reviewed_by", Text, nullable=False),
    Column("reviewed_at", Instant, nullable=False),
    Column("ended_by", Text, nullable=False, server_default=""),
    Column("ended_at", Instant),
    Column("ended_why", Text, nullable=False, server_default=""),
    Index("ix_law_reviews_kind_name", "kind", "name"),
)
