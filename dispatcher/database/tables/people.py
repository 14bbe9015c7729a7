"""What is recorded of people: holds, wishes, consents, notices, opt-outs, contacts, and which records are one human."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from dispatcher.database.tables.metadata import Id, metadata, row_id
from dispatcher.database.types import CanonicalJson, Instant

holds = Table(  # what keeps a person or a debt from being written to until something happens
    "holds",
    metadata,
    row_id(),
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
    row_id(),
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
    row_id(),
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


affordability = Table(  # income and spending as a debtor stated them, of their own accord; the newest counts
    "affordability",
    metadata,
    row_id(),
    Column("debtor_id", Id, ForeignKey("debtors.id"), nullable=False, index=True),
    Column("stated_on", Date, nullable=False),
    Column("details", CanonicalJson, nullable=False, server_default="{}"),
    Column("source", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("recorded_at", Instant, nullable=False),
    Column("released_at", Instant),
)


notices = Table(  # notices the law wants before or beside a contact, sent by us or by others
    "notices",
    metadata,
    row_id(),
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
    row_id(),
    Column("debtor_id", Id, ForeignKey("debtors.id"), index=True),
    Column("address", Text, nullable=False, server_default=""),  # as it is compared: in lower case
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
    row_id(),
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


facts_versions = Table(  # how often what is on file changed, raised by triggers (database/facts_versions.py)
    "facts_versions",
    metadata,
    # A debtor's id; a creditor's, less than 0; 0: what concerns everybody. No row is the version 0.
    Column("subject", Id, primary_key=True, autoincrement=False),
    Column("part", String(30), primary_key=True),  # the table that was written
    Column("version", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)


page_tries = Table(  # wrong answers on a debtor's own page, over all links of the person
    "page_tries",
    metadata,
    Column("debtor_id", Id, ForeignKey("debtors.id"), primary_key=True),
    Column("tries", Integer, nullable=False),  # since the last right one
    Column("closed_at", Instant),  # too many, or a person's word
)


page_visits = Table(  # debtors on their own page, proved; the cookie itself is not kept
    "page_visits",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("debtor_id", Id, ForeignKey("debtors.id"), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
)


person_links = Table(  # two records that are, or may be, one human; what a person decided of them stands
    "person_links",
    metadata,
    row_id(),
    Column("debtor_id", Id, ForeignKey("debtors.id"), nullable=False),  # the older record
    Column("other_id", Id, ForeignKey("debtors.id"), nullable=False, index=True),
    Column("state", String(10), nullable=False),  # sure, likely; by a person: confirmed, refused
    Column("agrees", CanonicalJson, nullable=False, server_default="[]"),  # name, address, mailbox …
    Column("found_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", Text, nullable=False, server_default=""),
    UniqueConstraint("debtor_id", "other_id"),
)


humans = Table(  # records that are one human, folded from the links; who stands here not at all is alone
    "humans",
    metadata,
    Column("debtor_id", Id, ForeignKey("debtors.id"), primary_key=True),
    Column("human", Id, nullable=False, index=True),  # the oldest of the records
)


care_notes = Table(  # why somebody is in care, and what they said: for few to read, and kept for less long
    "care_notes",
    metadata,
    row_id(),
    Column("debtor_id", Id, ForeignKey("debtors.id"), index=True),
    Column("category", String(20), nullable=False),  # self_harm, distress, vulnerability
    Column("words", Text, nullable=False, server_default=""),
    Column("source", Text, nullable=False, server_default=""),
    Column("recorded_at", Instant, nullable=False),
    Column("alerted_at", Instant),  # the desk was told at once
)


handlers = Table(  # who of the desk handles people, under which name messages give them, and who stands in
    "handlers",
    metadata,
    Column("user", String(100), primary_key=True),
    Column("shown_as", Text, nullable=False),
    Column("deputy", String(100), nullable=False, server_default=""),
    Column("away_from", Date),
    Column("away_until", Date),
    Column("set_by", Text, nullable=False),
    Column("set_at", Instant, nullable=False),
)


handler_rules = Table(  # whom each handles, asked in order; an empty part asks nothing
    "handler_rules",
    metadata,
    row_id(),
    Column("handler", String(100), ForeignKey("handlers.user"), nullable=False),
    Column("creditor", String(100), nullable=False, server_default=""),
    Column("country", String(2), nullable=False, server_default=""),
    Column("from_letter", String(1), nullable=False, server_default=""),
    Column("to_letter", String(1), nullable=False, server_default=""),
    Column("made_by", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", Text, nullable=False, server_default=""),
)


debtor_handlers = Table(  # who handles somebody by a person's word, before any rule
    "debtor_handlers",
    metadata,
    Column("debtor_id", Id, ForeignKey("debtors.id"), primary_key=True),
    Column("handler", String(100), ForeignKey("handlers.user"), nullable=False),
    Column("why", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_at", Instant, nullable=False),
)
