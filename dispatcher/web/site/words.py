"""How the pages write what the tables hold: states, times in somebody's zone, amounts, reasons."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from markupsafe import Markup

from dispatcher.gate.decision import Reason
from dispatcher.values.money import Money
from dispatcher.values.postal_address import AddressProblem, normalise_address
from dispatcher.web.site.plain_words import without_commands

# word -> tone of its tag; the word itself always stands there
_TONES: Mapping[str, str] = {
    "delivered": "good",
    "accepted": "good",
    "allow": "good",
    "published": "good",
    "finished": "good",
    "done": "good",
    "queued": "calm",
    "planned": "calm",
    "sending": "calm",
    "approved": "calm",
    "running": "calm",
    "planning": "calm",
    "waiting": "wait",
    "deferred": "wait",
    "defer": "wait",
    "submitted": "wait",
    "held": "warn",
    "hold": "warn",
    "unknown": "warn",
    "interrupted": "warn",
    "failed": "bad",
    "bounced": "bad",
    "returned": "bad",
    "rejected": "bad",
    "blocked": "bad",
    "block": "bad",
    "complained": "bad",
    "refused": "bad",
}


_DESK_ZONE: ContextVar[str] = ContextVar("desk_zone", default="UTC")


@contextmanager
def in_zone(name: str) -> Iterator[None]:
    """Write instants that are nobody's own in the desk's zone, as long as the block lasts."""
    token = _DESK_ZONE.set(name)
    try:
        yield
    finally:
        _DESK_ZONE.reset(token)


def tag(word: str) -> Markup:
    """A state as a word with a colour."""
    return Markup('<span class="tag tag-{}">{}</span>').format(
        _TONES.get(word, "plain"), word.replace("_", " ")
    )


def when(at: datetime | None, zones: Sequence[str] | str | None = None) -> Markup:
    """An instant in the first zone, else the desk's; it is named, with UTC on hover."""
    if at is None:
        return Markup('<span class="quiet">-</span>')
    zone = (zones if isinstance(zones, str) else next(iter(zones or ()), "")) or _DESK_ZONE.get()
    local, name = _local(at, zone)
    utc = at.astimezone(UTC)
    return Markup('<time datetime="{}" title="{}">{} <span class="zone">{}</span></time>').format(
        utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        utc.strftime("%Y-%m-%d %H:%M:%S UTC"),
        f"{local.day} {local:%b %Y, %H:%M}",
        name,
    )


def instant(text: str) -> datetime:
    """An instant as entries write it."""
    return datetime.fromisoformat(text)


def clock(at: datetime | None, zone: str = "") -> str:
    """The time of day alone."""
    return "" if at is None else f"{_local(at, zone)[0]:%H:%M}"


def day(on: date | datetime | str | None) -> str:
    """A date as people write it: 3 Nov 2026."""
    if on is None or on == "":
        return "-"
    if isinstance(on, str):
        on = date.fromisoformat(on[:10])
    return f"{on.day} {on:%b %Y}"


def ago(since: datetime | None, now: datetime) -> str:
    """How old something is, in one unit."""
    if since is None:
        return "-"
    age = now - since
    if age < timedelta(minutes=2):
        return "just now"
    for unit, length in (
        ("day", timedelta(days=1)),
        ("hour", timedelta(hours=1)),
        ("minute", timedelta(minutes=1)),
    ):
        if age >= 2 * length or (unit == "minute" and age >= length):
            return f"{age // length} {unit}s"
    return "just now"


def amount(minor: int | None, currency: str) -> str:
    """An amount with its currency: 1,070.28 USD."""
    if minor is None:
        return "-"
    value: Decimal = Money(minor, currency).amount
    return f"{value:,} {currency}"


def grouped(money: str) -> str:
    """An amount that stands in a sentence, with its thousands apart: 6,428.15 MXN."""
    value, _, currency = money.partition(" ")
    return f"{Decimal(value):,} {currency}"


def in_fours(secret: str) -> str:
    """A long secret in groups of four, as it is typed from one screen into another."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def each_reason(reasons: Iterable[Mapping[str, Any] | Reason] | None) -> list[dict[str, Any]]:
    """Reasons once each, with every part a page prints; entries of long ago may lack some."""
    found: dict[tuple[object, ...], dict[str, Any]] = {}
    for one in reasons or ():
        reason = _as_stored(one) if isinstance(one, Reason) else one
        whole = {name: str(reason.get(name) or "") for name in _PARTS} | {
            "inputs": reason.get("inputs") or {},
            "detail": without_commands(str(reason.get("detail") or "")),
        }
        found.setdefault((whole["pack"], whole["rule"], whole["detail"]), whole)
    return list(found.values())


def _as_stored(reason: Reason) -> dict[str, Any]:
    """A reason that was found just now, as entries keep it."""
    return reason.to_json() | {
        name: getattr(reason, name) for name in ("link", "status", "verified", "inputs")
    }


_PARTS = ("pack", "rule", "decision", "reference", "detail", "link", "status", "verified")


def number(value: int | None) -> str:
    """A count with separators."""
    return "-" if value is None else f"{value:,}"


def words(name: str) -> str:
    """A name of ours as words: `first_reminder` as first reminder."""
    return name.replace("_", " ")


def short(value: object) -> object:
    """A digest by its first letters, as lists show it; anything else as it is."""
    return f"{value[:12]}…" if isinstance(value, str) and _DIGEST.fullmatch(value) else value


_DIGEST = re.compile(r"[0-9a-f]{40,}")


def actor_name(actor: str) -> str:
    """Who acted, as people say it: `user:ana` as ana, `cli:ana` as ana, on the command line."""
    where, _, who = actor.partition(":")
    if where == "user" and who:
        return who
    return f"{who}, on the command line" if where == "cli" and who else actor


def text_name(path: str) -> str:
    """A text of a template as people call it: `es/email.md` as E-mail in Spanish."""
    language, _, file = path.partition("/")
    if not file:
        return "What it is for"
    return f"{_TEXTS.get(file, file)} in {language_name(language)}"


def post_line(place: Any) -> str:
    """A person's postal address on one line, as the letter and the print house's list write it."""
    lines, town = list(place.address_lines or ()), [place.postal_code, place.city, place.region]
    address = normalise_address(lines, place.postal_code, place.city, place.region, place.country)
    if isinstance(address, AddressProblem):
        return ", ".join(part for part in (*lines, *town, place.country) if part)
    return ", ".join((*address.lines, *address.town_lines, address.country))


def language_name(tag: str) -> str:
    """A language in English; its tag where nobody knows it."""
    try:
        return Locale.parse(tag, sep="-").get_display_name("en") or tag
    except (UnknownLocaleError, ValueError):
        return tag


_TEXTS: Mapping[str, str] = {"email.md": "E-mail", "sms.txt": "SMS", "letter.md": "Letter"}


def sentence(text: str) -> str:
    """What the program says of a text, as a sentence on a page: a capital first, no marks of a terminal."""
    return text[:1].upper() + text[1:].replace("`", "")


def outcome(word: str) -> str:
    """What came of a due debt, as people say it."""
    return _OUTCOMES.get(word, words(word))


_OUTCOMES: Mapping[str, str] = {"blocked": "kept back", "unknown": "end unknown"}


def task_words(kind: str) -> str:
    """A kind of task as people say it."""
    return _TASKS.get(kind, words(kind))


_TASKS: Mapping[str, str] = {
    "duty": "what the law wants done by a day",
    "unknown": "end unknown",
    "begun_and_not_ended": "begun and not ended",
    "packs_to_review": "rule packs to review",
    "exceptions_open": "exceptions nobody has decided",
    "breach": "clocks of data breaches",
    "care": "urgent: somebody may be at risk",
    "access_review": "reviews of who can get in",
    "ladder_ended": "ladders that ended",
    "ledger_wanted": "ledgers that are wanted",
    "reopened": "debts that had ended and are open again",
    "by_hand": "worked by hand",
    "same_person": "records that may be one person",
    "unclear_reply": "replies to read",
    "help_wanted": "ask for help",
    "wrong_number": "wrong numbers and addresses",
    "page_closed": "pages closed over wrong answers",
    "review": "changes for a second person",
    "contradicted_clearance": "cleared wrongly",
    "strange_message": "sent from our account by others",
}


def plain(value: Any) -> str:
    """Whatever an entry holds, as people write it: lists with commas, parts by their names."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{words(str(name))} {plain(part)}" for name, part in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        between = "; " if any(isinstance(part, Mapping) for part in value) else ", "
        return between.join(plain(part) for part in value) or "none"
    return str(value)


def size(count: int) -> str:
    """Bytes for people."""
    return f"{count:,} bytes" if count < 10_240 else f"{count / 1024:,.0f} KB"


def _local(at: datetime, zone: str) -> tuple[datetime, str]:
    if zone:
        try:
            return at.astimezone(ZoneInfo(zone)), zone
        except (ZoneInfoNotFoundError, ValueError):
            pass
    return at.astimezone(UTC), "UTC"
