"""Keeps an offer's word: whoever pays the part that ends the debt in time owes nothing more, and need not have said so.

The part is a discount for prompt payment, or a settlement: "once it has come in, nothing more is owed".
What was paid becomes a settlement by the terms that were said; from then on it follows the facts as any other does.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from dispatcher.agreements.domain import offers as offering
from dispatcher.agreements.domain.agreed import PAID_IN_TIME, Agreed, AgreedDebt
from dispatcher.agreements.domain.arrangement import Facts, State, Terms, fold
from dispatcher.agreements.domain.offer_terms import OfferTerms, Watch
from dispatcher.agreements.domain.offered_before import SettlementOffer
from dispatcher.agreements.domain.paid_in_time import is_paid_in_time
from dispatcher.agreements.domain.schedules import Instalment
from dispatcher.agreements.end import end
from dispatcher.agreements.storage import arrangements, sent_offers
from dispatcher.agreements.storage.sent_offers import SentOffer
from dispatcher.agreements.watch import LATE_LEDGERS, AgreementRules, Watcher, log, look_again, pages
from dispatcher.database.engine import Connection
from dispatcher.log.domain.events import Event
from dispatcher.people.domain.person import PersonFile
from dispatcher.people.recording import Said
from dispatcher.people.storage import people_facts
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.people.storage.people import load_people
from dispatcher.treatment.find_segments import with_segments

OTHER_DEALS = ("plan", "settlement")  # agreed since, they count; a promise only names a day


def paid_on_debts(
    connection: Connection, debt_ids: Sequence[int], rules: Callable[[], AgreementRules], watcher: Watcher
) -> None:
    """Look at the parts offered of debts on which a payment was just recorded; `rules` are read where there is one."""
    people = people_facts.people_owing(connection, debt_ids)
    offers = sent_offers.parts_offered_to(connection, people, watcher.as_of - LATE_LEDGERS)
    concerned = [offer for offer in offers if set(offer.debts) & set(debt_ids)]
    _look(connection, concerned, rules, watcher)


def paid_by_ledgers(
    connection: Connection, creditor_ids: Sequence[int], rules: Callable[[], AgreementRules], watcher: Watcher
) -> list[Agreed]:
    """Look at all parts offered of what is owed to creditors whose ledger was just read."""
    offers = sent_offers.parts_offered_by(connection, creditor_ids, watcher.as_of - LATE_LEDGERS)
    return _look(connection, offers, rules, watcher)


def _look(
    connection: Connection, offers: Sequence[SentOffer], rules: Callable[[], AgreementRules], watcher: Watcher
) -> list[Agreed]:
    kept = []
    for page in pages(offers):
        ledgers = arrangements.ledger_days(connection, {debt for offer in page for debt in offer.debts})
        moved = [offer for offer in page if _has_moved(offer, ledgers) and _is_left(offer, ledgers)]
        likely = _paid_at_best(connection, moved, rules, watcher) if moved else ()
        kept += [key for offer in likely if (key := _look_at(connection, offer, rules, watcher))]
    return look_again(connection, kept, watcher)


_Ledgers = Mapping[int, tuple[date | None, int, int]]


def _has_moved(offer: SentOffer, ledgers: _Ledgers) -> bool:
    """Whether anything was paid, or the ledger says another balance, since it was said: of most offers nothing is."""
    return any(
        ledgers[key][1:] != (base.balance, base.before)
        for key, base in offer.base.debts.items()
        if key in ledgers
    )


def _is_left(offer: SentOffer, ledgers: _Ledgers) -> bool:
    """Whether anything is left that the part would end."""
    found = [ledgers[key] for key in offer.debts if key in ledgers]
    return sum(balance - recorded for _, balance, recorded in found) > 0


def _paid_at_best(
    connection: Connection, offers: Sequence[SentOffer], rules: Callable[[], AgreementRules], watcher: Watcher
) -> list[SentOffer]:
    """Those that were paid in time by the mildest terms that any file has: whose they are is not read for the others.

    A part of which less has come in moves its offer as well, and is looked at with each ledger of half a year.
    """
    limits = [each for terms in rules().offers for each in (terms.settlements, terms.prompt_payment) if each]
    watches = [Watch(), *(each.watch for each in limits)]
    mildest = Watch(
        grace_days=max(watch.grace_days for watch in watches),
        threshold_percent=min(watch.threshold_percent for watch in watches),
    )
    bare = [
        _agreed(number, offer, offer.parts[0], "", mildest, watcher) for number, offer in enumerate(offers)
    ]
    facts = arrangements.facts_of(connection, bare)
    return [
        offer
        for number, offer in enumerate(offers)
        if any(is_paid_in_time(_said(offer, part, mildest, watcher), facts[number]) for part in offer.parts)
    ]


def _look_at(
    connection: Connection, offer: SentOffer, rules: Callable[[], AgreementRules], watcher: Watcher
) -> int | None:
    """The arrangement that it became; None where it was not paid in time, or something else was agreed since."""
    before = arrangements.read(connection, arrangements.ever_on_debts(connection, offer.debts))
    since = [one for one in before if one.terms.agreed_on >= offer.offered_on]
    if any(one.terms.kind in OTHER_DEALS and not one.fell for one in since):
        return None
    [person] = load_people(connection, [offer.debtor_id], now=watcher.now).values()
    terms = _terms(connection, offer, person, rules(), watcher)
    drafts = [_draft(offer, part, person, terms, watcher) for part in offer.parts]
    draft = next((one for one in drafts if _is_paid(connection, one)), None)
    if draft is None:
        return None
    for promise in (one for one in before if one.state is State.ACTIVE):
        word = Said(now=watcher.now, actor=watcher.actor, source=PAID_IN_TIME)
        end(connection, promise, State.REPLACED, word, why="the part that ends the debt was paid in time")
    return _add(connection, draft, person, terms, rules(), watcher)


def _is_paid(connection: Connection, draft: Agreed) -> bool:
    return is_paid_in_time(draft.terms, arrangements.facts_of(connection, [draft])[draft.id])


def _terms(
    connection: Connection, offer: SentOffer, person: PersonFile, rules: AgreementRules, watcher: Watcher
) -> OfferTerms | None:
    files = load_debts(connection, offer.debts, as_of=watcher.as_of)
    debts = list(with_segments(connection, files, rules.segments, watcher.as_of).values())
    return offering.terms_for(rules.offers, person, debts, watcher.as_of)


def _draft(
    offer: SentOffer, part: SettlementOffer, person: PersonFile, terms: OfferTerms | None, watcher: Watcher
) -> Agreed:
    """The settlement as it would be, by the terms that its kind has."""
    limits = (terms.settlements if part.off is None else terms.prompt_payment) if terms else None
    return _agreed(0, offer, part, person.creditor, limits.watch if limits else Watch(), watcher)


def _said(offer: SentOffer, part: SettlementOffer, watch: Watch, watcher: Watcher) -> Terms:
    """Agreed on the day of the offer; what was said without a last day stands until it is paid."""
    return Terms(
        kind=offering.SETTLEMENT,
        agreed_on=offer.offered_on,
        schedule=(Instalment(due_on=part.valid_until or watcher.as_of, amount=part.amount),),
        watch=watch,
    )


def _agreed(
    key: int, offer: SentOffer, part: SettlementOffer, creditor: str, watch: Watch, watcher: Watcher
) -> Agreed:
    """By what was known when it was said."""
    agreed = _said(offer, part, watch, watcher)
    off = {} if part.off is None else {"off": str(part.off)}
    return Agreed(
        id=key,
        creditor=creditor,
        parties=(),
        debts=tuple(AgreedDebt(id=key, reference="") for key in offer.debts),
        total=part.amount,
        agreed_at=watcher.now,
        terms=agreed,
        standing=fold(agreed, Facts()),
        base=offer.base,
        offer={"balance": str(offer.total.amount), **off},
    )


def _add(
    connection: Connection, draft: Agreed, person: PersonFile, terms: OfferTerms | None, rules: AgreementRules,
    watcher: Watcher,
) -> int | None:  # fmt: skip
    ids = list(draft.debt_ids)
    strategies = rules.strategy_of(connection, ids)
    columns = {
        "creditor_id": person.creditor_id,
        "debtor_id": person.id,
        "kind": draft.terms.kind,
        "state": "active",
        "currency": draft.total.currency,
        "total_minor": draft.total.minor,
        "agreed_on": draft.terms.agreed_on,
        "agreed_at": draft.agreed_at,
        "strategy": next((strategies[debt] for debt in ids if debt in strategies), ""),
        "terms": {
            **arrangements.watch_json(draft.terms.watch),
            **draft.offer,
            "terms": terms.name if terms else "",
        },
        "base": draft.base.as_json(),
        "actor": watcher.actor,
        "source": PAID_IN_TIME,
        "recorded_at": watcher.now,
        "told": ["agreed"],
    }
    schedule = draft.terms.schedule
    try:
        key = arrangements.add(connection, columns, debt_ids=ids, parties=[person.id], schedule=schedule)
    except arrangements.StandsAlreadyError:
        return None
    for agreed in arrangements.read(connection, [key]):
        payments = [{"due_on": one.due_on.isoformat(), "amount": str(one.amount.amount)} for one in schedule]
        details = {"terms": dict(agreed.offer), "instalments": payments}
        log(connection, agreed, watcher, [(Event.ARRANGEMENT_AGREED, details)])
    return key
