"""The delivery log and the personal values beside it."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from dispatcher.database.tables.metadata import Id, metadata, row_id, rows_where
from dispatcher.database.types import CanonicalJson, Instant

log_entries = (
    Table(  # append-only; `entry` is the canonical JSON that is sealed, the columns repeat it to search by
        "log_entries",
        metadata,
        Column("id", Id, primary_key=True, autoincrement=True),  # order of writing, not of sealing
        Column("at", Instant, nullable=False),
        Column("event", String(40), nullable=False),
        Column("run_id", Id),
        Column("message_id", String(36)),
        Column("person", String(32)),
        Column("creditor", String(100)),
        Column("channel", String(10)),
        Column("personal_id", Id),
        Column("body_sha256", String(64)),
        Column("entry", Text, nullable=False),
        # what an entry shares with many others stands in `log_facets`: one index serves every such filter
        Column("facet", BigInteger, nullable=False),
        # those that pages are read from end in (at, id): newest first without sorting
        Index("ix_log_entries_facet", "facet", "at", "id"),
        Index("ix_log_entries_at", "at", "id"),
        Index("ix_log_entries_run_id", "run_id", "facet", "at", "id", **rows_where("run_id IS NOT NULL")),
        Index("ix_log_entries_person", "person", "at", "id", **rows_where("person IS NOT NULL")),
        Index("ix_log_entries_message_id", "message_id", "id", **rows_where("message_id IS NOT NULL")),
        Index("ix_log_entries_body_sha256", "body_sha256", **rows_where("body_sha256 IS NOT NULL")),
        # personal values of nobody we know: those of a person are found through the person
        Index(
            "ix_log_entries_stranger",
            "personal_id",
            **rows_where("person IS NULL AND personal_id IS NOT NULL"),
        ),
        sqlite_autoincrement=True,  # an id given once never comes back
    )
)


log_facets = Table(  # event, channel, creditor, template, rules … that entries have in common; derived
    "log_facets",
    metadata,
    row_id(),
    Column(
        "facet", BigInteger, nullable=False, index=True
    ),  # not unique: writers must not wait for each other
    Column("event", String(40), nullable=False),
    Column("channel", String(10)),
    Column("creditor", String(100)),
    Column("template", String(100)),
    Column("template_version", Integer),
    Column("of_message", Boolean, nullable=False),
    Column("with_body", Boolean, nullable=False),
    Column("terms", CanonicalJson, nullable=False),  # `rule:…`, `approver:…`, `actor:…`
)


personal_values = Table(  # erasable; entries hold only the salted commitment
    "personal_values",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("person", String(32)),
    Column("salt", String(32), nullable=False),
    Column("address", Text),  # repeated from the values, to search by
    Column("values", CanonicalJson, nullable=False),  # debtor, debts, address …
    Index("ix_personal_values_person", "person"),
    Index("ix_personal_values_address", "address"),
    sqlite_autoincrement=True,  # an id given once never comes back
)
