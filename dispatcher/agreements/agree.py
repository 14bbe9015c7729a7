"""Records what was agreed: by the number of an offer that was sent, or by terms within what may be offered."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from dispatcher.agreements.domain import offers as offering
from dispatcher.agreements.domain.agreed import Agreed, Base
from dispatcher.agreements.domain.arrangement import State
from dispatcher.agreements.domain.schedules import Instalment, total_of
from dispatcher.agreements.end import active, end
from dispatcher.agreements.find_offers import Choice, find_offers, past_of
from dispatcher.agreements.storage import arrangements, sent_offers
from dispatcher.agreements.terms_said import (
    NOBODY,
    Approval,
    Case,
    Draft,
    PlanWords,
    money_of,
    name_of,
    named,
    open_case,
    plan_terms,
    planned,
    references,
    settled,
    within_limits,
)
from dispatcher.agreements.watch import AgreementRules, Watcher, log
from dispatcher.database.engine import Database
from dispatcher.log.domain.events import Event
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.recording import Said, recording
from dispatcher.values.money import Money

ERASABLE_TERMS = ("approved_by", "approved_why", "agreed_words")  # people's words: beside the log, not in it
BREAKS_WITH_AGE = frozenset({"time-barred", "limitation-unknown"})  # a payment may revive such a debt
OF_ONE_DEBT = BREAKS_WITH_AGE | {"disputed"}  # what forbids one debt of several


def promise(
    database: Database, rules: AgreementRules, who: str, said: Said, *,
    on: date, debts: Sequence[str] = (), amount: str = "", approval: Approval = NOBODY, replaces: int | None = None,
    agreed_words: str = "",
) -> Agreed:  # fmt: skip
    """A promise to pay by a day; always recorded, the limits decide only how long it pauses.

    Raises RecordError for a day that has passed, a debt under an arrangement, a barred debt nobody decided on.
    """
    with recording(database, who, said, debts=named(database, who, said, debts)) as record:
        case = open_case(record, rules, replaces)
        _meant(case, debts, BREAKS_WITH_AGE)  # of a disputed debt a promise is recorded as any other
        if on < case.on:
            raise RecordError(f"--on {on} lies before {case.on}: a promise is for a day to come")
        _not_barred(case, approval)
        money = money_of(amount, case.total) if amount else case.total
        return _keep(case, _worded(_promised(case, on, money, approval), agreed_words))


def plan(
    database: Database, rules: AgreementRules, who: str, said: Said, words: PlanWords, *,
    debts: Sequence[str] = (), approval: Approval = NOBODY, replaces: int | None = None, agreed_words: str = "",
) -> Agreed:  # fmt: skip
    """A payment plan; raises RecordError for terms outside the limits that nobody approved."""
    with recording(database, who, said, debts=named(database, who, said, debts)) as record:
        case = open_case(record, rules, replaces)
        _meant(case, debts)
        draft = _offered(case, words.offer) if words.offer is not None else planned(case, words)
        within_limits(case, draft, approval)
        return _keep(case, _worded(_approved(draft, approval), agreed_words))


def settlement(
    database: Database, rules: AgreementRules, who: str, said: Said, *,
    amount: str, by: date, in_parts: PlanWords | None = None, debts: Sequence[str] = (),
    approval: Approval = NOBODY, replaces: int | None = None, agreed_words: str = "",
) -> Agreed:  # fmt: skip
    """A part of the balance, paid by a day or in parts, that ends the debts; raises RecordError outside the limits."""
    with recording(database, who, said, debts=named(database, who, said, debts)) as record:
        case = open_case(record, rules, replaces)
        _meant(case, debts)
        money = money_of(amount, case.total)
        if by < case.on:
            raise RecordError(f"--by {by} lies before {case.on}")
        if money.minor > case.total.minor:
            raise RecordError(
                f"{money} is more than the {case.total} that are owed; a settlement is a part of it"
            )
        watch = case.watch("settlement")
        offer = {**arrangements.watch_json(watch), "balance": str(case.total.amount), "terms": name_of(case)}
        schedule = settled(money, by, in_parts)
        base = _base_of_offered(case, money, by) if len(schedule) == 1 else None
        draft = Draft(kind="settlement", schedule=schedule, offer=offer, base=base)
        within_limits(case, draft, approval)
        return _keep(case, _worded(_approved(draft, approval), agreed_words))


def _meant(case: Case, named_debts: Sequence[str], forbidding: frozenset[str] = OF_ONE_DEBT) -> None:
    """Whoever approves terms has not approved of a debt that is forbidden and stands among others unnamed."""
    refused = () if named_debts or len(case.debts) == 1 else _refused(case, forbidding)
    if refused:
        raise RecordError(
            f"{'; '.join(refused)}: no debt was named, and this would be one of {references(case.debts)}; "
            "name each that is meant (--debt)"
        )


def _not_barred(case: Case, approval: Approval) -> None:
    barred = _refused(case, BREAKS_WITH_AGE)
    if barred and not approval.given:
        raise RecordError(
            f"{'; '.join(barred)}: a promise may revive it, so a person decides with counsel's text; "
            "say who with --approved-by and why with --why"
        )


def _refused(case: Case, rules: frozenset[str]) -> list[str]:
    found = offering.refuse_all(case.person, case.debts, case.terms, case.on)
    return sorted({refusal.detail for refusal in found if refusal.rule in rules})


def _promised(case: Case, on: date, money: Money, approval: Approval) -> Draft:
    limits = case.terms.promises if case.terms else None
    pauses_until: date | None = None
    note: dict[str, Any] = {}
    if limits is not None:
        latest = case.on + timedelta(days=limits.most_days)
        past = past_of(case.record.connection, case.person.id, case.on)
        if limits.most_broken is not None and past.broken_promises >= limits.most_broken:
            pauses_until = case.on - timedelta(days=1)
            note["pause"] = f"none: {past.broken_promises} promises were broken before"
        elif on > latest:
            pauses_until = latest
            note["pause"] = f"until {latest}: {limits.most_days} days are the most"
    offer = {**arrangements.watch_json(case.watch("promise")), "terms": name_of(case), **note}
    draft = Draft(
        kind="promise",
        schedule=(Instalment(due_on=on, amount=money),),
        offer=offer,
        pauses_until=pauses_until,
    )
    return _approved(draft, approval)


def _offered(case: Case, number: int) -> Draft:
    """The plan of that number, as the newest offer that still stands said it, else as it may be offered today."""
    choice = find_choice(case, number)
    if choice is None and case.replaces is not None:
        raise RecordError(
            f"no offer {number} that stands was made to {case.person.full_reference} for {references(case.debts)}: "
            "say the terms of the plan instead (how many payments, how far apart, from which day)"
        )
    if choice is None:
        raise RecordError(
            f"there is no offer {number} for {case.person.full_reference}: `dispatcher offers "
            f"{case.person.full_reference}` shows what there is, and why the rest is not offered"
        )
    if {debt.id for debt in case.debts} != set(choice.debts):
        raise RecordError(
            f"offer {number} is for other debts than {references(case.debts)}: name those it was made for with --debt"
        )
    offer = {
        **plan_terms(case, choice.plan),
        "offer": number,
        "offered_on": choice.offered_on.isoformat(),
    }
    return Draft(kind="plan", schedule=choice.plan.instalments, offer=offer, base=choice.base)


def _base_of_offered(case: Case, money: Money, by: date) -> Base | None:
    """By what a settlement or a discount was made that was said, still stands and is just this; None: none was."""
    ids = {debt.id for debt in case.debts}
    for sent in sent_offers.standing(case.record.connection, case.person.id, case.on):
        parts = (*sent.settlements, *([sent.discount] if sent.discount else ()))
        last_days = [one.valid_until or sent.valid_until for one in parts if one.amount == money]
        if set(sent.debts) == ids and any(by <= last for last in last_days):
            return sent.base
    return None


def find_choice(case: Case, number: int) -> Choice | None:
    """An offer by its number."""
    named = tuple(debt.id for debt in case.debts)
    found = find_offers(
        case.record.connection,
        case.rules.offers,
        case.person,
        on=case.on,
        debts=named,
        segments=case.rules.segments,
        replacing=case.replaces,
    )
    return found.choice(number) if case.replaces is None else found.said(number)


def _approved(draft: Draft, approval: Approval) -> Draft:
    if not approval.given:
        return draft
    said = {"approved_by": approval.by.strip(), "approved_why": approval.why.strip()}
    return replace(draft, offer={**draft.offer, **said})


def _worded(draft: Draft, words: str) -> Draft:
    """With the words that the debtor read and agreed to, where somebody kept them."""
    return replace(draft, offer={**draft.offer, "agreed_words": words}) if words else draft


def _keep(case: Case, draft: Draft) -> Agreed:
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
        raise RecordError(f"an arrangement stands on {references(case.debts)} already") from None
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
