"""Keep what each ledger looked like, how old each balance is, and one form of every address and reference.

Addresses of electronic mail are compared in lower case, Mexican mobiles lose the 1 that is no part of them any more;
where two of a person's become one, the stricter stays. What is sealed in the log is not touched.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from dispatcher.values.reference import reference_key
from dispatcher.values.written_address import written_address

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

REWRITES = (
    "opt_outs.address", "consents.address", "contacts.address", "contact_points.address", "contact_points.closed_at",
    "contact_points.closed_reason", "contact_points.consent_on", "contact_points.label", "contact_points.in_ledger",
)  # fmt: skip

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PAGE = 5_000
_OF_PEOPLE = ("opt_outs", "consents", "contacts")


def upgrade() -> None:
    _ledgers()
    op.add_column("debtors", sa.Column("birth_date", sa.Date()))
    op.add_column("debtors", sa.Column("access_code", sa.Text(), nullable=False, server_default=""))
    op.add_column("debtors", sa.Column("reference_key", sa.String(200), nullable=False, server_default=""))
    op.add_column("contact_points", sa.Column("stand_in", sa.Text(), nullable=False, server_default=""))
    op.add_column("debts", sa.Column("balance_as_of", sa.Date()))
    op.add_column("debts", sa.Column("reference_key", sa.String(200), nullable=False, server_default=""))
    op.execute(
        "UPDATE debts SET balance_as_of = "
        "(SELECT ledger_as_of FROM creditors WHERE creditors.id = debts.creditor_id) WHERE in_ledger"
    )
    for table in ("debtors", "debts"):
        _set_keys(table)
        op.create_index(f"ix_{table}_reference_key", table, ["creditor_id", "reference_key"])
    _renormalise()
    op.create_index("ix_contact_points_mailbox", "contact_points", [sa.text("lower(address)")])


def _ledgers() -> None:
    op.create_table(
        "ledgers",
        sa.Column("id", _ID, nullable=False),
        sa.Column("creditor_id", _ID, nullable=False),
        sa.Column("mapping", sa.String(100), nullable=False, server_default=""),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False, server_default="{}"),
        sa.Column("findings", sa.Text(), nullable=False, server_default="[]"),
        sa.Column("accepted", sa.Text(), nullable=False, server_default="{}"),
        sa.Column("actor", sa.Text(), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(["creditor_id"], ["creditors.id"], name=op.f("fk_ledgers_creditor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledgers")),
    )
    op.create_index("ix_ledgers_creditor_id", "ledgers", ["creditor_id", "mapping", "id"])


def _set_keys(table: str) -> None:
    connection, last = op.get_bind(), 0
    while True:
        page = sa.text(f"SELECT id, reference FROM {table} WHERE id > :last ORDER BY id LIMIT {_PAGE}")  # noqa: S608 our own names
        rows = connection.execute(page, {"last": last}).all()
        if not rows:
            return
        connection.execute(
            sa.text(f"UPDATE {table} SET reference_key = :key WHERE id = :id"),  # noqa: S608 our own names
            [{"id": row.id, "key": reference_key(row.reference)} for row in rows],
        )
        last = rows[-1].id


def _renormalise() -> None:
    op.execute("UPDATE opt_outs SET address = lower(address) WHERE address <> lower(address)")
    connection = op.get_bind()
    for table in _OF_PEOPLE:
        for row in _written_otherwise(table):
            values = {"id": row.id, "address": written_address(row.address)}
            connection.execute(sa.text(f"UPDATE {table} SET address = :address WHERE id = :id"), values)  # noqa: S608 our own names
    for row in _written_otherwise("contact_points"):
        _rewrite_point(row)
    # A mailbox that is closed in one spelling is closed in every other.
    op.execute(
        "UPDATE contact_points SET closed_at = (SELECT min(o.closed_at) FROM contact_points o "
        "WHERE o.debtor_id = contact_points.debtor_id AND o.medium = contact_points.medium "
        "AND lower(o.address) = lower(contact_points.address)), closed_reason = 'closed in another spelling' "
        "WHERE closed_at IS NULL AND EXISTS (SELECT 1 FROM contact_points o "
        "WHERE o.debtor_id = contact_points.debtor_id AND o.medium = contact_points.medium "
        "AND lower(o.address) = lower(contact_points.address) AND o.closed_at IS NOT NULL)"
    )


def _written_otherwise(table: str) -> list[Any]:
    """Rows whose address has another form now: a Mexican mobile with its old 1."""
    query = sa.text(f"SELECT * FROM {table} WHERE address LIKE '+521%'")  # noqa: S608 our own names
    rows = op.get_bind().execute(query).all()
    return [row for row in rows if written_address(row.address) != row.address]


def _rewrite_point(row: Any) -> None:
    connection, address = op.get_bind(), written_address(row.address)
    same = {"debtor": row.debtor_id, "medium": row.medium, "address": address}
    there = connection.execute(
        sa.text(
            "SELECT * FROM contact_points WHERE debtor_id = :debtor AND medium = :medium AND address = :address"
        ),
        same,
    ).first()
    if there is None:
        connection.execute(
            sa.text("UPDATE contact_points SET address = :address WHERE id = :id"),
            {"id": row.id, "address": address},
        )
        return
    closed = min((at for at in (there.closed_at, row.closed_at) if at is not None), default=None)
    connection.execute(
        sa.text(
            "UPDATE contact_points SET closed_at = :closed, closed_reason = :why, consent_on = :consent, "
            "label = :label WHERE id = :id"
        ),
        {
            "id": there.id,
            "closed": closed,
            "why": there.closed_reason or row.closed_reason,
            "consent": there.consent_on if there.consent_on and row.consent_on else None,
            "label": "work" if "work" in (there.label, row.label) else there.label,
        },
    )
    # The row stays for the links that name it, and is used no more.
    connection.execute(
        sa.text("UPDATE contact_points SET in_ledger = :no WHERE id = :id"), {"id": row.id, "no": False}
    )
