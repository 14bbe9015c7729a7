"""Intervals hold as often as they say, nobody wins a race against themselves, and too few are too few to say."""

import math
import random

import numpy as np
import pytest

from dispatcher.treatment.domain.statistics import (
    LEAST_PEOPLE,
    ROUNDS,
    difference_of_means,
    difference_of_shares,
    people_needed,
    share,
)
from tests.conftest import DEEP

SEEDS = 1000 if DEEP else 120
PEOPLE, SPREAD = 400, 0.8


def an_arm(chance: np.random.Generator, share_of_payers: float) -> np.ndarray:
    """What each of PEOPLE paid, in cents: most nothing, some much."""
    paid = np.rint(chance.lognormal(9, SPREAD, PEOPLE)).astype(int)
    return np.where(chance.random(PEOPLE) < share_of_payers, paid, 0)


def paid(arm: np.ndarray) -> tuple[int, int]:
    return len(arm), int(np.count_nonzero(arm))


def true_difference(one: float, two: float) -> float:
    return (two - one) * math.exp(9 + SPREAD**2 / 2)


def the_draws(chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Whom each round draws from one arm and from the other."""
    one, two = (chance.integers(0, PEOPLE, (ROUNDS, PEOPLE)) for _ in range(2))
    return one, two


def difference_at_once(
    one: np.ndarray, two: np.ndarray, draws: tuple[np.ndarray, np.ndarray]
) -> tuple[float, float]:
    """`difference_of_means` with all rounds in one go: a thousand seeds in seconds; held against it below."""

    def difference(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        spread = [each.var(axis=-1) / (PEOPLE - 1) for each in (first, second)]
        return second.mean(axis=-1) - first.mean(axis=-1), np.sqrt(sum(spread))

    value, error = difference(one, two)
    drawn, errors = difference(one[draws[0]], two[draws[1]])
    reach = np.sort(np.abs((drawn - value) / errors))[379] * error
    return float(value - reach), float(value + reach)


@pytest.mark.parametrize("seed", range(3))
def test_the_interval_of_money_is_the_same_draw_by_draw_and_all_at_once(seed: int) -> None:
    chance = np.random.default_rng(seed)
    one, two = an_arm(chance, 0.2), an_arm(chance, 0.3)
    draws = the_draws(chance)
    rounds = iter([row for both in zip(*draws, strict=True) for row in both])
    interval = difference_of_means(
        one.tolist(), two.tolist(), lambda values, _count: [values[i] for i in next(rounds)]
    )
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx(difference_at_once(one, two, draws), rel=1e-9)


@pytest.mark.parametrize("shares", [(0.2, 0.2), (0.15, 0.22)], ids=["A beside A", "A beside B"])
def test_intervals_hold_in_95_of_100_cases_and_nobody_wins_against_themselves(
    shares: tuple[float, float],
) -> None:
    held_of_shares = held_of_money = won = won_money = 0
    for seed in range(SEEDS):
        chance = np.random.default_rng(seed)
        one, two = (an_arm(chance, each) for each in shares)
        of_shares = difference_of_shares(paid(one), paid(two))
        low, high = difference_at_once(one, two, the_draws(chance))
        assert of_shares is not None
        held_of_shares += of_shares.low <= shares[1] - shares[0] <= of_shares.high
        held_of_money += low <= true_difference(*shares) <= high
        won += of_shares.clear
        won_money += low > 0 or high < 0
    lowest, highest = (0.935, 0.965) if DEEP else (0.89, 1)
    assert lowest <= held_of_shares / SEEDS <= highest
    assert lowest <= held_of_money / SEEDS <= highest
    if shares[0] == shares[1]:
        assert max(won, won_money) / SEEDS <= (0.065 if DEEP else 0.11)


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [  # Newcombe 1998, table II, method 10, by its own notation p1 - p2
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((6, 7), (2, 7), (0.0582, 0.8062)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
        ((0, 10), (0, 20), (-0.1611, 0.2775)),
        ((10, 10), (0, 20), (0.6791, 1.0000)),
    ],
)
def test_differences_of_shares_are_those_of_the_published_table(one, two, expected, monkeypatch) -> None:
    monkeypatch.setattr("dispatcher.treatment.domain.statistics.LEAST_PEOPLE", 0)
    monkeypatch.setattr("dispatcher.treatment.domain.statistics.LEAST_OF_EACH", 0)
    (x1, n1), (x2, n2) = one, two
    interval = difference_of_shares((n2, x2), (n1, x1))
    assert interval is not None
    assert (round(interval.low, 4), round(interval.high, 4)) == expected


def test_few_people_or_few_payers_are_too_few_to_say() -> None:
    assert difference_of_shares((LEAST_PEOPLE - 1, 10), (1000, 400)) is None
    assert difference_of_shares((1000, 2), (1000, 2)) is None
    assert difference_of_shares((1000, 998), (1000, 998)) is None
    assert difference_of_shares((1000, 3), (1000, 2)) is not None
    chance = random.Random(1)

    def draw(values, count):
        return chance.choices(values, k=count)

    assert difference_of_means([0] * 100, [100] * 100, draw) is None
    assert difference_of_means([100] * 29, [0, 100] * 50, draw) is None


def test_more_people_than_are_drawn_from_get_the_interval_of_the_normal_distribution() -> None:
    chance = random.Random(3)
    one, two = ([chance.choice((0, 0, 0, 5000)) for _ in range(2500)] for _ in range(2))
    interval = difference_of_means(one, two, lambda _values, _count: pytest.fail("nothing needs to be drawn"))
    drawn = difference_of_means(one[:2000], two[:2000], lambda values, count: chance.choices(values, k=count))
    assert interval is not None
    assert drawn is not None
    assert interval.high - interval.low == pytest.approx((drawn.high - drawn.low) * math.sqrt(0.8), rel=0.15)


def test_a_share_of_nobody_may_be_anything() -> None:
    assert (share(0, 0).low, share(0, 0).high) == (0, 1)


def test_the_people_an_experiment_needs_are_those_of_the_textbook() -> None:
    assert (
        people_needed(0.2, 0.05) == 1094
    )  # Fleiss, without continuity correction: 80 % power, 5 %, two-sided
    assert people_needed(0.1, 0.1) == 199
    with pytest.raises(ValueError, match="nothing"):
        people_needed(0.2, 0)
