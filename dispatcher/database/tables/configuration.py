"""The texts of the configuration that are kept on the pages, version by version."""

from sqlalchemy import Column, Integer, String, Table, Text

from dispatcher.database.tables.metadata import metadata
from dispatcher.database.types import Instant

config_versions = Table(
    "config_versions",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("state", String(12), nullable=False),
    Column("author", Text, nullable=False, server_default=""),
    Column("approver", Text, nullable=False, server_default=""),
    Column("comment", Text, nullable=False, server_default=""),
    Column("source", String(10), nullable=False, server_default="pages"),  # folder, pages
    Column("created_at", Instant, nullable=False),
    Column("submitted_at", Instant),
    Column("approved_at", Instant),
    Column("published_from", Instant),
    Column("retired_at", Instant),
    Column("revision", Integer, nullable=False, server_default="1"),
)
