"""The terms that somebody said, in offering or agreeing: what they are about, and whether they keep to the limits."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dispatcher.agreements.domain import offers as offering
from dispatcher.agreements.domain.agreed import Base
from dispatcher.agreements.domain.offer_terms import OfferTerms, Watch
from dispatcher.agreements.domain.offers import PlanOffer
from dispatcher.agreements.domain.plan_interest import PlanInterest, kept_interest
from dispatcher.agreements.domain.prompt_payment import discount_breaches
from dispatcher.agreements.domain.schedules import (
    Frequency,
    Instalment,
    Schedule,
    ScheduleError,
    flat_schedule,
    total_of,
)
from dispatcher.agreements.domain.within_limits import breaches, settlement_breaches
from dispatcher.agreements.storage import arrangements
from dispatcher.agreements.unchanged import hold_debts
from dispatcher.agreements.watch import AgreementRules
from dispatcher.database.engine import Connection, Database
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.people.recording import Recording, Said
from dispatcher.people.storage import people_facts
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.people.storage.find_debtor import find_debtor
from dispatcher.people.storage.people import load_people
from dispatcher.treatment.find_segments import with_segments
from dispatcher.values.money import Money
from dispatcher.values.written_values import amount_reader


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """Who lets terms pass that lie outside the limits, and why."""

    by: str = ""
    why: str = ""

    @property
    def given(self) -> bool:
        """Both are needed."""
        return bool(self.by.strip() and self.why.strip())


NOBODY = Approval()


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanWords:
    """A plan as it was said: the number of an offer, or so many payments so far apart from a day."""

    offer: int | None = None
    payments: int | None = None
    every: Frequency | None = None
    first_on: date | None = None
    down: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """What is agreed on or offered: the person, the debts, the terms in force, on the day it is recorded."""

    record: Recording
    person: PersonFile
    debts: tuple[DebtFile, ...]
    terms: OfferTerms | None
    rules: AgreementRules
    replaces: int | None = None

    @property
    def on(self) -> date:
        """The day on which it is recorded."""
        return self.record.said.now.date()

    @property
    def total(self) -> Money:
        """What is owed on all of them."""
        return offering.total_of_debts(self.debts)

    @property
    def interest(self) -> PlanInterest | None:
        """What a plan that is made today bears."""
        return offering.interest_for(self.terms, self.person, self.debts, self.on)[0]

    def watch(self, kind: str) -> Watch:
        """How an arrangement of a kind is watched."""
        return self.terms.watch(kind) if self.terms else Watch()


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """Terms as they were said, as an arrangement keeps them."""

    kind: str
    schedule: Schedule
    offer: dict[str, Any] = field(default_factory=dict)
    pauses_until: date | None = None
    base: Base | None = None  # None: as things stand now


def settled(money: Money, by: date, words: PlanWords | None) -> Schedule:
    """A part of the balance, paid by a day or in parts."""
    if words is None or words.payments in (None, 1):
        return (Instalment(due_on=by, amount=money),)
    if words.payments is None or words.every is None or words.first_on is None:
        raise RecordError(
            "a settlement in parts: say --payments N --every week|fortnight|month --first-on DATE"
        )
    try:
        schedule = flat_schedule(money, words.payments, words.every, words.first_on)
    except ScheduleError as error:
        raise RecordError(str(error)) from None
    if schedule[-1].due_on > by:
        raise RecordError(f"the last part falls on {schedule[-1].due_on}, after --by {by}")
    return schedule


def named(database: Database, who: str, said: Said, debts: Sequence[str]) -> Sequence[str]:
    """The debts that were named, or all open ones."""
    if debts:
        return debts
    with database.reading() as connection:
        owed = people_facts.debts_of(connection, find_debtor(connection, who).id, said.now.date())
    return [debt.reference for debt in owed if debt.is_open and debt.owed.minor > 0]


def open_case(record: Recording, rules: AgreementRules, replaces: int | None) -> Case:
    """The case of the debts that were named, kept as they are until the transaction ends."""
    on = record.said.now.date()
    hold_debts(record.connection, [debt.id for debt in record.debts])
    files = load_debts(record.connection, [debt.id for debt in record.debts], as_of=on)
    files = with_segments(record.connection, files, rules.segments, on)
    debts = tuple(sorted(files.values(), key=lambda debt: (debt.due_date, debt.full_reference)))
    owed = tuple(debt for debt in debts if debt.is_owed(on))
    if not owed:
        raise RecordError(
            f"{record.debtor.full_reference}: nothing is owed on {references(debts) or 'any debt'}"
        )
    if len({debt.balance.currency for debt in owed}) > 1:
        raise RecordError("these debts are in several currencies: name those of one with --debt")
    person = load_people(record.connection, [record.debtor.id], now=record.said.now)[record.debtor.id]
    _nothing_stands(record.connection, owed, replaces)
    terms = offering.terms_for(rules.offers, person, owed, on)
    return Case(record=record, person=person, debts=owed, terms=terms, rules=rules, replaces=replaces)


def _nothing_stands(connection: Connection, debts: Sequence[DebtFile], replaces: int | None) -> None:
    standing = set(arrangements.open_on_debts(connection, [debt.id for debt in debts])) - {replaces}
    if standing:
        numbers = ", ".join(map(str, sorted(standing)))
        raise RecordError(
            f"arrangement {numbers} stands on {references(debts)} already: "
            f"`dispatcher arrangements replace {numbers} …` or `cancel` ends it first"
        )


def references(debts: Sequence[DebtFile]) -> str:
    """The debts as the creditor calls them."""
    return ", ".join(debt.reference for debt in debts)


def planned(case: Case, words: PlanWords) -> Draft:
    """A plan of the whole balance by its terms."""
    if words.payments is None or words.every is None or words.first_on is None:
        raise RecordError("say --offer N, or --payments N --every week|fortnight|month --first-on DATE")
    down = money_of(words.down, case.total) if words.down else None
    if words.first_on < case.on:
        raise RecordError(f"--first-on {words.first_on} lies before {case.on}")
    try:
        plan = PlanOffer(
            number=0, parts=words.payments, frequency=words.every, principal=case.total, first_on=words.first_on,
            down=down, interest=case.interest,
        )  # fmt: skip
        return Draft(kind="plan", schedule=plan.instalments, offer=plan_terms(case, plan))
    except ScheduleError as error:
        raise RecordError(str(error)) from None


def plan_terms(case: Case, plan: PlanOffer) -> dict[str, Any]:
    """How a plan is watched, by which file, and what interest it bears."""
    kept = kept_interest(plan.interest, plan.principal, plan.instalments) if plan.interest else None
    return {
        **arrangements.watch_json(case.watch("plan")),
        "frequency": plan.frequency.value,
        "terms": name_of(case),
        **({"interest": kept} if kept else {}),
    }


def within_limits(case: Case, draft: Draft, approval: Approval) -> None:
    """Let terms pass that keep within the limits, or that somebody approved; raises RecordError for others."""
    approve(case, beyond_limits(case, draft), approval)


def approve(case: Case, beyond: Sequence[str], approval: Approval) -> None:
    """Let pass what goes beyond the limits where somebody approved it; raises RecordError where nobody did."""
    if beyond and not approval.given:
        raise RecordError(
            f"outside the limits ({name_of(case) or 'no file of config/offers takes these debts'}): "
            f"{'; '.join(beyond)}; outside them only with --approved-by NAME --why TEXT"
        )


def beyond_limits(case: Case, draft: Draft) -> list[str]:
    """In words, everything in which terms go beyond what may be agreed today."""
    refused = [
        refusal
        for refusal in offering.refuse_all(case.person, case.debts, case.terms, case.on)
        if refusal.offer == draft.kind and not (refusal.rule == "arrangement" and case.replaces)
    ]
    found = [refusal.detail for refusal in refused]
    if draft.base is not None:  # an offer that was sent stands as it was made
        return found
    limits = getattr(case.terms, f"{draft.kind}s") if case.terms else None
    prompt = case.terms.prompt_payment if case.terms and draft.kind == offering.SETTLEMENT else None
    if prompt is not None:
        beyond = [detail for _, detail in discount_breaches(prompt, case.total, draft.schedule, case.on)]
        if not beyond or limits is None:
            return found + beyond
    if limits is None:
        return [*found, f"no {draft.kind} may be agreed for these debts"]
    if draft.kind == "plan":
        broken = breaches(limits, case.total, draft.schedule, case.on)
        every = Frequency(draft.offer["frequency"])
        if every not in limits.frequencies:
            found.append(f"{every} payments; allowed are {', '.join(limits.frequencies)}")
    else:
        money = total_of(draft.schedule, case.total.currency)
        broken = settlement_breaches(limits, case.total, money, draft.schedule, case.on)
    return found + [detail for _, detail in broken]


def name_of(case: Case) -> str:
    """The file of config/offers that takes these debts."""
    return case.terms.name if case.terms else ""


def money_of(text: str, like: Money) -> Money:
    """An amount that was typed, in the currency of another; raises RecordError."""
    try:
        money = Money.of(amount_reader(".")(text), like.currency)
    except ValueError as error:
        raise RecordError(f"amount {text!r}: {error}") from None
    if money.minor <= 0:
        raise RecordError(f"amount {text!r}: there is nothing to pay in that")
    return money
