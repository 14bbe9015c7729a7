"""Allowed hours: weekly windows on the debtor's clock, days off, and where the debtor is taken to be."""

from collections.abc import Container
from dataclasses import dataclass

from dispatcher.gate.act import Act, Place
from dispatcher.gate.guards.guard import Guard, Refusal, block, defer
from dispatcher.gate.guards.replies import invited_at
from dispatcher.gate.hours import NO_DAYS, WeeklyHours
from dispatcher.gate.openings import Either, closed_place, first_closed, first_open, local_time
from dispatcher.values.zones import zone

EVERYWHERE, RESIDENCE, AREA_CODE = "everywhere", "residence", "area_code"


@dataclass(frozen=True, kw_only=True, slots=True)
class AllowedTime(Guard):
    """Contact only within the hours, `[open, close)`, at every place that the location strategy names.

    `location`: everywhere (all candidate zones), residence, area_code (presumed unless the debtor said
    otherwise) or the name of a zone. `replies`: kinds that may answer a debtor who came at a closed time.
    `only_marketing`: the rule is about texts that sell something. `until_days_past_due`: the law is silent about
    debts that are longer past due; unstated arrears are not.
    """

    hours: WeeklyHours
    days_off: Container[int] = NO_DAYS
    location: str = EVERYWHERE
    replies: frozenset[str] = frozenset()
    only_marketing: bool = False
    until_days_past_due: int | None = None

    def refuse(self, act: Act) -> Refusal | None:
        """A deferral to the next opening; a block where the week never opens."""
        places, days_off = self._places(act), self._days_off(act)
        closed = closed_place(places, self.hours, act.at, days_off)
        if (
            closed is None
            or (self.only_marketing and not _sells(act))
            or self._is_over(act)
            or self._is_reply(act, places, days_off)
        ):
            return None
        opening = first_open(places, self.hours, act.at, days_off)
        last = self._last_day(act)
        if last is not None:
            silent = act.when_day_begins(last + 1)
            opening = silent if opening is None else min(opening, silent)
        said = f"{local_time(closed, act.at)} in {closed}"
        if opening is None:
            return block(f"{said}; these hours never open", zone=closed.zone.name)
        return defer(
            opening,
            f"{said}; opens {local_time(closed, opening)}",
            zone=closed.zone.name,
            source=closed.source,
        )

    def open_until(self, act: Act) -> int | None:
        """The next closing; for a reply at a closed time the closing after the next opening."""
        if (self.only_marketing and not _sells(act)) or self._is_over(act):
            return None
        places, days_off = self._places(act), self._days_off(act)
        opening = first_open(places, self.hours, act.at, days_off)
        return None if opening is None else first_closed(places, self.hours, opening, days_off)

    def _is_over(self, act: Act) -> bool:
        last = self._last_day(act)
        return last is not None and act.first_day > last

    def _last_day(self, act: Act) -> int | None:
        """The last day on which the law speaks of the debt at all."""
        if self.until_days_past_due is None or act.due_day is None:
            return None
        return act.due_day + self.until_days_past_due

    def _is_reply(self, act: Act, places: tuple[Place, ...], days_off: Container[int]) -> bool:
        if act.kind not in self.replies:
            return False
        invitation = invited_at(act)
        if invitation is None:
            return False
        reopened = first_open(places, self.hours, invitation, days_off)
        return reopened is None or reopened > act.at

    def _places(self, act: Act) -> tuple[Place, ...]:
        if self.location == EVERYWHERE:
            return act.places
        if self.location == AREA_CODE:
            return act.presumed_places
        return act.residence_places if self.location == RESIDENCE else (Place(zone(self.location), "by law"),)

    def _days_off(self, act: Act) -> Container[int]:
        return Either(self.days_off, act.days_off) if act.days_off else self.days_off


def _sells(act: Act) -> bool:
    return act.action.content is not None and act.action.content.marketing
