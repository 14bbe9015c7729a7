"""The debtors' own page: stop an address, a medium or everything, say what suits; no log-in, no debt shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import PlainTextResponse, Response

from dispatcher.people import record_wish as wishes
from dispatcher.people.record_opt_out import record_opt_out
from dispatcher.people.recording import Said
from dispatcher.people.storage.people import load_people
from dispatcher.web.debtors.guest import ACTOR, HEADERS, SOURCE, Guest, guest_of, language_of
from dispatcher.web.site.page import page
from dispatcher.web.site.visit import Page, Visit

WAYS = ("email", "sms", "letter")
_HOURS = {"morning": "08:00-12:00", "afternoon": "12:00-17:00", "evening": "17:00-21:00"}
_DAYS = {"week": "MO-FR", "saturday": "SA", "sunday": "SU"}


def show(visit: Visit) -> Response:
    """The page. Looking changes nothing: mail programs open links before people do."""
    guest = guest_of(visit)
    return _page(visit, guest) if guest else unknown(visit)


def act(visit: Visit) -> Response:
    """What was chosen, or the one click of RFC 8058 that a mail program sends."""
    guest = guest_of(visit)
    if guest is None:
        return unknown(visit)
    if _is_one_click(visit):
        _stop(visit, guest, "address")
        return PlainTextResponse("done\n")
    if visit.text("do") == "suit":
        return _suit(visit, guest)
    what = visit.text("stop")
    if what not in {"address", "medium", "all"}:
        return _page(visit, guest, status=422, wrong="choose")
    _stop(visit, guest, what)
    return _page(visit, guest, done="stopped")


def _is_one_click(visit: Visit) -> bool:
    """RFC 8058's POST in either of its forms, and in one that names no form: an opt-out is never lost over that."""
    if visit.form:
        return visit.text("List-Unsubscribe") == "One-Click"
    return visit.body.strip() == b"List-Unsubscribe=One-Click"


def _stop(visit: Visit, guest: Guest, what: str) -> None:
    """Record the opt-out; an address that is gone stops the medium, which is more."""
    address = guest.holder.address if what == "address" else ""
    medium = "" if what == "all" else guest.link.medium
    record_opt_out(
        visit.program.database,
        guest.holder.reference,
        _said(visit),
        medium=medium,
        address=address,
        raw=f"page: {what}",
    )


def _suit(visit: Visit, guest: Guest) -> Response:
    ways, hours, days = (set(visit.fields(name)) for name in ("way", "hour", "day"))
    if not (ways & set(WAYS) and hours & set(_HOURS) and days & set(_DAYS)):
        return _page(visit, guest, status=422, wrong="some")
    said, database, who = _said(visit), visit.program.database, guest.holder.reference
    for way in WAYS:
        if way not in ways:
            record_opt_out(database, who, said, medium=way, raw="page: not by this way")
    found = [
        span for name, times in _HOURS.items() if name not in hours for span in wishes.hours_to_leave(times)
    ]
    found += [
        span
        for name, on in _DAYS.items()
        if name not in days
        for span in wishes.hours_to_leave(f"{on} 00:00-24:00")
    ]
    if visit.text("language") in visit.program.own_page_words.names:
        found.append(wishes.language(visit.text("language")))
    if found:
        wishes.record_wish(database, who, said, found, read=visit.program.read_reply)
    return _page(visit, guest, done="saved")


def _said(visit: Visit) -> Said:
    return Said(now=visit.now, actor=ACTOR, source=SOURCE)


def _page(visit: Visit, guest: Guest, *, status: int = 200, wrong: str = "", done: str = "") -> Response:
    language = language_of(visit, guest.holder.language)
    words = visit.program.own_page_words.messages[language]
    return page(
        visit,
        "debtor",
        status=status,
        headers=HEADERS,
        lang=language,
        say=_filled(words, guest),
        wrong=words[wrong] if wrong else "",
        done=words[done] if done else "",
        address=masked(guest.holder.address),
        medium=guest.link.medium,
        spared=_spared(visit, guest),
        ways=WAYS,
        hours=_HOURS,
        day_names=_DAYS,
        languages=visit.program.own_page_words.names,
        contact=bool(guest.sender),
        account=f"{visit.request.url.path}/account" if guest.has_account else "",
    )


def _spared(visit: Visit, guest: Guest) -> set[str]:
    """What they chose to be spared before: ways, times and days, each by its name in the form."""
    with visit.program.database.reading() as connection:
        person = load_people(connection, [guest.holder.id], now=visit.now)[guest.holder.id]
    stopped = {each.medium for each in person.opt_outs if not each.address}
    left = [wish.details for wish in person.wishes if wish.kind == "time"]
    found = {way for way in WAYS if way in stopped or "" in stopped}
    found |= {name for name, times in _HOURS.items() if _covers(left, wishes.hours_to_leave(times))}
    return found | {
        name for name, on in _DAYS.items() if _covers(left, wishes.hours_to_leave(f"{on} 00:00-24:00"))
    }


def _covers(left: Sequence[Mapping[str, Any]], spans: Sequence[wishes.Wish]) -> bool:
    keys = ("days", "from", "to")
    known = [[details.get(key) for key in keys] for details in left]
    return all([details[key] for key in keys] in known for _, details in spans)


def _filled(words: Mapping[str, str], guest: Guest) -> dict[str, str]:
    values = {
        "sender": guest.name,
        "address": masked(guest.holder.address),
        "medium": words.get(guest.link.medium, guest.link.medium),
        "phone": guest.sender.phone if guest.sender else "",
        "email": guest.sender.email if guest.sender else "",
    }
    return {name: text.format_map(values) for name, text in words.items()}


def masked(address: str) -> str:
    """An address that its owner knows again and nobody else learns: j…@example.com, …0142."""
    name, at, host = address.partition("@")
    if at:
        return f"{name[:1]}…@{host}"
    return f"…{address[-4:]}" if address else ""


def unknown(visit: Visit) -> Response:
    """The answer to a link that is none of ours, or is dead."""
    language = language_of(visit)
    words = visit.program.own_page_words.messages[language]
    return page(visit, "debtor_unknown", status=404, headers=HEADERS, lang=language, say=words)


PAGES = (
    Page("GET", "/u/{token}", show),
    Page("POST", "/u/{token}", act),
)
