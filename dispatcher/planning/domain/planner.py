"""Decides, for one person and the debts that have come to a step, which message goes out, if any."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from channels.kind import ChannelKind
from dispatcher.gate.decision import Decision, Outcome, Reason
from dispatcher.gate.facts import ContactFacts, HistoryEntry, ZoneCandidate
from dispatcher.people.domain.person import ContactPoint, DebtFile, PersonFile
from dispatcher.planning.domain.contact import (
    IntendedContact,
    contact_facts,
    reachable_points,
    role_of,
    zones_of,
)
from dispatcher.planning.domain.standing import standing
from dispatcher.planning.domain.strategy import Step, Strategy
from dispatcher.values.sender import Sender
from dispatcher.values.whereabouts import PlaceTable

Judge = Callable[[IntendedContact, ContactFacts], Decision]
MOST_OCCURRENCES = 5  # a step whose message failed or expired this often waits for a person


@dataclass(frozen=True, kw_only=True, slots=True)
class DueDebt:
    """A debt at a step of its own ladder, as the recipient owes it; `occurrence` counts the tries at this step."""

    debt: DebtFile
    step: Step
    relation: str = "debtor"
    occurrence: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """One message that is due: a recipient and the debts it would speak of, under the furthest step among them."""

    person: PersonFile
    relation: str
    strategy: Strategy
    step: Step
    dues: tuple[DueDebt, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedMessage:
    """What will be sent: allowed now, or from `decision.not_before`, or held for a person."""

    intent: Intent
    channel: ChannelKind
    point: ContactPoint | None
    zones: tuple[ZoneCandidate, ...]
    decision: Decision
    expires_at: datetime
    tried: tuple[Reason, ...] = ()  # why the channels before it were not taken


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusedIntent:
    """What will not be sent on any channel, with every reason; `packs` are those that were asked."""

    intent: Intent
    outcome: Outcome
    reasons: tuple[Reason, ...]
    zones: tuple[ZoneCandidate, ...]
    packs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanningRules:
    """What the planner asks besides the files: the gate, the zones, the senders."""

    judge: Judge
    places: PlaceTable
    senders: Mapping[str, Sender]
    as_of: date
    now: datetime


def group_dues(person: PersonFile, strategy: Strategy, dues: Iterable[DueDebt]) -> list[Intent]:
    """One intent a debt, or with `join: debtor` one for all debts that may stand in one table."""
    groups: dict[object, list[DueDebt]] = {}
    for due in sorted(dues, key=lambda due: (due.debt.due_date, due.debt.id)):
        table = due.debt.id if strategy.join == "none" else _table(due)
        groups.setdefault(table, []).append(due)
    return [_intent(person, strategy, tuple(group)) for group in groups.values()]


def _table(due: DueDebt) -> tuple[object, ...]:
    """What debts of one message must share. A person has one creditor and one language."""
    vouches = due.relation == "guarantor"
    return (
        due.debt.creditor_id,
        due.debt.balance.currency,
        due.step.kind,
        due.step.needs_handover_decision,
        vouches,
    )


def _intent(person: PersonFile, strategy: Strategy, dues: tuple[DueDebt, ...]) -> Intent:
    relations = {due.relation for due in dues}
    return Intent(
        person=person,
        relation="debtor" if "debtor" in relations else min(relations),
        strategy=strategy,
        step=max((due.step for due in dues), key=lambda step: step.day),
        dues=dues,
    )


def stays_out(due: DueDebt, person: PersonFile, strategy: Strategy, as_of: date) -> tuple[Reason, ...]:
    """Why this debt is not asked for at this step today; empty: it is."""
    reasons = standing(due.debt, person, due.step, strategy, as_of)
    if due.occurrence > MOST_OCCURRENCES:
        detail = f"{due.step.name} failed or expired {MOST_OCCURRENCES} times; a person must look"
        reasons = (*reasons, _reason("too-many-tries", detail, outcome=Outcome.HOLD))
    return reasons


def plan_intent(
    intent: Intent, rules: PlanningRules, earlier: Sequence[HistoryEntry] = ()
) -> PlannedMessage | RefusedIntent:
    """Choose the channel: the first in order of preference on which the person is reachable and that is not blocked."""
    sender = rules.senders.get(intent.person.creditor)
    if sender is None:
        detail = f"creditor {intent.person.creditor!r} has no entry in config/senders.yaml: nobody may write unnamed"
        reason = _reason("no-sender", detail, outcome=Outcome.HOLD)
        return _refusal(intent, rules, Outcome.HOLD, [reason])
    expires_at = rules.now + timedelta(days=intent.step.valid_days or 0.5)
    held: PlannedMessage | None = None
    refused: list[Reason] = []
    packs: set[str] = set()
    for channel in channels_in_order(intent):
        points = reachable_points(intent.person, channel)
        if not points:
            _collect(refused, channel, (_not_reachable(channel),))
        for point in points:
            planned = _try(intent, channel, point, sender, rules, earlier, expires_at, tuple(refused))
            if planned.decision.outcome in (Outcome.ALLOW, Outcome.DEFER) and not _too_late(planned):
                return planned
            if planned.decision.outcome is Outcome.HOLD and held is None:
                held = planned
            _collect(refused, channel, planned.decision.reasons)
            packs.update(planned.decision.packs)
    if held is not None:
        return held
    outcome = Outcome.DEFER if any(r.outcome is Outcome.DEFER for r in refused) else Outcome.BLOCK
    return _refusal(intent, rules, outcome, refused, packs)


def _refusal(
    intent: Intent,
    rules: PlanningRules,
    outcome: Outcome,
    reasons: Iterable[Reason],
    packs: Iterable[str] = (),
) -> RefusedIntent:
    zones = zones_of(intent.person, None, rules.places)
    return RefusedIntent(
        intent=intent, outcome=outcome, reasons=tuple(reasons), zones=zones, packs=tuple(sorted(packs))
    )


def _collect(refused: list[Reason], channel: ChannelKind, reasons: Iterable[Reason]) -> None:
    """Add reasons, each once with all the channels on which it refused."""
    known = [replace(reason, channels=()) for reason in refused]
    for reason in reasons:
        if reason not in known:
            refused.append(replace(reason, channels=(channel.value,)))
        elif channel.value not in (told := refused[known.index(reason)]).channels:
            refused[known.index(reason)] = replace(told, channels=(*told.channels, channel.value))


def channels_in_order(intent: Intent) -> tuple[ChannelKind, ...]:
    """The step's channels, the person's preferred one first; a preference never adds or excludes."""
    preferred = intent.person.preferred_channel
    return tuple(sorted(intent.step.channels, key=lambda channel: channel.value != preferred))


def contact_of(
    intent: Intent, channel: ChannelKind, point: ContactPoint | None, sender: Sender
) -> IntendedContact:
    """The intent as the gate's question."""
    debts = tuple(due.debt for due in intent.dues)
    return IntendedContact(
        person=intent.person,
        debts=debts,
        channel=channel,
        kind=intent.step.kind,
        point=point,
        relation=intent.relation,
        sender_role=role_of(debts, sender.role),
        employer_domains=sender.employer_domains,
    )


def as_history(planned: PlannedMessage, now: datetime) -> HistoryEntry:
    """A planned message as the contact that later messages of the same person must count."""
    return HistoryEntry(
        at=planned.decision.not_before or now,
        channel=planned.channel.value,
        outcome="sent",
        direction="outbound",
        debts=tuple(due.debt.reference for due in planned.intent.dues),
        kind=planned.intent.step.kind,
        to=planned.point.address if planned.point else None,
    )


def _try(
    intent: Intent,
    channel: ChannelKind,
    point: ContactPoint | None,
    sender: Sender,
    rules: PlanningRules,
    earlier: Sequence[HistoryEntry],
    expires_at: datetime,
    refused: tuple[Reason, ...],
) -> PlannedMessage:
    zones = zones_of(intent.person, point, rules.places)
    contact = contact_of(intent, channel, point, sender)
    decision = rules.judge(contact, contact_facts(contact, now=rules.now, zones=zones, earlier=earlier))
    return PlannedMessage(
        intent=intent,
        channel=channel,
        point=point,
        zones=zones,
        decision=decision,
        expires_at=expires_at,
        tried=refused,
    )


def _too_late(planned: PlannedMessage) -> bool:
    not_before = planned.decision.not_before
    return not_before is not None and not_before >= planned.expires_at


def not_reachable(channel: ChannelKind) -> str:
    """Why a channel cannot be used for somebody, in words."""
    return _UNREACHABLE[channel]


def _not_reachable(channel: ChannelKind) -> Reason:
    return _reason(f"no-{channel.value}-address", not_reachable(channel))


_UNREACHABLE = {
    ChannelKind.EMAIL: "no usable e-mail address on file",
    ChannelKind.SMS: "no number on file that takes an SMS",
    ChannelKind.LETTER: "no complete postal address on file",
}


def _reason(rule: str, detail: str, *, outcome: Outcome = Outcome.BLOCK) -> Reason:
    return Reason(
        pack="ledger",
        rule=rule,
        outcome=outcome,
        reference="the strategy and the portfolio",
        detail=detail,
        status="policy",
        verified="official",
    )
