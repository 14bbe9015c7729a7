"""Decides, for one person and the debts that have come to a step, which message goes out, if any."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from channels.kind import ChannelKind
from dispatcher.gate.decision import Decision, Outcome, Reason, own_reason
from dispatcher.gate.facts import ContactFacts, HistoryEntry, ZoneCandidate
from dispatcher.gate.guards.frequency import PUTS_OFF
from dispatcher.people.domain.person import ContactPoint, DebtFile, PersonFile, gate_kind
from dispatcher.planning.domain.capacity import Room, day_full
from dispatcher.planning.domain.contact import contact_facts
from dispatcher.planning.domain.conversation import WAITS_AT_MOST, DueDebt, Intent, alone, waited, without
from dispatcher.planning.domain.experiments import Entered
from dispatcher.planning.domain.intended import IntendedContact, reachable_points, zones_of
from dispatcher.planning.domain.sender_role import against_sender, role_of
from dispatcher.planning.domain.standing import standing
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.planning.domain.timing import Timing, answered_at, spread_over
from dispatcher.treatment.domain.scorecard import Scorecard
from dispatcher.treatment.domain.segments import Segment
from dispatcher.values.money import Money
from dispatcher.values.sender import Sender
from dispatcher.values.whereabouts import PlaceTable

GIVEN_UP = "channel-given-up"
GivenUp = Mapping[tuple[int, int, str], frozenset[str]]
"""(debt, recipient, step) -> the channels by which a person decided not to write about it."""

Judge = Callable[[IntendedContact, ContactFacts], Decision]
_ONE_DAY = timedelta(days=1)
MOST_OCCURRENCES = 5  # a step whose message failed or expired this often waits for a person


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedMessage:
    """What will be sent: allowed now, or from `not_before`, or held for a person.

    `goes_at`: the moment that was picked for it among those at which it may go.
    """

    intent: Intent
    channel: ChannelKind
    point: ContactPoint | None
    zones: tuple[ZoneCandidate, ...]
    decision: Decision
    expires_at: datetime
    tried: tuple[Reason, ...] = ()  # why the channels before it were not taken
    goes_at: datetime | None = None

    @property
    def not_before(self) -> datetime | None:
        """The first instant at which it goes; None: at once."""
        return self.goes_at or self.decision.not_before


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusedIntent:
    """What will not be sent on any channel, with every reason; `packs` are those that were asked."""

    intent: Intent
    outcome: Outcome
    reasons: tuple[Reason, ...]
    zones: tuple[ZoneCandidate, ...]
    packs: tuple[str, ...] = ()
    tries: tuple[Decision, ...] = ()  # what the gate said of each channel and address, with its facts


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanningRules:
    """What the planner asks besides the files: the gate, the zones, the senders."""

    judge: Judge
    places: PlaceTable
    senders: Mapping[str, Sender]
    as_of: date
    now: datetime
    own_first_contact: Callable[[PersonFile, DebtFile], bool] = lambda _person, _debt: False
    names_disputed: Callable[[PersonFile, DebtFile], bool] = lambda _person, _debt: False
    strategies: tuple[Strategy, ...] = ()
    paused: Mapping[str, timedelta] = field(
        default_factory=dict
    )  # channel -> for how long its provider has failed
    segments: tuple[Segment, ...] = ()
    given_up: GivenUp = field(default_factory=dict)
    scorecard: Scorecard | None = None
    room: Room | None = None  # what the day holds; None: any number
    timing: Timing = field(default_factory=Timing)
    entered: list[Entered] | None = None  # where who has come into a trial is written; None: nowhere


def stays_out(due: DueDebt, person: PersonFile, as_of: date) -> tuple[Reason, ...]:
    """Why this debt is not asked for at this step today; empty: it is."""
    reasons = standing(due.debt, person, due.step, due.strategy, as_of)
    if due.occurrence > MOST_OCCURRENCES:
        detail = f"{due.step.name} failed or expired {MOST_OCCURRENCES} times; a person must look"
        reasons = (*reasons, _reason("too-many-tries", detail, outcome=Outcome.HOLD))
    return reasons


def below_minimum(total: Money, strategy: Strategy) -> Reason | None:
    """Why a message that asks for so much in all is not worth writing, by its strategy's `minimum`."""
    least = strategy.minimum.get(total.currency)
    if least is None or total.amount >= least:
        return None
    return _reason("below-minimum", f"the {total} that it would ask for in all are below {least}")


def plan_intent(
    intent: Intent, rules: PlanningRules, earlier: Sequence[HistoryEntry] = ()
) -> PlannedMessage | RefusedIntent:
    """Choose the channel: the first in order of preference on which the person is reachable and that is not blocked."""
    sender = rules.senders.get(intent.person.creditor)
    if sender is None:
        detail = f"creditor {intent.person.creditor!r} has no entry in config/senders.yaml: nobody may write unnamed"
        reason = _reason("no-sender", detail, outcome=Outcome.HOLD)
        return _refusal(intent, rules, Outcome.HOLD, [reason])
    against = against_sender(intent.asked, intent.step.kind, sender)
    if against:
        worst = max((reason.outcome for reason in against), key=lambda outcome: outcome.precedence)
        return _refusal(intent, rules, worst, against)
    small = below_minimum(intent.total, intent.strategy)
    if small is not None:
        return _refusal(intent, rules, Outcome.BLOCK, [small])
    expires_at = rules.now + timedelta(days=intent.step.valid_days or 0.5)
    held: PlannedMessage | None = None
    refused: list[Reason] = []
    packs: set[str] = set()
    tries: list[Decision] = []
    given_up = _given_up_for(intent, rules)
    _collect_given_up(refused, intent, given_up)
    channels = [channel for channel in channels_in_order(intent) if channel.value not in given_up]
    left = [channel for channel in channels if intent.step.leaves(rules.paused.get(channel))]
    for channel in sorted(channels, key=lambda channel: channel in left):
        points = reachable_points(intent.person, channel)
        if not points:
            _collect(refused, channel, (_not_reachable(channel),))
        for point in points:
            why = (*(_paused(each) for each in left if each is not channel), *refused)
            planned = _try(intent, channel, point, sender, rules, earlier, expires_at, why)
            if planned.decision.outcome in (Outcome.ALLOW, Outcome.DEFER) and not _too_late(planned):
                return planned
            if planned.decision.outcome is Outcome.HOLD and held is None:
                held = planned
            _collect(refused, channel, planned.decision.reasons)
            packs.update(planned.decision.packs)
            tries.append(planned.decision)
    if held is not None:
        return held
    # What a channel defers at first and never allows again is no deferral: the decision says which, not its reasons.
    outcome = Outcome.DEFER if any(each.outcome is Outcome.DEFER for each in tries) else Outcome.BLOCK
    return _refusal(intent, rules, outcome, refused, packs, tries)


def plan_conversation(
    intent: Intent, rules: PlanningRules, earlier: Sequence[HistoryEntry] = ()
) -> list[PlannedMessage | RefusedIntent]:
    """Plan a message; where something of one debt keeps it back, that debt alone stays out of it."""
    whole = plan_intent(intent, rules, earlier)
    decided = [whole]
    if not _goes(whole) and len(intent.spoken) > 1:
        decided = _without_refused(intent, whole, rules, earlier)
    return [_put_off(each, rules) for each in decided]


def _goes(decided: PlannedMessage | RefusedIntent) -> bool:
    return isinstance(decided, PlannedMessage) and decided.decision.outcome is not Outcome.HOLD


def _put_off(decided: PlannedMessage | RefusedIntent, rules: PlanningRules) -> PlannedMessage | RefusedIntent:
    reason = puts_off(decided)
    return as_put_off(decided, reason, rules) if reason and isinstance(decided, PlannedMessage) else decided


def _without_refused(
    intent: Intent,
    whole: PlannedMessage | RefusedIntent,
    rules: PlanningRules,
    earlier: Sequence[HistoryEntry],
) -> list[PlannedMessage | RefusedIntent]:
    """Ask for each debt alone: those that may not be spoken of do not hide the others."""
    answers = {each.debt.id: plan_intent(alone(intent, each), rules, earlier) for each in intent.spoken}
    refused = [key for key, answer in answers.items() if not _goes(answer)]
    rest = without(intent, refused)
    if rest is None or not refused:
        return [whole]
    apart = [answers[due.debt.id] for due in intent.dues if due.debt.id in refused]
    return [plan_intent(rest, rules, earlier), *apart]


def _refusal(
    intent: Intent,
    rules: PlanningRules,
    outcome: Outcome,
    reasons: Iterable[Reason],
    packs: Iterable[str] = (),
    tries: Iterable[Decision] = (),
) -> RefusedIntent:
    return RefusedIntent(
        intent=intent,
        outcome=outcome,
        reasons=tuple(reasons),
        zones=zones_of(intent.person, None, rules.places),
        packs=tuple(sorted(packs)),
        tries=tuple(tries),
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
    """The step's channels, the person's preferred one first; a preference never adds or excludes.

    A step that varies puts the channel of the newest message behind the others.
    """
    preferred = intent.person.preferred_channel
    last = _channel_used_last(intent.person) if intent.step.vary else None
    return tuple(
        sorted(intent.step.channels, key=lambda channel: (channel.value != preferred, channel.value == last))
    )


def _given_up_for(intent: Intent, rules: PlanningRules) -> frozenset[str]:
    keys = ((due.debt.id, intent.person.id, due.step.name) for due in intent.dues)
    return frozenset[str]().union(*(rules.given_up.get(key, ()) for key in keys))


def _collect_given_up(refused: list[Reason], intent: Intent, given_up: frozenset[str]) -> None:
    reason = _reason(GIVEN_UP, "a person decided not to write about this step by this channel")
    for channel in intent.step.channels:
        if channel.value in given_up:
            _collect(refused, channel, (reason,))


def _channel_used_last(person: PersonFile) -> str | None:
    ours = [entry for entry in person.history if entry.direction == "outbound" and entry.outcome == "sent"]
    return max(ours, key=lambda entry: entry.at).channel if ours else None


def contact_of(
    intent: Intent,
    channel: ChannelKind,
    point: ContactPoint | None,
    sender: Sender,
    as_of: date | None = None,
) -> IntendedContact:
    """The intent as the gate's question."""
    debts = intent.asked
    return IntendedContact(
        person=intent.person,
        debts=debts,
        channel=channel,
        kind=intent.step.kind,
        notice=intent.step.notice,
        point=point,
        relation=intent.relation,
        sender_role=role_of(debts, sender.role),
        employer_domains=sender.employer_domains,
        as_of=as_of,
    )


def puts_off(decided: PlannedMessage | RefusedIntent) -> Reason | None:
    """The rule that leaves today to another message of the person: then the plan of the next day decides anew."""
    if not isinstance(decided, PlannedMessage) or decided.decision.outcome is not Outcome.DEFER:
        return None
    return next((reason for reason in decided.decision.reasons if PUTS_OFF in reason.inputs), None)


def as_put_off(planned: PlannedMessage, reason: Reason, rules: PlanningRules) -> RefusedIntent:
    """A message whose day is taken. A courtesy does not wait longer than three days: its reader has had others."""
    intent = planned.intent
    if intent.step.is_courtesy and waited(intent, rules.as_of) > WAITS_AT_MOST:
        reason = _reason(
            "courtesy-crowded-out", "other messages of this person took the days of this courtesy"
        )
    return RefusedIntent(
        intent=intent,
        outcome=reason.outcome,
        reasons=(reason,),
        zones=planned.zones,
        packs=planned.decision.packs,
        tries=(planned.decision,),
    )


def within_room(
    decided: PlannedMessage | RefusedIntent, rules: PlanningRules
) -> PlannedMessage | RefusedIntent:
    """The same, or put off where the day on which it would go holds no more by its channel."""
    room = rules.room
    if room is None or not isinstance(decided, PlannedMessage) or decided.decision.outcome is Outcome.HOLD:
        return decided
    day = rules.as_of + ((decided.not_before or rules.now).date() - rules.now.date())
    if room.take(day, decided.channel.value):
        return decided
    return as_put_off(decided, day_full(day, decided.channel.value, room.capacity), rules)


def at_its_hour(
    decided: PlannedMessage | RefusedIntent, rules: PlanningRules, earlier: Sequence[HistoryEntry] = ()
) -> PlannedMessage | RefusedIntent:
    """The same, at the moment that its trial, the person's answers or the spreading pick; a notice of law goes at once.

    The gate is asked of that moment: where it would not allow it, the message goes as it would without.
    """
    if not isinstance(decided, PlannedMessage) or not _goes(decided) or decided.intent.step.kind == "notice":
        return decided
    sender = rules.senders.get(decided.intent.person.creditor)
    zone = min((zone.zone for zone in decided.zones), default="")
    channel, hours = decided.channel.value, decided.intent.hours
    if sender is None or not zone or not (hours or channel in rules.timing.best_hour | rules.timing.spread):
        return decided
    contact = contact_of(decided.intent, decided.channel, decided.point, sender, rules.as_of)

    def judged(moment: datetime) -> Decision:
        return rules.judge(contact, contact_facts(contact, now=moment, zones=decided.zones, earlier=earlier))

    earliest = decided.decision.not_before or rules.now
    ends = decided.decision.not_after if decided.decision.allowed else judged(earliest).not_after
    for moment in _moments(
        decided, rules, zone, earliest, min(ends or decided.expires_at, decided.expires_at)
    ):
        if moment <= earliest:
            return decided
        if judged(moment).allowed:
            return replace(decided, goes_at=moment)
    return decided


def _moments(
    planned: PlannedMessage, rules: PlanningRules, zone: str, earliest: datetime, ends: datetime
) -> Iterator[datetime]:
    """What could be picked, the first choice first; `ends`: when it may not go any more, that day."""
    person, channel = planned.intent.person, planned.channel.value
    if planned.intent.hours is not None:
        yield from planned.intent.hours.moments(zone, earliest=earliest, latest=planned.expires_at)
        return
    best = answered_at(person.history, zone) if channel in rules.timing.best_hour else None
    if best is not None:
        yield from best.moments(zone, earliest=earliest, latest=min(ends, earliest + _ONE_DAY))
    elif channel in rules.timing.spread and ends < planned.expires_at:
        yield spread_over(person.person, rules.as_of, earliest, ends)


def as_history(planned: PlannedMessage, at: datetime) -> HistoryEntry:
    """A planned message as the contact, at an instant, that later messages of the same person must count."""
    return HistoryEntry(
        at=at,
        channel=planned.channel.value,
        outcome="sent",
        direction="outbound",
        debts=tuple(debt.reference for debt in planned.intent.asked),
        kind=gate_kind(planned.intent.step.kind, planned.intent.step.notice),
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
    contact = contact_of(intent, channel, point, sender, rules.as_of)
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


def _paused(channel: ChannelKind) -> Reason:
    return replace(
        _reason(
            "channel-paused", f"the provider of {channel.value} has failed for longer than the step waits"
        ),
        channels=(channel.value,),
    )


def _not_reachable(channel: ChannelKind) -> Reason:
    return _reason(f"no-{channel.value}-address", not_reachable(channel))


_UNREACHABLE = {
    ChannelKind.EMAIL: "no usable e-mail address on file",
    ChannelKind.SMS: "no number on file that takes an SMS",
    ChannelKind.LETTER: "no complete postal address on file",
}


def _reason(rule: str, detail: str, *, outcome: Outcome = Outcome.BLOCK) -> Reason:
    return own_reason("ledger", rule, outcome, "the strategy and the portfolio", detail)
