"""Agreements: arrangements and what follows them, offers that were sent, hand-overs; promises stop being holds."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
JSON = sa.Text()


def upgrade() -> None:
    _columns()
    _arrangements()
    _what_follows()
    _handovers()
    _promises(op.get_bind())


def _columns() -> None:
    op.add_column(
        "message_debts", sa.Column("on_ladder", sa.Boolean(), server_default=sa.true(), nullable=False)
    )
    op.add_column("payments", sa.Column("split_of", ID))
    op.add_column("payments", sa.Column("reversed_at", INSTANT))
    op.add_column("payments", _text("reversed_why"))


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _json(name: str, default: str) -> sa.Column[str]:
    return sa.Column(name, JSON, server_default=default, nullable=False)


def _to(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{table}.id"])


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _arrangements() -> None:
    op.create_table(
        "arrangements",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("creditor_id", ID, nullable=False),
        sa.Column("debtor_id", ID, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("since", sa.Date()),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("agreed_at", INSTANT, nullable=False),
        sa.Column("pauses_until", sa.Date()),
        sa.Column("strategy", sa.String(100), server_default="", nullable=False),
        _json("terms", "{}"),
        _json("base", "{}"),
        _json("told", "[]"),
        _text("actor"),
        _text("source"),
        _text("note"),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("replaces_id", ID),
        _text("ended_why"),
        sa.Column("resumed_at", INSTANT),
        _to("creditors", "creditor_id"),
        _to("debtors", "debtor_id"),
        _to("arrangements", "replaces_id"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(None, "arrangements", ["debtor_id"])
    op.create_index("ix_arrangements_active", "arrangements", ["creditor_id"], **_where("state = 'active'"))
    op.create_index("ix_arrangements_state", "arrangements", ["state", "since"])
    op.create_table(
        "arrangement_debts",
        sa.Column("arrangement_id", ID, nullable=False),
        sa.Column("debt_id", ID, nullable=False),
        sa.Column("is_open", sa.Boolean(), server_default=sa.true(), nullable=False),
        _to("arrangements", "arrangement_id"),
        _to("debts", "debt_id"),
        sa.PrimaryKeyConstraint("arrangement_id", "debt_id"),
    )
    op.create_index("ix_arrangement_debts_debt_id", "arrangement_debts", ["debt_id"])
    op.create_index(
        "uq_arrangement_debts_open", "arrangement_debts", ["debt_id"], unique=True, **_where("is_open")
    )
    op.create_table(
        "arrangement_parties",
        sa.Column("arrangement_id", ID, nullable=False),
        sa.Column("debtor_id", ID, nullable=False),
        _to("arrangements", "arrangement_id"),
        _to("debtors", "debtor_id"),
        sa.PrimaryKeyConstraint("arrangement_id", "debtor_id"),
    )
    op.create_index("ix_arrangement_parties_debtor_id", "arrangement_parties", ["debtor_id"])
    op.create_table(
        "instalments",
        sa.Column("arrangement_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("paid_on", sa.Date()),
        sa.Column("missed_on", sa.Date()),
        _to("arrangements", "arrangement_id"),
        sa.PrimaryKeyConstraint("arrangement_id", "number"),
    )
    op.create_index("ix_instalments_due_on", "instalments", ["due_on"])
    op.create_table(
        "ledger_balances",
        sa.Column("debt_id", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.Column("read_at", INSTANT, nullable=False),
        _to("debts", "debt_id"),
        sa.PrimaryKeyConstraint("debt_id", "day"),
    )


def _what_follows() -> None:
    op.create_table(
        "sent_offers",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("debtor_id", ID, nullable=False),
        sa.Column("offered_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("debts", JSON, nullable=False),
        sa.Column("plans", JSON, nullable=False),
        sa.Column("settlements", JSON, nullable=False),
        sa.Column("base", JSON, nullable=False),
        _to("messages", "message_id"),
        _to("debtors", "debtor_id"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("message_id"),
    )
    op.create_index(None, "sent_offers", ["debtor_id"])
    op.create_table(
        "follow_ups",
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("arrangement_id", ID, nullable=False),
        sa.Column("event", sa.String(20), nullable=False),
        sa.Column("instalment", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("recipient_id", ID, nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="1", nullable=False),
        _to("messages", "message_id"),
        _to("arrangements", "arrangement_id"),
        sa.PrimaryKeyConstraint("message_id"),
        sa.UniqueConstraint("arrangement_id", "event", "instalment", "name", "recipient_id", "attempt"),
    )
    op.create_table(
        "resumptions",
        sa.Column("arrangement_id", ID, nullable=False),
        sa.Column("debt_id", ID, nullable=False),
        sa.Column("recipient_id", ID, nullable=False),
        sa.Column("strategy", sa.String(100), nullable=False),
        sa.Column("step", sa.String(100), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("broken_on", sa.Date(), nullable=False),
        _to("arrangements", "arrangement_id"),
        _to("debts", "debt_id"),
        _to("debtors", "recipient_id"),
        sa.PrimaryKeyConstraint("arrangement_id", "debt_id", "recipient_id"),
    )


def _handovers() -> None:
    op.create_table(
        "handovers",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("debt_id", ID, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        _text("why"),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("decided_on", sa.Date()),
        _json("decided_by", "[]"),
        sa.Column("notified_on", sa.Date()),
        sa.Column("exported_at", INSTANT),
        sa.Column("ended_on", sa.Date()),
        _text("note"),
        sa.Column("recorded_at", INSTANT, nullable=False),
        _to("debts", "debt_id"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(None, "handovers", ["debt_id"])
    op.create_index(
        "uq_handovers_open",
        "handovers",
        ["debt_id"],
        unique=True,
        **_where("state NOT IN ('refused', 'withdrawn')"),
    )


holds = sa.table(
    "holds",
    *map(
        sa.column, ("id", "debtor_id", "debt_id", "kind", "details", "source", "note", "released_why")
    ),
    sa.column("starts_on", sa.Date()), sa.column("until", sa.Date()),
    sa.column("recorded_at", INSTANT), sa.column("released_at", INSTANT),
)  # fmt: skip
debts = sa.table(
    "debts",
    *map(
        sa.column,
        ("id", "creditor_id", "debtor_id", "currency", "balance_minor", "paid_minor", "promise_minor"),
    ),
    sa.column("promise_date", sa.Date()),
    sa.column("settled_on", sa.Date()),
)
creditors = sa.table(
    "creditors",
    sa.column("id"),
    sa.column("ledger_as_of", sa.Date()),
    sa.column("ledger_imported_at", INSTANT),
)
payments = sa.table("payments", sa.column("id"))
arrangements = sa.table(
    "arrangements",
    *map(
        sa.column,
        ("id", "creditor_id", "debtor_id", "kind", "state", "currency", "total_minor", "terms", "base", "told",
         "actor", "source", "note"),
    ),
    sa.column("agreed_on", sa.Date()),
    sa.column("agreed_at", INSTANT),
    sa.column("recorded_at", INSTANT),
)  # fmt: skip
arrangement_debts = sa.table("arrangement_debts", sa.column("arrangement_id"), sa.column("debt_id"))
arrangement_parties = sa.table("arrangement_parties", sa.column("arrangement_id"), sa.column("debtor_id"))
instalments = sa.table(
    "instalments",
    sa.column("arrangement_id"),
    sa.column("number"),
    sa.column("due_on", sa.Date()),
    sa.column("amount_minor"),
)


def _promises(connection: sa.Connection) -> None:
    """A promise that still runs, by the newest ledger's day, becomes an arrangement, the desk's own ones first."""
    last_payment = connection.scalar(sa.select(sa.func.max(payments.c.id))) or 0
    taken: set[int] = set()
    promised = [*_held(connection), *_in_ledger(connection)]
    for debt, values in promised:
        if debt.id not in taken:
            taken.add(debt.id)
            _arrange(connection, debt, values, last_payment)
    connection.execute(
        sa.update(holds)
        .where(holds.c.kind == "promise", holds.c.released_at.is_(None))
        .values(released_at=holds.c.recorded_at, released_why="kept as an arrangement from now on")
    )


def _debts_of_ledgers() -> sa.Select[Any]:
    return sa.select(debts, creditors.c.ledger_as_of, creditors.c.ledger_imported_at).join(
        creditors, creditors.c.id == debts.c.creditor_id
    )


def _held(connection: sa.Connection) -> Iterator[tuple[Any, dict[str, Any]]]:
    standing = sa.select(holds).where(holds.c.kind == "promise", holds.c.released_at.is_(None))
    for hold in connection.execute(standing.order_by(holds.c.id.desc())).all():
        mine = debts.c.id == hold.debt_id if hold.debt_id else debts.c.debtor_id == hold.debtor_id
        for debt in connection.execute(_debts_of_ledgers().where(mine)).all():
            if debt.settled_on is None and (debt.ledger_as_of is None or hold.until >= debt.ledger_as_of):
                yield (
                    debt,
                    {
                        "agreed_on": hold.starts_on,
                        "agreed_at": hold.recorded_at,
                        "until": hold.until,
                        "minor": 0,
                        "by": hold.debtor_id,
                        "source": hold.source or "hold",
                        "note": hold.note,
                    },
                )


def _in_ledger(connection: sa.Connection) -> Iterator[tuple[Any, dict[str, Any]]]:
    running = _debts_of_ledgers().where(
        debts.c.promise_date >= creditors.c.ledger_as_of,
        debts.c.settled_on.is_(None),
        creditors.c.ledger_imported_at.is_not(None),
    )
    for debt in connection.execute(running).all():
        yield (
            debt,
            {
                "agreed_on": debt.ledger_as_of,
                "agreed_at": debt.ledger_imported_at,
                "until": debt.promise_date,
                "minor": debt.promise_minor or 0,
                "by": debt.debtor_id,
                "source": "ledger",
                "note": "",
            },
        )


def _arrange(connection: sa.Connection, debt: Any, values: dict[str, Any], last_payment: int) -> None:
    owed = debt.balance_minor - debt.paid_minor
    if owed <= 0:
        return
    amount = min(values["minor"] or owed, owed)
    day = debt.ledger_as_of or values["agreed_on"]
    base = {"day": day.isoformat(), "balance": debt.balance_minor, "before": debt.paid_minor}
    key = connection.scalar(
        sa.insert(arrangements)
        .values(
            creditor_id=debt.creditor_id,
            debtor_id=values["by"],
            kind="promise",
            state="active",
            currency=debt.currency,
            total_minor=amount,
            agreed_on=values["agreed_on"],
            agreed_at=values["agreed_at"],
            terms="{}",
            base=json.dumps({"debts": {str(debt.id): base}, "payments": last_payment}),
            told='["agreed"]',
            actor="upgrade",
            source=values["source"],
            note=values["note"],
            recorded_at=values["agreed_at"],
        )
        .returning(arrangements.c.id)
    )
    connection.execute(sa.insert(arrangement_debts).values(arrangement_id=key, debt_id=debt.id))
    connection.execute(sa.insert(arrangement_parties).values(arrangement_id=key, debtor_id=values["by"]))
    connection.execute(
        sa.insert(instalments).values(
            arrangement_id=key, number=1, due_on=values["until"], amount_minor=amount
        )
    )
