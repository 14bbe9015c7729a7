"""The tables, as SQLAlchemy Core knows them; `migrations/` brings a database to this shape."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

from dispatcher.database.types import CanonicalJson, Instant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts rows by itself only in a column called INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Column[int]:
    return Column("id", Id, primary_key=True, autoincrement=True)


def _where(condition: str) -> dict[str, Any]:
    """Make an index hold these rows alone."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


creditors = Table(
    "creditors",
    metadata,
    _id(),
    Column("key", String(100), nullable=False, unique=True),
    Column("ledger_as_of", Date),  # the day the ledger speaks of
    Column("ledger_imported_at", Instant),  # real clock: its age is judged by it
)

debtors = Table(
    "debtors",
    metadata,
    _id(),
    Column("person", String(32), nullable=False, unique=True),  # pseudonym that stands in the log
    Column("creditor_id", Id, ForeignKey("creditors.id"), nullable=False),
    Column("reference", String(200), nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("kind", String(10), nullable=False, server_default="person"),
    Column("language", String(20), nullable=False, server_default=""),
    Column("country", String(2), nullable=False, server_default=""),
    Column("region", String(20), nullable=False, server_default=""),
    Column("city", Text, nullable=False, server_default=""),
    Column("postal_code", String(20), nullable=False, server_default=""),
    Column("address_lines", CanonicalJson, nullable=False, server_default="[]"),
    Column("time_zone", String(64), nullable=False, server_default=""),
    Column("segment", String(100), nullable=False, server_default=""),
    Column("preferred_channel", String(10), nullable=False, server_default=""),
    Column("authorised_channels", CanonicalJson),  # null: nothing said; [] : none
    Column("represented_by", Text, nullable=False, server_default=""),
    Column("cease_received_on", Date),
    Column("bankrupt_on", Date),
    Column("deceased_on", Date),
    Column("breathing_space_until", Date),
    Column(
        "digest", String(32), nullable=False, server_default=""
    ),  # of the row: unchanged ones are not written
    Column("erased_at", Instant),
    UniqueConstraint("creditor_id", "reference"),
)

contact_points = Table(
    "contact_points",
    metadata,
    _id(),
    Column("debtor_id", Id, ForeignKey("debtors.id"), nullable=False),
    Column("medium", String(10), nullable=False),  # email, phone; a postal address stands with the debtor
    Column("address", Text, nullable=False),  # normalised: lower-case domain, E.164
    Column("label", String(10), nullable=False, server_default=""),  # home, mobile, work
    Column("consent_on", Date),
    Column("in_ledger", Boolean, nullable=False, server_default=true()),
    Column("closed_at", Instant),  # bounced for good, or returned
    Column("closed_reason", Text, nullable=False, server_default=""),
    UniqueConstraint("debtor_id", "medium", "address"),
    Index("ix_contact_points_address", "address"),
)

debts = Table(
    "debts",
    metadata,
    _id(),
    Column("creditor_id", Id, ForeignKey("creditors.id"), nullable=False),
    Column("debtor_id", Id, ForeignKey("debtors.id"), nullable=False),
    Column("reference", String(200), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("original_minor", BigInteger),
    Column("balance_minor", BigInteger, nullable=False),  # as the ledger says; negative: a credit note
    Column("paid_minor", BigInteger, nullable=False, server_default="0"),  # recorded here since that ledger
    Column("due_date", Date, nullable=False),
    Column("issued_on", Date),
    Column("settled_on", Date),
    Column("disputed_on", Date),
    Column("promise_date", Date),
    Column("promise_minor", BigInteger),
    Column("time_barred_on", Date),
    Column("notice_sent_on", Date),
    Column("handover_decided_on", Date),
    Column("sender_role", String(20), nullable=False, server_default=""),
    Column("debt_type", String(30), nullable=False, server_default=""),
    Column("extra", CanonicalJson, nullable=False, server_default="{}"),
    Column(
        "in_ledger", Boolean, nullable=False, server_default=true()
    ),  # false: vanished from a whole ledger
    Column("digest", String(32), nullable=False, server_default=""),
    UniqueConstraint("creditor_id", "reference"),
    Index("ix_debts_debtor_id", "debtor_id"),
    Index("ix_debts_due_date", "due_date"),
    Index(
        "ix_debts_credit",
        "debtor_id",
        sqlite_where=text("balance_minor < 0"),
        postgresql_where=text("balance_minor < 0"),
    ),
)

debt_parties = Table(  # the others who owe a debt; the debtor stands in the debt itself
    "debt_parties",
    metadata,
    Column("debt_id", Id, ForeignKey("debts.id"), primary_key=True),
    Column("debtor_id", Id, ForeignKey("debtors.id"), primary_key=True),
    Column("relation", String(20), nullable=False),  # joint_debtor, guarantor
    Index("ix_debt_parties_debtor_id", "debtor_id"),
)

payments = Table(
    "payments",
    metadata,
    _id(),
    Column("debt_id", Id, ForeignKey("debts.id"), nullable=False, index=True),
    Column("amount_minor", BigInteger, nullable=False),
    Column("paid_on", Date, nullable=False),
    Column("source", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("recorded_at", Instant, nullable=False),
    Column("absorbed_at", Instant),  # a later ledger's balance contains it
)

holds = Table(  # what keeps a person or a debt from being written to until something happens
    "holds",
    metadata,
    _id(),
    Column("debtor_id", Id, ForeignKey("debtors.id"), nullable=False, index=True),
    Column("debt_id", Id, ForeignKey("debts.id")),
    # dispute, promise, attorney, cease, refusal, bankruptcy, deceased, breathing_space,
    # original_creditor_request, not_in_ledger, unclear_reply, legal, manual
    Column("kind", String(40), nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("until", Date),
    Column("details", CanonicalJson, nullable=False, server_default="{}"),
    Column("source", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("recorded_at", Instant, nullable=False),
    Column("released_at", Instant),
    Column("released_why", Text, nullable=False, server_default=""),
)

wishes = Table(  # personal times, places and media; they only ever narrow
    "wishes",
    metadata,
    _id(),
    Column("debtor_id", Id, ForeignKey("debtors.id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),  # time, place, medium, language, workplace
    Column("details", CanonicalJson, nullable=False),
    Column("source", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("recorded_at", Instant, nullable=False),
    Column("until", Date),
    Column("released_at", Instant),
)

consents = Table(
    "consents",
    metadata,
    _id(),
    Column("debtor_id", Id, ForeignKey("debtors.id"), nullable=False, index=True),
    # contact, esign, call, email, sms, number_check, address_notice, other_hours
    Column("kind", String(30), nullable=False),
    Column("medium", String(10), nullable=False, server_default=""),
    Column("address", Text, nullable=False, server_default=""),
    Column("given_on", Date, nullable=False),
    Column("details", CanonicalJson, nullable=False, server_default="{}"),
    Column("source", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("recorded_at", Instant, nullable=False),
    Column("withdrawn_at", Instant),
)

notices = Table(  # notices the law wants before or beside a contact, sent by us or by others
    "notices",
    metadata,
    _id(),
    Column("debtor_id", Id, ForeignKey("debtors.id"), nullable=False, index=True),
    Column("debt_id", Id, ForeignKey("debts.id")),
    Column("kind", String(30), nullable=False),  # validation, first_written, transfer, verification …
    Column("sent_on", Date, nullable=False),
    Column("details", CanonicalJson, nullable=False, server_default="{}"),
    Column("source", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("recorded_at", Instant, nullable=False),
)

opt_outs = Table(  # an empty person, address or medium means any
    "opt_outs",
    metadata,
    _id(),
    Column("debtor_id", Id, ForeignKey("debtors.id"), index=True),
    Column("address", Text, nullable=False, server_default=""),
    Column("medium", String(10), nullable=False, server_default=""),  # email, sms, letter, call
    Column("scope", String(20), nullable=False, server_default=""),
    Column("at", Instant, nullable=False),
    Column("raw", Text, nullable=False, server_default=""),
    Column("source", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("revoked_at", Instant),
    Column("revoked_by", Text, nullable=False, server_default=""),
    Index("ix_opt_outs_address", "address"),
)

contacts = Table(  # made by others: the dialler, a letter by hand, a visit; and what the debtor sent us
    "contacts",
    metadata,
    _id(),
    Column("debtor_id", Id, ForeignKey("debtors.id"), nullable=False),
    Column("external_id", String(200)),  # the other system's: a file imported twice changes nothing
    Column("debts", CanonicalJson),  # references; null: all
    Column("at", Instant, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("direction", String(10), nullable=False, server_default="outbound"),
    Column("kind", String(30), nullable=False, server_default="collection"),
    Column("outcome", String(30), nullable=False, server_default=""),
    Column("address", Text, nullable=False, server_default=""),
    Column("details", CanonicalJson, nullable=False, server_default="{}"),
    Column("source", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("recorded_at", Instant, nullable=False),
    Index("ix_contacts_debtor_id_at", "debtor_id", "at"),
    UniqueConstraint("source", "external_id"),
)

runs = Table(
    "runs",
    metadata,
    _id(),
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

messages = Table(
    "messages",
    metadata,
    Column("id", String(36), primary_key=True),  # UUID version 7
    Column("run_id", Id, ForeignKey("runs.id")),
    Column("creditor_id", Id, ForeignKey("creditors.id"), nullable=False),
    Column("debtor_id", Id, ForeignKey("debtors.id"), nullable=False),  # who is written to
    Column("relation", String(20), nullable=False, server_default="debtor"),
    Column("as_of", Date, nullable=False),
    Column("strategy", String(100), nullable=False, server_default=""),
    Column("step", String(100), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("channel", String(10), nullable=False),
    Column("address", Text, nullable=False, server_default=""),  # e-mail or number; empty for a letter
    Column("contact_point_id", Id),
    Column("language", String(20), nullable=False, server_default=""),
    Column("template", String(100), nullable=False),
    Column("template_version", Integer),
    Column("currency", String(3), nullable=False, server_default=""),
    Column("balance_minor", BigInteger, nullable=False, server_default="0"),
    Column("days_past_due", Integer, nullable=False, server_default="0"),
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
    Column("envelope", CanonicalJson),  # subject, sender, postal address …: what the body does not hold
    Column("provider", String(20), nullable=False, server_default=""),
    Column("provider_id", Text, nullable=False, server_default=""),
    Column("personal_id", Id),  # personal values its log entries commit to
    Column("commitment", String(64), nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("held_owner", Text, nullable=False, server_default=""),
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
    Index("ix_messages_debtor_id_sent_at", "debtor_id", "sent_at"),
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
    Column("step", String(100), nullable=False),
    Column("day", Integer, nullable=False),  # of that step
    Column("debtor_id", Id, nullable=False),
    Column("occurrence", Integer, nullable=False, server_default="1"),
    Column("given_back", Boolean, nullable=False, server_default=false()),  # reached nobody: not fired
    UniqueConstraint("debt_id", "strategy", "step", "debtor_id", "occurrence"),
)

ladder = Table(  # the step each debt has come to with each recipient: the fold of message_debts, for set-wise planning
    "ladder",
    metadata,
    Column("debt_id", Id, ForeignKey("debts.id"), primary_key=True),
    Column("debtor_id", Id, ForeignKey("debtors.id"), primary_key=True),
    Column("strategy", String(100), nullable=False),
    Column("step", String(100), nullable=False),
    Column("day", Integer, nullable=False),  # of that step
    Column(
        "anchor", Date, nullable=False
    ),  # as-of date of that step's message less its day: the ladder's own zero
    Column("message_id", String(36), nullable=False),
)

refusals = Table(  # a refusal that repeats is one entry in the log until its reasons change
    "refusals",
    metadata,
    Column("debt_id", Id, ForeignKey("debts.id"), primary_key=True),
    Column("debtor_id", Id, ForeignKey("debtors.id"), primary_key=True),
    Column("strategy", String(100), primary_key=True),
    Column("step", String(100), primary_key=True),
    Column("reasons_digest", String(64), nullable=False),
    Column("first_run_id", Id, nullable=False),
    Column("last_run_id", Id, nullable=False),
    Column("count", Integer, nullable=False, server_default="1"),
    Column("reasons", CanonicalJson, nullable=False, server_default="[]"),
    Index("ix_refusals_debtor_id", "debtor_id"),
)

contents = Table(  # exact bytes, stored once
    "contents",
    metadata,
    _id(),  # the word index speaks of bodies by number
    Column("sha256", String(64), nullable=False, unique=True),
    Column("media_type", String(60), nullable=False),
    Column("encoding", String(10), nullable=False),  # zlib, identity
    Column("size", Integer, nullable=False),
    Column("body", LargeBinary),  # null: erased
    Column("text", Text),  # plain reading text, for search and checks; null: erased
    Column("created_at", Instant, nullable=False),
    Column("erased_at", Instant),
    sqlite_autoincrement=True,
)

attempts = Table(
    "attempts",
    metadata,
    Column("message_id", String(36), ForeignKey("messages.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("began_at", Instant, nullable=False),  # business clock
    Column("real_began_at", Instant, nullable=False),
    Column("worker", String(100), nullable=False, server_default=""),
    Column("provider", String(20), nullable=False),
    Column("content_sha256", String(64), nullable=False),
    Column("outcome", String(12)),  # accepted, rejected, try_later, unknown; null: began and not ended
    Column("ended_at", Instant),
    Column("provider_id", Text, nullable=False, server_default=""),
    Column("code", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
)

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
        Index("ix_log_entries_run_id", "run_id", "facet", "at", "id", **_where("run_id IS NOT NULL")),
        Index("ix_log_entries_person", "person", "at", "id", **_where("person IS NOT NULL")),
        Index("ix_log_entries_message_id", "message_id", "id", **_where("message_id IS NOT NULL")),
        Index("ix_log_entries_body_sha256", "body_sha256", **_where("body_sha256 IS NOT NULL")),
        # personal values of nobody we know: those of a person are found through the person
        Index(
            "ix_log_entries_stranger", "personal_id", **_where("person IS NULL AND personal_id IS NOT NULL")
        ),
        sqlite_autoincrement=True,  # an id given once never comes back
    )
)

log_facets = Table(  # event, channel, creditor, template, rules … that entries have in common; derived
    "log_facets",
    metadata,
    _id(),
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

users = Table(
    "users",
    metadata,
    _id(),
    Column("name", String(100), nullable=False, unique=True),
    Column("email", Text, nullable=False, server_default=""),
    Column("password_hash", Text, nullable=False),
    Column("roles", CanonicalJson, nullable=False),
    Column("disabled_at", Instant),
    Column("failed_sign_ins", Integer, nullable=False, server_default="0"),
    Column("locked_until", Instant),
    Column("created_at", Instant, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("user_id", Id, ForeignKey("users.id"), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

api_tokens = (
    Table(  # bearers of the API, each with its user's roles; the token itself is shown once and not kept
        "api_tokens",
        metadata,
        _id(),
        Column("user_id", Id, ForeignKey("users.id"), nullable=False, index=True),
        Column("name", String(100), nullable=False),
        Column("token_sha256", String(64), nullable=False, unique=True),
        Column("created_at", Instant, nullable=False),
        Column("expires_at", Instant, nullable=False),
        Column("revoked_at", Instant),
    )
)

idempotency_keys = (
    Table(  # answers to the API's POSTs, so that a repeat under the same key gets the same answer
        "idempotency_keys",
        metadata,
        Column("user_id", Id, ForeignKey("users.id"), primary_key=True),
        Column("key", String(200), primary_key=True),
        Column("request_sha256", String(64), nullable=False),
        Column("status", Integer),  # null: the first request has begun and not ended
        Column("body", CanonicalJson),
        Column("created_at", Instant, nullable=False),
    )
)

jobs = (
    Table(  # long work begun on a page, to be left and found again: exports, verification, template reports
        "jobs",
        metadata,
        _id(),
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

stops = Table(
    "stops",
    metadata,
    _id(),
    Column("scope", String(10), nullable=False),  # all, creditor, channel, template, pack
    Column("name", String(100), nullable=False, server_default=""),
    Column("why", Text, nullable=False),
    Column("stopped_by", Text, nullable=False),
    Column("stopped_at", Instant, nullable=False),
    Column("resumed_by", Text, nullable=False, server_default=""),
    Column("resumed_at", Instant),
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

provider_events = Table(  # what webhooks and receipts brought, once each
    "provider_events",
    metadata,
    Column("provider", String(20), primary_key=True),
    Column("event_id", String(300), primary_key=True),
    Column("message_id", String(36), index=True),
    Column("kind", String(20), nullable=False),
    Column("at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("raw", CanonicalJson, nullable=False),
)

tasks = Table(  # what needs a person: unclear replies, unknown ends, reviews
    "tasks",
    metadata,
    _id(),
    Column("kind", String(30), nullable=False),
    Column("debtor_id", Id, index=True),
    Column("message_id", String(36)),
    Column("text", Text, nullable=False, server_default=""),
    Column("details", CanonicalJson, nullable=False, server_default="{}"),
    Column("owner", Text, nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
    Column("done_at", Instant),
    Column("done_by", Text, nullable=False, server_default=""),
    Column("outcome", Text, nullable=False, server_default=""),
    Index("ix_tasks_done_at_kind", "done_at", "kind"),
)

marks = Table(  # single values the program must remember: newest live send, instance id
    "marks",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", CanonicalJson, nullable=False),
)

__all__ = [name for name, value in list(globals().items()) if isinstance(value, Table)]
