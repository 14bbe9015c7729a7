"""Keeps watch: brings arrangements up to the facts, and logs what became of them, each thing once."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from dispatcher.agreements.domain.agreed import PAID_IN_TIME, REOPENED, Agreed
from dispatcher.agreements.domain.arrangement import InstalmentState, Paid, Standing, State, fold
from dispatcher.agreements.domain.offer_terms import OfferTerms
from dispatcher.agreements.storage import arrangements
from dispatcher.database.engine import Connection
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.people.storage import tasks
from dispatcher.treatment.domain.segments import Segments

LATE_LEDGERS = timedelta(days=180)  # an older ledger that arrives late moves nothing that ended before
TAKEN_BACK = "what it was paid by was taken back"
_PAGE = 500

Item = TypeVar("Item")
StrategyOf = Callable[[Connection, Sequence[int]], Mapping[int, str]]  # debt -> the strategy that takes it


@dataclass(frozen=True, kw_only=True, slots=True)
class AgreementRules:
    """What agreements are made by: the offers in force, which strategy takes a debt, and of which segment it is."""

    offers: tuple[OfferTerms, ...]
    strategy_of: StrategyOf
    segments: Segments = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Watcher:
    """Who looks, and when (business clock); `as_of` is the day of what is looked at."""

    now: datetime
    actor: str
    as_of: date

    def entry(
        self,
        event: Event,
        person: str,
        creditor: str,
        details: Mapping[str, Any],
        strategy: str | None = None,
    ) -> LogEntry:
        """An entry about what was seen."""
        return LogEntry(
            event=event,
            at=self.now,
            actor=self.actor,
            as_of=self.as_of,
            person=person,
            creditor=creditor,
            strategy=strategy,
            details=details,
        )


def pages(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """The same in pieces that one statement can name."""
    return (items[i : i + _PAGE] for i in range(0, len(items), _PAGE))


def look_again(connection: Connection, ids: Collection[int], watcher: Watcher) -> list[Agreed]:
    """Fold these arrangements anew; returns those whose state or instalments changed, as they now stand."""
    changed: list[int] = []
    for page in pages(sorted(ids)):
        agreed = [one for one in arrangements.read(connection, page) if one.follows_facts]
        facts = arrangements.facts_of(connection, agreed)
        for one in agreed:
            standing = fold(one.terms, facts[one.id])
            if standing != one.standing and _write(connection, one, standing, watcher):
                changed.append(one.id)
    return arrangements.read(connection, changed)


def _write(connection: Connection, agreed: Agreed, standing: Standing, watcher: Watcher) -> bool:
    reopens = agreed.state is State.KEPT and standing.state is not State.KEPT
    if reopens and agreed.source == PAID_IN_TIME:
        _fall(connection, agreed, watcher)
        return True
    told = agreed.told - _untrue(standing) if reopens else agreed.told
    news = [(key, event, details) for key, event, details in _news(agreed, standing) if key not in told]
    if reopens:
        news.insert(0, (f"{REOPENED}{agreed.reopenings + 1}", Event.ARRANGEMENT_REOPENED, _on(watcher)))
    try:
        arrangements.write_standing(connection, agreed, standing, {*told, *(key for key, _, _ in news)})
    except arrangements.StandsAlreadyError:
        return False  # another one was made on the debt since: that one counts
    log(connection, agreed, watcher, [(event, details) for _, event, details in news])
    if reopens:
        _tell_somebody(connection, agreed, watcher)
    return True


def _fall(connection: Connection, agreed: Agreed, watcher: Watcher) -> None:
    """What nobody agreed on but by paying ends with the payment; what was offered stands until its own last day."""
    cancelled = State.CANCELLED
    arrangements.end(connection, agreed, cancelled, watcher.as_of, why=TAKEN_BACK, told=cancelled)
    log(connection, agreed, watcher, [(Event.ARRANGEMENT_CANCELLED, _on(watcher))], why=TAKEN_BACK)
    _tell_somebody(connection, agreed, watcher)


def _tell_somebody(connection: Connection, agreed: Agreed, watcher: Watcher) -> None:
    """The debtor has read that nothing more is owed, or may have: no template can take that back."""
    text = (
        f"{', '.join(debt.reference for debt in agreed.debts)}: the {agreed.terms.kind} of {agreed.total} was kept on "
        f"{agreed.standing.since}, and {TAKEN_BACK} since: the debt is open again. Tell the debtor, who may have read "
        "that nothing more is owed"
    )
    details = {"arrangement": agreed.id}
    tasks.add(
        connection, "reopened", at=watcher.now, text=text, debtor_id=agreed.parties[0].id, details=details
    )


def _untrue(standing: Standing) -> set[str]:
    """What was told of an arrangement that was kept and is so no longer; said again once it is so again."""
    unpaid = {f"paid:{one.number}" for one in standing.instalments if one.state is not Paid.PAID}
    return {State.KEPT.value, *unpaid}


def _on(watcher: Watcher) -> dict[str, Any]:
    return {"on": watcher.as_of.isoformat()}


def _news(agreed: Agreed, standing: Standing) -> Iterator[tuple[str, Event, dict[str, Any]]]:
    """(key of once-only, event, details) of all that is so by this fold."""
    for one in standing.instalments:
        if one.missed_on is not None:
            yield f"missed:{one.number}", Event.INSTALMENT_MISSED, _instalment(one)
        if one.state is Paid.PAID:
            yield f"paid:{one.number}", Event.INSTALMENT_PAID, _instalment(one)
    if standing.state in (State.KEPT, State.BROKEN) and standing.since:
        details = {"on": standing.since.isoformat(), "paid": _amount(agreed, standing.paid)}
        if agreed.interest is not None:
            details["interest"] = str(agreed.interest.amount)  # of the agreed total, which stands beside it
        yield standing.state.value, Event(f"arrangement_{standing.state}"), details


def _instalment(one: InstalmentState) -> dict[str, Any]:
    days = {"paid_on": one.paid_on, "missed_on": one.missed_on}
    return {
        "instalment": one.number,
        "due_on": one.due_on.isoformat(),
        "amount": str(one.amount.amount),
        "paid": str(one.paid.amount),
        **{name: day.isoformat() for name, day in days.items() if day},
    }


def _amount(agreed: Agreed, minor: int) -> str:
    return str(type(agreed.total)(minor, agreed.total.currency).amount)


def log(
    connection: Connection,
    agreed: Agreed,
    watcher: Watcher,
    events: Sequence[tuple[Event, Mapping[str, Any]]],
    **personal: Any,
) -> None:
    """Write entries about an arrangement: its terms, its source and who; words of people are erasable."""
    if not events:
        return
    party = agreed.parties[0]
    values = {
        "debtor": party.reference,
        "debts": [debt.reference for debt in agreed.debts],
        **{name: text for name, text in personal.items() if text},
    }
    entries = [
        watcher.entry(
            event, party.person, agreed.creditor, {**_terms(agreed), **details}, agreed.strategy or None
        )
        for event, details in events
    ]
    delivery_log.append_about(connection, [(values, entries)])


def _terms(agreed: Agreed) -> dict[str, Any]:
    return {
        "arrangement": agreed.id,
        "arrangement_kind": agreed.terms.kind,
        "agreed_on": agreed.terms.agreed_on.isoformat(),
        "total": str(agreed.total.amount),
        "currency": agreed.total.currency,
        **({"source": agreed.source} if agreed.source else {}),
    }
