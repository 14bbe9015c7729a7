"""The debtors' own page: stop an address, a medium or everything, say what suits; no log-in, no debt shown."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import PlainTextResponse, Response

from dispatcher.people import record_wish as wishes
from dispatcher.people.domain.optout_token import OptOutLink, read_token
from dispatcher.people.record_opt_out import record_opt_out
from dispatcher.people.recording import Said
from dispatcher.people.storage import debtor_page
from dispatcher.people.storage.debtor_page import LinkHolder
from dispatcher.values.sender import Sender
from dispatcher.web.debtors.debtor_words import NAMES, words_in
from dispatcher.web.site.page import page, site_of
from dispatcher.web.site.visit import Page, RefusedError, Visit, caller_of

ACTOR, SOURCE = "debtor", "debtors' page"
WAYS = ("email", "sms", "letter")
_HOURS = {"morning": "08:00-12:00", "afternoon": "12:00-17:00", "evening": "17:00-21:00"}
_DAYS = {"week": "MO-FR", "saturday": "SA", "sunday": "SU"}
_HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Guest:
    """Who opened the page, and what its link stands for."""

    link: OptOutLink
    holder: LinkHolder
    sender: Sender | None

    @property
    def name(self) -> str:
        """Who writes, as debtors know them."""
        return self.sender.name if self.sender else self.holder.creditor


def show(visit: Visit) -> Response:
    """The page. Looking changes nothing: mail programs open links before people do."""
    guest = _guest(visit)
    return _page(visit, guest) if guest else _unknown(visit)


def act(visit: Visit) -> Response:
    """What was chosen, or the one click of RFC 8058 that a mail program sends."""
    guest = _guest(visit)
    if guest is None:
        return _unknown(visit)
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


def _slow_guesses(visit: Visit) -> None:
    """Guessed tokens are limited by the place they come from; a right one never is, wherever it comes from."""
    if site_of(visit.request).debtor_limit.refuses(caller_of(visit.request)) is not None:
        raise RefusedError(429, "Too many wrong links from here. Wait a minute, then try again.")


def _is_one_click(visit: Visit) -> bool:
    """RFC 8058's POST in either of its forms, and in one that names no form: an opt-out is never lost over that."""
    if visit.form:
        return visit.text("List-Unsubscribe") == "One-Click"
    return visit.body.strip() == b"List-Unsubscribe=One-Click"


def _guest(visit: Visit) -> Guest | None:
    house = visit.program
    try:
        link = read_token(house.optout_secret, visit.path("token"))
    except ValueError:
        link = None
    if link is None:
        _slow_guesses(visit)
        return None
    with house.database.reading() as connection:
        holder = debtor_page.link_holder(connection, link.person, link.contact_point_id)
    if holder is None or holder.erased:
        return None
    return Guest(link=link, holder=holder, sender=house.policy.senders.get(holder.creditor))


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
    if visit.text("language") in NAMES:
        found.append(wishes.language(visit.text("language")))
    if found:
        wishes.record_wish(database, who, said, found, read=visit.program.read_reply)
    return _page(visit, guest, done="saved")


def _said(visit: Visit) -> Said:
    return Said(now=visit.now, actor=ACTOR, source=SOURCE)


def _page(visit: Visit, guest: Guest, *, status: int = 200, wrong: str = "", done: str = "") -> Response:
    language, words = words_in(visit.query("lang") or guest.holder.language)
    return page(
        visit,
        "debtor",
        status=status,
        headers=_HEADERS,
        lang=language,
        say=_filled(words, guest),
        wrong=words[wrong] if wrong else "",
        done=words[done] if done else "",
        address=masked(guest.holder.address),
        medium=guest.link.medium,
        ways=WAYS,
        hours=_HOURS,
        day_names=_DAYS,
        languages=NAMES,
        contact=bool(guest.sender),
    )


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


def _unknown(visit: Visit) -> Response:
    preferred = visit.request.headers.get("accept-language", "en")
    language, words = words_in(visit.query("lang") or preferred[:2])
    return page(visit, "debtor_unknown", status=404, headers=_HEADERS, lang=language, say=words)


PAGES = (
    Page("GET", "/u/{token}", show),
    Page("POST", "/u/{token}", act),
)
