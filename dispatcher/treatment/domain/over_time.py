"""What messages brought in, day by day or week by week, and where a share passes what is still healthy."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from dispatcher.treatment.domain.outcomes import Outcome, Sign

BY_DAY_UP_TO = 45  # days; a longer time is told by weeks
PAID_WITHIN = 14
FEWEST = 50  # of fewer messages a share says nothing about a limit


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One day, or the week that begins on it. `outcome` None: nothing went out."""

    since: date
    days: int
    outcome: Outcome | None = None
    came_back: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """One share: so many `of` so many. `limit` (percent): more than that is no longer healthy; `why` is its source."""

    name: str
    title: str
    of: Callable[[Point], tuple[int, int]]
    limit: Decimal | None = None
    why: str = ""

    def share(self, point: Point) -> Decimal | None:
        """In percent; None where there was nothing to count."""
        part, whole = self.of(point)
        return Decimal(100 * part) / whole if whole else None

    def is_passed(self, points: Sequence[Point]) -> bool:
        """Whether these together pass the limit, and are enough to say so."""
        part, whole = (sum(counts) for counts in zip(*(self.of(point) for point in points), strict=True))
        return self.limit is not None and whole >= FEWEST and Decimal(100 * part) / whole > self.limit


def _people(sign: Sign) -> Callable[[Point], tuple[int, int]]:
    return lambda point: (point.outcome.signs[sign], point.outcome.people) if point.outcome else (0, 0)


def _paid(point: Point) -> tuple[int, int]:
    if point.outcome is None:
        return 0, 0
    paid = point.outcome.within(PAID_WITHIN)
    return paid.paid, paid.people


RATES = (
    Rate(name="paid", title=f"Paid within {PAID_WITHIN} days, of people whose days have passed", of=_paid),
    Rate(name="answered", title="Answered", of=_people(Sign.ANSWERED)),
    Rate(
        name="opted_out",
        title="Said stop",
        of=_people(Sign.OPTED_OUT),
        limit=Decimal(3),
        why="our own measure: more than three in a hundred say that texts or times are wrong",
    ),
    Rate(
        name="came_back",
        title="Came back",
        of=lambda point: (point.came_back, point.outcome.sent) if point.outcome else (0, 0),
        limit=Decimal(5),
        why="our own measure: above it providers begin to refuse a sender, and the ledger's addresses are old",
    ),
    Rate(
        name="complained",
        title="Complained",
        of=lambda point: (point.outcome.complained, point.outcome.sent) if point.outcome else (0, 0),
        limit=Decimal("0.3"),
        why="Google's guidelines for senders: a spam rate of 0.3 % and more is not delivered any longer",
    ),
)


def stretches(first: date, last: date) -> Iterator[tuple[date, int]]:
    """(first day, days) of every stretch: days, or weeks from Monday where there are many."""
    if (last - first).days < BY_DAY_UP_TO:
        yield from ((first + timedelta(days=count), 1) for count in range((last - first).days + 1))
        return
    since = first - timedelta(days=first.weekday())
    while since <= last:
        yield since, 7
        since += timedelta(days=7)


def recent(points: Sequence[Point]) -> Sequence[Point]:
    """The last seven days of them: what a warning is about."""
    return points[-1:] if points and points[-1].days == 7 else points[-7:]
