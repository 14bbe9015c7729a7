"""Which messages about an arrangement are due on a day: each once for an instalment and a recipient."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from dispatcher.agreements.domain.arrangement import InstalmentState, Paid, Standing, State, Terms

SERVICE = "arrangement_service"  # what helps to keep an agreement; the rest asks for money
NEWS_FOR_DAYS = 30  # an event older than this is told to nobody any more


class On(StrEnum):
    """What a follow-up answers."""

    AGREED = "agreed"
    INSTALMENT_DUE = "instalment-due"
    INSTALMENT_MISSED = "instalment-missed"
    PROMISE_DUE = "promise-due"
    BROKEN = "broken"
    KEPT = "kept"

    @property
    def kind(self) -> str:
        """The kind of its messages: missed and broken ask for money, the rest serves the agreement."""
        return "collection" if self in (On.INSTALMENT_MISSED, On.BROKEN) else SERVICE


AT_ONCE = frozenset({On.AGREED, On.BROKEN, On.KEPT})  # the rest is planned daily
BEFORE = frozenset({On.INSTALMENT_DUE, On.PROMISE_DUE})  # remind of a day to come


@dataclass(frozen=True, kw_only=True, slots=True)
class Occasion:
    """A day on which one event of an arrangement is due to be told; `instalment` 0 where it is about the whole."""

    on: On
    instalment: int
    day: date


def occasions(terms: Terms, standing: Standing, on: On, day: int, as_of: date) -> Iterator[Occasion]:
    """Where a follow-up of that event, `day` days from it, is due on `as_of`, by how the arrangement stands."""
    for instalment, event in _events(terms, standing, on):
        due = event + timedelta(days=day)
        if due <= as_of and not _stale(terms, on, due, event, as_of):
            yield Occasion(on=on, instalment=instalment, day=due)


def still_true(terms: Terms, standing: Standing, on: On, instalment: int, today: date) -> str:
    """Why a follow-up that was planned is no longer to be told; empty where it still is."""
    events = dict(_events(terms, standing, on))
    if instalment not in events:
        return _GONE[on].format(state=standing.state)
    if on in BEFORE and events[instalment] < today:
        return f"the payment was due on {events[instalment]}: too late to remind of it"
    return ""


_GONE = {
    On.AGREED: "the arrangement is {state}: there is nothing to confirm",
    On.INSTALMENT_DUE: "the payment is made, or the arrangement is {state}",
    On.PROMISE_DUE: "the payment is made, or the promise is {state}",
    On.INSTALMENT_MISSED: "the payment has come in, or the arrangement is {state}",
    On.BROKEN: "the arrangement is {state} again",
    On.KEPT: "the arrangement is {state} again",
}


def _events(terms: Terms, standing: Standing, on: On) -> Iterator[tuple[int, date]]:
    """(instalment, day of the event) of everything of that name that is so now."""
    active = standing.state is State.ACTIVE
    match on:
        case On.AGREED if active and any(one.due_on >= terms.agreed_on for one in standing.instalments):
            yield 0, terms.agreed_on  # of a ledger's promise whose day had passed there is nothing to confirm
        case On.BROKEN if standing.state is State.BROKEN and standing.since:
            yield 0, standing.since
        case On.KEPT if standing.state is State.KEPT and standing.since:
            yield 0, standing.since
        case On.INSTALMENT_DUE if active and terms.kind != "promise":
            yield from ((one.number, one.due_on) for one in _unpaid(standing.instalments))
        case On.PROMISE_DUE if active and terms.kind == "promise":
            yield from ((one.number, one.due_on) for one in _unpaid(standing.instalments))
        case On.INSTALMENT_MISSED if active and terms.kind != "promise":
            grace = timedelta(days=terms.watch.grace_days)  # its days count from the end of grace
            yield from (
                (one.number, one.due_on + grace) for one in standing.instalments if one.state is Paid.MISSED
            )


def _unpaid(instalments: Sequence[InstalmentState]) -> Iterator[InstalmentState]:
    return (one for one in instalments if one.state is not Paid.PAID)


def _stale(terms: Terms, on: On, due: date, event: date, as_of: date) -> bool:
    """A reminder whose day had passed when it was agreed, or whose payment day has passed; news that is none."""
    if on in BEFORE:
        return event < as_of or due < terms.agreed_on
    return on is not On.INSTALMENT_MISSED and as_of > event + timedelta(days=NEWS_FOR_DAYS)
