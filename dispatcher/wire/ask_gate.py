"""Answers "may I call now?": both gates' reasons for a person, a medium and a moment, each answer kept in the log.

It judges person, debts, address and hour. It sees no words, and reserves nothing: whoever made a contact says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatcher.calls.judge_call import CallFiles, gather
from dispatcher.database.engine import Connection, Database
from dispatcher.gate.decision import Decision, Outcome, Reason, own_reason, reasons_json, utc_text
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.people.domain.asked import asked_by_currency
from dispatcher.people.domain.person import ContactPoint, DebtFile, PersonFile
from dispatcher.people.storage.find_debtor import find_debtor
from dispatcher.planning.domain.contact import contact_facts
from dispatcher.planning.domain.intended import IntendedContact, reachable_points, zones_of
from dispatcher.planning.domain.planner import below_minimum
from dispatcher.planning.domain.sender_role import against_sender, role_of
from dispatcher.planning.domain.standing import standing
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage.candidates import strategies_of
from dispatcher.planning.storage.explained import debt_ids_of
from dispatcher.values.sender import Sender
from dispatcher.values.written_address import address_key
from dispatcher.wire.domain.question import GOOD_FOR, Answered, Question, QuestionError, refuse_moment

KIND = "collection"
_BY = "the strategy and the portfolio"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    """What is on file of the person asked about."""

    policy: Policy
    question: Question
    person: PersonFile
    files: CallFiles
    relations: Mapping[int, str]
    strategies: Mapping[int, str]


def ask_gate(
    database: Database, policy: Policy, question: Question, *, now: datetime, actor: str
) -> Answered:
    """The answer, written down; raises UnknownDebtorError, and QuestionError saying what to mend."""
    refuse_moment(question.at, now)
    with database.writing() as connection:
        case = _open(connection, policy, question)
        answered = _answer(case)
        _log(connection, case, answered, now, actor)
    return answered


def _open(connection: Connection, policy: Policy, question: Question) -> _Case:
    debtor = find_debtor(connection, question.who)
    relations = debt_ids_of(connection, debtor.id)
    files = gather(connection, policy, {debtor.id}, list(relations), question.at)
    taken = strategies_of(
        connection, policy.strategies, list(relations), segments=policy.segments, as_of=question.at.date()
    )
    return _Case(
        policy=policy,
        question=question,
        person=files.people[debtor.id],
        files=files,
        relations=relations,
        strategies=taken,
    )


def _answer(case: _Case) -> Answered:
    asked = _asked_about(case)
    against = {debt.id: tuple(_against(case, debt)) for debt in asked}
    about = [debt for debt in asked if not against[debt.id]]
    if case.question.debts and len(about) < len(asked):
        about = []  # who names what they will speak of speaks of all of it
    reasons = [] if about else [reason for debt in asked for reason in against[debt.id]]
    if not asked:
        reasons = [_never("nothing-owed", "nothing is open that could be asked for")]
    if about:
        small = list(_too_small(case, about))
        reasons, about = (small, []) if small else (reasons, about)
    sender = case.policy.senders.get(case.person.creditor)
    if sender is None:
        detail = f"creditor {case.person.creditor!r} has no entry in config/senders.yaml"
        return _refused(case, about, [*reasons, _never("no-sender", detail)])
    reasons += against_sender(about or asked, KIND, sender)
    if case.person.is_first_contact(case.question.at.date()):
        reasons.append(
            _never(
                "first-contact",
                "nothing written has reached this person yet, and the first contact is written",
            )
        )
    judged = _judged(case, about or asked, sender)
    if judged is None:
        return _refused(case, about, [*reasons, _not_reachable(case)])
    decision, point, zones = judged
    outcome = max((decision.outcome, *(reason.outcome for reason in reasons)), key=lambda one: one.precedence)
    is_yes = outcome is Outcome.ALLOW
    return Answered(
        outcome=outcome,
        at=case.question.at,
        debtor=case.person.full_reference,
        channel=case.question.channel,
        address=point.address if point else "",
        debts=tuple(debt.full_reference for debt in about),
        not_before=decision.not_before if outcome is Outcome.DEFER else None,
        valid_until=_until(case.question.at, decision) if is_yes else None,
        reasons=(*_once(reasons), *decision.reasons),
        packs=decision.packs,
        zones=zones,
    )


def _asked_about(case: _Case) -> list[DebtFile]:
    day = case.question.at.date()
    open_debts = [debt for debt in case.files.debts.values() if debt.is_owed(day)]
    if not case.question.debts:
        return open_debts
    by_name = {debt.full_reference: debt for debt in case.files.debts.values()}
    named = [
        name if name in by_name else f"{case.person.creditor}/{name}"
        for name in dict.fromkeys(case.question.debts)
    ]
    if unknown := [name for name in named if name not in by_name]:
        raise QuestionError(f"debts: {case.person.full_reference} has no {', '.join(unknown)}")
    return [by_name[name] for name in named]


def _against(case: _Case, debt: DebtFile) -> Iterator[Reason]:
    """Why this debt may not be spoken of: both gates' reasons, and what only its strategy says."""
    day, relation = case.question.at.date(), case.relations[debt.id]
    strategy = case.policy.strategy(case.strategies.get(debt.id, ""))
    yield from standing(debt, case.person, None, strategy, day)
    if strategy is None:
        yield _never("no-strategy", "no strategy of config/strategies asks for this debt")
    elif not _speaks_to(strategy, relation):
        yield _never("not-a-party", f"strategy {strategy.name} does not turn to a {relation}")


def _speaks_to(strategy: Strategy, relation: str) -> bool:
    if relation == "guarantor":
        return strategy.guarantors
    return relation == "debtor" or strategy.parties == "all"


def _too_small(case: _Case, about: Sequence[DebtFile]) -> Iterator[Reason]:
    """Why what may be spoken of is not worth a contact, in any currency of it."""
    totals = {total.currency: total for total in asked_by_currency(about)}
    for debt in about:
        strategy = case.policy.strategy(case.strategies[debt.id])
        small = below_minimum(totals[debt.balance.currency], strategy) if strategy else None
        if small is not None:
            yield small


def _judged(
    case: _Case, debts: Sequence[DebtFile], sender: Sender
) -> tuple[Decision, ContactPoint | None, tuple[str, ...]] | None:
    """The most favourable address with what the gate says of it; None: there is none to judge."""
    found = [_judge(case, debts, point, sender) for point in _points(case)]
    return min(found, key=lambda one: one[0].outcome.precedence) if found and debts else None


def _points(case: _Case) -> list[ContactPoint | None]:
    wanted = address_key(case.question.address) if case.question.address else ""
    points = reachable_points(case.person, case.question.channel)
    return [point for point in points if not wanted or (point and address_key(point.address) == wanted)]


def _judge(
    case: _Case, debts: Sequence[DebtFile], point: ContactPoint | None, sender: Sender
) -> tuple[Decision, ContactPoint | None, tuple[str, ...]]:
    contact = IntendedContact(
        person=case.person,
        debts=tuple(debts),
        channel=case.question.channel,
        kind=KIND,
        point=point,
        relation=case.relations[debts[0].id] if debts else "debtor",
        sender_role=role_of(tuple(debts), sender.role),
        employer_domains=sender.employer_domains,
        as_of=case.question.at.date(),
    )
    zones = zones_of(case.person, point, case.policy.places)
    earlier = case.files.waiting.get(case.person.id, ())
    facts = contact_facts(contact, now=case.question.at, zones=zones, earlier=earlier)
    return case.policy.judge(contact, facts), point, tuple(sorted({zone.zone for zone in zones}))


def _until(at: datetime, decision: Decision) -> datetime:
    ends = at + GOOD_FOR
    return min(ends, decision.not_after) if decision.not_after else ends


def _refused(case: _Case, about: Sequence[DebtFile], reasons: Sequence[Reason]) -> Answered:
    return Answered(
        outcome=max((reason.outcome for reason in reasons), key=lambda one: one.precedence),
        at=case.question.at,
        debtor=case.person.full_reference,
        channel=case.question.channel,
        debts=tuple(debt.full_reference for debt in about),
        reasons=_once(reasons),
    )


def _once(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """Each once: a hold of the person is said of each of their debts."""
    return tuple(one for number, one in enumerate(reasons) if one not in reasons[:number])


def _not_reachable(case: _Case) -> Reason:
    of = "this address" if case.question.address else "any address"
    return _never("not-reachable", f"the person may not be reached at {of} by {case.question.channel}")


def _never(rule: str, detail: str) -> Reason:
    return own_reason("ledger", rule, Outcome.BLOCK, _BY, detail)


def _log(connection: Connection, case: _Case, answered: Answered, now: datetime, actor: str) -> None:
    person = case.person
    values = {"debtor": answered.debtor, "debts": list(answered.debts), "address": answered.address}
    [(personal_id, commitment)] = delivery_log.keep_personal(connection, [(person.person, values)])
    moments = {"not_before": answered.not_before, "valid_until": answered.valid_until}
    entry = LogEntry(
        event=Event.CONTACT_ASKED,
        at=now,
        actor=actor,
        person=person.person,
        creditor=person.creditor,
        kind=KIND,
        channel=str(answered.channel),
        rule_packs=answered.packs,
        decision=answered.outcome.value,
        reasons=tuple(reasons_json(answered.reasons)),
        zones=answered.zones,
        personal_id=personal_id,
        commitment=commitment,
        details={
            "asked_for": utc_text(answered.at),
            **{name: utc_text(moment) for name, moment in moments.items() if moment is not None},
        },
    )
    delivery_log.append(connection, [entry])
