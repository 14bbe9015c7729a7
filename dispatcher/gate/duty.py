"""What a law wants done within a time once something has happened: no question to the gate, but the desk's task."""

import calendar
from collections.abc import Container
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from dispatcher.gate.hours import NO_DAYS
from dispatcher.values.zones import day_number


class Begins(StrEnum):
    """What a duty begins with."""

    FIRST_CONTACT = "first_contact"  # our first message about a debt
    DISPUTE = "dispute"
    COMPLAINT = "complaint"
    ACCESS_REQUEST = "access_request"
    PROPOSAL = "proposal"  # to settle out of court, received by the debtor


@dataclass(frozen=True, kw_only=True, slots=True)
class Duty:
    """Done within `months`, `days` or `hours` of its beginning.

    `business`: Saturdays, Sundays and `days_off` do not count among the days.
    """

    id: str
    says: str
    begins: Begins
    title: str  # of the text
    link: str = ""
    verified: str = "unverified"
    valid_from: date = date.min
    months: int = 0
    days: int = 0
    hours: int = 0
    business: bool = False
    days_off: Container[int] = NO_DAYS

    def due(self, begun: datetime) -> datetime:
        """The last instant; of days and months the end of the last day is meant, and its beginning is given."""
        if self.hours:
            return begun + timedelta(hours=self.hours)
        day = _months_on(begun.date(), self.months)
        day = self._business(day) if self.business else day + timedelta(days=self.days)
        return datetime(day.year, day.month, day.day, tzinfo=begun.tzinfo)

    def _business(self, day: date) -> date:
        left = self.days
        while left:
            day += timedelta(days=1)
            left -= day.weekday() < 5 and day_number(day) not in self.days_off
        return day


def _months_on(day: date, months: int) -> date:
    """The same day so many months on; the last of a month that has no such day."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
