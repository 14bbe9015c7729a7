"""Forms for what a debtor says: each calls the service that `dispatcher record` calls, with source and note."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from starlette.responses import Response

from dispatcher.people import record_wish as wishes
from dispatcher.people.record_consent import record_consent
from dispatcher.people.record_contact import record_contact
from dispatcher.people.record_hold import KINDS as HOLDS
from dispatcher.people.record_hold import record_hold
from dispatcher.people.record_notice import record_notice
from dispatcher.people.record_opt_out import record_opt_out
from dispatcher.people.record_payment import record_payment
from dispatcher.people.recording import FORMS, Recorded, RecordError, Said
from dispatcher.people.release_hold import release
from dispatcher.web.operators.people import person_page, person_path
from dispatcher.web.site.page import go_to, sentence_of
from dispatcher.web.site.visit import Page, Visit


def record(visit: Visit) -> Response:
    """Write down one fact; a form that is wrong comes back filled in."""
    fact = visit.text("fact")
    writer = WRITERS.get(fact)
    if writer is None:
        return person_page(visit, status=400, wrong="Choose what to write down.")
    source = visit.text("source")
    if not source:
        return person_page(
            visit, status=422, wrong="Say where it comes from: a call, a letter, an e-mail.", filled=fact
        )
    said = Said(now=visit.now, actor=visit.actor, source=source[:300], note=visit.text("note")[:2_000])
    try:
        found = writer(visit, visit.path("reference"), said)
    except RecordError as error:
        return person_page(visit, status=422, wrong=sentence_of(error), filled=fact)
    done = (
        "That stood here already: nothing was added."
        if found.already
        else f"Recorded: {fact.replace('_', ' ')}."
    )
    return go_to(visit, person_path(visit.path("reference")), done)


def _payment(visit: Visit, who: str, said: Said) -> Recorded:
    return record_payment(
        visit.program.database,
        who,
        visit.text("amount"),
        said,
        debt=visit.text("debt"),
        paid_on=_day(visit, "on"),
        again=bool(visit.text("again")),
    )


def _dispute(visit: Visit, who: str, said: Said) -> Recorded:
    return _hold(visit, who, said, "dispute", {"form": _form(visit)})


def _promise(visit: Visit, who: str, said: Said) -> Recorded:
    if _day(visit, "until") is None:
        raise RecordError("say by which day the debtor promised to pay")
    return _hold(
        visit, who, said, "promise", {"amount": visit.text("amount")} if visit.text("amount") else {}
    )


def _complaint(visit: Visit, who: str, said: Said) -> Recorded:
    text = {"text": visit.text("text")} if visit.text("text") else {}
    return _hold(visit, who, said, "complaint", {"form": _form(visit), **text})


def _other_hold(visit: Visit, who: str, said: Said) -> Recorded:
    kind = visit.text("kind")
    details: dict[str, Any] = {}
    if kind in {"cease", "refusal", "original_creditor_request"}:
        details["form"] = _form(visit)
    if kind == "attorney":
        details["contact_known"] = bool(visit.text("name"))
    if visit.text("name"):
        details["name"] = visit.text("name")
    return _hold(visit, who, said, kind, details)


def _hold(visit: Visit, who: str, said: Said, kind: str, details: Mapping[str, Any]) -> Recorded:
    return record_hold(
        visit.program.database,
        who,
        kind,
        said,
        debts=_debts(visit),
        since=_day(visit, "since"),
        until=_day(visit, "until"),
        details=details,
    )


def _wish(visit: Visit, who: str, said: Said) -> Recorded:
    found = wishes.hours_to_leave(visit.text("hours")) if visit.text("hours") else []
    found += [wishes.place_to_leave(place) for place in visit.fields("place") if place]
    found += [wishes.language(visit.text("language"))] if visit.text("language") else []
    found += [wishes.zone(visit.text("zone"), there_now=False)] if visit.text("zone") else []
    found += [wishes.statement(visit.text("text"))] if visit.text("text") else []
    if not found:
        raise RecordError(
            "say what the debtor wishes: hours, places, a language, a time zone, or their own words"
        )
    return wishes.record_wish(
        visit.program.database, who, said, found, read=visit.program.read_reply, until=_day(visit, "until")
    )


def _consent(visit: Visit, who: str, said: Said) -> Recorded:
    given = {name: visit.text(name) or None for name in ("result", "type")}
    return record_consent(
        visit.program.database,
        who,
        visit.text("kind"),
        said,
        given_on=_day(visit, "on"),
        medium=visit.text("medium"),
        address=visit.text("address"),
        details=given,
    )


def _opt_out(visit: Visit, who: str, said: Said) -> Recorded:
    return record_opt_out(
        visit.program.database,
        who,
        said,
        medium=visit.text("medium"),
        address=visit.text("address"),
        raw=visit.text("text"),
    )


def _notice(visit: Visit, who: str, said: Said) -> Recorded:
    return record_notice(
        visit.program.database, who, visit.text("kind"), said, debts=_debts(visit), sent_on=_day(visit, "on")
    )


def _contact(visit: Visit, who: str, said: Said) -> Recorded:
    return record_contact(
        visit.program.database,
        who,
        visit.text("channel"),
        said,
        read=visit.program.read_reply,
        outcome=visit.text("outcome"),
        direction="inbound" if visit.text("inbound") else "outbound",
        debts=_debts(visit),
        address=visit.text("address"),
        details={"text": visit.text("text")},
    )


def _release(visit: Visit, who: str, said: Said) -> Recorded:
    return release(
        visit.program.database,
        who,
        visit.text("kind"),
        said,
        debts=_debts(visit),
        address=visit.text("address"),
        medium=visit.text("medium"),
    )


def _day(visit: Visit, name: str) -> date | None:
    text = visit.text(name)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RecordError(f"{text!r} is not a day; write it as 2026-11-23") from None


def _form(visit: Visit) -> str:
    form = visit.text("form") or "letter"
    if form not in FORMS:
        raise RecordError(f"{form!r} is no form; there are: {', '.join(FORMS)}")
    return form


def _debts(visit: Visit) -> tuple[str, ...]:
    return tuple(one for one in visit.fields("debt") if one)


Writer = Callable[[Visit, str, Said], Recorded]
WRITERS: Mapping[str, Writer] = {
    "payment": _payment,
    "dispute": _dispute,
    "promise": _promise,
    "complaint": _complaint,
    "hold": _other_hold,
    "wish": _wish,
    "consent": _consent,
    "opt_out": _opt_out,
    "notice": _notice,
    "contact": _contact,
    "release": _release,
}
assert "manual" in HOLDS  # noqa: S101 the page offers it first

PAGES = (Page("POST", "/people/{reference:path}/record", record),)
