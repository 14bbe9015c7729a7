"""Reads a stored plan back as lines."""

from typing import Any

from sqlalchemy import Connection, select

from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.portfolio import creditors, debtors, debts


def stored_lines(connection: Connection, run_id: int) -> list[dict[str, Any]]:
    """A line a message of a run, with its debts as exports name them."""
    query = (
        select(
            messages.c.id,
            messages.c.relation,
            messages.c.strategy,
            messages.c.step,
            messages.c.channel,
            messages.c.not_before,
            messages.c.reasons,
            creditors.c.key,
            debtors.c.reference,
            debts.c.reference.label("debt"),
        )
        .join(debtors, debtors.c.id == messages.c.recipient_id)
        .join(creditors, creditors.c.id == messages.c.creditor_id)
        .join(message_debts, message_debts.c.message_id == messages.c.id)
        .join(debts, debts.c.id == message_debts.c.debt_id)
        .where(messages.c.run_id == run_id)
        .order_by(messages.c.id, debts.c.due_date, debts.c.id)
    )
    lines: dict[str, dict[str, Any]] = {}
    for row in connection.execute(query):
        line = lines.setdefault(row.id, _line(row))
        line["debts"] = f"{line['debts']} {row.key}/{row.debt}".strip()
    return list(lines.values())


def _line(row: Any) -> dict[str, Any]:
    said = {reason.get("decision") for reason in row.reasons or ()}
    return {
        "debtor": f"{row.key}/{row.reference}",
        "relation": row.relation,
        "debts": "",
        "strategy": row.strategy,
        "step": row.step,
        "channel": row.channel,
        "decision": "hold" if "hold" in said else "defer" if "defer" in said else "allow",
        "not_before": row.not_before.isoformat() if row.not_before else "",
    }
