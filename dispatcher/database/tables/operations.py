"""What the machinery remembers: jobs, leases, fires, marks."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from dispatcher.database.tables.metadata import metadata, row_id
from dispatcher.database.types import CanonicalJson, Instant

jobs = (
    Table(  # long work begun on a page, to be left and found again: exports, verification, template reports
        "jobs",
        metadata,
        row_id(),
        Column("kind", String(30), nullable=False),
        Column("owner", String(100), nullable=False),  # the user who began it and may fetch what it made
        Column("host", String(200), nullable=False, server_default=""),  # where its file lies
        Column("details", CanonicalJson, nullable=False, server_default="{}"),
        Column("state", String(12), nullable=False),  # running, done, failed
        Column("done", Integer, nullable=False, server_default="0"),
        Column("total", Integer, nullable=False, server_default="0"),
        Column("result", CanonicalJson, nullable=False, server_default="{}"),
        Column("created_at", Instant, nullable=False),
        Column("seen_at", Instant, nullable=False),  # real clock: a running job not seen for long has died
        Column("finished_at", Instant),
        Index("ix_jobs_owner_id", "owner", "id"),
    )
)


leases = Table(  # one holder at a time; real clock
    "leases",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("owner", String(100), nullable=False),
    Column("until", Instant, nullable=False),
    Column("details", CanonicalJson, nullable=False, server_default="{}"),
)


fires = Table(  # every fire of a schedule, once
    "fires",
    metadata,
    Column("schedule", String(100), primary_key=True),
    Column("fire_at", Instant, primary_key=True),
    Column("owner", String(100), nullable=False),
    Column("state", String(12), nullable=False),  # running, done, failed, skipped
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("note", Text, nullable=False, server_default=""),
)


marks = Table(  # single values the program must remember: newest live send, instance id
    "marks",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", CanonicalJson, nullable=False),
)
