"""Records what was agreed: by the number of an offer that was sent, or by terms within what may be offered."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from dispatcher.agreements.domain import offers as offering
from dispatcher.agreements.domain.agreed import Agreed, Base
from dispatcher.agreements.domain.arrangement import State
from dispatcher.agreements.domain.offer_terms import OfferTerms, Watch
from dispatcher.agreements.domain.schedules import (
    Frequency,
    Instalment,
    Schedule,
    ScheduleError,
    flat_schedule,
    total_of,
)
from dispatcher.agreements.end import active, end
from dispatcher.agreements.find_offers import Choice, find_offers, past_of
from dispatcher.agreements.storage import arrangements
from dispatcher.agreements.unchanged import hold_debts
from dispatcher.agreements.watch import AgreementRules, Watcher, log
from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.people.recording import Recording, Said, recording
from dispatcher.people.storage import people_facts
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.people.storage.find_debtor import find_debtor
from dispatcher.people.storage.people import load_people
from dispatcher.treatment.find_segments import with_segments
from dispatcher.values.money import Money
from dispatcher.values.written_values import amount_reader

ERASABLE_TERMS = ("approved_by", "approved_why", "agreed_words")  # people's words: beside the log, not in it
BREAKS_WITH_AGE = frozenset({"time-barred", "limitation-unknown"})  # a payment may revive such a debt


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """Who lets terms pass that lie outside the limits, and why."""

    by: str = ""
    why: str = ""

    @property
    def given(self) -> bool:
        """Both are needed."""
        return bool(self.by.strip() and self.why.strip())


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanWords:
    """A plan as it was said: the number of an offer, or so many payments so far apart from a day."""

    offer: int | None = None
    payments: int | None = None
    every: Frequency | None = None
    first_on: date | None = None
    down: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    """What is agreed on: the person, the debts, the terms in force, on the day it is recorded."""

    record: Recording
    person: PersonFile
    debts: tuple[DebtFile, ...]
    terms: OfferTerms | None
    rules: AgreementRules
    replaces: int | None = None

    @property
    def on(self) -> date:
        return self.record.said.now.date()

    @property
    def total(self) -> Money:
        return offering.total_of_debts(self.debts)

    def watch(self, kind: str) -> Watch:
        return self.terms.watch(kind) if self.terms else Watch()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Draft:
    kind: str
    schedule: Schedule
    offer: dict[str, Any] = field(default_factory=dict)
    pauses_until: date | None = None
    base: Base | None = None  # None: as things stand now


def promise(
    database: Database, rules: AgreementRules, who: str, said: Said, *,
    on: date, debts: Sequence[str] = (), amount: str = "", approval: Approval = Approval(), replaces: int | None = None,
    agreed_words: str = "",
) -> Agreed:  # fmt: skip
    """A promise to pay by a day; always recorded, the limits decide only how long it pauses.

    Raises RecordError for a day that has passed, a debt under an arrangement, a barred debt nobody decided on.
    """
    with recording(database, who, said, debts=_named(database, who, said, debts)) as record:
        case = _case(record, rules, replaces)
        if on < case.on:
            raise RecordError(f"--on {on} lies before {case.on}: a promise is for a day to come")
        _not_barred(case, approval)
        money = _money(amount, case.total) if amount else case.total
        return _keep(case, _worded(_promised(case, on, money, approval), agreed_words))


def plan(
    database: Database, rules: AgreementRules, who: str, said: Said, words: PlanWords, *,
    debts: Sequence[str] = (), approval: Approval = Approval(), replaces: int | None = None, agreed_words: str = "",
) -> Agreed:  # fmt: skip
    """A payment plan; raises RecordError for terms outside the limits that nobody approved."""
    with recording(database, who, said, debts=_named(database, who, said, debts)) as record:
        case = _case(record, rules, replaces)
        draft = _offered(case, words.offer) if words.offer is not None else _planned(case, words)
        _within_limits(case, draft, approval)
        return _keep(case, _worded(_approved(draft, approval), agreed_words))


def settlement(
    database: Database, rules: AgreementRules, who: str, said: Said, *,
    amount: str, by: date, in_parts: PlanWords | None = None, debts: Sequence[str] = (),
    approval: Approval = Approval(), replaces: int | None = None, agreed_words: str = "",
) -> Agreed:  # fmt: skip
    """A part of the balance, paid by a day or in parts, that ends the debts; raises RecordError outside the limits."""
    with recording(database, who, said, debts=_named(database, who, said, debts)) as record:
        case = _case(record, rules, replaces)
        money = _money(amount, case.total)
        if by < case.on:
            raise RecordError(f"--by {by} lies before {case.on}")
        if money.minor > case.total.minor:
            raise RecordError(
                f"{money} is more than the {case.total} that are owed; a settlement is a part of it"
            )
        watch = case.watch("settlement")
        offer = {**arrangements.watch_json(watch), "balance": str(case.total.amount), "terms": _name(case)}
        draft = _Draft(kind="settlement", schedule=_settled(money, by, in_parts), offer=offer)
        _within_limits(case, draft, approval)
        return _keep(case, _worded(_approved(draft, approval), agreed_words))


def _settled(money: Money, by: date, words: PlanWords | None) -> Schedule:
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


def _named(database: Database, who: str, said: Said, debts: Sequence[str]) -> Sequence[str]:
    """The debts that were named, or all open ones."""
    if debts:
        return debts
    with database.reading() as connection:
        owed = people_facts.debts_of(connection, find_debtor(connection, who).id, said.now.date())
    return [debt.reference for debt in owed if debt.is_open and debt.owed.minor > 0]


def _case(record: Recording, rules: AgreementRules, replaces: int | None) -> _Case:
    on = record.said.now.date()
    hold_debts(record.connection, [debt.id for debt in record.debts])
    files = load_debts(record.connection, [debt.id for debt in record.debts], as_of=on)
    files = with_segments(record.connection, files, rules.segments, on)
    debts = tuple(sorted(files.values(), key=lambda debt: (debt.due_date, debt.full_reference)))
    owed = tuple(debt for debt in debts if debt.is_open(on) and debt.balance.minor > 0)
    if not owed:
        raise RecordError(
            f"{record.debtor.full_reference}: nothing is owed on {_references(debts) or 'any debt'}"
        )
    if len({debt.balance.currency for debt in owed}) > 1:
        raise RecordError("these debts are in several currencies: name those of one with --debt")
    person = load_people(record.connection, [record.debtor.id], now=record.said.now)[record.debtor.id]
    _nothing_stands(record.connection, owed, replaces)
    terms = offering.terms_for(rules.offers, person, owed, on)
    return _Case(record=record, person=person, debts=owed, terms=terms, rules=rules, replaces=replaces)


def _nothing_stands(connection: Connection, debts: Sequence[DebtFile], replaces: int | None) -> None:
    standing = set(arrangements.open_on_debts(connection, [debt.id for debt in debts])) - {replaces}
    if standing:
        numbers = ", ".join(map(str, sorted(standing)))
        raise RecordError(
            f"arrangement {numbers} stands on {_references(debts)} already: "
            f"`dispatcher arrangements replace {numbers} …` or `cancel` ends it first"
        )


def _references(debts: Sequence[DebtFile]) -> str:
    return ", ".join(debt.reference for debt in debts)


def _not_barred(case: _Case, approval: Approval) -> None:
    barred = _barred(case)
    if barred and not approval.given:
        raise RecordError(
            f"{'; '.join(barred)}: a promise may revive it, so a person decides with counsel's text; "
            "say who with --approved-by and why with --why"
        )


def _barred(case: _Case) -> list[str]:
    found = offering.refuse_all(case.person, case.debts, case.terms, case.on)
    return sorted({refusal.detail for refusal in found if refusal.rule in BREAKS_WITH_AGE})


def _promised(case: _Case, on: date, money: Money, approval: Approval) -> _Draft:
    limits = case.terms.promises if case.terms else None
    pauses_until: date | None = None
    note: dict[str, Any] = {}
    if limits is not None:
        latest = case.on + timedelta(days=limits.most_days)
        past = past_of(case.record.connection, case.person.id)
        if limits.most_broken is not None and past.broken_promises >= limits.most_broken:
            pauses_until = case.on - timedelta(days=1)
            note["pause"] = f"none: {past.broken_promises} promises were broken before"
        elif on > latest:
            pauses_until = latest
            note["pause"] = f"until {latest}: {limits.most_days} days are the most"
    offer = {**arrangements.watch_json(case.watch("promise")), "terms": _name(case), **note}
    draft = _Draft(
        kind="promise",
        schedule=(Instalment(due_on=on, amount=money),),
        offer=offer,
        pauses_until=pauses_until,
    )
    return _approved(draft, approval)


def _planned(case: _Case, words: PlanWords) -> _Draft:
    if words.payments is None or words.every is None or words.first_on is None:
        raise RecordError("say --offer N, or --payments N --every week|fortnight|month --first-on DATE")
    down = _money(words.down, case.total) if words.down else None
    try:
        schedule = flat_schedule(case.total, words.payments, words.every, words.first_on, down=down)
    except ScheduleError as error:
        raise RecordError(str(error)) from None
    if words.first_on < case.on:
        raise RecordError(f"--first-on {words.first_on} lies before {case.on}")
    return _Draft(kind="plan", schedule=schedule, offer=_plan_terms(case, words.every))


def _plan_terms(case: _Case, every: Frequency) -> dict[str, Any]:
    return {
        **arrangements.watch_json(case.watch("plan")),
        "frequency": every.value,
        "terms": _name(case),
    }


def _offered(case: _Case, number: int) -> _Draft:
    """The plan of that number, as the newest offer that still stands said it, else as it may be offered today."""
    choice = find_choice(case, number)
    if choice is None:
        raise RecordError(
            f"there is no offer {number} for {case.person.full_reference}: `dispatcher offers "
            f"{case.person.full_reference}` shows what there is, and why the rest is not offered"
        )
    if {debt.id for debt in case.debts} != set(choice.debts):
        raise RecordError(
            f"offer {number} is for other debts than {_references(case.debts)}: name those it was made for with --debt"
        )
    offer = {
        **_plan_terms(case, choice.plan.frequency),
        "offer": number,
        "offered_on": choice.offered_on.isoformat(),
    }
    return _Draft(kind="plan", schedule=choice.plan.instalments, offer=offer, base=choice.base)


def find_choice(case: _Case, number: int) -> Choice | None:
    """An offer by its number."""
    named = tuple(debt.id for debt in case.debts)
    found = find_offers(
        case.record.connection,
        case.rules.offers,
        case.person,
        on=case.on,
        debts=named,
        segments=case.rules.segments,
    )
    return found.choice(number)


def _within_limits(case: _Case, draft: _Draft, approval: Approval) -> None:
    beyond = list(_beyond(case, draft))
    if beyond and not approval.given:
        raise RecordError(
            f"outside the limits ({_name(case) or 'no file of config/offers takes these debts'}): "
            f"{'; '.join(beyond)}; outside them only with --approved-by NAME --why TEXT"
        )


def _beyond(case: _Case, draft: _Draft) -> list[str]:
    refused = [
        refusal
        for refusal in offering.refuse_all(case.person, case.debts, case.terms, case.on)
        if refusal.offer == draft.kind and not (refusal.rule == "arrangement" and case.replaces)
    ]
    found = [refusal.detail for refusal in refused]
    if draft.base is not None:  # an offer that was sent stands as it was made
        return found
    limits = getattr(case.terms, f"{draft.kind}s") if case.terms else None
    if limits is None:
        return [*found, f"no {draft.kind} may be agreed for these debts"]
    if draft.kind == "plan":
        broken = offering.breaches(limits, case.total, draft.schedule, case.on)
        every = Frequency(draft.offer["frequency"])
        if every not in limits.frequencies:
            found.append(f"{every} payments; allowed are {', '.join(limits.frequencies)}")
    else:
        money = total_of(draft.schedule, case.total.currency)
        broken = offering.settlement_breaches(limits, case.total, money, draft.schedule, case.on)
    return found + [detail for _, detail in broken]


def _approved(draft: _Draft, approval: Approval) -> _Draft:
    if not approval.given:
        return draft
    said = {"approved_by": approval.by.strip(), "approved_why": approval.why.strip()}
    return replace(draft, offer={**draft.offer, **said})


def _worded(draft: _Draft, words: str) -> _Draft:
    """With the words that the debtor read and agreed to, where somebody kept them."""
    return replace(draft, offer={**draft.offer, "agreed_words": words}) if words else draft


def _keep(case: _Case, draft: _Draft) -> Agreed:
    connection, said = case.record.connection, case.record.said
    if case.replaces is not None:
        end(connection, active(connection, case.replaces), State.REPLACED, said, why="replaced by another")
    ids = [debt.id for debt in case.debts]
    total = total_of(draft.schedule, case.total.currency)
    strategies = case.rules.strategy_of(connection, ids)
    columns = {
        "creditor_id": case.person.creditor_id,
        "debtor_id": case.person.id,
        "kind": draft.kind,
        "state": "active",
        "currency": total.currency,
        "total_minor": total.minor,
        "agreed_on": case.on,
        "agreed_at": said.now,
        "pauses_until": draft.pauses_until,
        "strategy": next((strategies[debt] for debt in ids if debt in strategies), ""),
        "terms": draft.offer,
        "base": (draft.base or arrangements.base_of(connection, ids, case.on)).as_json(),
        "actor": said.actor,
        "source": said.source,
        "note": said.note,
        "recorded_at": said.now,
        "replaces_id": case.replaces,
        "told": ["agreed"],
    }
    try:
        key = arrangements.add(
            connection, columns, debt_ids=ids, parties=[case.person.id], schedule=draft.schedule
        )
    except arrangements.StandsAlreadyError:
        raise RecordError(f"an arrangement stands on {_references(case.debts)} already") from None
    [agreed] = arrangements.read(connection, [key])
    watcher = Watcher(now=said.now, actor=said.actor, as_of=case.on)
    personal = {name: draft.offer[name] for name in ERASABLE_TERMS if name in draft.offer}
    news = [(Event.ARRANGEMENT_AGREED, _agreed_details(agreed))]
    log(connection, agreed, watcher, news, note=said.note, **personal)
    return agreed


def _agreed_details(agreed: Agreed) -> dict[str, Any]:
    written = agreed.as_json()
    instalments = [{"due_on": one["due_on"], "amount": one["amount"]} for one in written["instalments"]]
    public = {name: value for name, value in written["terms"].items() if name not in ERASABLE_TERMS}
    return {"terms": public, "instalments": instalments}


def _name(case: _Case) -> str:
    return case.terms.name if case.terms else ""


def _money(text: str, like: Money) -> Money:
    try:
        money = Money.of(amount_reader(".")(text), like.currency)
    except ValueError as error:
        raise RecordError(f"amount {text!r}: {error}") from None
    if money.minor <= 0:
        raise RecordError(f"amount {text!r}: there is nothing to pay in that")
    return money
