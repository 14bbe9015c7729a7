"""Keep which records are, or may be, one human; what somebody in need wrote moves out of tasks into a table apart."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

REWRITES = ("tasks.text", "tasks.details")
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "person_links",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("debtor_id", _ID, sa.ForeignKey("debtors.id"), nullable=False),
        sa.Column("other_id", _ID, sa.ForeignKey("debtors.id"), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("agrees", sa.Text(), nullable=False, server_default="[]"),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.Text(), nullable=False, server_default=""),
        sa.UniqueConstraint("debtor_id", "other_id"),
    )
    op.create_index("ix_person_links_other_id", "person_links", ["other_id"])
    op.create_table(
        "humans",
        sa.Column("debtor_id", _ID, sa.ForeignKey("debtors.id"), primary_key=True),
        sa.Column("human", _ID, nullable=False),
    )
    op.create_index("ix_humans_human", "humans", ["human"])
    op.create_table(
        "care_notes",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("debtor_id", _ID, sa.ForeignKey("debtors.id")),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("words", sa.Text(), nullable=False, server_default=""),
        sa.Column("source", sa.Text(), nullable=False, server_default=""),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("alerted_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_care_notes_debtor_id", "care_notes", ["debtor_id"])
    _words_of_tasks(op.get_bind())


def _words_of_tasks(connection: sa.Connection) -> None:
    tasks = connection.execute(
        sa.text("SELECT id, debtor_id, details, created_at, text FROM tasks WHERE kind = 'care'")
    ).all()
    for row in tasks:
        details = json.loads(row.details)
        words = details.pop("text", "")
        key = connection.execute(
            sa.text(
                "INSERT INTO care_notes (debtor_id, category, words, source, recorded_at, alerted_at) "
                "VALUES (:debtor, 'self_harm', :words, 'words of a reply', :at, :at) RETURNING id"
            ),
            {"debtor": row.debtor_id, "words": words, "at": row.created_at},
        ).scalar_one()
        connection.execute(
            sa.text("UPDATE tasks SET text = :text, details = :details WHERE id = :id"),
            {
                "id": row.id,
                "text": row.text.partition(" They wrote: ")[0],
                "details": json.dumps({**details, "note": key}),
            },
        )
