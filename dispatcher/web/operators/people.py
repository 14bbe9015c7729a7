"""People: the list, and one person's timeline, file, and what they say, written down by the record services."""

import json
from datetime import date
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from dispatcher.agreements.find_offers import offers_of
from dispatcher.agreements.storage.arrangements import listed
from dispatcher.calls.explain_calls import explain_with_calls
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.vocabulary import word
from dispatcher.messages.storage.message_lists import lines_of
from dispatcher.people.domain.affordability import read_affordability
from dispatcher.people.domain.hold_facts import HOLDS
from dispatcher.people.storage import handlers, person_lists
from dispatcher.people.storage.find_debtor import UnknownDebtorError, find_debtor
from dispatcher.people.storage.person_lists import PersonFilter, PersonLine, TimelineEntry
from dispatcher.treatment.explain_score import MEANS, OBJECTED, score_of
from dispatcher.values.instants import instant_text
from dispatcher.values.money import Money
from dispatcher.web.operators.fact_forms import fact_forms
from dispatcher.web.operators.rule_words import says
from dispatcher.web.site.filters import MOST_EXPORTED, PAGE, a_date, a_number, paging
from dispatcher.web.site.list_export import exported
from dispatcher.web.site.page import page, site_of
from dispatcher.web.site.visit import Page, RefusedError, Visit

_TIMELINE = 60
_TONES = {
    "sent": "sent",
    "good": "sent",
    "kept": "kept",
    "bad": "kept",
    "reply": "in",
}  # a story's, on the page


def list_people(visit: Visit) -> Response:
    """People that the filters let through."""
    wanted = PersonFilter(
        search=visit.query("q"),
        creditor=visit.query("creditor"),
        country=visit.query("country"),
        hold=visit.query("hold"),
    )
    database = visit.program.database
    if visit.query("format"):
        return exported(visit, "people", (person_json(line) for line in _all(visit, wanted)))
    with database.reading() as connection:
        lines = person_lists.page_of_people(
            connection, wanted, after=a_number(visit, "after") or 0, limit=PAGE + 1
        )
        countries, creditors = person_lists.countries(connection), person_lists.creditor_keys(connection)
        count = person_lists.count_people(connection)
    more = len(lines) > PAGE
    return page(
        visit,
        "people",
        lines=lines[:PAGE],
        count=count,
        countries=countries,
        creditors=creditors,
        holds=list(HOLDS),
        paging=paging(visit, cursor="after", value=lines[PAGE - 1].id if more else None),
    )


def show_person(visit: Visit) -> Response:
    """One person: what was sent, what was not and why, what is on file, and the forms."""
    return person_page(visit)


def person_page(visit: Visit, *, status: int = 200, wrong: str = "", filled: str = "") -> Response:
    """The page, perhaps with what was wrong with the form that was sent."""
    reference, database = visit.path("reference"), visit.program.database
    before = a_number(visit, "before")
    today = visit.now.date()
    as_of = a_date(visit, "as_of") or today
    with database.reading() as connection:
        debtor_id = _find(connection, reference)
        row = person_lists.person_row(connection, debtor_id)
        entries = person_lists.timeline(connection, row.person, before=before, limit=_TIMELINE + 1)
        shown = entries[:_TIMELINE]
        messages = {m.id: m for m in lines_of(connection, {e.message_id for e in shown if e.message_id})}
        records = person_lists.records_of(connection, debtor_id)
        agreements = listed(connection, debtor_id=debtor_id)
        points = person_lists.points_of(connection, debtor_id)
        debts = person_lists.debts_of(connection, debtor_id)
        refusals = person_lists.standing_refusals(connection, debtor_id)
        handler = handlers.of_people(connection, [debtor_id], on=today).get(debtor_id)
        by_hand = handlers.by_hand(connection, debtor_id)
        name = f"{row.key}/{row.reference}"
        scored = score_of(connection, visit.program.policy.scorecard, debtor_id, name, as_of)
        known_handlers = list(handlers.every(connection).values())
    if visit.query("format"):
        return exported(visit, "timeline", (_timeline_json(entry) for entry in entries), person=row.person)
    site_of(visit.request).views.note(visit.actor, "person", row.person)
    explained = explain_with_calls(
        database, visit.program.policy, f"{row.key}/{row.reference}", as_of=as_of, now=visit.now
    )
    offers = offers_of(
        database, visit.program.policy.offers, f"{row.key}/{row.reference}", on=as_of, now=visit.now,
        segments=visit.program.policy.segments,
    )  # fmt: skip
    events = [_event(entry) for entry in shown]
    reasons = [reason for event in events for reason in event["reasons"]]
    reasons += [reason for refusal in refusals for reason in refusal.reasons]
    return page(
        visit,
        "person",
        status=status,
        wrong=wrong,
        filled=filled,
        row=row,
        reference=f"{row.key}/{row.reference}",
        path=person_path(f"{row.key}/{row.reference}"),
        zones=explained.zones,
        explained=explained,
        as_of=as_of,
        days=_by_event(events, messages),
        records=records,
        agreements=agreements,
        points=points,
        debts=debts,
        refusals=refusals,
        handler=handler,
        by_hand=by_hand,
        handlers=known_handlers,
        offers=offers,
        scored=scored,
        score_means=MEANS,
        score_objected=OBJECTED,
        stated_in_words=_stated_in_words,
        says=says(visit.program.policy, reasons),
        paging=paging(visit, cursor="before", value=shown[-1].id if len(entries) > _TIMELINE else None),
        forms=fact_forms([_debt_option(debt) for debt in debts if person_lists.is_open(debt, today)]),
    )


def _stated_in_words(statement: Any) -> str:
    """What is left of a month by it; of an erased person nothing is known any more."""
    if not statement.details:
        return "erased"
    stated = read_affordability(statement.details, statement.stated_on)
    return f"{stated.income} come in, {stated.spending} go out, {stated.surplus} are left a month"


def _debt_option(debt: Any) -> tuple[str, str]:
    left = Money(debt.balance_minor - debt.paid_minor, debt.currency)
    return debt.reference, f"{debt.reference} ({left})"


def person_path(reference: str) -> str:
    """The address of a person's page."""
    return f"/people/{quote(reference)}"


def person_json(line: PersonLine) -> dict[str, Any]:
    """A person as exports and the API write them."""
    return {
        "debtor": line.debtor,
        "person": line.person,
        "name": line.name,
        "kind": line.kind,
        "country": line.country,
        "language": line.language,
        "debts": line.debts,
        "holds": list(line.holds),
    }


def _all(visit: Visit, wanted: PersonFilter) -> Any:
    after, given = 0, 0
    while given < MOST_EXPORTED:
        with visit.program.database.reading() as connection:
            lines = person_lists.page_of_people(connection, wanted, after=after, limit=1_000)
        yield from lines
        if not lines:
            return
        after, given = lines[-1].id, given + len(lines)


def _find(connection: Any, reference: str) -> int:
    known = person_lists.id_of_person(connection, reference)
    if known is not None:
        return known
    try:
        return find_debtor(connection, reference).id
    except UnknownDebtorError as error:
        raise RefusedError(404, f"{str(error)[0].upper()}{str(error)[1:]}.") from None


def _event(entry: TimelineEntry) -> dict[str, Any]:
    document = json.loads(entry.entry)
    return {
        "id": entry.id,
        "at": entry.at,
        "event": entry.event,
        "message_id": entry.message_id,
        "actor": document["actor"],
        "zones": document.get("zones", ()),
        "channel": document.get("channel"),
        "step": document.get("step"),
        "reasons": document.get("reasons", []),
        "details": document.get("details", {}),
        "simulated": document.get("simulated", False),
        "debts": (entry.personal or {}).get("debts", []),
        "words": _words(entry.personal or {}),
        "tone": _tone(entry.event),
    }


def _words(personal: dict[str, Any]) -> str:
    return str(personal.get("words") or personal.get("text") or personal.get("note") or "")


def _tone(event: str) -> str:
    if event.endswith("_recorded"):
        return "in"
    return _TONES.get(word(event).tone, "") if event in set(Event) else ""


def _by_event(events: list[dict[str, Any]], messages: dict[str, Any]) -> list[dict[str, Any]]:
    """A line an event, but what a message went through within one day is one line that ends with where it stands."""
    found: list[dict[str, Any]] = []
    seen: dict[tuple[str, date], dict[str, Any]] = {}
    for event in events:
        key = (event["message_id"], event["at"].date()) if event["message_id"] else None
        if key in seen:
            seen[key]["before"].append(event)
            continue
        line = event | {"before": [], "message": messages.get(event["message_id"] or "")}
        if key is not None:
            seen[key] = line
        found.append(line)
    return found


def _timeline_json(entry: TimelineEntry) -> dict[str, Any]:
    document = json.loads(entry.entry)
    names = (
        "event",
        "actor",
        "message_id",
        "run_id",
        "as_of",
        "step",
        "kind",
        "channel",
        "local_time",
        "decision",
    )
    return {
        "at": instant_text(entry.at),
        **{name: document.get(name) for name in names},
        "reasons": document.get("reasons"),
        "details": document.get("details"),
        "personal": entry.personal,
    }


PAGES = (
    Page("GET", "/people", list_people),
    Page("GET", "/people/{reference:path}", show_person),
)
