"""What an imported ledger means for arrangements: promises it names, payments it shows, misses it proves."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from dispatcher.agreements import handover
from dispatcher.agreements.accept_by_paying import paid_by_ledgers
from dispatcher.agreements.domain import offers as offering
from dispatcher.agreements.domain.agreed import Agreed
from dispatcher.agreements.domain.arrangement import State
from dispatcher.agreements.domain.offer_terms import Watch
from dispatcher.agreements.domain.schedules import Instalment
from dispatcher.agreements.end import end
from dispatcher.agreements.storage import arrangements, ledger_promises
from dispatcher.agreements.storage.ledger_promises import LedgerPromise
from dispatcher.agreements.watch import LATE_LEDGERS, AgreementRules, Watcher, log, look_again, pages
from dispatcher.database.engine import Connection
from dispatcher.log.domain.events import Event
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.people.recording import Said
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.people.storage.people import load_people
from dispatcher.treatment.find_segments import with_segments
from dispatcher.values.money import Money

SOURCE = "ledger"


def watch_ledger(
    connection: Connection, creditors: Sequence[str], rules: AgreementRules, *, as_of: date, now: datetime, actor: str
) -> list[Agreed]:  # fmt: skip
    """Look at a ledger that was just read, in its transaction; returns the arrangements that it moved."""
    watcher = Watcher(now=now, actor=actor, as_of=as_of)
    ids = ledger_promises.creditor_ids(connection, creditors)
    _withdraw(connection, ids, watcher)
    handover.follow_ledger(connection, ids, watcher)
    for page in pages(ledger_promises.fresh(connection, ids, as_of, as_of - LATE_LEDGERS)):
        _take(connection, page, rules, watcher)
    moved = arrangements.moved_by_ledgers(connection, ids, as_of - LATE_LEDGERS)
    changed = look_again(connection, moved, watcher)
    return [*changed, *paid_by_ledgers(connection, ids, lambda: rules, watcher)]


def _withdraw(connection: Connection, creditor_ids: Sequence[int], watcher: Watcher) -> None:
    """A promise that the ledger no longer names, or names for another day, is no longer its promise."""
    for key, again in ledger_promises.gone(connection, creditor_ids, SOURCE):
        state = State.REPLACED if again else State.CANCELLED
        why = "the ledger names another day" if again else "the ledger names it no longer"
        said = Said(now=watcher.now, actor=watcher.actor, source=SOURCE)
        for agreed in arrangements.read(connection, [key]):
            end(connection, agreed, state, said, why=why)


def _take(
    connection: Connection, promises: Sequence[LedgerPromise], rules: AgreementRules, watcher: Watcher
) -> None:
    files = load_debts(connection, [promise.debt_id for promise in promises], as_of=watcher.as_of)
    debts = with_segments(connection, files, rules.segments, watcher.as_of)
    people = load_people(connection, {promise.debtor_id for promise in promises}, now=watcher.now)
    strategies = rules.strategy_of(connection, list(debts))
    for promise in promises:
        debt, person = debts[promise.debt_id], people[promise.debtor_id]
        if debt.balance.minor > 0:
            _add(connection, promise, debt, person, rules, strategies.get(debt.id, ""), watcher)


def _add(
    connection: Connection, promise: LedgerPromise, debt: DebtFile, person: PersonFile, rules: AgreementRules,
    strategy: str, watcher: Watcher,
) -> None:  # fmt: skip
    terms = offering.terms_for(rules.offers, person, [debt], watcher.as_of)
    watch = terms.watch("promise") if terms else Watch()
    if promise.on + timedelta(days=watch.grace_days) < watcher.as_of:
        return  # this ledger itself says that it was not kept
    minor = min(promise.minor, debt.balance.minor) if promise.minor else debt.balance.minor
    amount = Money(minor, debt.balance.currency)
    columns: dict[str, Any] = {
        "creditor_id": debt.creditor_id,
        "debtor_id": person.id,
        "kind": "promise",
        "state": "active",
        "currency": amount.currency,
        "total_minor": amount.minor,
        "agreed_on": watcher.as_of,
        "agreed_at": watcher.now,
        "strategy": strategy,
        "terms": {**arrangements.watch_json(watch), "terms": terms.name if terms else ""},
        "base": arrangements.base_of(connection, [debt.id], watcher.as_of).as_json(),
        "actor": watcher.actor,
        "source": SOURCE,
        "recorded_at": watcher.now,
        "told": ["agreed"],
    }
    schedule = (Instalment(due_on=promise.on, amount=amount),)
    try:
        key = arrangements.add(
            connection, columns, debt_ids=[debt.id], parties=[person.id], schedule=schedule
        )
    except arrangements.StandsAlreadyError:
        return
    for agreed in arrangements.read(connection, [key]):
        log(connection, agreed, watcher, [(Event.ARRANGEMENT_AGREED, {"instalments": [
            {"due_on": promise.on.isoformat(), "amount": str(amount.amount)}]})])  # fmt: skip
