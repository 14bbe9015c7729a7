"""What went out wrong, whom it reached, and what put it right."""

from sqlalchemy import Boolean, Column, ForeignKey, String, Table, Text, false

from dispatcher.database.tables.metadata import Id, metadata, row_id
from dispatcher.database.types import Instant

incidents = Table(
    "incidents",
    metadata,
    row_id(),
    Column("cause", String(10), nullable=False),  # template, run, ledger, pack
    Column("name", String(150), nullable=False),
    Column("creditor", String(100), nullable=False, server_default=""),
    Column("why", Text, nullable=False),
    Column("aware_at", Instant, nullable=False),  # the breach clock starts here
    Column("is_breach", Boolean, nullable=False, server_default=false()),
    Column("opened_by", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("template", String(100), nullable=False, server_default=""),  # the corrective one
    Column("corrected_by", Text, nullable=False, server_default=""),
    Column("corrected_at", Instant),
    Column("closed_by", Text, nullable=False, server_default=""),
    Column("closed_at", Instant),
    Column("outcome", Text, nullable=False, server_default=""),
)


incident_messages = Table(  # every message that is concerned, as it was found when somebody looked
    "incident_messages",
    metadata,
    Column("incident_id", Id, ForeignKey("incidents.id"), primary_key=True),
    Column("message_id", String(36), ForeignKey("messages.id"), primary_key=True),
    Column("correction_id", String(36), ForeignKey("messages.id")),
    Column("not_corrected", Text, nullable=False, server_default=""),  # why nothing puts it right
)
