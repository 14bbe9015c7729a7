"""The outbox: messages, their debts and their bytes."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

from dispatcher.database.tables.metadata import Id, metadata, row_id
from dispatcher.database.types import CanonicalJson, Instant

messages = Table(
    "messages",
    metadata,
    Column("id", String(36), primary_key=True),  # UUID version 7
    Column("run_id", Id, ForeignKey("runs.id")),
    Column("creditor_id", Id, ForeignKey("creditors.id"), nullable=False),
    Column("recipient_id", Id, ForeignKey("debtors.id"), nullable=False),  # who is written to
    Column("relation", String(20), nullable=False, server_default="debtor"),
    Column("as_of", Date, nullable=False),
    Column("strategy", String(100), nullable=False, server_default=""),
    Column("step", String(100), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("notice", String(30), nullable=False, server_default=""),  # which notice of the law it is
    Column("channel", String(10), nullable=False),
    Column("address", Text, nullable=False, server_default=""),  # e-mail or number; empty for a letter
    Column("contact_point_id", Id),
    Column("language", String(20), nullable=False, server_default=""),
    Column("template", String(100), nullable=False),
    Column("template_version", Integer),
    Column("currency", String(3), nullable=False, server_default=""),
    Column("balance_minor", BigInteger, nullable=False, server_default="0"),
    Column("days_past_due", Integer, nullable=False, server_default="0"),
    Column("segment", String(100), nullable=False, server_default=""),  # of the debt that leads, when planned
    Column("arm", String(100), nullable=False, server_default=""),  # of an experiment: `NAME: ARM`
    Column("zones", CanonicalJson, nullable=False, server_default="[]"),
    Column("state", String(12), nullable=False),
    Column("reasons", CanonicalJson, nullable=False, server_default="[]"),  # of the last decision
    Column("rule_packs", CanonicalJson, nullable=False, server_default="[]"),
    Column("not_before", Instant),  # first legal instant; null: at once
    Column("not_after", Instant),  # first instant no longer legal
    Column("expires_at", Instant, nullable=False),  # the step's validity
    Column("next_try_at", Instant),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("lease_owner", String(100)),
    Column("lease_until", Instant),  # real clock
    Column("inputs_digest", String(64), nullable=False, server_default=""),
    Column("content_sha256", String(64)),
    Column(
        "said", CanonicalJson, nullable=False, server_default="[]"
    ),  # sentences of the law that it holds, by name
    Column("envelope", CanonicalJson),  # subject, sender, postal address …: what the body does not hold
    Column("clearance", CanonicalJson),  # by what it may go without being judged again; null: it is judged
    Column("provider", String(20), nullable=False, server_default=""),
    Column("provider_id", Text, nullable=False, server_default=""),
    Column("personal_id", Id),  # personal values its log entries commit to
    Column("commitment", String(64), nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("held_owner", Text, nullable=False, server_default=""),
    Column("acknowledged_at", Instant),  # somebody has taken note that it failed, or was told that it expired
    Index(  # what is told until a person has decided; empty on a good day
        "ix_messages_left_open",
        "state",
        "as_of",
        sqlite_where=text("state IN ('held', 'unknown', 'failed', 'expired') AND acknowledged_at IS NULL"),
        postgresql_where=text(
            "state IN ('held', 'unknown', 'failed', 'expired') AND acknowledged_at IS NULL"
        ),
    ),
    Index("ix_messages_state_channel_not_before", "state", "channel", "not_before"),
    Index(  # what waits, by whose turn it is; empty when everything is sent
        "ix_messages_waiting",
        "channel",
        "creditor_id",
        "run_id",
        "id",
        sqlite_where=text("state IN ('queued', 'deferred')"),
        postgresql_where=text("state IN ('queued', 'deferred')"),
    ),
    Index("ix_messages_recipient_id_sent_at", "recipient_id", "sent_at"),
    Index(  # what reached a real provider: the newest is compared with the clock
        "ix_messages_live_sent_at",
        "sent_at",
        sqlite_where=text("provider NOT IN ('', 'folder')"),
        postgresql_where=text("provider NOT IN ('', 'folder')"),
    ),
    Index("ix_messages_run_id_state", "run_id", "state", "id"),  # in order of id: a plan is read page by page
    Index("ix_messages_provider_id", "provider_id"),
    Index("ix_messages_template", "template", "template_version"),
    Index(
        "ix_messages_lease_until",
        "lease_until",
        "channel",  # so that counting what is on its way reads nothing else
        sqlite_where=text("lease_until IS NOT NULL"),
        postgresql_where=text("lease_until IS NOT NULL"),
    ),
)


message_debts = Table(  # unique: no step fires twice for a debt and a recipient
    "message_debts",
    metadata,
    Column("message_id", String(36), ForeignKey("messages.id"), primary_key=True),
    Column("debt_id", Id, ForeignKey("debts.id"), primary_key=True),
    Column("strategy", String(100), nullable=False),
    Column("step", String(100), nullable=False),  # the debt's own; empty: its ladder did not move
    Column("day", Integer, nullable=False),  # of that step
    Column("recipient_id", Id, nullable=False),
    Column("occurrence", Integer, nullable=False, server_default="1"),
    Column("how", String(10), nullable=False, server_default="due"),  # due, new, listed, disputed
    Column("given_back", Boolean, nullable=False, server_default=false()),  # reached nobody: not fired
    Column("on_ladder", Boolean, nullable=False, server_default=true()),  # false: about an arrangement
    UniqueConstraint("debt_id", "strategy", "step", "recipient_id", "occurrence"),
)


contents = Table(  # exact bytes, stored once
    "contents",
    metadata,
    row_id(),  # the word index speaks of bodies by number
    Column("sha256", String(64), nullable=False, unique=True),
    Column("media_type", String(60), nullable=False),
    Column("encoding", String(10), nullable=False),  # zlib, identity, less-logo
    Column("size", Integer, nullable=False),
    Column("body", LargeBinary),  # null: erased
    Column("text", Text),  # plain reading text, for search and checks; null: erased
    Column("created_at", Instant, nullable=False),
    Column("erased_at", Instant),
    sqlite_autoincrement=True,
)
