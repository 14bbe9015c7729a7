"""Explains, for one person, why each debt, step and channel is written to, waits, or is left alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from channels.kind import ChannelKind
from dispatcher.domain.contact import contact_facts, reachable_points, zones_of
from dispatcher.domain.decision import Decision, Outcome, Reason
from dispatcher.domain.ladder import Rung, comes_on
from dispatcher.domain.person import DebtFile, PersonFile
from dispatcher.domain.planner import DueDebt, Intent, channels_in_order, contact_of, stays_out
from dispatcher.domain.strategy import Step, Strategy
from dispatcher.services.desk import Desk
from dispatcher.storage import explained
from dispatcher.storage.engine import Database
from dispatcher.storage.people import load_debts, load_people

SENT_STATES = frozenset({"accepted", "delivered", "unknown", "sending", "bounced", "returned"})


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelAnswer:
    """What the gate says of one channel and address right now."""

    channel: str
    address: str
    decision: str  # allow, defer, hold, block, unreachable
    not_before: datetime | None = None
    zones: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class StepAnswer:
    """One step of one debt. `status`: sent, waiting, due, kept back, later, skipped."""

    step: str
    kind: str
    status: str
    sentence: str
    comes_on: date | None = None
    message_id: str = ""
    reasons: tuple[Reason, ...] = ()
    channels: tuple[ChannelAnswer, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DebtAnswer:
    """One debt of the person."""

    reference: str
    relation: str
    balance: str
    due_date: date
    days_past_due: int
    sentence: str
    strategy: str = ""
    steps: tuple[StepAnswer, ...] = field(default=())


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """The whole answer."""

    debtor: str
    name: str
    as_of: date
    now: datetime
    zones: tuple[str, ...]
    packs: tuple[str, ...]
    debts: tuple[DebtAnswer, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    desk: Desk
    person: PersonFile
    as_of: date
    now: datetime
    rungs: Mapping[int, Rung]
    sent: Sequence[explained.SentStep]


def explain_debtor(
    database: Database, desk: Desk, reference: str, *, as_of: date, now: datetime
) -> Explanation:
    """Answer for `creditor/reference`; raises AmbiguousDebtorError when it names nobody or several."""
    with database.reading() as connection:
        debtor_id = explained.find_debtor(connection, reference)
        relations = explained.debt_ids_of(connection, debtor_id)
        ids = list(relations)
        person = load_people(connection, {debtor_id}, now=now)[debtor_id]
        debts = load_debts(connection, ids, as_of=as_of)
        strategies = explained.strategy_of(connection, ids, desk.strategies)
        case = _Case(
            desk=desk,
            person=person,
            as_of=as_of,
            now=now,
            rungs=explained.rungs_of(connection, debtor_id, ids),
            sent=explained.steps_sent(connection, debtor_id, ids),
        )
    by_name = {strategy.name: strategy for strategy in desk.strategies}
    zones = tuple(sorted({zone.zone for zone in zones_of(person, None, desk.places)}))
    return Explanation(
        debtor=person.full_reference,
        name=person.name,
        as_of=as_of,
        now=now,
        zones=zones,
        packs=_packs(case),
        debts=tuple(_debt(case, debts[i], relations[i], by_name.get(strategies.get(i, ""))) for i in ids),
    )


def _packs(case: _Case) -> tuple[str, ...]:
    sender = case.desk.senders.get(case.person.creditor)
    if sender is None:
        return ()
    intent = Intent(
        person=case.person, relation="debtor", strategy=_NONE, step=_NONE.steps[0], dues=()
    )
    contact = contact_of(intent, ChannelKind.EMAIL, None, sender)
    return tuple(pack.name for pack in case.desk.packs_for(contact, case.now.date()))


_NONE = Strategy(
    name="",
    steps=(Step(name="", kind="collection", day=1, channels=(ChannelKind.EMAIL,), template=""),),
)


def _debt(case: _Case, debt: DebtFile, relation: str, strategy: Strategy | None) -> DebtAnswer:
    answer = {
        "reference": debt.full_reference,
        "relation": relation,
        "balance": str(debt.balance),
        "due_date": debt.due_date,
        "days_past_due": (case.as_of - debt.due_date).days,
    }
    closed = _closed(debt, case.as_of)
    if closed or strategy is None:
        return DebtAnswer(**answer, sentence=closed or "No strategy takes this debt (config/strategies).")  # type: ignore[arg-type]  # the keys above have these types
    if not strategy.guarantors and relation == "guarantor":
        return DebtAnswer(**answer, sentence=f"Strategy {strategy.name} does not write to guarantors.")  # type: ignore[arg-type]  # as above
    if strategy.parties == "debtor" and relation != "debtor":
        return DebtAnswer(**answer, sentence=f"Strategy {strategy.name} writes to the debtor alone.")  # type: ignore[arg-type]  # as above
    steps = tuple(_step(case, debt, relation, strategy, step) for step in strategy.steps)
    return DebtAnswer(**answer, strategy=strategy.name, sentence=_headline(steps), steps=steps)  # type: ignore[arg-type]  # as above


def _closed(debt: DebtFile, as_of: date) -> str:
    if debt.ledger.minor < 0:
        return "A credit: it reduces what is owed and is never asked for."
    if debt.issued_on and debt.issued_on > as_of:
        return f"Not issued before {debt.issued_on}."
    if debt.settled_on and debt.settled_on <= as_of:
        return f"Settled on {debt.settled_on}."
    return ""


def _headline(steps: Sequence[StepAnswer]) -> str:
    for status in ("due", "kept back", "waiting", "later"):
        found = next((step for step in steps if step.status == status), None)
        if found:
            return found.sentence
    return next((step.sentence for step in reversed(steps) if step.status == "sent"), "Nothing more is due.")


def _step(case: _Case, debt: DebtFile, relation: str, strategy: Strategy, step: Step) -> StepAnswer:
    rung = case.rungs.get(debt.id)
    message = next((m for m in reversed(case.sent) if m.debt_id == debt.id and m.step == step.name), None)
    comes = comes_on(strategy, step, debt.due_date, rung)
    if message is not None and comes is None:
        return _written(step, message)
    if step.is_courtesy and case.as_of > debt.due_date:
        return _answer(step, "skipped", f"{step.name}: skipped, the due date {debt.due_date} has passed.")
    if comes is None:
        return _not_next(case, debt, strategy, step)
    if comes > case.as_of:
        return _answer(step, "later", f"{step.name}: comes on {comes}.", comes_on=comes)
    return _due(case, debt, relation, strategy, step)


def _not_next(case: _Case, debt: DebtFile, strategy: Strategy, step: Step) -> StepAnswer:
    rung = case.rungs.get(debt.id)
    if rung is not None and rung.day >= step.day:
        return _answer(step, "skipped", f"{step.name}: skipped, the ladder was already past it.")
    earliest = debt.due_date + timedelta(days=step.day)
    names = [each.name for each in strategy.before(step)]
    return _answer(step, "later", f"{step.name}: comes after {names[0]}.", comes_on=earliest)


def _written(step: Step, message: explained.SentStep) -> StepAnswer:
    if message.state in SENT_STATES:
        when = message.sent_at.isoformat(timespec="minutes") if message.sent_at else f"{message.as_of}"
        sentence = f"{step.name}: sent by {message.channel} on {when} ({message.state}), message {message.message_id}."
        return _answer(step, "sent", sentence, message_id=message.message_id)
    why = "; ".join(str(reason.get("detail", "")) for reason in message.reasons)
    until = f" until {message.not_before.isoformat(timespec='minutes')}" if message.not_before else ""
    sentence = f"{step.name}: {message.state}{until} for {message.channel}, message {message.message_id}."
    return _answer(step, "waiting", sentence + (f" Why: {why}." if why else ""), message_id=message.message_id)


def _due(case: _Case, debt: DebtFile, relation: str, strategy: Strategy, step: Step) -> StepAnswer:
    due = DueDebt(debt=debt, step=step)
    intent = Intent(person=case.person, relation=relation, strategy=strategy, step=step, dues=(due,))
    reasons = stays_out(due, case.person, strategy, case.as_of)
    if reasons:
        why = "; ".join(reason.detail for reason in reasons)
        return _answer(step, "kept back", f"{step.name}: due, and kept back: {why}.", reasons=reasons)
    answers = tuple(answer for channel in channels_in_order(intent) for answer in _channel(case, intent, channel))
    chosen = next((a for a in answers if a.decision == "allow"), None) or next(
        (a for a in answers if a.decision == "defer"), None
    )
    if chosen is None:
        why = "; ".join(dict.fromkeys(reason.detail for a in answers for reason in a.reasons)) or "no way to reach them"
        return _answer(step, "kept back", f"{step.name}: due, and kept back on every channel: {why}.", channels=answers)
    when = "now" if chosen.not_before is None else f"from {_local(chosen)}"
    why = "; ".join(reason.detail for reason in chosen.reasons)
    sentence = f"{step.name}: due, goes by {chosen.channel} to {chosen.address} {when}" + (f" ({why})." if why else ".")
    return _answer(step, "due", sentence, channels=answers)


def _local(answer: ChannelAnswer) -> str:
    from zoneinfo import ZoneInfo

    assert answer.not_before is not None  # noqa: S101 asked only of deferrals
    if not answer.zones:
        return answer.not_before.isoformat(timespec="minutes")
    return f"{answer.not_before.astimezone(ZoneInfo(answer.zones[0])):%Y-%m-%d %H:%M} {answer.zones[0]}"


def _channel(case: _Case, intent: Intent, channel: ChannelKind) -> list[ChannelAnswer]:
    sender = case.desk.senders.get(case.person.creditor)
    points = reachable_points(case.person, channel)
    if sender is None or not points:
        word = "no sender is configured for this creditor" if sender is None else f"no usable address for {channel.value}"
        reason = Reason(
            pack="ledger",
            rule="unreachable",
            outcome=Outcome.BLOCK,
            reference="the portfolio",
            detail=word,
            status="policy",
            verified="official",
        )
        return [ChannelAnswer(channel=channel.value, address="", decision="unreachable", reasons=(reason,))]
    answers = []
    for point in points:
        contact = contact_of(intent, channel, point, sender)
        zones = zones_of(case.person, point, case.desk.places)
        decision = case.desk.judge(contact, contact_facts(contact, now=case.now, zones=zones))
        answers.append(_channel_answer(channel, point.address if point else "the postal address", decision, zones))
    return answers


def _channel_answer(channel: ChannelKind, address: str, decision: Decision, zones: Any) -> ChannelAnswer:
    return ChannelAnswer(
        channel=channel.value,
        address=address,
        decision=decision.outcome.value,
        not_before=decision.not_before,
        zones=tuple(sorted({zone.zone for zone in zones})),
        reasons=decision.reasons,
    )


def _answer(step: Step, status: str, sentence: str, **more: Any) -> StepAnswer:
    return StepAnswer(step=step.name, kind=step.kind, status=status, sentence=sentence, **more)
