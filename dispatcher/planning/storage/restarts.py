"""Debts whose terms the creditor changed and whose strategy begins anew then: found, and taken off their ladder."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, exists, select, update

from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.people import holds
from dispatcher.database.tables.planning import ladder
from dispatcher.database.tables.portfolio import creditors, debtors, debts
from dispatcher.messages.domain.message import UNSENT
from dispatcher.people.domain.hold_kinds import HoldKind
from dispatcher.planning.storage import rounds
from dispatcher.planning.storage.ladder import fold_again


def waiting(connection: Connection, strategies: Collection[str]) -> list[Any]:
    """Debts held for changed terms that stand on one of these ladders; none that a message still waits to speak of."""
    climbs = exists().where(ladder.c.debt_id == holds.c.debt_id, ladder.c.strategy.in_(strategies))
    unsent = exists().where(
        message_debts.c.debt_id == holds.c.debt_id,
        messages.c.id == message_debts.c.message_id,
        messages.c.state.in_([state.value for state in UNSENT]),
    )
    query = (
        select(
            holds.c.debt_id,
            holds.c.debtor_id,
            debtors.c.person,
            debtors.c.reference.label("debtor_reference"),
            debts.c.reference,
            creditors.c.key.label("creditor"),
        )
        .join(debts, debts.c.id == holds.c.debt_id)
        .join(debtors, debtors.c.id == holds.c.debtor_id)
        .join(creditors, creditors.c.id == debtors.c.creditor_id)
        .where(holds.c.kind == HoldKind.TERMS_CHANGED.value, holds.c.released_at.is_(None), climbs, ~unsent)
        .order_by(holds.c.debt_id)
    )
    return list(connection.execute(query))


def begin_anew(connection: Connection, debt_ids: Sequence[int]) -> None:
    """What was sent about these debts counts as no step any more; that it was sent stays."""
    rows = connection.execute(
        update(message_debts)
        .where(message_debts.c.debt_id.in_(debt_ids), message_debts.c.on_ladder)
        .values(on_ladder=False)
        .returning(message_debts.c.debt_id, message_debts.c.recipient_id)
    )
    keys = {(row[0], row[1]) for row in rows}
    rounds.forget(connection, debt_ids)
    fold_again(connection, keys)
