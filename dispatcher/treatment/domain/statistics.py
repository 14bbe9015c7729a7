"""Whether two groups differ, and by how much: intervals that hold in 95 of 100 cases, and "too few to say".

Shares: Wilson's score interval of one, Newcombe's of a difference (Statistics in Medicine 17, 1998, method 10). Money:
the bootstrap of a difference of means, each draw studentised and taken on both sides alike, since most people pay
nothing and some pay much: of the usual ways it is the one that holds in 95 of 100 cases from some 40 payers on.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Z = 1.959963984540054  # the normal distribution's 97.5th percentile
LEAST_PEOPLE = 30  # in each group
LEAST_OF_EACH = 5  # who paid, and who did not, in both groups together
ROUNDS = 399  # of the bootstrap; with them the 95th percentile is one of the draws
_EDGE = 379  # it, counted from 0
MOST_DRAWN = 2000  # people in a group beyond whom means are normal enough to need no draws

Draw = Callable[[Sequence[int], int], Sequence[int]]  # so many of these, each draw from all


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with what it may be as well."""

    value: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether it lies wholly on one side of nothing."""
        return self.low > 0 or self.high < 0


def share(of: int, count: int) -> Interval:
    """`count` of `of` people, by Wilson's interval; of nobody anything may be."""
    if of == 0:
        return Interval(0.0, 0.0, 1.0)
    p, z2 = count / of, Z * Z
    middle = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = Z / (1 + z2 / of) * math.sqrt(p * (1 - p) / of + z2 / (4 * of * of))
    return Interval(p, max(0.0, middle - half), min(1.0, middle + half))


def difference_of_shares(base: tuple[int, int], other: tuple[int, int]) -> Interval | None:
    """How much larger the other's share is, each (people, those who did); None: too few to say."""
    (n1, x1), (n2, x2) = base, other
    did, did_not = x1 + x2, n1 + n2 - x1 - x2
    if min(n1, n2) < LEAST_PEOPLE or min(did, did_not) < LEAST_OF_EACH:
        return None
    one, two = share(n1, x1), share(n2, x2)
    value = two.value - one.value
    down = math.hypot(two.value - two.low, one.high - one.value)
    up = math.hypot(two.high - two.value, one.value - one.low)
    return Interval(value, value - down, value + up)


def difference_of_means(base: Sequence[int], other: Sequence[int], draw: Draw) -> Interval | None:
    """How much more each of the others brought on average, in minor units; None: too few to say.

    A value a person, 0 for who paid nothing.
    """
    paid = sum(map(bool, base)), sum(map(bool, other))
    if min(len(base), len(other)) < LEAST_PEOPLE or min(paid) < LEAST_OF_EACH:
        return None
    value, error = _difference(base, other)
    if min(len(base), len(other)) > MOST_DRAWN:
        return Interval(value, value - Z * error, value + Z * error)
    reach = sorted(map(abs, _ratios(base, other, value, draw)))[_EDGE] * error
    return Interval(value, value - reach, value + reach)


def _ratios(base: Sequence[int], other: Sequence[int], value: float, draw: Draw) -> list[float]:
    """How far each drawn difference lies from the one seen, in its own standard errors."""
    found = []
    for _ in range(ROUNDS):
        drawn, error = _difference(draw(base, len(base)), draw(other, len(other)))
        found.append((drawn - value) / error if error else 0.0)
    return found


def _difference(base: Sequence[int], other: Sequence[int]) -> tuple[float, float]:
    """The difference of the means and its standard error (Welch)."""
    (mean1, error1), (mean2, error2) = _mean(base), _mean(other)
    return mean2 - mean1, math.sqrt(error1 + error2)


def _mean(values: Sequence[int]) -> tuple[float, float]:
    """The mean and its squared standard error."""
    count = len(values)
    mean = sum(values) / count
    squares = sum(value * value for value in values) / count
    return mean, max(0.0, squares - mean * mean) / (count - 1)


def people_needed(share_now: float, hoped_for: float) -> int:
    """How many people each arm needs so that such a difference of shares is seen in 80 of 100 cases."""
    power = 0.8416212335729143  # the normal distribution's 80th percentile
    p1, p2 = share_now, min(1.0, share_now + hoped_for)
    if p1 == p2:
        raise ValueError("no number of people shows a difference of nothing")
    middle = (p1 + p2) / 2
    spread = Z * math.sqrt(2 * middle * (1 - middle)) + power * math.sqrt(p1 * (1 - p1) + p2 * (1 - p2))
    return math.ceil((spread / (p2 - p1)) ** 2)
