"""Calls that somebody should make: the tasks, and which step of which debt each serves."""

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from dispatcher.database.tables.metadata import Id, metadata, row_id, rows_where
from dispatcher.database.types import CanonicalJson, Instant

calls = Table(
    "calls",
    metadata,
    row_id(),
    Column("debtor_id", Id, ForeignKey("debtors.id"), nullable=False, index=True),
    Column("strategy", String(100), nullable=False),
    Column("step", String(100), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("segment", String(100), nullable=False, server_default=""),  # of the oldest debt, when planned
    Column("state", String(12), nullable=False),  # open, reserved, made, refused, expired
    Column("address", Text, nullable=False, server_default=""),  # the number; empty once erased
    Column("tries", Integer, nullable=False, server_default="0"),  # that reached nobody
    Column("next_try_at", Instant),
    Column("expires_at", Instant, nullable=False),  # of the task
    Column("holder", Text, nullable=False, server_default=""),  # who has it: a person, or the dialler
    Column("reserved_at", Instant),
    Column("valid_until", Instant),  # of the reservation
    Column("contact_id", Id),  # the contact that keeps its place in all caps
    Column("made_contact_id", Id),  # the contact that the newest try was
    Column("lapsed_until", Instant),  # of the dialler's newest reservation that ended without an outcome
    Column("outcome", String(30), nullable=False, server_default=""),
    Column("reasons", CanonicalJson, nullable=False, server_default="[]"),  # why it is refused
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("recalled_at", Instant),  # told to the dialler that it is refused
    Index("ix_calls_open", "state", "expires_at", **rows_where("state IN ('open', 'reserved')")),
)


call_debts = Table(  # unique: a step asks for one call a debt; a call that was never made gives it back
    "call_debts",
    metadata,
    Column("call_id", Id, ForeignKey("calls.id"), primary_key=True),
    Column("debt_id", Id, ForeignKey("debts.id"), primary_key=True),
    Column("strategy", String(100), nullable=False),
    Column("step", String(100), nullable=False),
    Column("occurrence", Integer, nullable=False, server_default="1"),
    Column("day", Integer, nullable=False, server_default="0"),  # of that step
    Column("done_on", Date),  # the day on which the step counts as done; null: it moves no ladder
    UniqueConstraint("debt_id", "strategy", "step", "occurrence"),
)
