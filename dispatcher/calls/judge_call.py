"""Asks the gate whether a person may be called, at the moment somebody would dial."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from channels.kind import CallKind
from dispatcher.calls.domain.call import Call, MayCall
from dispatcher.database.engine import Connection
from dispatcher.gate.decision import Outcome, Reason, own_reason
from dispatcher.gate.facts import HistoryEntry
from dispatcher.people.domain.asked import asked_by_currency
from dispatcher.people.domain.person import ContactPoint, DebtFile, PersonFile
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.people.storage.people import load_people
from dispatcher.people.storage.told import waiting_messages
from dispatcher.planning.domain.contact import contact_facts
from dispatcher.planning.domain.intended import IntendedContact, reachable_points, zones_of
from dispatcher.planning.domain.planner import below_minimum
from dispatcher.planning.domain.sender_role import against_sender, role_of
from dispatcher.planning.domain.standing import standing
from dispatcher.planning.domain.strategy import CallStep, Strategy
from dispatcher.planning.policy import Policy
from dispatcher.treatment.find_segments import with_segments


@dataclass(frozen=True, kw_only=True, slots=True)
class CallFiles:
    """What is on file of the people of some calls, and what is on its way to them."""

    people: Mapping[int, PersonFile]
    debts: Mapping[int, DebtFile]
    waiting: Mapping[int, Sequence[HistoryEntry]]


def gather(
    connection: Connection, policy: Policy, people: Collection[int], debts: Collection[int], now: datetime
) -> CallFiles:
    """Read the files in a fixed number of queries."""
    files = load_debts(connection, debts, as_of=now.date())
    return CallFiles(
        people=load_people(connection, people, now=now),
        debts=with_segments(connection, files, policy.segments, now.date()),
        waiting=waiting_messages(connection, people, now=now),
    )


def judge_call(call: Call, files: CallFiles, policy: Policy, now: datetime) -> MayCall:
    """What the gate says of a call that was planned; its own reservation is no contact to be counted."""
    strategy = policy.strategy(call.strategy)
    step = strategy.call(call.step) if strategy else None
    person = files.people[call.debtor_id]
    point = next(
        (p for p in reachable_points(person, CallKind.CALL) if p and p.address == call.address), None
    )
    if strategy is None or step is None:
        return _never("step-gone", f"config/strategies no longer has {call.step} of {call.strategy}")
    if point is None:
        return _never("address-closed", "the number may no longer be used")
    debts = [files.debts[key] for key in call.debts]
    return may_call(_without_own(person, call), debts, strategy, step, point, policy, now, files.waiting)


def may_call(
    person: PersonFile,
    debts: Sequence[DebtFile],
    strategy: Strategy,
    step: CallStep,
    point: ContactPoint,
    policy: Policy,
    now: datetime,
    waiting: Mapping[int, Sequence[HistoryEntry]],
) -> MayCall:
    """What the gate says of calling a person about these debts now; what is on its way to them counts."""
    sender = policy.senders.get(person.creditor)
    if sender is None:
        return _never("no-sender", f"creditor {person.creditor!r} has no entry in config/senders.yaml")
    against = tuple(_against(person, debts, strategy, step, now))
    against += against_sender(debts, "collection", sender)
    if against:
        return MayCall(allowed=False, final=True, reasons=against)
    contact = IntendedContact(
        person=person,
        debts=tuple(debts),
        channel=CallKind.CALL,
        kind="collection",
        point=point,
        sender_role=role_of(debts, sender.role),
        employer_domains=sender.employer_domains,
        as_of=now.date(),
    )
    zones = zones_of(person, point, policy.places)
    earlier = waiting.get(person.id, ())
    decision = policy.judge(contact, contact_facts(contact, now=now, zones=zones, earlier=earlier))
    return MayCall(
        allowed=decision.allowed,
        until=decision.not_after,
        not_before=decision.not_before,
        final=decision.outcome in (Outcome.BLOCK, Outcome.HOLD),
        reasons=decision.reasons,
    )


def _against(
    person: PersonFile, debts: Sequence[DebtFile], strategy: Strategy, step: CallStep, now: datetime
) -> Iterable[Reason]:
    for debt in debts:
        yield from standing(debt, person, step.step, strategy, now.date())
    small = below_minimum(asked_by_currency(debts)[0], strategy)
    if small is not None:
        yield small
    if person.is_first_contact(now.date()):
        detail = "nothing written has reached this person yet, and the first contact is written"
        yield own_reason("ledger", "first-contact", Outcome.BLOCK, "the strategy and the portfolio", detail)


def _without_own(person: PersonFile, call: Call) -> PersonFile:
    if call.contact_id is None:
        return person
    others = tuple(e for e in person.history if not (e.channel == "call" and e.at == call.reserved_at))
    return replace(person, history=others)


def _never(rule: str, detail: str) -> MayCall:
    reason = own_reason("ledger", rule, Outcome.BLOCK, "the strategy and the portfolio", detail)
    return MayCall(allowed=False, final=True, reasons=(reason,))
