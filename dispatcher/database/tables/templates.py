"""Templates and their versions."""

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text

from dispatcher.database.tables.metadata import metadata
from dispatcher.database.types import CanonicalJson, Instant

templates = Table(
    "templates",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("purpose", Text, nullable=False, server_default=""),
    Column("owner", Text, nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
)


template_versions = Table(
    "template_versions",
    metadata,
    Column("template", String(100), ForeignKey("templates.name"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("files", CanonicalJson, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("state", String(12), nullable=False),
    Column("author", Text, nullable=False, server_default=""),
    Column("approver", Text, nullable=False, server_default=""),
    Column("comment", Text, nullable=False, server_default=""),
    Column("source", String(10), nullable=False, server_default="pages"),  # packed, folder, pages
    Column("created_at", Instant, nullable=False),
    Column("submitted_at", Instant),
    Column("approved_at", Instant),
    Column("published_from", Instant),
    Column("retired_at", Instant),
    Column(
        "revision", Integer, nullable=False, server_default="1"
    ),  # raised at each save: two editors lose nothing
)
