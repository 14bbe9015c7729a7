"""The work list of calls: who may be called now, what to say first, what it came to."""

from collections.abc import Sequence
from datetime import date, timedelta

from starlette.responses import Response

from dispatcher.agreements.domain.offers import DISCOUNT, PLAN, SETTLEMENT
from dispatcher.agreements.find_offers import FoundOffers, offers_of
from dispatcher.calls.dialler import rows_of
from dispatcher.calls.domain.call import CallError, CallOutcome
from dispatcher.calls.work_on_calls import (
    CallDesk,
    CallLine,
    correct_call,
    end_call,
    list_calls,
    list_made,
    put_back,
    take_call,
)
from dispatcher.gate.facts import HistoryEntry
from dispatcher.people.domain.agreement_facts import EVERY
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.recording import Said
from dispatcher.planning.domain.intended import zones_of
from dispatcher.web.operators.call_offers import OWN_TERMS, offered_on, write_offers
from dispatcher.web.site.filters import a_path_number
from dispatcher.web.site.list_export import exported
from dispatcher.web.site.page import again, go_to, page, sentence_of
from dispatcher.web.site.visit import Page, Visit

_WHAT = "call"
SHOWN_FOR = timedelta(days=7)  # so long what a call came to can be corrected from the list


def desk_of(visit: Visit) -> CallDesk:
    """Calls as whoever looks works on them."""
    program = visit.program
    return CallDesk(
        database=program.database,
        policy=program.policy,
        now=visit.now,
        actor=visit.actor,
        words=program.opening_words,
    )


def show_list(visit: Visit) -> Response:
    """Every call that waits: those that may be made now first, and why the others wait."""
    desk = desk_of(visit)
    lines = list_calls(desk)
    if visit.query("format"):
        return exported(visit, "calls", rows_of(lines, desk))
    ready = [line for line in lines if line.may.allowed and _is_mine(line, desk)]
    waiting = [line for line in lines if line not in ready]
    zones = {line.call.id: _zone(visit, line) for line in lines}
    made = list_made(desk, visit.now - SHOWN_FOR)
    zones |= {line.call.id: _zone(visit, line) for line in made}
    outcomes = list(CallOutcome)
    return page(
        visit,
        "calls",
        ready=ready,
        waiting=waiting,
        made=made,
        zones=zones,
        outcomes=outcomes,
        me=visit.actor,
    )


def _zone(visit: Visit, line: CallLine) -> str:
    """Where the person may be, to tell times by."""
    zones = zones_of(line.person, None, visit.program.policy.places)
    return min((zone.zone for zone in zones), default="UTC")


def _is_mine(line: CallLine, desk: CallDesk) -> bool:
    return line.call.is_due(desk.now) or line.call.holder == desk.actor


def show_call(visit: Visit) -> Response:
    """One call that this person has: the number, what to say first, the facts, the offers, and the form for its end."""
    key = a_path_number(visit, "id", _WHAT)
    desk = desk_of(visit)
    try:
        line = take_call(desk, key)
    except CallError as problem:
        return go_to(visit, "/calls", wrong=sentence_of(problem))
    person, offers = line.person, _offers(visit, line)
    return page(
        visit,
        "call",
        line=line,
        words=desk.first_words(person),
        zone=_zone(visit, line),
        offers=offers,
        own_plan=offers.may_be_approved(PLAN),
        own_settlement=offers.may_be_approved(SETTLEMENT),
        own_discount=offers.may_be_approved(DISCOUNT),
        outcomes=list(CallOutcome),
        lately=_lately(line),
        every=EVERY,
        own_terms=any(visit.typed(name) for name in OWN_TERMS),
    )


def _lately(line: CallLine) -> list[HistoryEntry]:
    """The newest contacts, without the place that this very call keeps."""
    others = [entry for entry in line.person.history if entry.at != line.call.reserved_at]
    return sorted(others, key=lambda entry: entry.at, reverse=True)[:5]


def _offers(visit: Visit, line: CallLine) -> FoundOffers:
    policy = visit.program.policy
    names: Sequence[str] = [debt.reference for debt in line.debts]
    return offers_of(
        visit.program.database,
        policy.offers,
        line.call.debtor,
        on=visit.now.date(),
        now=visit.now,
        debts=names,
        segments=policy.segments,
    )


def work(visit: Visit) -> Response:
    """Open a call, put it back, write down what it came to, or correct that."""
    key = a_path_number(visit, "id", _WHAT)
    desk = desk_of(visit)
    try:
        match visit.text("do"):
            case "open":
                take_call(desk, key)
                return go_to(visit, f"/calls/{key}", "It is yours: it counts in every cap from now on.")
            case "back":
                put_back(desk, key, why=visit.text("why") or "put back")
                return go_to(visit, "/calls", "Put back.")
            case "correct":
                outcome = CallOutcome(visit.text("outcome"))
                correct_call(desk, key, outcome, why=visit.text("why"))
                return go_to(visit, "/calls", f"Corrected: {outcome.value.replace('_', ' ')}.")
            case _:
                return go_to(visit, "/calls", _ended(visit, desk, key))
    except (CallError, RecordError, ValueError) as problem:
        if visit.text("do") == "end":  # what somebody has just heard must not be typed again
            return again(visit, show_call, sentence_of(problem))
        return go_to(visit, "/calls", wrong=sentence_of(problem))


def _ended(visit: Visit, desk: CallDesk, key: int) -> str:
    line = take_call(desk, key)
    promised = visit.text("promised_on")
    if promised:
        date.fromisoformat(promised)
    outcome = CallOutcome(visit.text("outcome"))
    offers = offered_on(visit, outcome, [str(plan.number) for plan in _offers(visit, line).offers.plans])
    notes = Said(now=visit.now, actor=visit.actor, source="a call", note=visit.text("note"))
    about = {"debt": tuple(debt.reference for debt in line.debts)}
    with (
        desk.database.at_once()
    ):  # an offer that is refused leaves the call on this desk, with all that was typed
        ended = end_call(desk, key, outcome)
        said = f"{line.person.name or line.call.debtor}: {ended.outcome.replace('_', ' ')}."
        if offers:
            told = write_offers(visit, line.call.debtor, notes, about, offers)
            said = f"{said} Offered: {', '.join(told)}."
        if promised:
            visit.program.record("promise", line.call.debtor, notes, {**about, "on": (promised,)})
            said = f"{said} Promised for {promised}."
    return said


PAGES = (
    Page("GET", "/calls", show_list),
    Page("GET", "/calls/{id}", show_call),
    Page("POST", "/calls/{id}", work),
)
