"""Who opened a page behind a link: the person of the link, in which language they read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dispatcher.people.domain.optout_token import OptOutLink, read_token
from dispatcher.people.domain.own_page_words import LAST_RESORT
from dispatcher.people.storage import debtor_page
from dispatcher.people.storage.debtor_page import LinkHolder
from dispatcher.values.sender import Sender
from dispatcher.web.site.page import site_of
from dispatcher.web.site.visit import RefusedError, Visit, caller_of

ACTOR, SOURCE = "debtor", "debtors' page"
HEADERS: Mapping[str, str] = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
_ACCEPTED = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*")


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

    @property
    def has_account(self) -> bool:
        """Whether the creditor lets people who prove themselves see what is owed."""
        return self.sender is not None and self.sender.self_service


def guest_of(visit: Visit) -> Guest | None:
    """The person behind the link; None where it was not made here or is dead."""
    house = visit.program
    try:
        link = read_token(house.optout_secret, visit.path("token"))
    except ValueError:
        link = None
    if link is None:
        slow_guesses(visit)
        return None
    with house.database.reading() as connection:
        holder = debtor_page.link_holder(connection, link.person, link.contact_point_id)
    if holder is None or holder.erased:
        return None
    return Guest(link=link, holder=holder, sender=house.policy.senders.get(holder.creditor))


def slow_guesses(visit: Visit) -> None:
    """Guessed links and answers are limited by the place they come from; a right one never is."""
    if site_of(visit.request).debtor_limit.refuses(caller_of(visit.request)) is not None:
        raise RefusedError(429, "Too many wrong tries from here. Wait a minute, then try again.")


def language_of(visit: Visit, on_file: str = "") -> str:
    """What was chosen on the page, else what the browser asks for, else what is on file; one that we speak."""
    wanted = (visit.query("lang"), *accepted(visit.request.headers.get("accept-language", "")), on_file)
    primaries = (tag.replace("_", "-").split("-")[0].lower() for tag in wanted)
    spoken = visit.program.own_page_words.names
    return next((primary for primary in primaries if primary in spoken), LAST_RESORT)


def accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header, the most wanted first (RFC 9110, 12.5.4)."""
    found: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        match = _ACCEPTED.fullmatch(part)
        weight = float(match[2] or 1) if match else 0.0
        if match and weight > 0:
            found.append((-weight, match[1].lower()))
    return [language for _, language in sorted(found, key=lambda each: each[0])]
