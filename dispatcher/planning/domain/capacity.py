"""How much a day holds by channel, and whose turn comes first when more is due than that."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from dispatcher.gate.decision import Outcome, Reason, own_reason

DAY_FULL = "day-full"
Capacity = Mapping[
    str, int
]  # messages, or calls, a day by channel; a channel that is not named holds any number


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """What is left of each day; `taken` counts what goes on which day."""

    capacity: Capacity
    taken: Counter[tuple[date, str]] = field(default_factory=Counter)

    def take(self, day: date, channel: str) -> bool:
        """Take a place; False where the day holds no more."""
        if self.taken[day, channel] >= self.capacity.get(channel, self.taken[day, channel] + 1):
            return False
        self.taken[day, channel] += 1
        return True


def day_full(day: date, channel: str, capacity: Capacity) -> Reason:
    """Why a message waits for the plan of the next day, where it comes first."""
    return own_reason(
        "capacity",
        DAY_FULL,
        Outcome.DEFER,
        "config/capacity.yaml",
        f"{day} holds {capacity[channel]} by {channel} and they are taken; it comes first in the plan of the next day",
        date=day.isoformat(),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class AtRisk:
    """One debt that is due with one recipient, as whose turn it is depends on it."""

    human: int
    currency: str
    minor: float  # the balance, or the part of it that is not likely to be paid
    due_date: date
    put_off: int = 0  # days that it was put off before
    is_notice: bool = False


def turns(due: Iterable[AtRisk]) -> dict[int, tuple[object, ...]]:
    """Human -> a key by which they are sorted: notices of law, then who was put off longest, amount at risk, age.

    Amounts of several currencies are compared by their place among all of their own currency.
    """
    notices: set[int] = set()
    put_off: dict[int, int] = defaultdict(int)
    oldest: dict[int, date] = {}
    amounts: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for each in due:
        notices |= {each.human} if each.is_notice else set()
        put_off[each.human] = max(put_off[each.human], each.put_off)
        oldest[each.human] = min(oldest.get(each.human, each.due_date), each.due_date)
        amounts[each.currency][each.human] += each.minor
    places: dict[int, float] = defaultdict(float)
    for by_human in amounts.values():
        higher = sorted(set(by_human.values()))
        rank = {amount: (i + 1) / len(higher) for i, amount in enumerate(higher)}
        for human, amount in by_human.items():
            places[human] = max(places[human], rank[amount])
    return {
        human: (human not in notices, -put_off[human], -places[human], oldest[human], human)
        for human in oldest
    }
