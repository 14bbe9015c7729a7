"""Stores what a planning run decided: messages, ladders, refusals and their log entries, a chunk at a time."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, tuple_, update

from dispatcher.database.bulk import insert_rows
from dispatcher.database.one_of import one_of
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.planning import refusals, runs
from dispatcher.gate.decision import Decision, Outcome, Reason, reasons_json
from dispatcher.gate.grounds import grounds
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import State
from dispatcher.people.domain.person import DebtFile
from dispatcher.planning.domain.conversation import DueDebt, Intent, Mention
from dispatcher.planning.domain.planner import PlannedMessage, RefusedIntent
from dispatcher.planning.domain.refusal_inputs import refusal_inputs
from dispatcher.planning.storage import ladder
from dispatcher.values.canonical import canonical_json
from dispatcher.values.message_id import RandomBytes, new_message_id

_EVENTS = {
    Outcome.BLOCK: Event.BLOCKED,
    Outcome.HOLD: Event.HELD,
    Outcome.DEFER: Event.DEFERRED,
    Outcome.ALLOW: Event.PLANNED,
}


_m, _r = message_debts.c, refusals.c
_OCCURRENCES = (
    select(_m.debt_id, _m.strategy, _m.step, _m.recipient_id, func.max(_m.occurrence))
    .where(one_of(_m.debt_id, "ids"))
    .group_by(_m.debt_id, _m.strategy, _m.step, _m.recipient_id)
)
_REFUSALS = select(_r.debt_id, _r.recipient_id, _r.strategy, _r.step, _r.reasons_digest).where(
    one_of(_r.debt_id, "ids")
)


RefusalKey = tuple[int, int, str, str]
"""Debt, recipient, strategy and step."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOfPlan:
    """The planning run as its entries need it."""

    id: int | None  # None: planned at once, outside of a run
    as_of: date
    now: datetime
    actor: str
    simulated: bool
    random_bytes: RandomBytes


def occurrences(connection: Connection, debt_ids: Sequence[int]) -> dict[tuple[int, str, str, int], int]:
    """(debt, strategy, step, recipient) -> how many messages there have been."""
    rows = connection.execute(_OCCURRENCES, {"ids": list(debt_ids)})
    return {(row[0], row[1], row[2], row[3]): row[4] for row in rows}


def save_planned(
    connection: Connection, run: RunOfPlan, planned: Sequence[PlannedMessage], *, on_ladder: bool = True
) -> list[str]:
    """Store messages as planned (or held) with their debts, ladders and entries; returns their ids.

    `on_ladder` False: they are about an arrangement, and no step of a ladder.
    """
    if not planned:
        return []
    ids = [new_message_id(run.now, run.random_bytes) for _ in planned]
    kept = delivery_log.keep_personal(
        connection, [(p.intent.person.person, _personal(p.intent, p)) for p in planned]
    )
    insert_rows(
        connection,
        messages,
        [_message(run, p, key, ref) for p, key, ref in zip(planned, ids, kept, strict=True)],
    )
    insert_rows(
        connection,
        message_debts,
        [row for p, key in zip(planned, ids, strict=True) for row in _debts(p, key, on_ladder=on_ladder)],
    )
    if on_ladder:
        ladder.climb(
            connection, [row for p, key in zip(planned, ids, strict=True) for row in _rungs(run, p, key)]
        )
    _forget_refusals(connection, planned)
    delivery_log.append(
        connection,
        [
            entry
            for p, key, ref in zip(planned, ids, kept, strict=True)
            for entry in _entries(run, p, key, ref)
        ],
    )
    return ids


def save_refused(connection: Connection, run: RunOfPlan, refused: Sequence[RefusedIntent]) -> int:
    """Count refusals; log those that are new or whose reasons changed. Returns how many were logged.

    What is planned at once, by no run, is logged alone: a refusal is counted by the runs that repeat it.
    """
    if run.id is None:
        _log_refused(connection, run, refused)
        return len(refused)
    rows = {key: (r, digest) for r in refused for key, digest in _refusal_keys(r)}
    known = _known_refusals(connection, list(rows))
    repeated = [key for key, (_, digest) in rows.items() if known.get(key) == digest]
    changed = [key for key in rows if key not in repeated and key in known]
    _count_again(connection, run.id, repeated)
    _delete_refusals(connection, changed)
    fresh = [key for key in rows if known.get(key) != rows[key][1]]
    if fresh:
        values = ((key, rows[key][0].reasons, rows[key][1]) for key in fresh)
        insert_rows(connection, refusals, [_refusal(run.id, *each) for each in values])
    said = list({id(rows[key][0]): rows[key][0] for key in fresh}.values())
    _log_refused(connection, run, said)
    return len(said)


def save_put_off(
    connection: Connection, run_id: int, keys: Collection[RefusalKey], reason: Reason
) -> set[RefusalKey]:
    """Count what no message stands for and found no room; returns what an earlier run had not put off."""
    digest = _digest([reason])
    known = _known_refusals(connection, keys)
    fresh = sorted(key for key in keys if known.get(key) != digest)
    _count_again(connection, run_id, [key for key in keys if key not in fresh])
    _delete_refusals(connection, [key for key in fresh if key in known])
    if fresh:
        insert_rows(connection, refusals, [_refusal(run_id, key, [reason], digest) for key in fresh])
    return set(fresh)


def forget_put_off(connection: Connection, keys: Collection[RefusalKey]) -> None:
    """What stands or cannot come any more is not put off."""
    _delete_refusals(connection, [key for key in _known_refusals(connection, keys) if key in keys])


def newest_run(connection: Connection, *, mode: str) -> Any:
    """The run with the latest as-of date, or None."""
    query = select(runs).where(runs.c.mode == mode, runs.c.state != "refused")
    return connection.execute(query.order_by(runs.c.as_of.desc(), runs.c.id.desc()).limit(1)).first()


def newest_before(connection: Connection, run: Any) -> Any:
    """The run with the latest as-of date among those that were begun before a run, or None."""
    query = select(runs).where(runs.c.mode == run.mode, runs.c.state != "refused", runs.c.id < run.id)
    return connection.execute(query.order_by(runs.c.as_of.desc(), runs.c.id.desc()).limit(1)).first()


def start_run(
    connection: Connection,
    *,
    as_of: date,
    now: datetime,
    real_now: datetime,
    mode: str,
    actor: str,
    config_digest: str,
) -> int:
    """A new run in state `planning`."""
    key = connection.execute(
        insert(runs).values(
            as_of=as_of,
            mode=mode,
            state="planning",
            started_at=now,
            real_started_at=real_now,
            actor=actor,
            config_digest=config_digest,
        )
    ).inserted_primary_key
    assert key is not None  # noqa: S101 an insert of one row always has its key
    return int(key[0])


def update_run(connection: Connection, run_id: int, **values: Any) -> None:
    """Set columns of a run."""
    connection.execute(update(runs).where(runs.c.id == run_id).values(**values))


def get_run(connection: Connection, run_id: int) -> Any:
    """One run's row, or None."""
    return connection.execute(select(runs).where(runs.c.id == run_id)).first()


def _personal(intent: Intent, decided: PlannedMessage | RefusedIntent) -> dict[str, Any]:
    """What must be erasable, among it the grounds: what the rules read, so that a decision can be judged again."""
    values: dict[str, Any] = {
        "debtor": intent.person.full_reference,
        "debts": [each.debt.full_reference for each in intent.spoken],
    }
    if len(intent.spoken) > 1 or intent.mentions:
        values["spoken"] = {each.debt.full_reference: _spoken(each) for each in intent.spoken}
    if isinstance(decided, PlannedMessage):
        values["address"] = decided.point.address if decided.point else intent.person.postal_text
        values["grounds"] = _grounds([decided.decision])
    else:
        values["grounds"] = _grounds(decided.tries)
        values["inputs"] = refusal_inputs(intent)
    return values


def _grounds(decisions: Iterable[Decision]) -> list[dict[str, Any]]:
    return [grounds(decision.facts, decision.packs) for decision in decisions if decision.facts is not None]


def _spoken(each: DueDebt | Mention) -> dict[str, str]:
    """How one of several debts is spoken of, and at which step of its own."""
    step = each.step.name if isinstance(each, DueDebt) else ""
    return {"how": each.how.value, "balance": str(each.debt.balance.amount)} | (
        {"step": step} if step else {}
    )


def _state(planned: PlannedMessage) -> State:
    return State.HELD if planned.decision.outcome is Outcome.HOLD else State.PLANNED


def _zones(planned: PlannedMessage | RefusedIntent) -> list[str]:
    return sorted({zone.zone for zone in planned.zones})


def _message(run: RunOfPlan, planned: PlannedMessage, key: str, kept: tuple[int, str]) -> dict[str, Any]:
    intent, person = planned.intent, planned.intent.person
    balance = intent.total
    return {
        "id": key,
        "run_id": run.id,
        "creditor_id": person.creditor_id,
        "recipient_id": person.id,
        "relation": intent.relation,
        "as_of": run.as_of,
        "strategy": intent.strategy.name,
        "step": intent.step.name,
        "kind": intent.step.kind,
        "notice": intent.step.notice,
        "channel": planned.channel.value,
        "address": planned.point.address if planned.point else "",
        "contact_point_id": planned.point.id if planned.point else None,
        "language": person.language,
        "template": intent.step.template,
        "currency": balance.currency,
        "balance_minor": balance.minor,
        "days_past_due": intent.days_past_due(run.as_of),
        "segment": _leading(intent).segment,
        "arm": intent.arm,
        "zones": _zones(planned),
        "state": _state(planned),
        "reasons": reasons_json(planned.decision.reasons),
        "rule_packs": list(planned.decision.packs),
        "not_before": planned.not_before,
        "not_after": planned.decision.not_after,
        "expires_at": planned.expires_at,
        "personal_id": kept[0],
        "commitment": kept[1],
        "created_at": run.now,
        "updated_at": run.now,
    }


def _debts(planned: PlannedMessage, key: str, *, on_ladder: bool) -> list[dict[str, Any]]:
    return [
        {
            "message_id": key,
            "debt_id": each.debt.id,
            "strategy": each.strategy.name,
            "step": each.step.name if isinstance(each, DueDebt) else "",
            "day": each.step.day if isinstance(each, DueDebt) else 0,
            "recipient_id": planned.intent.person.id,
            "occurrence": each.occurrence,
            "how": each.how.value,
            "on_ladder": on_ladder,
        }
        for each in planned.intent.spoken
    ]


def _rungs(run: RunOfPlan, planned: PlannedMessage, key: str) -> list[dict[str, Any]]:
    return [
        {
            "debt_id": due.debt.id,
            "recipient_id": planned.intent.person.id,
            "strategy": due.strategy.name,
            "step": due.step.name,
            "day": due.step.day,
            "anchor": ladder.anchor(run.as_of, due.step.day),
            "message_id": key,
        }
        for due in planned.intent.dues
    ]


def _entries(run: RunOfPlan, planned: PlannedMessage, key: str, kept: tuple[int, str]) -> list[LogEntry]:
    intent, decision = planned.intent, planned.decision
    events = [Event.PLANNED, Event.HELD] if decision.outcome is Outcome.HOLD else [Event.PLANNED]
    return [
        LogEntry(
            event=event,
            at=run.now,
            actor=run.actor,
            run_id=run.id,
            as_of=run.as_of,
            message_id=key,
            person=intent.person.person,
            creditor=intent.person.creditor,
            strategy=intent.strategy.name,
            step=intent.step.name,
            kind=intent.step.kind,
            channel=planned.channel.value,
            template=intent.step.template,
            rule_packs=decision.packs,
            decision=decision.outcome.value,
            reasons=tuple(reasons_json(decision.reasons)),
            balance=intent.total,
            days_past_due=intent.days_past_due(run.as_of),
            zones=tuple(_zones(planned)),
            personal_id=kept[0],
            commitment=kept[1],
            simulated=run.simulated,
            details=_details(planned),
        )
        for event in events
    ]


def _details(planned: PlannedMessage) -> dict[str, Any]:
    details = _who_and_what(planned.intent)
    if planned.tried:
        details["other_channels"] = reasons_json(planned.tried)
    return details


def _who_and_what(intent: Intent) -> dict[str, Any]:
    """Beside the others of an entry: as what the person is asked, and the segment of the debt that leads."""
    lead = _leading(intent)
    segment = {"segment": lead.segment, "segment_because": lead.segment_because} if lead.segment else {}
    arm = {"arm": intent.arm} if intent.arm else {}
    return {"relation": intent.relation, **segment, **arm}


def _leading(intent: Intent) -> DebtFile:
    """The debt whose step the message goes by; of several the oldest."""
    return next((due.debt for due in intent.dues if due.step.name == intent.step.name), intent.spoken[0].debt)


def _digest(reasons: Iterable[Reason]) -> str:
    said = canonical_json(sorted({f"{r.pack}/{r.rule}/{r.outcome}" for r in reasons}))
    return hashlib.sha256(said.encode()).hexdigest()


def _refusal_keys(refused: RefusedIntent) -> list[tuple[RefusalKey, str]]:
    digest = _digest(refused.reasons)
    intent = refused.intent
    return [
        ((due.debt.id, intent.person.id, due.strategy.name, due.step.name), digest) for due in intent.dues
    ]


def _where(keys: Sequence[RefusalKey]) -> Any:
    c = refusals.c
    return tuple_(c.debt_id, c.recipient_id, c.strategy, c.step).in_(list(keys))


def _known_refusals(connection: Connection, keys: Collection[RefusalKey]) -> Mapping[RefusalKey, str]:
    if not keys:
        return {}
    rows = connection.execute(_REFUSALS, {"ids": sorted({key[0] for key in keys})})
    return {(r.debt_id, r.recipient_id, r.strategy, r.step): r.reasons_digest for r in rows}


def _count_again(connection: Connection, run_id: int, keys: Sequence[RefusalKey]) -> None:
    if keys:
        connection.execute(
            update(refusals).where(_where(keys)).values(count=refusals.c.count + 1, last_run_id=run_id)
        )


def _delete_refusals(connection: Connection, keys: Sequence[RefusalKey]) -> None:
    if keys:
        connection.execute(delete(refusals).where(_where(keys)))


def _forget_refusals(connection: Connection, planned: Sequence[PlannedMessage]) -> None:
    keys = {
        (due.debt.id, p.intent.person.id, due.strategy.name, due.step.name)
        for p in planned
        for due in p.intent.dues
    }
    forget_put_off(connection, keys)


def _refusal(run_id: int, key: RefusalKey, reasons: Iterable[Reason], digest: str) -> dict[str, Any]:
    return {
        "debt_id": key[0],
        "recipient_id": key[1],
        "strategy": key[2],
        "step": key[3],
        "reasons_digest": digest,
        "first_run_id": run_id,
        "last_run_id": run_id,
        "reasons": reasons_json(reasons),
    }


def _log_refused(connection: Connection, run: RunOfPlan, refused: Sequence[RefusedIntent]) -> None:
    kept = delivery_log.keep_personal(
        connection, [(r.intent.person.person, _personal(r.intent, r)) for r in refused]
    )
    delivery_log.append(
        connection, [_refused_entry(run, r, reference) for r, reference in zip(refused, kept, strict=True)]
    )


def _refused_entry(run: RunOfPlan, refused: RefusedIntent, kept: tuple[int, str]) -> LogEntry:
    intent = refused.intent
    return LogEntry(
        event=_EVENTS[refused.outcome],
        at=run.now,
        actor=run.actor,
        run_id=run.id,
        as_of=run.as_of,
        person=intent.person.person,
        creditor=intent.person.creditor,
        strategy=intent.strategy.name,
        step=intent.step.name,
        kind=intent.step.kind,
        template=intent.step.template,
        rule_packs=refused.packs,
        decision=refused.outcome.value,
        reasons=tuple(reasons_json(refused.reasons)),
        balance=intent.total,
        days_past_due=intent.days_past_due(run.as_of),
        zones=tuple(_zones(refused)),
        personal_id=kept[0],
        commitment=kept[1],
        simulated=run.simulated,
        details=_who_and_what(intent),
    )


class NoSuchRunError(LookupError):
    """There is no run of that number."""
