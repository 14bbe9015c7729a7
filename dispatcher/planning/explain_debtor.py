"""Explains, for one person, why each debt, step and channel is written to, waits, or is left alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from channels.kind import ChannelKind
from dispatcher.database.engine import Database
from dispatcher.gate.decision import Decision, Outcome, Reason, own_reason
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.people.storage.find_debtor import find_debtor
from dispatcher.people.storage.humans import with_other_records
from dispatcher.people.storage.people import load_people
from dispatcher.planning import explain_words as words
from dispatcher.planning.domain.contact import contact_facts
from dispatcher.planning.domain.conversation import DueDebt, Intent
from dispatcher.planning.domain.intended import IntendedContact, reachable_points, zones_of
from dispatcher.planning.domain.ladder import Rung, comes_on, ends_on
from dispatcher.planning.domain.plan_summary import Decided
from dispatcher.planning.domain.planner import (
    GIVEN_UP,
    PlannedMessage,
    RefusedIntent,
    channels_in_order,
    contact_of,
    not_reachable,
    stays_out,
)
from dispatcher.planning.domain.sender_role import role_of
from dispatcher.planning.domain.standing import NOT_DECIDED, standing
from dispatcher.planning.domain.strategy import HANDOVER, Step, Strategy
from dispatcher.planning.explanation import ChannelAnswer, DebtAnswer, Explanation, StepAnswer
from dispatcher.planning.forecast_days import ForecastRequest, predict_days
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage import explained
from dispatcher.planning.storage.candidates import strategies_of
from dispatcher.planning.storage.ended_ladders import rounds_of
from dispatcher.planning.storage.turns import put_off_of
from dispatcher.treatment.find_segments import why_segment, with_segments
from dispatcher.values.charges import reaches

TOLD_FOR = timedelta(days=30)  # so long what went besides the ladder is named


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    policy: Policy
    person: PersonFile
    as_of: date
    now: datetime
    rungs: Mapping[int, Rung]
    sent: Sequence[explained.SentStep]
    decided: Mapping[tuple[int, str], Decided]  # by debt and its step: what the run of the day would decide
    put_off: Mapping[tuple[int, str], str]  # by debt and its step: what a run said whose day was full
    gone: Mapping[
        tuple[int, str], date
    ]  # by debt and its step: the day before this one whose run would send it
    rounds: Mapping[int, int]  # debts that may have another round -> how many they have had

    @property
    def zone(self) -> str:
        """Where the person may be, to tell times by; empty when nothing is known."""
        return min((zone.zone for zone in zones_of(self.person, None, self.policy.places)), default="")


def explain_debtor(
    database: Database, desk: Policy, reference: str, *, as_of: date, now: datetime
) -> Explanation:
    """Answer for `creditor/reference`; raises UnknownDebtorError when it names nobody or several.

    Of a day to come it says what its run would decide if every message till then goes out and no new fact comes.
    """
    today, now = now, _on_the_day(as_of, now)
    with database.reading() as connection:
        debtor_id = find_debtor(connection, reference).id
        relations = explained.debt_ids_of(connection, debtor_id)
        ids = list(relations)
        person = load_people(connection, {debtor_id}, now=now)[debtor_id]
        debts = with_segments(connection, load_debts(connection, ids, as_of=as_of), desk.segments, as_of)
        strategies = strategies_of(connection, desk.strategies, ids, segments=desk.segments, as_of=as_of)
        why = {key: why_segment(connection, debts[key], desk.segments, as_of) for key in ids}
        besides = explained.besides(connection, debtor_id, as_of - TOLD_FOR)
        case = _Case(
            policy=desk,
            person=person,
            as_of=as_of,
            now=now,
            rungs=explained.rungs_of(connection, debtor_id, ids),
            sent=explained.steps_sent(connection, debtor_id, ids),
            decided={},
            put_off=put_off_of(connection, debtor_id),
            gone={},
            rounds={
                key[0]: n for key, n in rounds_of(connection, [(i, debtor_id) for i in ids], as_of).items()
            },
        )
    gone, decided = _decided(database, case.policy, debtor_id, as_of, today)
    case = replace(case, gone=gone, decided=decided)
    by_name = {strategy.name: strategy for strategy in desk.strategies}
    zones = tuple(sorted({zone.zone for zone in zones_of(person, None, desk.places)}))
    return Explanation(
        besides=tuple(besides),
        debtor=person.full_reference,
        name=person.name,
        as_of=as_of,
        now=now,
        zones=zones,
        packs=_packs(case, debts.values()),
        debts=tuple(
            replace(
                _beside(
                    case, debts[i], _debt(case, debts[i], relations[i], by_name.get(strategies.get(i, "")))
                ),
                segment=debts[i].segment,
                segment_because=why[i],
            )
            for i in ids
        ),
    )


def _on_the_day(as_of: date, now: datetime) -> datetime:
    """The same hour of a day to come; a day of the past is looked at from now."""
    return now + max(as_of - now.date(), timedelta())


def _decided(
    database: Database, policy: Policy, debtor_id: int, as_of: date, now: datetime
) -> tuple[dict[tuple[int, str], date], dict[tuple[int, str], Decided]]:
    """What goes on the days before, and what the run of the day decides, each by debt and its step."""
    ahead = max((as_of - now.date()).days, 0)
    with database.reading() as connection:
        records = with_other_records(connection, [debtor_id])  # what goes to one counts for the others
    request = ForecastRequest(
        as_of=as_of - timedelta(days=ahead), now=now, days=ahead + 1, debtor_ids=tuple(sorted(records))
    )
    gone: dict[tuple[int, str], date] = {}
    decided: dict[tuple[int, str], Decided] = {}
    for day, _, everything in predict_days(database, policy, request):
        mine = [each for each in everything if each.intent.person.id == debtor_id]
        decided = {(due.debt.id, due.step.name): each for each in mine for due in each.intent.dues}
        if day < as_of:
            gone.update({key: day for key, each in decided.items() if _may_go(each)})
    return gone, decided


def _may_go(decided: Decided) -> bool:
    return isinstance(decided, PlannedMessage) and decided.decision.outcome is not Outcome.HOLD


def _packs(case: _Case, debts: Iterable[DebtFile]) -> tuple[str, ...]:
    sender = case.policy.senders.get(case.person.creditor)
    if sender is None:
        return ()
    each: list[tuple[DebtFile, ...]] = [(debt,) for debt in debts]
    contacts = [
        IntendedContact(
            person=case.person,
            debts=some,
            channel=ChannelKind.EMAIL,
            kind="collection",
            point=None,
            sender_role=role_of(some, sender.role),
        )
        for some in each or [()]
    ]
    found = {pack.name for one in contacts for pack in case.policy.packs_for(one, case.now.date())}
    return tuple(sorted(found))


def _debt(case: _Case, debt: DebtFile, relation: str, strategy: Strategy | None) -> DebtAnswer:
    closed = _closed(debt, case.as_of)
    answer = DebtAnswer(
        reference=debt.full_reference,
        relation=relation,
        balance=str(debt.balance),
        due_date=debt.due_date,
        issued_on=debt.issued_on,
        days_past_due=(case.as_of - debt.due_date).days,
        sentence=closed or "Nothing more is due.",
    )
    if closed:
        return answer
    if strategy is None:
        return replace(answer, sentence=_not_taken(case, debt))
    if not strategy.guarantors and relation == "guarantor":
        return replace(answer, sentence=f"Strategy {strategy.name} does not write to guarantors.")
    if strategy.parties == "debtor" and relation != "debtor":
        return replace(answer, sentence=f"Strategy {strategy.name} writes to the debtor alone.")
    steps = tuple(_step(case, debt, relation, strategy, step) for step in strategy.steps)
    said = " ".join(word for word in (_headline(steps), _ended(case, debt, strategy, steps)) if word)
    return replace(answer, strategy=strategy.name, sentence=said or answer.sentence, steps=steps)


def _beside(case: _Case, debt: DebtFile, answer: DebtAnswer) -> DebtAnswer:
    """With a word on what a statute added, where the creditor claims one and the balance was paid late."""
    sender = case.policy.senders.get(case.person.creditor)
    charge = sender.charges if sender else None
    ended_on = debt.settled_on or case.as_of
    ended = debt.ledger.minor >= 0 and (debt.balance.minor <= 0 or debt.settled_on is not None)
    if charge is None or not ended or not debt.due_date < ended_on <= case.as_of:
        return answer
    if not reaches(charge, debt.debt_type, debt.due_date):
        return answer
    return replace(answer, sentence=f"{answer.sentence} {words.beside_what_was_paid(charge.reference)}")


def _not_taken(case: _Case, debt: DebtFile) -> str:
    limits = [s.match.balance_min for s in case.policy.strategies if s.match.balance_min is not None]
    if limits and debt.balance.amount < max(limits):
        return f"No strategy takes this debt: {debt.balance} is below what reminders are sent for."
    return "No strategy takes this debt: none of config/strategies matches it."


def _closed(debt: DebtFile, as_of: date) -> str:
    if debt.ledger.minor < 0:
        return "A credit: it reduces what is owed and is never asked for."
    if debt.issued_on and debt.issued_on > as_of:
        return f"It is not issued before {debt.issued_on}."
    if debt.settled_on and debt.settled_on <= as_of:
        return f"It was settled on {debt.settled_on}: nothing more is sent about it."
    return ""


def _headline(steps: Sequence[StepAnswer]) -> str:
    """What happened last, what is the matter now, what comes next."""
    said = [step.sentence for step in steps if step.status in {"sent", "waiting"}][-1:]
    said += [step.sentence for step in steps if step.status in {"due", "kept back"}]
    if not any(step.status in {"kept back", "waiting"} for step in steps):
        said += [step.sentence for step in steps if step.status == "later"][:1]
    return " ".join(said)


def _ended(case: _Case, debt: DebtFile, strategy: Strategy, steps: Sequence[StepAnswer]) -> str:
    """What comes when no step does, but for a last one that waits for a decision to hand over."""
    rung = case.rungs.get(debt.id)
    waits = {
        reason.rule for step in steps if step.status in {"kept back", "later"} for reason in step.reasons
    }
    comes = any(
        step.status in {"due", "waiting"} or (step.status == "later" and not step.reasons) for step in steps
    )
    if (
        rung is None
        or comes
        or not waits <= {NOT_DECIDED}
        or standing(debt, case.person, None, strategy, case.as_of)
    ):
        return ""
    asks = strategy.ending.then == HANDOVER and strategy.handover is not None
    days = strategy.handover.after_days if asks and strategy.handover else strategy.ending.after_days
    ends = None if days is None else ends_on(strategy, rung, after=days)
    if ends is None or debt.handover_decided_on is not None:
        return ""
    return words.ended(ends, asks_for_handover=asks)


def _step(case: _Case, debt: DebtFile, relation: str, strategy: Strategy, step: Step) -> StepAnswer:
    rung = case.rungs.get(debt.id)
    message = next((m for m in reversed(case.sent) if m.debt_id == debt.id and m.step == step.name), None)
    comes = comes_on(strategy, step, debt.due_date, rung)
    again = _again_on(case, debt, strategy, step)
    is_decided = (debt.id, step.name) in case.decided
    if message is not None and comes is None and again is None and not is_decided:
        return _written(case, step, message)
    if is_decided or again is None:
        answer = _unwritten(case, debt, relation, strategy, step, comes)
    else:
        answer = _comes_again(_later(case, debt, relation, strategy, step, again), again)
    if message is None or (again is None and message.state not in words.CAME_BACK):
        return answer
    told = words.goes_on if again is None else words.told
    said = told(step.name, message, case.zone)
    return replace(answer, sentence=f"{said} {answer.sentence}", message_id=message.message_id)


def _again_on(case: _Case, debt: DebtFile, strategy: Strategy, step: Step) -> date | None:
    """The day on which another round begins with this step."""
    ends = ends_on(strategy, case.rungs.get(debt.id))
    has_one = case.rounds.get(debt.id, strategy.ending.rounds) < strategy.ending.rounds
    return ends if has_one and step.name == strategy.ending.begins else None


def _comes_again(later: StepAnswer, day: date) -> StepAnswer:
    return later if later.reasons else replace(later, sentence=words.comes_again(later.step, day))


def _unwritten(
    case: _Case, debt: DebtFile, relation: str, strategy: Strategy, step: Step, comes: date | None
) -> StepAnswer:
    """A step that has not fired, whose message has reached nobody, or that comes again."""
    if (debt.id, step.name) in case.decided:
        return _due(case, debt, step)
    if step.is_courtesy and case.as_of > debt.due_date:
        return _answer(step, "skipped", words.skipped(step.name, debt.due_date))
    if comes is None or _is_said_again(case, debt, strategy, step):
        return _not_next(case, debt, relation, strategy, step)
    if comes > case.as_of:
        return _later(case, debt, relation, strategy, step, comes)
    trial = strategy.trial_of(step, case.as_of)
    if trial is not None and trial.moves_days and (debt.id, step.name) not in case.gone:
        return _answer(step, "later", words.waits_for_arm(step.name, trial.name))
    return _due(case, debt, step)


def _is_said_again(case: _Case, debt: DebtFile, strategy: Strategy, step: Step) -> bool:
    """Whether this step's place is taken by the first contact, which had reached nobody."""
    first = strategy.first_contact
    return first is not None and first.name != step.name and (debt.id, first.name) in case.decided


def _later(
    case: _Case, debt: DebtFile, relation: str, strategy: Strategy, step: Step, day: date, after: str = ""
) -> StepAnswer:
    """A step of a day to come, with what the gate would say then on the facts of now."""
    against = _against(case, debt, relation, strategy, step, day)
    if against:
        when = f"after the {after}" if after else f"on {day:%A} {day}"
        sentence = words.would_come(step.name, when, against)
        return _answer(step, "later", sentence, comes_on=day, reasons=against)
    sentence = words.comes_after(step.name, after) if after else words.comes(step.name, day)
    return _answer(step, "later", sentence, comes_on=day)


def _against(
    case: _Case, debt: DebtFile, relation: str, strategy: Strategy, step: Step, day: date
) -> tuple[Reason, ...]:
    due = DueDebt(debt=debt, step=step, strategy=strategy, relation=relation)
    intent = Intent(person=case.person, relation=relation, strategy=strategy, step=step, dues=(due,))
    day = max(day, case.as_of)  # what stands before may keep it past its own day
    then = replace(case, now=_on_the_day(day, case.now), as_of=day)
    kept = stays_out(due, case.person, day)
    if kept:
        return kept
    answers = [a for channel in channels_in_order(intent) for a in _channel(then, intent, channel)]
    if any(answer.decision in {"allow", "defer"} for answer in answers):
        return ()
    return tuple(reason for a in answers for reason in a.reasons if reason.outcome is not Outcome.DEFER)


def _not_next(case: _Case, debt: DebtFile, relation: str, strategy: Strategy, step: Step) -> StepAnswer:
    rung = case.rungs.get(debt.id)
    if rung is not None and rung.day >= step.day:
        return _answer(step, "skipped", f"The {step.name} is skipped: the ladder was already past it.")
    earliest = debt.due_date + timedelta(days=step.day)
    before = strategy.before(step)[0].name
    return _later(case, debt, relation, strategy, step, earliest, after=before)


def _written(case: _Case, step: Step, message: explained.SentStep) -> StepAnswer:
    status = "sent" if message.state in words.REACHED else "waiting"
    return _answer(step, status, words.told(step.name, message, case.zone), message_id=message.message_id)


def _due(case: _Case, debt: DebtFile, step: Step) -> StepAnswer:
    """What the run of the day would decide about a debt that has come to its step."""
    decided = case.decided.get((debt.id, step.name))
    gone = case.gone.get((debt.id, step.name))
    if decided is None and gone is not None:
        return _answer(step, "later", words.comes(step.name, gone), comes_on=gone)
    if decided is None:
        return _answer(step, "kept back", f"The {step.name} has come, and nobody plans it today.")
    given_up = _given_up_by(decided)
    answers = tuple(
        answer
        for channel in channels_in_order(decided.intent)
        for answer in given_up.get(channel.value) or _channel(case, decided.intent, channel)
    )
    if isinstance(decided, RefusedIntent):
        own = tuple(r for r in decided.reasons if r.outcome is not Outcome.DEFER) or decided.reasons
        shown = () if _is_standing(decided) else answers
        return _answer(
            step, "kept back", words.kept_back(step.name, own), reasons=decided.reasons, channels=shown
        )
    if decided.decision.outcome is Outcome.HOLD:
        reasons = decided.decision.reasons
        return _answer(
            step, "kept back", words.kept_back(step.name, reasons), reasons=reasons, channels=answers
        )
    put_off = case.put_off.get((debt.id, step.name))
    said = f" The last run put it off: {put_off}." if put_off else ""
    return _answer(step, "due", f"{_goes(case, decided, step)}{said}", channels=answers)


def _given_up_by(decided: PlannedMessage | RefusedIntent) -> Mapping[str, list[ChannelAnswer]]:
    """By channel that a person gave up for the step, the answer that says so: nobody asks the gate about it."""
    reasons = decided.reasons if isinstance(decided, RefusedIntent) else decided.tried
    return {
        channel: [ChannelAnswer(channel=channel, address="", decision="block", reasons=(reason,))]
        for reason in reasons
        if reason.rule == GIVEN_UP
        for channel in reason.channels
    }


def _is_standing(refused: RefusedIntent) -> bool:
    """Whether the ledger alone keeps it back, so that no channel was asked."""
    return all(reason.pack == "ledger" and not reason.channels for reason in refused.reasons)


def _goes(case: _Case, planned: PlannedMessage, step: Step) -> str:
    zone = min((zone.zone for zone in planned.zones), default=case.zone)
    decision, lead = planned.decision, planned.intent.step.name
    address = planned.point.address if planned.point else "the postal address"
    sentence = words.goes(lead, planned.channel.value, address, planned.not_before, zone, decision.reasons)
    return sentence if lead == step.name else f"{words.together(step.name, lead)} {sentence}"


def _channel(case: _Case, intent: Intent, channel: ChannelKind) -> list[ChannelAnswer]:
    sender = case.policy.senders.get(case.person.creditor)
    points = reachable_points(case.person, channel)
    if sender is None or not points:
        word = (
            "the creditor has no entry in config/senders.yaml" if sender is None else not_reachable(channel)
        )
        reason = own_reason("ledger", "unreachable", Outcome.BLOCK, "the portfolio", word)
        return [ChannelAnswer(channel=channel.value, address="", decision="unreachable", reasons=(reason,))]
    answers = []
    for point in points:
        contact = contact_of(intent, channel, point, sender)
        zones = zones_of(case.person, point, case.policy.places)
        decision = case.policy.judge(contact, contact_facts(contact, now=case.now, zones=zones))
        answers.append(
            _channel_answer(channel, point.address if point else "the postal address", decision, zones)
        )
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
