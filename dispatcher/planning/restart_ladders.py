"""Lets a ladder begin anew where the creditor changed a debt's terms and the strategy says so (due_date_moved)."""

from datetime import datetime
from typing import Any

from dispatcher.database.engine import Connection
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.people.domain.hold_kinds import HoldKind
from dispatcher.people.storage import people_facts, tasks
from dispatcher.planning.domain.strategy import RESTART, Strategy
from dispatcher.planning.storage import restarts

_PAGE = 500
_WHY = "the strategy says: due_date_moved: restart"


def restart_ladders(
    connection: Connection, strategies: tuple[Strategy, ...], now: datetime, *, actor: str
) -> int:
    """End the holds that changed terms brought, and the ladders that were climbed before; returns how many."""
    changed = _waiting(connection, strategies)
    for page in (changed[i : i + _PAGE] for i in range(0, len(changed), _PAGE)):
        restarts.begin_anew(connection, [row.debt_id for row in page])
        for row in page:
            people_facts.release_holds(
                connection, row.debtor_id, HoldKind.TERMS_CHANGED.value, [row.debt_id], at=now, why=_WHY
            )
            tasks.finish_for_debtor(
                connection, row.debtor_id, kind=HoldKind.TERMS_CHANGED.value, by=actor, at=now, outcome=_WHY
            )
        _log(connection, page, now, actor)
    return len(changed)


def may_restart(connection: Connection, strategies: tuple[Strategy, ...]) -> bool:
    """Whether a ladder is to begin anew."""
    return bool(_waiting(connection, strategies))


def _waiting(connection: Connection, strategies: tuple[Strategy, ...]) -> list[Any]:
    names = [strategy.name for strategy in strategies if strategy.due_date_moved == RESTART]
    return restarts.waiting(connection, names) if names else []


def _log(connection: Connection, page: list[Any], now: datetime, actor: str) -> None:
    kept = delivery_log.keep_personal(connection, [(row.person, _personal(row)) for row in page])
    delivery_log.append(
        connection,
        [
            LogEntry(
                event=Event.HOLD_RELEASED,
                at=now,
                actor=actor,
                person=row.person,
                creditor=row.creditor,
                personal_id=personal_id,
                commitment=commitment,
                details={"hold": HoldKind.TERMS_CHANGED.value, "source": "strategy", "count": 1},
            )
            for row, (personal_id, commitment) in zip(page, kept, strict=True)
        ],
    )


def _personal(row: Any) -> dict[str, object]:
    return {
        "debtor": f"{row.creditor}/{row.debtor_reference}",
        "debts": [f"{row.creditor}/{row.reference}"],
    }
