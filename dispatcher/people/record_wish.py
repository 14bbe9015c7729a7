"""Records a wish: hours and places to leave alone, the workplace, the language, the zone, words not yet understood."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.log.domain.events import Event
from dispatcher.people.domain.fact_fields import PLACES
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.domain.permission_facts import NO_DUE_NOTICES, NO_SCORE, WISH
from dispatcher.people.hear_words import Read, hear
from dispatcher.people.recording import Recorded, Said, parted, recording
from dispatcher.portfolio.domain.portfolio_columns import language_tag
from dispatcher.values.zones import zone_info

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_HOURS = re.compile(r"(?:(?P<days>[A-Za-z,-]+)\s+)?(?P<from>\d{1,2}:\d{2})-(?P<to>\d{1,2}:\d{2})")

Details = dict[str, Any]
Wish = tuple[str, Details]  # kind, details


def record_wish(
    database: Database,
    who: str,
    said: Said,
    wishes: Sequence[tuple[str, Mapping[str, Any]]],
    *,
    read: Read,
    until: date | None = None,
) -> Recorded:
    """One or more wishes as (kind, details); make them with the functions below. `read` says what words mean."""
    if not wishes:
        raise RecordError("say what the debtor wishes: --no-contact, --not-at, --said, --language, --zone …")
    with recording(database, who, said) as record:
        fresh = [
            (kind, details)
            for kind, details in wishes
            if record.keep(WISH, {"kind": kind, "until": until}, dict(details)).fresh
        ]
        for kind, details in fresh:
            public, words = parted(details)
            if kind == "statement" and read(str(details["text"])).care is not None:
                words = {}
            record.log(Event.WISH_RECORDED, {"wish": kind, **public}, **words)
            if kind == "statement":
                hear(record, str(details["text"]), read=read, at=said.now)
        report = {"wishes": [{"kind": kind, **details} for kind, details in wishes]}
        return Recorded(fact="wish", debtor=record.debtor.full_reference, details=report, already=not fresh)


def hours_to_leave(text: str) -> list[Wish]:
    """`MO-FR 15:00-17:00`, `FR 17:00-24:00`, `SA,SU 00:00-24:00`, `22:00-07:00` (every day, over midnight)."""
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        raise RecordError(
            f"{text!r} is no span of hours; write it as 'MO-FR 15:00-17:00' in the debtor's local time"
        )
    days = _days(match["days"]) if match["days"] else list(DAYS)
    start, end = _clock(match["from"]), _clock(match["to"])
    if start < end:
        return [_time(days, start, end)]
    next_days = [DAYS[(DAYS.index(day) + 1) % 7] for day in days]
    spans = [_time(days, start, "24:00"), _time(next_days, "00:00", end)]
    return [span for span in spans if span[1]["from"] != span[1]["to"]]


def place_to_leave(place: str) -> Wish:
    """`home` or `workplace`."""
    if place not in PLACES:
        raise RecordError(f"{place!r} is no place; there are: {', '.join(PLACES)}")
    return "place", {"place": place}


def workplace(
    *, employer_prohibits: bool, oral_request: date | None, written_confirmation: date | None
) -> Wish:
    """What is known of being contacted at work."""
    dates = {"oral_request": oral_request, "written_confirmation": written_confirmation}
    said = {key: day.isoformat() for key, day in dates.items() if day}
    return "workplace", {"employer_prohibits": employer_prohibits, **said}


def language(text: str) -> Wish:
    """The language to be written to in."""
    return "language", {"language": _read(language_tag, text)}


def zone(text: str, *, there_now: bool) -> Wish:
    """Where the debtor says to be; `there_now`: known to be there at present, whatever the address says."""
    return "zone", {"zone": _read(_zone_name, text), "authoritative": there_now}


def _zone_name(text: str) -> str:
    return zone_info(text).key


def statement(text: str) -> Wish:
    """Words that nobody has turned into a wish yet."""
    return "statement", {"text": text}


def objection() -> Wish:
    """No part in trials of texts."""
    return "objection", {"to": "experiments"}


def no_score() -> Wish:
    """No use of a score."""
    return NO_SCORE, {"to": "scores"}


def no_due_notices() -> Wish:
    """No reminder before a payment that was agreed."""
    return NO_DUE_NOTICES, {"to": "due notices"}


def debt_group(account: str, debts: Sequence[str]) -> Wish:
    """Debts that count as one, such as student loans under one account number."""
    if len(debts) < 2:
        raise RecordError("a group needs two debts or more: --debt A --debt B")
    return "debt_group", {"account": account, "debts": sorted(set(debts))}


def _read(reader: Any, text: str) -> str:
    try:
        return str(reader(text))
    except ValueError as error:
        raise RecordError(f"{text!r}: {error}") from None


def _time(days: Sequence[str], start: str, end: str) -> Wish:
    ordered = [day for day in DAYS if day in days]
    return "time", {"days": ordered, "from": start, "to": end, "source": "consumer_statement"}


def _days(text: str) -> list[str]:
    days: list[str] = []
    for part in text.upper().split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last and last not in DAYS):
            raise RecordError(f"{part!r} is no weekday; write {' '.join(DAYS)}, a list MO,WE or a span MO-FR")
        span = range(DAYS.index(first), DAYS.index(last or first) + 1)
        days += [DAYS[i] for i in (span or [*range(DAYS.index(first), 7), *range(DAYS.index(last) + 1)])]
    return days


def _clock(text: str) -> str:
    hour, minute = map(int, text.split(":"))
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        raise RecordError(f"{text} is no time of day; 00:00 to 24:00")
    return f"{hour:02}:{minute:02}"
