"""The second gate: whether messages may still go out, on the facts of this moment."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from channels.kind import ChannelKind
from dispatcher.delivery.domain.verdict import Verdict, VerdictKind
from dispatcher.gate.decision import Decision, Outcome, Reason, own_reason
from dispatcher.gate.facts import ContentFindings, HistoryEntry
from dispatcher.gate.grounds import grounds
from dispatcher.messages.domain.message import Message
from dispatcher.people.domain.asked import asked_in_all
from dispatcher.people.domain.person import gate_kind
from dispatcher.planning.domain.contact import contact_facts
from dispatcher.planning.domain.follow_up_standing import follow_up_standing
from dispatcher.planning.domain.intended import IntendedContact, reachable_points, zones_of
from dispatcher.planning.domain.planner import below_minimum
from dispatcher.planning.domain.sender_role import against_sender, role_of
from dispatcher.planning.domain.standing import standing
from dispatcher.planning.policy import Policy
from dispatcher.writing.checks.checks import Report
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.message_files import FollowedUp, MessageFiles, gather

CheckContent = Callable[[Message, bytes, RenderInputs], Report]

_VERDICTS = {
    Outcome.ALLOW: VerdictKind.SEND,
    Outcome.DEFER: VerdictKind.DEFER,
    Outcome.HOLD: VerdictKind.HOLD,
    Outcome.BLOCK: VerdictKind.CANCEL,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgingContext:
    """What the second gate decides by: the desk, and the check of the exact bytes."""

    policy: Policy
    check_content: CheckContent


def judge_messages(
    connection: Any,
    messages: Sequence[Message],
    *,
    bodies: Mapping[str, bytes],
    now: datetime,
    context: JudgingContext,
) -> Mapping[str, Verdict]:
    """A verdict for each message, by id; `bodies` holds their exact bytes by SHA-256.

    Call it in the transaction that claims the messages, with their people locked. Messages to one person are
    judged one after the other: one that is allowed counts as a contact for the next.
    """
    files = gather(connection, messages, now=now, segments=context.policy.segments)
    earlier: dict[int, list[HistoryEntry]] = defaultdict(list)
    verdicts: dict[str, Verdict] = {}
    for message in sorted(messages, key=lambda m: (m.recipient_id, m.id)):
        verdict = judge_message(message, files, bodies, now, context, earlier)
        verdicts[message.id] = verdict
        if verdict.kind is VerdictKind.SEND:
            earlier[message.recipient_id].append(_as_history(message, files, now))
    return verdicts


def judge_message(
    message: Message,
    files: MessageFiles,
    bodies: Mapping[str, bytes],
    now: datetime,
    context: JudgingContext,
    earlier: Mapping[int, Sequence[HistoryEntry]],
) -> Verdict:
    """The verdict for one message; `earlier` are contacts of the same breath by record, the recipient's among them."""
    if (refused := _refusal(message, files, context.policy, now)) is not None:
        return refused
    inputs = files.inputs(message, context.policy)
    if inputs is None:
        detail = (
            f"creditor {message.creditor!r} has no entry in config/senders.yaml: nobody may write unnamed"
        )
        return Verdict(
            kind=VerdictKind.HOLD,
            reasons=(_reason("no-sender", detail, outcome=Outcome.HOLD),),
        )
    digest = inputs.digest()
    body = bodies.get(message.content_sha256 or "")
    if body is None or digest != message.inputs_digest:
        return Verdict(kind=VerdictKind.PREPARE, inputs_digest=digest)
    report = context.check_content(message, body, inputs)
    if report.findings:
        found = [
            _reason(finding.rule, str(finding), pack="content", outcome=Outcome.HOLD)
            for finding in report.findings
        ]
        return Verdict(kind=VerdictKind.HOLD, reasons=tuple(found), inputs_digest=digest)
    return _verdict(_decide(message, files, now, context.policy, earlier, report.content), digest)


def judge_made(
    message: Message, files: MessageFiles, now: datetime, policy: Policy, content: ContentFindings
) -> Verdict:
    """The same of a message whose text was made from these very files and found in order, with what it says."""
    if (refused := _refusal(message, files, policy, now)) is not None:
        return refused
    earlier = {message.recipient_id: ()}
    return _verdict(_decide(message, files, now, policy, earlier, content), message.inputs_digest)


def _refusal(message: Message, files: MessageFiles, policy: Policy, now: datetime) -> Verdict | None:
    against = refused_now(message, files, policy, now)
    if not against:
        return None
    worst = max((reason.outcome for reason in against), key=lambda outcome: outcome.precedence)
    return Verdict(kind=_VERDICTS[worst], reasons=tuple(against))


def _verdict(decision: Decision, inputs_digest: str) -> Verdict:
    return Verdict(
        kind=_VERDICTS[decision.outcome],
        not_before=decision.not_before,
        not_after=decision.not_after,
        reasons=decision.reasons,
        rule_packs=decision.packs,
        inputs_digest=inputs_digest,
        grounds=grounds(decision.facts, decision.packs) if decision.allowed and decision.facts else {},
    )


def contact_of_message(message: Message, files: MessageFiles, desk: Policy) -> IntendedContact:
    """A stored message as the gate's question."""
    debts = files.debts_in(message)
    sender = desk.senders[message.creditor]
    return IntendedContact(
        person=files.person(message),
        debts=debts,
        channel=ChannelKind(message.channel),
        kind=message.kind,
        notice=message.notice,
        point=files.point(message),
        relation=message.relation,
        sender_role=role_of(debts, sender.role),
        employer_domains=sender.employer_domains,
        as_of=message.as_of,
    )


def _decide(
    message: Message,
    files: MessageFiles,
    now: datetime,
    policy: Policy,
    earlier: Mapping[int, Sequence[HistoryEntry]],
    content: ContentFindings,
) -> Decision:
    contact = contact_of_message(message, files, policy)
    contact = replace(contact, person=contact.person.after(earlier))
    zones = zones_of(contact.person, contact.point, policy.places)
    own = earlier[message.recipient_id]
    facts = contact_facts(contact, now=now, zones=zones, content=content, earlier=own)
    return policy.judge(contact, facts)


def refused_now(message: Message, files: MessageFiles, policy: Policy, now: datetime) -> list[Reason]:
    """Why planning would refuse it now: what ledger, desk and configuration have come to since it was planned."""
    today, person = _business_day(message, now), files.person(message)
    told = files.follow_up(message)
    if told is not None:
        return [*_follow_up_gone(message, told, files, policy, today), *_address_closed(message, files)]
    found: list[Reason] = []
    for each in files.asked_in(message):
        strategy = policy.strategy(each.strategy)
        step = strategy.step(each.step) if strategy else None
        found += standing(each.debt, person, step, strategy, today)
    sender = policy.senders.get(message.creditor)
    if sender is not None:
        found += against_sender(files.debts_in(message), message.kind, sender)
    strategy = policy.strategy(message.strategy)
    if strategy is not None and not found:
        total = asked_in_all(files.debts_in(message), message.currency)
        small = below_minimum(total, strategy)
        found += [small] if small else []
    if message.strategy:
        found += _step_gone(message, files, policy)
    return [*found, *_address_closed(message, files)]


def _follow_up_gone(
    message: Message, told: FollowedUp, files: MessageFiles, policy: Policy, today: date
) -> Iterator[Reason]:
    """The same of a message about an arrangement: what it tells must still be so."""
    debts, person = files.debts_in(message), files.person(message)
    yield from follow_up_standing(told.agreed, told.on, told.instalment, debts, person, today)
    strategy = policy.strategy(message.strategy)
    follow_up = strategy.follow_up(message.step) if strategy else None
    if follow_up is None:
        detail = f"config/strategies no longer has {message.step} of {message.strategy}: a person must look"
        yield _reason("step-gone", detail, outcome=Outcome.HOLD)
    elif message.channel not in follow_up.channels:
        detail = (
            f"config/strategies no longer lets {message.step} of {message.strategy} go by {message.channel}"
        )
        yield _reason("channel-gone", detail)


def _step_gone(message: Message, files: MessageFiles, policy: Policy) -> Iterator[Reason]:
    """A step that the configuration no longer has says nothing: neither that it may go nor that it may not."""
    used = {(message.strategy, message.step)}
    used |= {(each.strategy, each.step) for each in files.asked_in(message) if each.step}
    for name, step_name in sorted(used):
        strategy = policy.strategy(name)
        step = strategy.step(step_name) if strategy else None
        if step is None:
            detail = f"config/strategies no longer has {step_name} of {name}: a person must look"
            yield _reason("step-gone", detail, outcome=Outcome.HOLD)
        elif step_name == message.step and message.channel not in step.channels:
            detail = f"config/strategies no longer lets {step.name} of {name} go by {message.channel}"
            yield _reason("channel-gone", detail)


def _address_closed(message: Message, files: MessageFiles) -> Iterator[Reason]:
    point = files.point(message)
    if message.contact_point_id is not None and (point is None or point.closed_reason):
        why = point.closed_reason if point else "it is no longer on file"
        yield _reason("address-closed", f"the address may no longer be used: {why}")
    if message.channel == ChannelKind.LETTER and not reachable_points(
        files.person(message), ChannelKind.LETTER
    ):
        yield _reason("address-closed", "a letter to this address came back, or the address is gone")


def _business_day(message: Message, now: datetime) -> date:
    """The as-of date, moved by the days since planning: a run for a past day stays on that day's ledger."""
    return message.as_of + (now.date() - message.created_at.date())


def _as_history(message: Message, files: MessageFiles, now: datetime) -> HistoryEntry:
    return HistoryEntry(
        at=now,
        channel=message.channel,
        outcome="sent",
        direction="outbound",
        debts=tuple(debt.reference for debt in files.debts_in(message)),
        kind=gate_kind(message.kind, message.notice),
        to=message.address or None,
    )


def _reason(rule: str, detail: str, *, pack: str = "ledger", outcome: Outcome = Outcome.BLOCK) -> Reason:
    return own_reason(pack, rule, outcome, "what the ledger and the desk have recorded", detail)
