"""Runs, the ladder and what was refused."""

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Integer, String, Table, Text

from dispatcher.database.tables.metadata import Id, metadata, row_id
from dispatcher.database.types import CanonicalJson, Instant

runs = Table(
    "runs",
    metadata,
    row_id(),
    Column("as_of", Date, nullable=False),
    Column("mode", String(10), nullable=False),  # live, simulated
    Column("state", String(12), nullable=False),  # planning, planned, held, finished, refused
    Column("started_at", Instant, nullable=False),  # business clock
    Column("finished_at", Instant),
    Column("real_started_at", Instant, nullable=False),
    Column("plan_digest", String(64), nullable=False, server_default=""),
    Column("config_digest", String(64), nullable=False, server_default=""),
    Column("summary", CanonicalJson, nullable=False, server_default="{}"),
    Column("actor", Text, nullable=False, server_default=""),
    Index("ix_runs_as_of", "as_of"),
)


ladder = Table(  # the step each debt has come to with each recipient: the fold of message_debts, for set-wise planning
    "ladder",
    metadata,
    Column("debt_id", Id, ForeignKey("debts.id"), primary_key=True),
    Column("recipient_id", Id, ForeignKey("debtors.id"), primary_key=True),
    Column("strategy", String(100), nullable=False),
    Column("step", String(100), nullable=False),
    Column("day", Integer, nullable=False),  # of that step
    Column(
        "anchor", Date, nullable=False
    ),  # as-of date of that step's message less its day: the ladder's own zero
    Column("message_id", String(36), nullable=False),
    Index("ix_ladder_step", "step", "anchor"),
)


resumptions = Table(  # rungs set by a broken arrangement: the ladder goes on from them
    "resumptions",
    metadata,
    Column("arrangement_id", Id, ForeignKey("arrangements.id"), primary_key=True),
    Column("debt_id", Id, ForeignKey("debts.id"), primary_key=True),
    Column("recipient_id", Id, ForeignKey("debtors.id"), primary_key=True),
    Column("strategy", String(100), nullable=False),
    Column("step", String(100), nullable=False),  # before the one that comes next; empty: a courtesy or none
    Column("day", Integer, nullable=False),
    Column("broken_on", Date, nullable=False),
)


rounds = Table(  # ladders that had ended and go on: from which rung, and the day of the step that comes next
    "rounds",
    metadata,
    Column("debt_id", Id, ForeignKey("debts.id"), primary_key=True),
    Column("recipient_id", Id, ForeignKey("debtors.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("strategy", String(100), nullable=False),
    Column("step", String(100), nullable=False),
    Column("day", Integer, nullable=False),
    Column("next_day", Integer, nullable=False),
    Column("begun_on", Date, nullable=False),
)


trial_entries = Table(  # who came into a trial whose arms have the step on several days, and when
    "trial_entries",
    metadata,
    Column("debt_id", Id, ForeignKey("debts.id"), primary_key=True),
    Column("recipient_id", Id, ForeignKey("debtors.id"), primary_key=True),
    Column("trial", String(100), primary_key=True),
    Column("arm", String(100), nullable=False),
    Column("at", Instant, nullable=False, index=True),
)


given_up_channels = Table(  # by which channels a person decided not to write about a step that was held
    "given_up_channels",
    metadata,
    Column("debt_id", Id, ForeignKey("debts.id"), primary_key=True),
    Column("recipient_id", Id, ForeignKey("debtors.id"), primary_key=True),
    Column("step", String(100), primary_key=True),
    Column("channel", String(10), primary_key=True),
    Column("given_up_on", Date, nullable=False),
)


refusals = Table(  # a refusal that repeats is one entry in the log until its reasons change
    "refusals",
    metadata,
    Column("debt_id", Id, ForeignKey("debts.id"), primary_key=True),
    Column("recipient_id", Id, ForeignKey("debtors.id"), primary_key=True),
    Column("strategy", String(100), primary_key=True),
    Column("step", String(100), primary_key=True),
    Column("reasons_digest", String(64), nullable=False),
    Column("first_run_id", Id, nullable=False),
    Column("last_run_id", Id, nullable=False),
    Column("count", Integer, nullable=False, server_default="1"),
    Column("reasons", CanonicalJson, nullable=False, server_default="[]"),
    Index("ix_refusals_recipient_id", "recipient_id"),
)


looked_plans = Table(  # a plan that was looked at and not stored as a run: everybody, a row a decision
    "looked_plans",
    metadata,
    Column("job_id", Id, ForeignKey("jobs.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("recipient_id", Id, ForeignKey("debtors.id"), nullable=False, index=True),
    Column("relation", String(20), nullable=False),
    Column("debts", Text, nullable=False),
    Column("strategy", String(100), nullable=False),
    Column("step", String(100), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("template", String(100), nullable=False),
    Column("channel", String(10), nullable=False),
    Column("decision", String(10), nullable=False),  # allow, defer, hold, block
    Column("not_before", Instant),
    Column("balance_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("reasons", CanonicalJson, nullable=False, server_default="[]"),
    Column("taken_out_by", Text, nullable=False, server_default=""),
)
