"""Keeps a plan that was looked at, a row a decision, until it is old: it can be read, filtered and mended."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, select, update

from dispatcher.database.bulk import insert_rows
from dispatcher.database.tables.operations import jobs
from dispatcher.database.tables.planning import looked_plans
from dispatcher.database.tables.portfolio import creditors, debtors
from dispatcher.gate.decision import reasons_json
from dispatcher.planning.domain.plan_summary import Decided, outcome_of
from dispatcher.planning.domain.planner import PlannedMessage

_AT_ONCE = 2_000
_P = looked_plans.c


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanFilter:
    """Which rows of a plan; empty fields ask nothing. `name` is any part of a name, or a reference's beginning."""

    decision: str = ""
    step: str = ""
    channel: str = ""
    template: str = ""
    creditor: str = ""
    name: str = ""


def keep(connection: Connection, job_id: int, decided: Sequence[Decided]) -> None:
    """Write everybody of a plan down."""
    rows = (_row(job_id, number, one) for number, one in enumerate(decided, start=1))
    while chunk := list(islice(rows, _AT_ONCE)):
        insert_rows(connection, looked_plans, chunk)


def forget_before(connection: Connection, at: datetime) -> int:
    """Delete the rows of plans that were made before an instant of the real clock; returns how many."""
    old = select(jobs.c.id).where(jobs.c.created_at < at)
    return connection.execute(delete(looked_plans).where(_P.job_id.in_(old))).rowcount


def page_of_plan(
    connection: Connection, job_id: int, wanted: PlanFilter, *, after: int = 0, limit: int = 50
) -> Sequence[Any]:
    """Rows in the plan's order with a number greater than `after`, with the person's name and reference."""
    query = _rows().where(_P.job_id == job_id, _P.number > after, *_conditions(wanted))
    return connection.execute(query.order_by(_P.number).limit(limit)).all()


def count(connection: Connection, job_id: int, wanted: PlanFilter) -> int:
    """How many rows the filters let through."""
    query = (
        select(func.count())
        .select_from(looked_plans)
        .join(debtors, debtors.c.id == _P.recipient_id)
        .join(creditors, creditors.c.id == debtors.c.creditor_id)
    )
    return connection.scalar(query.where(_P.job_id == job_id, *_conditions(wanted))) or 0


def row_of(connection: Connection, job_id: int, number: int) -> Any:
    """One row; None where there is none."""
    return connection.execute(_rows().where(_P.job_id == job_id, _P.number == number)).first()


def words_of(connection: Connection, job_id: int) -> dict[str, list[str]]:
    """What the filters of a plan can be: steps, channels, templates, creditors."""
    found: dict[str, list[str]] = {}
    for name in ("step", "channel", "template"):
        query = select(_P[name]).where(_P.job_id == job_id).distinct().order_by(_P[name])
        found[name] = [value for value in connection.scalars(query) if value]
    owners = (
        select(creditors.c.key)
        .where(
            creditors.c.id.in_(
                select(debtors.c.creditor_id)
                .join(looked_plans, _P.recipient_id == debtors.c.id)
                .where(_P.job_id == job_id)
            )
        )
        .order_by(creditors.c.key)
    )
    return found | {"creditor": list(connection.scalars(owners))}


def take_out(connection: Connection, job_id: int, recipient_id: int, *, by: str) -> int:
    """Mark what a plan has for a person as taken out by somebody; returns how many messages that were to go."""
    mine = (_P.job_id == job_id, _P.recipient_id == recipient_id, _P.taken_out_by == "")
    goes = connection.scalar(
        select(func.count())
        .select_from(looked_plans)
        .where(*mine, _P.decision.in_(("allow", "defer", "hold")))
    )
    connection.execute(update(looked_plans).where(*mine).values(taken_out_by=by))
    return goes or 0


def taken_out(connection: Connection, job_id: int) -> int:
    """How many messages of a plan were taken out."""
    query = select(func.count()).select_from(looked_plans)
    return (
        connection.scalar(
            query.where(_P.job_id == job_id, _P.taken_out_by != "", _P.decision.in_(("allow", "defer")))
        )
        or 0
    )


def _rows() -> Select[Any]:
    return (
        select(looked_plans, creditors.c.key, debtors.c.reference, debtors.c.name, debtors.c.person)
        .join(debtors, debtors.c.id == _P.recipient_id)
        .join(creditors, creditors.c.id == debtors.c.creditor_id)
    )


def _conditions(wanted: PlanFilter) -> Iterator[ColumnElement[bool]]:
    for name in ("decision", "step", "channel", "template"):
        if value := getattr(wanted, name):
            yield _P[name] == value
    if wanted.creditor:
        yield creditors.c.key == wanted.creditor
    if wanted.name:
        reference = wanted.name.partition("/")[2] or wanted.name
        yield func.lower(debtors.c.name).contains(wanted.name.lower(), autoescape=True) | (
            debtors.c.reference.startswith(reference, autoescape=True)
        )


def _row(job_id: int, number: int, decided: Decided) -> dict[str, Any]:
    intent = decided.intent
    planned = decided if isinstance(decided, PlannedMessage) else None
    reasons = decided.decision.reasons if isinstance(decided, PlannedMessage) else decided.reasons
    return {
        "job_id": job_id,
        "number": number,
        "recipient_id": intent.person.id,
        "relation": intent.relation,
        "debts": " ".join(each.debt.full_reference for each in intent.spoken),
        "strategy": intent.strategy.name,
        "step": intent.step.name,
        "kind": intent.step.kind,
        "template": intent.step.template,
        "channel": planned.channel.value if planned else "",
        "decision": outcome_of(decided).value,
        "not_before": planned.not_before if planned else None,
        "balance_minor": intent.total.minor,
        "currency": intent.total.currency,
        "reasons": reasons_json(reasons),
        "taken_out_by": "",
    }
