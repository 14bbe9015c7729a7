"""What was offered, agreed and handed over, and which messages followed."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    true,
)

from dispatcher.database.tables.metadata import Id, metadata, row_id, rows_where
from dispatcher.database.types import CanonicalJson, Instant

arrangements = Table(
    "arrangements",
    metadata,
    row_id(),
    Column("creditor_id", Id, ForeignKey("creditors.id"), nullable=False),
    Column("debtor_id", Id, ForeignKey("debtors.id"), nullable=False, index=True),  # who agreed first
    Column("kind", String(12), nullable=False),  # promise, plan, settlement
    Column("state", String(12), nullable=False),  # the fold's cache: active, kept, broken; or a person's word
    Column("since", Date),  # the day it was kept, broken, cancelled or replaced
    Column("currency", String(3), nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("agreed_on", Date, nullable=False),
    Column("agreed_at", Instant, nullable=False),
    Column("pauses_until", Date),  # null: until it ends
    Column(
        "strategy", String(100), nullable=False, server_default=""
    ),  # its follow-ups are the arrangement's
    Column("terms", CanonicalJson, nullable=False, server_default="{}"),  # how it is watched, by which offer
    # The ledger and the payments it was agreed by: {"payments": id, "debts": {debt: {day, balance, before}}}
    Column("base", CanonicalJson, nullable=False, server_default="{}"),
    Column("told", CanonicalJson, nullable=False, server_default="[]"),  # events that stand in the log
    Column("actor", Text, nullable=False, server_default=""),
    Column("source", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("recorded_at", Instant, nullable=False),
    Column("replaces_id", Id, ForeignKey("arrangements.id")),
    Column("ended_why", Text, nullable=False, server_default=""),
    Column("resumed_at", Instant),  # the ladder of its debts goes on after a break
    Index("ix_arrangements_active", "creditor_id", **rows_where("state = 'active'")),
    Index("ix_arrangements_state", "state", "since"),
)


arrangement_debts = Table(
    "arrangement_debts",
    metadata,
    Column("arrangement_id", Id, ForeignKey("arrangements.id"), primary_key=True),
    Column("debt_id", Id, ForeignKey("debts.id"), primary_key=True),
    Column("is_open", Boolean, nullable=False, server_default=true()),
    Index("ix_arrangement_debts_debt_id", "debt_id"),
    Index("uq_arrangement_debts_open", "debt_id", unique=True, **rows_where("is_open")),
)


arrangement_parties = Table(  # who agreed, and so gets its messages; it pauses for all who owe
    "arrangement_parties",
    metadata,
    Column("arrangement_id", Id, ForeignKey("arrangements.id"), primary_key=True),
    Column("debtor_id", Id, ForeignKey("debtors.id"), primary_key=True),
    Index("ix_arrangement_parties_debtor_id", "debtor_id"),
)


instalments = Table(  # `paid` and below are the fold's cache
    "instalments",
    metadata,
    Column("arrangement_id", Id, ForeignKey("arrangements.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("due_on", Date, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("paid_minor", BigInteger, nullable=False, server_default="0"),
    Column("paid_on", Date),
    Column("missed_on", Date),
    Index("ix_instalments_due_on", "due_on"),
)


sent_offers = (
    Table(  # what a message, or a call, offered with its terms, so that its numbers mean what was said
        "sent_offers",
        metadata,
        row_id(),
        Column("message_id", String(36), ForeignKey("messages.id"), unique=True),
        Column("debtor_id", Id, ForeignKey("debtors.id"), nullable=False, index=True),
        Column("offered_on", Date, nullable=False),
        Column("valid_until", Date, nullable=False),
        Column("currency", String(3), nullable=False),
        Column("total_minor", BigInteger, nullable=False),
        Column("debts", CanonicalJson, nullable=False),  # ids
        Column("plans", CanonicalJson, nullable=False),
        Column("settlements", CanonicalJson, nullable=False),
        Column("base", CanonicalJson, nullable=False),
        Column(
            "contact_id", Id
        ),  # the call; one that was never made is withdrawn, and nothing was offered on it
        CheckConstraint("(message_id IS NULL) <> (contact_id IS NULL)", name="ck_sent_offers_said_once"),
    )
)


follow_ups = Table(  # once only, and outside the ladder's fold
    "follow_ups",
    metadata,
    Column("message_id", String(36), ForeignKey("messages.id"), primary_key=True),
    Column("arrangement_id", Id, ForeignKey("arrangements.id"), nullable=False),
    Column("event", String(20), nullable=False),
    Column("instalment", Integer, nullable=False),  # 0: the whole
    Column("name", String(100), nullable=False),
    Column("recipient_id", Id, nullable=False),
    Column("attempt", Integer, nullable=False, server_default="1"),
    UniqueConstraint("arrangement_id", "event", "instalment", "name", "recipient_id", "attempt"),
)


ledger_balances = Table(  # what each ledger said of a debt that an arrangement stands or stood on
    "ledger_balances",
    metadata,
    Column("debt_id", Id, ForeignKey("debts.id"), primary_key=True),
    Column("day", Date, primary_key=True),  # the ledger's own
    Column("balance_minor", BigInteger, nullable=False),
    Column("read_at", Instant, nullable=False),
)


handovers = Table(
    "handovers",
    metadata,
    row_id(),
    Column("debt_id", Id, ForeignKey("debts.id"), nullable=False, index=True),
    Column(
        "state", String(12), nullable=False
    ),  # proposed, decided, notified, handed_over, refused, withdrawn
    Column("why", Text, nullable=False, server_default=""),  # what proposed it
    Column("proposed_on", Date, nullable=False),
    Column("decided_on", Date),
    Column("decided_by", CanonicalJson, nullable=False, server_default="[]"),
    Column("notified_on", Date),  # the day of the final notice that went out
    Column("hand_over_on", Date),  # the day that it names: not before
    Column("exported_at", Instant),
    Column("ended_on", Date),
    Column("note", Text, nullable=False, server_default=""),
    Column("recorded_at", Instant, nullable=False),
    Index(
        "uq_handovers_open",
        "debt_id",
        unique=True,
        **rows_where("state NOT IN ('refused', 'withdrawn')"),
    ),
)
