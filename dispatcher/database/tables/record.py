"""The seals."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from dispatcher.database.tables.metadata import Id, metadata
from dispatcher.database.types import Instant

seals = Table(
    "seals",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sealed_at", Instant, nullable=False),
    Column("first_position", BigInteger, nullable=False),
    Column("last_position", BigInteger, nullable=False),
    Column("root", String(64), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("body", Text, nullable=False),  # canonical JSON that is signed
    Column("hash", String(64), nullable=False),
    Column("signature", String(128), nullable=False),
)


sealed_entries = Table(  # the definite order, given by the sealer
    "sealed_entries",
    metadata,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("entry_id", Id, ForeignKey("log_entries.id"), nullable=False, unique=True),
    Column("seal", Integer, nullable=False),
    Column("leaf", String(64), nullable=False),
    Index("ix_sealed_entries_seal", "seal"),
)


seal_stamps = Table(  # what an authority said of a seal (RFC 3161); without an answer: it was asked in vain
    "seal_stamps",
    metadata,
    Column("number", Integer, ForeignKey("seals.number"), primary_key=True, autoincrement=False),
    Column("authority", String(200), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("problem", Text, nullable=False),
    Column("stamped_at", Instant),
    Column("answer", LargeBinary),
)
