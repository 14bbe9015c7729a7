"""The first shape of the database."""

from typing import Any

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = BigInteger().with_variant(Integer(), "sqlite")
INSTANT = DateTime(timezone=True)
JSON = Text()


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def upgrade() -> None:
    _templates_and_users()
    _ledger()
    _people()
    _planning()
    _messages()
    _delivery()
    _log()
    _operations()
    _word_index()


def _templates_and_users() -> None:
    op.create_table(
        "templates",
        Column("name", String(100), nullable=False),
        Column("purpose", Text(), server_default="", nullable=False),
        Column("owner", Text(), server_default="", nullable=False),
        Column("created_at", INSTANT, nullable=False),
        PrimaryKeyConstraint("name", name="pk_templates"),
    )
    op.create_table(
        "template_versions",
        Column("template", String(100), nullable=False),
        Column("version", Integer(), nullable=False),
        Column("files", JSON, nullable=False),
        Column("digest", String(64), nullable=False),
        Column("state", String(12), nullable=False),
        Column("author", Text(), server_default="", nullable=False),
        Column("approver", Text(), server_default="", nullable=False),
        Column("comment", Text(), server_default="", nullable=False),
        Column("source", String(10), server_default="pages", nullable=False),
        Column("created_at", INSTANT, nullable=False),
        Column("submitted_at", INSTANT),
        Column("approved_at", INSTANT),
        Column("published_from", INSTANT),
        Column("retired_at", INSTANT),
        Column("revision", Integer(), server_default="1", nullable=False),
        ForeignKeyConstraint(["template"], ["templates.name"], name="fk_template_versions_template"),
        PrimaryKeyConstraint("template", "version", name="pk_template_versions"),
    )
    op.create_table(
        "users",
        Column("id", ID, nullable=False),
        Column("name", String(100), nullable=False),
        Column("email", Text(), server_default="", nullable=False),
        Column("password_hash", Text(), nullable=False),
        Column("roles", JSON, nullable=False),
        Column("disabled_at", INSTANT),
        Column("failed_sign_ins", Integer(), server_default="0", nullable=False),
        Column("locked_until", INSTANT),
        Column("created_at", INSTANT, nullable=False),
        PrimaryKeyConstraint("id", name="pk_users"),
        UniqueConstraint("name", name="uq_users_name"),
    )
    op.create_table(
        "sessions",
        Column("token_sha256", String(64), nullable=False),
        Column("user_id", ID, nullable=False),
        Column("csrf", String(64), nullable=False),
        Column("created_at", INSTANT, nullable=False),
        Column("seen_at", INSTANT, nullable=False),
        Column("expires_at", INSTANT, nullable=False),
        Column("revoked_at", INSTANT),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id"),
        PrimaryKeyConstraint("token_sha256", name="pk_sessions"),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_table(
        "api_tokens",
        Column("id", ID, nullable=False),
        Column("user_id", ID, nullable=False),
        Column("name", String(100), nullable=False),
        Column("token_sha256", String(64), nullable=False),
        Column("created_at", INSTANT, nullable=False),
        Column("expires_at", INSTANT, nullable=False),
        Column("revoked_at", INSTANT),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_api_tokens_user_id"),
        PrimaryKeyConstraint("id", name="pk_api_tokens"),
        UniqueConstraint("token_sha256", name="uq_api_tokens_token_sha256"),
    )
    op.create_index("ix_api_tokens_user_id", "api_tokens", ["user_id"])
    op.create_table(
        "idempotency_keys",
        Column("user_id", ID, nullable=False),
        Column("key", String(200), nullable=False),
        Column("request_sha256", String(64), nullable=False),
        Column("status", Integer()),
        Column("body", JSON),
        Column("created_at", INSTANT, nullable=False),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_idempotency_keys_user_id"),
        PrimaryKeyConstraint("user_id", "key", name="pk_idempotency_keys"),
    )


def _ledger() -> None:
    op.create_table(
        "creditors",
        Column("id", ID, nullable=False),
        Column("key", String(100), nullable=False),
        Column("ledger_as_of", Date()),
        Column("ledger_imported_at", INSTANT),
        PrimaryKeyConstraint("id", name="pk_creditors"),
        UniqueConstraint("key", name="uq_creditors_key"),
    )
    op.create_table(
        "debtors",
        Column("id", ID, nullable=False),
        Column("person", String(32), nullable=False),
        Column("creditor_id", ID, nullable=False),
        Column("reference", String(200), nullable=False),
        Column("name", Text(), server_default="", nullable=False),
        Column("kind", String(10), server_default="person", nullable=False),
        Column("language", String(20), server_default="", nullable=False),
        Column("country", String(2), server_default="", nullable=False),
        Column("region", String(20), server_default="", nullable=False),
        Column("city", Text(), server_default="", nullable=False),
        Column("postal_code", String(20), server_default="", nullable=False),
        Column("address_lines", JSON, server_default="[]", nullable=False),
        Column("time_zone", String(64), server_default="", nullable=False),
        Column("segment", String(100), server_default="", nullable=False),
        Column("preferred_channel", String(10), server_default="", nullable=False),
        Column("authorised_channels", JSON),
        Column("represented_by", Text(), server_default="", nullable=False),
        Column("cease_received_on", Date()),
        Column("bankrupt_on", Date()),
        Column("deceased_on", Date()),
        Column("breathing_space_until", Date()),
        Column("digest", String(32), server_default="", nullable=False),
        Column("erased_at", INSTANT),
        ForeignKeyConstraint(["creditor_id"], ["creditors.id"], name="fk_debtors_creditor_id"),
        PrimaryKeyConstraint("id", name="pk_debtors"),
        UniqueConstraint("creditor_id", "reference", name="uq_debtors_creditor_id_reference"),
        UniqueConstraint("person", name="uq_debtors_person"),
    )
    op.create_table(
        "contact_points",
        Column("id", ID, nullable=False),
        Column("debtor_id", ID, nullable=False),
        Column("medium", String(10), nullable=False),
        Column("address", Text(), nullable=False),
        Column("label", String(10), server_default="", nullable=False),
        Column("consent_on", Date()),
        Column("in_ledger", Boolean(), server_default=true(), nullable=False),
        Column("closed_at", INSTANT),
        Column("closed_reason", Text(), server_default="", nullable=False),
        ForeignKeyConstraint(["debtor_id"], ["debtors.id"], name="fk_contact_points_debtor_id"),
        PrimaryKeyConstraint("id", name="pk_contact_points"),
        UniqueConstraint("debtor_id", "medium", "address", name="uq_contact_points_debtor_id_medium_address"),
    )
    op.create_index("ix_contact_points_address", "contact_points", ["address"])
    op.create_table(
        "debts",
        Column("id", ID, nullable=False),
        Column("creditor_id", ID, nullable=False),
        Column("debtor_id", ID, nullable=False),
        Column("reference", String(200), nullable=False),
        Column("currency", String(3), nullable=False),
        Column("original_minor", BigInteger()),
        Column("balance_minor", BigInteger(), nullable=False),
        Column("paid_minor", BigInteger(), server_default="0", nullable=False),
        Column("due_date", Date(), nullable=False),
        Column("issued_on", Date()),
        Column("settled_on", Date()),
        Column("disputed_on", Date()),
        Column("promise_date", Date()),
        Column("promise_minor", BigInteger()),
        Column("time_barred_on", Date()),
        Column("notice_sent_on", Date()),
        Column("handover_decided_on", Date()),
        Column("sender_role", String(20), server_default="", nullable=False),
        Column("debt_type", String(30), server_default="", nullable=False),
        Column("extra", JSON, server_default="{}", nullable=False),
        Column("in_ledger", Boolean(), server_default=true(), nullable=False),
        Column("digest", String(32), server_default="", nullable=False),
        ForeignKeyConstraint(["creditor_id"], ["creditors.id"], name="fk_debts_creditor_id"),
        ForeignKeyConstraint(["debtor_id"], ["debtors.id"], name="fk_debts_debtor_id"),
        PrimaryKeyConstraint("id", name="pk_debts"),
        UniqueConstraint("creditor_id", "reference", name="uq_debts_creditor_id_reference"),
    )
    op.create_index("ix_debts_credit", "debts", ["debtor_id"], **_where("balance_minor < 0"))
    op.create_index("ix_debts_debtor_id", "debts", ["debtor_id"])
    op.create_index("ix_debts_due_date", "debts", ["due_date"])
    op.create_table(
        "debt_parties",
        Column("debt_id", ID, nullable=False),
        Column("debtor_id", ID, nullable=False),
        Column("relation", String(20), nullable=False),
        ForeignKeyConstraint(["debt_id"], ["debts.id"], name="fk_debt_parties_debt_id"),
        ForeignKeyConstraint(["debtor_id"], ["debtors.id"], name="fk_debt_parties_debtor_id"),
        PrimaryKeyConstraint("debt_id", "debtor_id", name="pk_debt_parties"),
    )
    op.create_index("ix_debt_parties_debtor_id", "debt_parties", ["debtor_id"])
    op.create_table(
        "payments",
        Column("id", ID, nullable=False),
        Column("debt_id", ID, nullable=False),
        Column("amount_minor", BigInteger(), nullable=False),
        Column("paid_on", Date(), nullable=False),
        Column("source", Text(), server_default="", nullable=False),
        Column("note", Text(), server_default="", nullable=False),
        Column("recorded_at", INSTANT, nullable=False),
        Column("absorbed_at", INSTANT),
        ForeignKeyConstraint(["debt_id"], ["debts.id"], name="fk_payments_debt_id"),
        PrimaryKeyConstraint("id", name="pk_payments"),
    )
    op.create_index("ix_payments_debt_id", "payments", ["debt_id"])


def _people() -> None:
    op.create_table(
        "holds",
        Column("id", ID, nullable=False),
        Column("debtor_id", ID, nullable=False),
        Column("debt_id", ID),
        Column("kind", String(40), nullable=False),
        Column("starts_on", Date(), nullable=False),
        Column("until", Date()),
        Column("details", JSON, server_default="{}", nullable=False),
        Column("source", Text(), server_default="", nullable=False),
        Column("note", Text(), server_default="", nullable=False),
        Column("recorded_at", INSTANT, nullable=False),
        Column("released_at", INSTANT),
        Column("released_why", Text(), server_default="", nullable=False),
        ForeignKeyConstraint(["debt_id"], ["debts.id"], name="fk_holds_debt_id"),
        ForeignKeyConstraint(["debtor_id"], ["debtors.id"], name="fk_holds_debtor_id"),
        PrimaryKeyConstraint("id", name="pk_holds"),
    )
    op.create_index("ix_holds_debtor_id", "holds", ["debtor_id"])
    op.create_table(
        "wishes",
        Column("id", ID, nullable=False),
        Column("debtor_id", ID, nullable=False),
        Column("kind", String(20), nullable=False),
        Column("details", JSON, nullable=False),
        Column("source", Text(), server_default="", nullable=False),
        Column("note", Text(), server_default="", nullable=False),
        Column("recorded_at", INSTANT, nullable=False),
        Column("until", Date()),
        Column("released_at", INSTANT),
        ForeignKeyConstraint(["debtor_id"], ["debtors.id"], name="fk_wishes_debtor_id"),
        PrimaryKeyConstraint("id", name="pk_wishes"),
    )
    op.create_index("ix_wishes_debtor_id", "wishes", ["debtor_id"])
    op.create_table(
        "consents",
        Column("id", ID, nullable=False),
        Column("debtor_id", ID, nullable=False),
        Column("kind", String(30), nullable=False),
        Column("medium", String(10), server_default="", nullable=False),
        Column("address", Text(), server_default="", nullable=False),
        Column("given_on", Date(), nullable=False),
        Column("details", JSON, server_default="{}", nullable=False),
        Column("source", Text(), server_default="", nullable=False),
        Column("note", Text(), server_default="", nullable=False),
        Column("recorded_at", INSTANT, nullable=False),
        Column("withdrawn_at", INSTANT),
        ForeignKeyConstraint(["debtor_id"], ["debtors.id"], name="fk_consents_debtor_id"),
        PrimaryKeyConstraint("id", name="pk_consents"),
    )
    op.create_index("ix_consents_debtor_id", "consents", ["debtor_id"])
    op.create_table(
        "notices",
        Column("id", ID, nullable=False),
        Column("debtor_id", ID, nullable=False),
        Column("debt_id", ID),
        Column("kind", String(30), nullable=False),
        Column("sent_on", Date(), nullable=False),
        Column("details", JSON, server_default="{}", nullable=False),
        Column("source", Text(), server_default="", nullable=False),
        Column("note", Text(), server_default="", nullable=False),
        Column("recorded_at", INSTANT, nullable=False),
        ForeignKeyConstraint(["debt_id"], ["debts.id"], name="fk_notices_debt_id"),
        ForeignKeyConstraint(["debtor_id"], ["debtors.id"], name="fk_notices_debtor_id"),
        PrimaryKeyConstraint("id", name="pk_notices"),
    )
    op.create_index("ix_notices_debtor_id", "notices", ["debtor_id"])
    op.create_table(
        "opt_outs",
        Column("id", ID, nullable=False),
        Column("debtor_id", ID),
        Column("address", Text(), server_default="", nullable=False),
        Column("medium", String(10), server_default="", nullable=False),
        Column("scope", String(20), server_default="", nullable=False),
        Column("at", INSTANT, nullable=False),
        Column("raw", Text(), server_default="", nullable=False),
        Column("source", Text(), server_default="", nullable=False),
        Column("note", Text(), server_default="", nullable=False),
        Column("revoked_at", INSTANT),
        Column("revoked_by", Text(), server_default="", nullable=False),
        ForeignKeyConstraint(["debtor_id"], ["debtors.id"], name="fk_opt_outs_debtor_id"),
        PrimaryKeyConstraint("id", name="pk_opt_outs"),
    )
    op.create_index("ix_opt_outs_address", "opt_outs", ["address"])
    op.create_index("ix_opt_outs_debtor_id", "opt_outs", ["debtor_id"])
    op.create_table(
        "contacts",
        Column("id", ID, nullable=False),
        Column("debtor_id", ID, nullable=False),
        Column("external_id", String(200)),
        Column("debts", JSON),
        Column("at", INSTANT, nullable=False),
        Column("channel", String(20), nullable=False),
        Column("direction", String(10), server_default="outbound", nullable=False),
        Column("kind", String(30), server_default="collection", nullable=False),
        Column("outcome", String(30), server_default="", nullable=False),
        Column("address", Text(), server_default="", nullable=False),
        Column("details", JSON, server_default="{}", nullable=False),
        Column("source", Text(), server_default="", nullable=False),
        Column("note", Text(), server_default="", nullable=False),
        Column("recorded_at", INSTANT, nullable=False),
        ForeignKeyConstraint(["debtor_id"], ["debtors.id"], name="fk_contacts_debtor_id"),
        PrimaryKeyConstraint("id", name="pk_contacts"),
        UniqueConstraint("source", "external_id", name="uq_contacts_source_external_id"),
    )
    op.create_index("ix_contacts_debtor_id_at", "contacts", ["debtor_id", "at"])


def _planning() -> None:
    op.create_table(
        "runs",
        Column("id", ID, nullable=False),
        Column("as_of", Date(), nullable=False),
        Column("mode", String(10), nullable=False),
        Column("state", String(12), nullable=False),
        Column("started_at", INSTANT, nullable=False),
        Column("finished_at", INSTANT),
        Column("real_started_at", INSTANT, nullable=False),
        Column("plan_digest", String(64), server_default="", nullable=False),
        Column("config_digest", String(64), server_default="", nullable=False),
        Column("summary", JSON, server_default="{}", nullable=False),
        Column("actor", Text(), server_default="", nullable=False),
        PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_as_of", "runs", ["as_of"])
    op.create_table(
        "ladder",
        Column("debt_id", ID, nullable=False),
        Column("debtor_id", ID, nullable=False),
        Column("strategy", String(100), nullable=False),
        Column("step", String(100), nullable=False),
        Column("day", Integer(), nullable=False),
        Column("anchor", Date(), nullable=False),
        Column("message_id", String(36), nullable=False),
        ForeignKeyConstraint(["debt_id"], ["debts.id"], name="fk_ladder_debt_id"),
        ForeignKeyConstraint(["debtor_id"], ["debtors.id"], name="fk_ladder_debtor_id"),
        PrimaryKeyConstraint("debt_id", "debtor_id", name="pk_ladder"),
    )
    op.create_table(
        "refusals",
        Column("debt_id", ID, nullable=False),
        Column("debtor_id", ID, nullable=False),
        Column("strategy", String(100), nullable=False),
        Column("step", String(100), nullable=False),
        Column("reasons_digest", String(64), nullable=False),
        Column("first_run_id", ID, nullable=False),
        Column("last_run_id", ID, nullable=False),
        Column("count", Integer(), server_default="1", nullable=False),
        Column("reasons", JSON, server_default="[]", nullable=False),
        ForeignKeyConstraint(["debt_id"], ["debts.id"], name="fk_refusals_debt_id"),
        ForeignKeyConstraint(["debtor_id"], ["debtors.id"], name="fk_refusals_debtor_id"),
        PrimaryKeyConstraint("debt_id", "debtor_id", "strategy", "step", name="pk_refusals"),
    )
    op.create_index("ix_refusals_debtor_id", "refusals", ["debtor_id"])


def _messages() -> None:
    op.create_table(
        "messages",
        Column("id", String(36), nullable=False),
        Column("run_id", ID),
        Column("creditor_id", ID, nullable=False),
        Column("debtor_id", ID, nullable=False),
        Column("relation", String(20), server_default="debtor", nullable=False),
        Column("as_of", Date(), nullable=False),
        Column("strategy", String(100), server_default="", nullable=False),
        Column("step", String(100), nullable=False),
        Column("kind", String(30), nullable=False),
        Column("channel", String(10), nullable=False),
        Column("address", Text(), server_default="", nullable=False),
        Column("contact_point_id", ID),
        Column("language", String(20), server_default="", nullable=False),
        Column("template", String(100), nullable=False),
        Column("template_version", Integer()),
        Column("currency", String(3), server_default="", nullable=False),
        Column("balance_minor", BigInteger(), server_default="0", nullable=False),
        Column("days_past_due", Integer(), server_default="0", nullable=False),
        Column("zones", JSON, server_default="[]", nullable=False),
        Column("state", String(12), nullable=False),
        Column("reasons", JSON, server_default="[]", nullable=False),
        Column("rule_packs", JSON, server_default="[]", nullable=False),
        Column("not_before", INSTANT),
        Column("not_after", INSTANT),
        Column("expires_at", INSTANT, nullable=False),
        Column("next_try_at", INSTANT),
        Column("attempts", Integer(), server_default="0", nullable=False),
        Column("lease_owner", String(100)),
        Column("lease_until", INSTANT),
        Column("inputs_digest", String(64), server_default="", nullable=False),
        Column("content_sha256", String(64)),
        Column("envelope", JSON),
        Column("provider", String(20), server_default="", nullable=False),
        Column("provider_id", Text(), server_default="", nullable=False),
        Column("personal_id", ID),
        Column("commitment", String(64), server_default="", nullable=False),
        Column("created_at", INSTANT, nullable=False),
        Column("updated_at", INSTANT, nullable=False),
        Column("sent_at", INSTANT),
        Column("held_owner", Text(), server_default="", nullable=False),
        ForeignKeyConstraint(["creditor_id"], ["creditors.id"], name="fk_messages_creditor_id"),
        ForeignKeyConstraint(["debtor_id"], ["debtors.id"], name="fk_messages_debtor_id"),
        ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_messages_run_id"),
        PrimaryKeyConstraint("id", name="pk_messages"),
    )
    op.create_index("ix_messages_debtor_id_sent_at", "messages", ["debtor_id", "sent_at"])
    op.create_index(
        "ix_messages_lease_until", "messages", ["lease_until", "channel"], **_where("lease_until IS NOT NULL")
    )
    op.create_index(
        "ix_messages_live_sent_at", "messages", ["sent_at"], **_where("provider NOT IN ('', 'folder')")
    )
    op.create_index("ix_messages_provider_id", "messages", ["provider_id"])
    op.create_index("ix_messages_run_id_state", "messages", ["run_id", "state", "id"])
    op.create_index("ix_messages_state_channel_not_before", "messages", ["state", "channel", "not_before"])
    op.create_index("ix_messages_template", "messages", ["template", "template_version"])
    op.create_index(
        "ix_messages_waiting",
        "messages",
        ["channel", "creditor_id", "run_id", "id"],
        **_where("state IN ('queued', 'deferred')"),
    )
    op.create_table(
        "message_debts",
        Column("message_id", String(36), nullable=False),
        Column("debt_id", ID, nullable=False),
        Column("strategy", String(100), nullable=False),
        Column("step", String(100), nullable=False),
        Column("day", Integer(), nullable=False),
        Column("debtor_id", ID, nullable=False),
        Column("occurrence", Integer(), server_default="1", nullable=False),
        Column("given_back", Boolean(), server_default=false(), nullable=False),
        ForeignKeyConstraint(["debt_id"], ["debts.id"], name="fk_message_debts_debt_id"),
        ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_message_debts_message_id"),
        PrimaryKeyConstraint("message_id", "debt_id", name="pk_message_debts"),
        UniqueConstraint(
            "debt_id",
            "strategy",
            "step",
            "debtor_id",
            "occurrence",
            name="uq_message_debts_debt_id_strategy_step_debtor_id_occurrence",
        ),
    )
    op.create_table(
        "contents",
        Column("id", ID, nullable=False),
        Column("sha256", String(64), nullable=False),
        Column("media_type", String(60), nullable=False),
        Column("encoding", String(10), nullable=False),
        Column("size", Integer(), nullable=False),
        Column("body", LargeBinary()),
        Column("text", Text()),
        Column("created_at", INSTANT, nullable=False),
        Column("erased_at", INSTANT),
        PrimaryKeyConstraint("id", name="pk_contents"),
        UniqueConstraint("sha256", name="uq_contents_sha256"),
        sqlite_autoincrement=True,
    )


def _delivery() -> None:
    op.create_table(
        "attempts",
        Column("message_id", String(36), nullable=False),
        Column("number", Integer(), nullable=False),
        Column("began_at", INSTANT, nullable=False),
        Column("real_began_at", INSTANT, nullable=False),
        Column("worker", String(100), server_default="", nullable=False),
        Column("provider", String(20), nullable=False),
        Column("content_sha256", String(64), nullable=False),
        Column("outcome", String(12)),
        Column("ended_at", INSTANT),
        Column("provider_id", Text(), server_default="", nullable=False),
        Column("code", Text(), server_default="", nullable=False),
        Column("reason", Text(), server_default="", nullable=False),
        ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_attempts_message_id"),
        PrimaryKeyConstraint("message_id", "number", name="pk_attempts"),
    )
    op.create_table(
        "stops",
        Column("id", ID, nullable=False),
        Column("scope", String(10), nullable=False),
        Column("name", String(100), server_default="", nullable=False),
        Column("why", Text(), nullable=False),
        Column("stopped_by", Text(), nullable=False),
        Column("stopped_at", INSTANT, nullable=False),
        Column("resumed_by", Text(), server_default="", nullable=False),
        Column("resumed_at", INSTANT),
        PrimaryKeyConstraint("id", name="pk_stops"),
    )
    op.create_table(
        "provider_events",
        Column("provider", String(20), nullable=False),
        Column("event_id", String(300), nullable=False),
        Column("message_id", String(36)),
        Column("kind", String(20), nullable=False),
        Column("at", INSTANT, nullable=False),
        Column("received_at", INSTANT, nullable=False),
        Column("raw", JSON, nullable=False),
        PrimaryKeyConstraint("provider", "event_id", name="pk_provider_events"),
    )
    op.create_index("ix_provider_events_message_id", "provider_events", ["message_id"])
    op.create_table(
        "tasks",
        Column("id", ID, nullable=False),
        Column("kind", String(30), nullable=False),
        Column("debtor_id", ID),
        Column("message_id", String(36)),
        Column("text", Text(), server_default="", nullable=False),
        Column("details", JSON, server_default="{}", nullable=False),
        Column("owner", Text(), server_default="", nullable=False),
        Column("created_at", INSTANT, nullable=False),
        Column("done_at", INSTANT),
        Column("done_by", Text(), server_default="", nullable=False),
        Column("outcome", Text(), server_default="", nullable=False),
        PrimaryKeyConstraint("id", name="pk_tasks"),
    )
    op.create_index("ix_tasks_debtor_id", "tasks", ["debtor_id"])
    op.create_index("ix_tasks_done_at_kind", "tasks", ["done_at", "kind"])


def _log() -> None:
    op.create_table(
        "log_entries",
        Column("id", ID, nullable=False),
        Column("at", INSTANT, nullable=False),
        Column("event", String(40), nullable=False),
        Column("run_id", ID),
        Column("message_id", String(36)),
        Column("person", String(32)),
        Column("creditor", String(100)),
        Column("channel", String(10)),
        Column("personal_id", ID),
        Column("body_sha256", String(64)),
        Column("entry", Text(), nullable=False),
        Column("facet", BigInteger(), nullable=False),
        PrimaryKeyConstraint("id", name="pk_log_entries"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_log_entries_at", "log_entries", ["at", "id"])
    op.create_index(
        "ix_log_entries_body_sha256", "log_entries", ["body_sha256"], **_where("body_sha256 IS NOT NULL")
    )
    op.create_index("ix_log_entries_facet", "log_entries", ["facet", "at", "id"])
    op.create_index(
        "ix_log_entries_message_id", "log_entries", ["message_id", "id"], **_where("message_id IS NOT NULL")
    )
    op.create_index(
        "ix_log_entries_person", "log_entries", ["person", "at", "id"], **_where("person IS NOT NULL")
    )
    op.create_index(
        "ix_log_entries_run_id",
        "log_entries",
        ["run_id", "facet", "at", "id"],
        **_where("run_id IS NOT NULL"),
    )
    op.create_index(
        "ix_log_entries_stranger",
        "log_entries",
        ["personal_id"],
        **_where("person IS NULL AND personal_id IS NOT NULL"),
    )
    op.create_table(
        "log_facets",
        Column("id", ID, nullable=False),
        Column("facet", BigInteger(), nullable=False),
        Column("event", String(40), nullable=False),
        Column("channel", String(10)),
        Column("creditor", String(100)),
        Column("template", String(100)),
        Column("template_version", Integer()),
        Column("of_message", Boolean(), nullable=False),
        Column("with_body", Boolean(), nullable=False),
        Column("terms", JSON, nullable=False),
        PrimaryKeyConstraint("id", name="pk_log_facets"),
    )
    op.create_index("ix_log_facets_facet", "log_facets", ["facet"])
    op.create_table(
        "personal_values",
        Column("id", ID, nullable=False),
        Column("person", String(32)),
        Column("salt", String(32), nullable=False),
        Column("address", Text()),
        Column("values", JSON, nullable=False),
        PrimaryKeyConstraint("id", name="pk_personal_values"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_personal_values_address", "personal_values", ["address"])
    op.create_index("ix_personal_values_person", "personal_values", ["person"])
    op.create_table(
        "seals",
        Column("number", Integer(), autoincrement=False, nullable=False),
        Column("sealed_at", INSTANT, nullable=False),
        Column("first_position", BigInteger(), nullable=False),
        Column("last_position", BigInteger(), nullable=False),
        Column("root", String(64), nullable=False),
        Column("previous", String(64), nullable=False),
        Column("key_id", String(64), nullable=False),
        Column("body", Text(), nullable=False),
        Column("hash", String(64), nullable=False),
        Column("signature", String(128), nullable=False),
        PrimaryKeyConstraint("number", name="pk_seals"),
    )
    op.create_table(
        "sealed_entries",
        Column("position", ID, autoincrement=False, nullable=False),
        Column("entry_id", ID, nullable=False),
        Column("seal", Integer(), nullable=False),
        Column("leaf", String(64), nullable=False),
        ForeignKeyConstraint(["entry_id"], ["log_entries.id"], name="fk_sealed_entries_entry_id"),
        PrimaryKeyConstraint("position", name="pk_sealed_entries"),
        UniqueConstraint("entry_id", name="uq_sealed_entries_entry_id"),
    )
    op.create_index("ix_sealed_entries_seal", "sealed_entries", ["seal"])


def _operations() -> None:
    op.create_table(
        "jobs",
        Column("id", ID, nullable=False),
        Column("kind", String(30), nullable=False),
        Column("owner", String(100), nullable=False),
        Column("host", String(200), server_default="", nullable=False),
        Column("details", JSON, server_default="{}", nullable=False),
        Column("state", String(12), nullable=False),
        Column("done", Integer(), server_default="0", nullable=False),
        Column("total", Integer(), server_default="0", nullable=False),
        Column("result", JSON, server_default="{}", nullable=False),
        Column("created_at", INSTANT, nullable=False),
        Column("seen_at", INSTANT, nullable=False),
        Column("finished_at", INSTANT),
        PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_owner_id", "jobs", ["owner", "id"])
    op.create_table(
        "leases",
        Column("name", String(100), nullable=False),
        Column("owner", String(100), nullable=False),
        Column("until", INSTANT, nullable=False),
        Column("details", JSON, server_default="{}", nullable=False),
        PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.create_table(
        "fires",
        Column("schedule", String(100), nullable=False),
        Column("fire_at", INSTANT, nullable=False),
        Column("owner", String(100), nullable=False),
        Column("state", String(12), nullable=False),
        Column("started_at", INSTANT, nullable=False),
        Column("finished_at", INSTANT),
        Column("note", Text(), server_default="", nullable=False),
        PrimaryKeyConstraint("schedule", "fire_at", name="pk_fires"),
    )
    op.create_table(
        "marks",
        Column("name", String(100), nullable=False),
        Column("value", JSON, nullable=False),
        PrimaryKeyConstraint("name", name="pk_marks"),
    )


def _word_index() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE TABLE content_words (content_id bigint PRIMARY KEY, words tsvector NOT NULL)")
        op.execute("CREATE INDEX ix_content_words_words ON content_words USING gin (words)")
    else:
        # contentless: the words stand in contents.text already
        op.execute("CREATE VIRTUAL TABLE content_words USING fts5(words, content='', tokenize='unicode61')")
