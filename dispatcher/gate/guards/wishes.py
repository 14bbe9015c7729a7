"""The debtor's wishes: times, places and the workplace. A wish only ever narrows."""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from dispatcher.gate.act import Act
from dispatcher.gate.facts import Channel, InconvenientTime
from dispatcher.gate.guards.guard import Guard, Refusal, block, defer, hold
from dispatcher.gate.guards.replies import invited_at
from dispatcher.gate.hours import Span, WeeklyHours, complement, weekly
from dispatcher.gate.openings import closed_place, first_closed, first_open, local_time
from dispatcher.values.zones import DAY, day_number

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
HOME, WORKPLACE = "home", "workplace"


@dataclass(frozen=True, kw_only=True, slots=True)
class InconvenientTimes(Guard):
    """No contact in the hours that the debtor, or the creditor's file, calls inconvenient.

    `replies`: kinds that may answer a debtor who came at such an hour.
    """

    subject: ClassVar[str | None] = "inconvenient_times"

    replies: frozenset[str] = frozenset()

    def refuse(self, act: Act) -> Refusal | None:
        """A deferral to the end of the hours; a block where the wishes leave no hour at all."""
        if not act.facts.inconvenient_times:
            return None
        hours = convenient_hours(act.facts.inconvenient_times)
        closed = closed_place(act.places, hours, act.at)
        if closed is None or self._is_reply(act, hours):
            return None
        opening = first_open(act.places, hours, act.at)
        said = f"{local_time(closed, act.at)} in {closed} is inconvenient to the debtor"
        if opening is None:
            return block(f"{said}, and so is every other hour")
        until = local_time(closed, opening)
        return defer(opening, f"{said}; until {until}", wishes=_named(act.facts.inconvenient_times))

    def open_until(self, act: Act) -> int | None:
        """The next inconvenient hour."""
        if not act.facts.inconvenient_times:
            return None
        hours = convenient_hours(act.facts.inconvenient_times)
        opening = first_open(act.places, hours, act.at)
        return None if opening is None else first_closed(act.places, hours, opening)

    def _is_reply(self, act: Act, hours: WeeklyHours) -> bool:
        invitation = invited_at(act) if act.kind in self.replies else None
        if invitation is None:
            return False
        reopened = first_open(act.places, hours, invitation)
        return reopened is None or reopened > act.at


def _named(wishes: tuple[InconvenientTime, ...]) -> str:
    return "; ".join(sorted(f"{' '.join(w.days)} {w.since}-{w.until} ({w.source})" for w in wishes))


@lru_cache(maxsize=4096)
def convenient_hours(wishes: tuple[InconvenientTime, ...]) -> WeeklyHours:
    """The hours that the wishes leave. A wish that ends before it begins runs past midnight."""
    spans: dict[int, list[Span]] = {}
    for wish in wishes:
        start, end = clock(wish.since), clock(wish.until)
        for name in wish.days or WEEKDAYS:
            spans.setdefault(WEEKDAYS.index(name), []).append((start, end if end > start else end + DAY))
    return complement(weekly(spans))


def clock(text: str) -> int:
    """Seconds after midnight of `HH:MM`; `24:00` is the day's end. Raises ValueError."""
    hour, minute = text.split(":")
    seconds = int(hour) * 3600 + int(minute) * 60
    if not (len(hour) == len(minute) == 2 and int(minute) < 60 and 0 <= seconds <= DAY):
        raise ValueError(f"{text!r} is no time of day (HH:MM, 24:00 at the latest)")
    return seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class InconvenientPlaces(Guard):
    """No contact at a place that the debtor calls inconvenient.

    Letters and landlines are tied to their place; a mobile or an e-mail address only where the facts name one.
    """

    def refuse(self, act: Act) -> Refusal | None:
        """A block while the place is inconvenient."""
        place = _place(act)
        if place is None or place not in _unwelcome_places(act):
            return None
        return block(f"the debtor finds contact at {place} inconvenient", place=place)


def _place(act: Act) -> str | None:
    if act.action.address_place:
        return act.action.address_place
    tied = act.action.channel == Channel.LETTER or act.action.line in {"residential_landline", "landline"}
    return HOME if tied else None


def _unwelcome_places(act: Act) -> set[str]:
    places = set(act.facts.inconvenient_places)
    work = act.facts.workplace
    if work is not None and (work.oral_request or work.written_confirmation):
        places.add(WORKPLACE)
    return places


@dataclass(frozen=True, kw_only=True, slots=True)
class EmployerProhibits(Guard):
    """No contact at work where the employer is known to prohibit it."""

    subject: ClassVar[str | None] = "workplace"

    def refuse(self, act: Act) -> Refusal | None:
        """A block at the workplace."""
        work = act.facts.workplace
        if act.action.address_place != WORKPLACE or work is None or not work.employer_prohibits:
            return None
        return block("the employer prohibits such contact at work")


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkplaceBarred(Guard):
    """No contact at the place of employment, whatever the employer says of it."""

    subject: ClassVar[str | None] = "action.address_place"

    def refuse(self, act: Act) -> Refusal | None:
        """A block at work."""
        return block("the law bars contact at work") if act.action.address_place == WORKPLACE else None


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkplaceRequest(Guard):
    """An oral request not to be contacted at work holds for `oral_days`, a written one until withdrawn."""

    subject: ClassVar[str | None] = "workplace"

    oral_days: int = 10

    def refuse(self, act: Act) -> Refusal | None:
        """A block after a written request, a deferral after an oral one."""
        work = act.facts.workplace
        if act.action.address_place != WORKPLACE or work is None:
            return None
        if work.written_confirmation is not None:
            return block(
                "the debtor asked in writing not to be contacted at work", written=work.written_confirmation
            )
        if work.oral_request is None:
            return None
        ends = day_number(work.oral_request) + self.oral_days
        if act.first_day >= ends:
            return None
        asked = f"the debtor asked on {work.oral_request} not to be contacted at work"
        detail = f"{asked}, which holds {self.oral_days} days"
        return defer(act.when_day_begins(ends), detail, oral_request=work.oral_request)


@dataclass(frozen=True, kw_only=True, slots=True)
class UnreadStatements(Guard):
    """Words of the debtor that sound like a wish (one of `words` in them), while none is on file, wait for a person.

    "I'm busy" alone is no wish (CFPB Debt Collection Rule FAQs, unusual or inconvenient times, question 1).
    `plain` words bind at once, read or not.
    """

    subject: ClassVar[str | None] = "statements"

    words: tuple[str, ...]
    plain: tuple[str, ...] = ()

    def refuse(self, act: Act) -> Refusal | None:
        """A block by plain words, a hold while others wait."""
        facts = act.facts
        if not facts.statements:
            return None
        said = sorted(facts.statements, key=lambda s: s.text)
        bound = next((s for s in said if _says(s.text, self.plain)), None)
        if bound is not None:
            return block("the debtor's own words forbid this medium", on=bound.at)
        if facts.inconvenient_times or facts.inconvenient_places or facts.opt_outs:
            return None
        unread = next((s for s in said if _says(s.text, self.words)), None)
        if unread is None:
            return None
        return hold("the debtor said something that may be a wish; a person must read it", on=unread.at)


def _says(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text.casefold() for word in words)
