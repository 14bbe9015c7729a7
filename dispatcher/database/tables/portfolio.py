"""The ledger: creditors, debtors, debts, who owes them, payments."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
    true,
)

from dispatcher.database.tables.metadata import Id, metadata, row_id, rows_where
from dispatcher.database.types import CanonicalJson, Instant

creditors = Table(
    "creditors",
    metadata,
    row_id(),
    Column("key", String(100), nullable=False, unique=True),
    Column("ledger_as_of", Date),  # the day the ledger speaks of
    Column("ledger_imported_at", Instant),  # real clock: its age is judged by it
)


debtors = Table(
    "debtors",
    metadata,
    row_id(),
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
    Column("ledger_segment", String(100), nullable=False, server_default=""),
    Column("preferred_channel", String(10), nullable=False, server_default=""),
    Column("authorised_channels", CanonicalJson),  # null: nothing said; [] : none
    Column("represented_by", Text, nullable=False, server_default=""),
    Column("cease_received_on", Date),
    Column("bankrupt_on", Date),
    Column("deceased_on", Date),
    Column("breathing_space_until", Date),
    Column("birth_date", Date),
    Column(
        "access_code", Text, nullable=False, server_default=""
    ),  # what proves the debtor on their own page
    Column("reference_key", String(200), nullable=False, server_default=""),  # as spellings are compared
    Column(
        "digest", String(32), nullable=False, server_default=""
    ),  # of the row: unchanged ones are not written
    Column("erased_at", Instant),
    UniqueConstraint("creditor_id", "reference"),
    Index("ix_debtors_reference_key", "creditor_id", "reference_key"),
)


contact_points = Table(
    "contact_points",
    metadata,
    row_id(),
    Column("debtor_id", Id, ForeignKey("debtors.id"), nullable=False),
    Column("medium", String(10), nullable=False),  # email, phone; a postal address stands with the debtor
    Column("address", Text, nullable=False),  # normalised: lower-case domain, E.164
    Column("label", String(10), nullable=False, server_default=""),  # home, mobile, work
    Column("consent_on", Date),
    Column("in_ledger", Boolean, nullable=False, server_default=true()),
    Column("closed_at", Instant),  # bounced for good, or returned
    Column("closed_reason", Text, nullable=False, server_default=""),
    Column("stand_in", Text, nullable=False, server_default=""),  # why it is nobody's own, such as noemail@
    UniqueConstraint("debtor_id", "medium", "address"),
)
# One mailbox in whatever case: opt-outs, suppressions and look-alikes compare by it.
Index("ix_contact_points_mailbox", func.lower(contact_points.c.address))


debts = Table(
    "debts",
    metadata,
    row_id(),
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
    Column("balance_as_of", Date),  # the day of the ledger that named it last
    Column("reference_key", String(200), nullable=False, server_default=""),
    Column("digest", String(32), nullable=False, server_default=""),
    UniqueConstraint("creditor_id", "reference"),
    Index("ix_debts_reference_key", "creditor_id", "reference_key"),
    Index("ix_debts_debtor_id", "debtor_id"),
    Index("ix_debts_due_date", "due_date"),
    Index(
        "ix_debts_credit",
        "debtor_id",
        sqlite_where=text("balance_minor < 0"),
        postgresql_where=text("balance_minor < 0"),
    ),
)
Index("ix_debts_time_barred_on", debts.c.time_barred_on, **rows_where("time_barred_on IS NOT NULL"))


ledgers = Table(  # every file that was brought in for a creditor, with what it was compared by
    "ledgers",
    metadata,
    row_id(),
    Column("creditor_id", Id, ForeignKey("creditors.id"), nullable=False),
    Column("mapping", String(100), nullable=False, server_default=""),
    Column("file", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("imported_at", Instant, nullable=False),
    Column("state", String(10), nullable=False),  # imported, refused
    Column("profile", CanonicalJson, nullable=False, server_default="{}"),
    Column("findings", CanonicalJson, nullable=False, server_default="[]"),
    Column("accepted", CanonicalJson, nullable=False, server_default="{}"),  # finding -> why it was meant
    Column("actor", Text, nullable=False, server_default=""),
    Index("ix_ledgers_creditor_id", "creditor_id", "mapping", "id"),
)


mappings = Table(  # how a foreign file is read, as operators made it; the newest row of a name counts
    "mappings",
    metadata,
    row_id(),
    Column("name", String(100), nullable=False),
    Column("text", Text, nullable=False),  # YAML, of the form of config/mappings
    Column("saved_by", Text, nullable=False),
    Column("saved_at", Instant, nullable=False),
    Index("ix_mappings_name", "name", "id"),
)


uploads = Table(  # ledgers handed in on a page; the file lies on the host until it is imported or dropped
    "uploads",
    metadata,
    row_id(),
    Column("file", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("host", String(200), nullable=False),
    Column("owner", String(100), nullable=False),
    Column("uploaded_at", Instant, nullable=False),
    Column("state", String(10), nullable=False),  # open, imported, dropped
    Column("choices", CanonicalJson, nullable=False),  # the mapping, the day, what is accepted
    Column("check_job", Id),  # the dry run of exactly these choices
    Column("import_job", Id),
    Index("ix_uploads_uploaded_at", "uploaded_at"),
)


balance_falls = Table(  # what a ledger showed to have come in, less payments recorded here that it absorbed
    "balance_falls",
    metadata,
    row_id(),
    Column("debt_id", Id, ForeignKey("debts.id"), nullable=False, index=True),
    Column("day", Date, nullable=False),  # the ledger's own, or that of the settling it names
    Column("minor", BigInteger, nullable=False),
    Column("read_at", Instant, nullable=False),
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
    row_id(),
    Column("debt_id", Id, ForeignKey("debts.id"), nullable=False, index=True),
    Column("amount_minor", BigInteger, nullable=False),
    Column("paid_on", Date, nullable=False),
    Column("source", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("recorded_at", Instant, nullable=False),
    Column("absorbed_at", Instant),  # a later ledger's balance contains it
    Column("split_of", Id),  # the first part, where one payment paid several debts
    Column("reversed_at", Instant),  # it was taken back: it counts nowhere
    Column("reversed_why", Text, nullable=False, server_default=""),
    Column("external_id", String(200)),  # the creditor's own; the parts of one payment share it
    Column("creditor_id", Id),  # beside an `external_id` alone, whose it is
)
Index("ix_payments_split_of", payments.c.split_of, **rows_where("split_of IS NOT NULL"))
Index(
    "payments_external_id",
    payments.c.creditor_id,
    payments.c.external_id,
    unique=True,
    **rows_where("split_of IS NULL AND external_id IS NOT NULL"),
)
