"""Call the person written to what it is: `recipient_id`, as the debtor of a debt may be somebody else."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = ("messages", "message_debts", "ladder", "refusals")
_INDEXES = {
    ("messages", "ix_messages_debtor_id_sent_at"): (
        "ix_messages_recipient_id_sent_at",
        ["recipient_id", "sent_at"],
    ),
    ("refusals", "ix_refusals_debtor_id"): ("ix_refusals_recipient_id", ["recipient_id"]),
}
# SQLite keeps a constraint's name inside the table's text and asks for it nowhere: a copy of each table to change it
# would cost minutes.
_CONSTRAINTS = {
    ("messages", "fk_messages_debtor_id"): "fk_messages_recipient_id",
    ("ladder", "fk_ladder_debtor_id"): "fk_ladder_recipient_id",
    ("refusals", "fk_refusals_debtor_id"): "fk_refusals_recipient_id",
    ("message_debts", "uq_message_debts_debt_id_strategy_step_debtor_id_occurrence"): (
        "uq_message_debts_debt_id_strategy_step_recipient_id_occurrence"
    ),
}


def upgrade() -> None:
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN debtor_id TO recipient_id")
    for (table, old), (new, columns) in _INDEXES.items():
        op.drop_index(old, table)
        op.create_index(new, table, columns)
    if op.get_bind().dialect.name == "postgresql":
        for (table, old), name in _CONSTRAINTS.items():
            op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {old} TO {name}")
