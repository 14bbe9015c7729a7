"""Intervals hold as often as they say, nobody wins a race against themselves, and too few are too few to say."""

import math
import random

import pytest

from dispatcher.treatment.domain.statistics import (
    LEAST_PEOPLE,
    difference_of_means,
    difference_of_shares,
    people_needed,
    share,
)
from tests.conftest import DEEP

SEEDS = 1000 if DEEP else 60
PEOPLE, SPREAD = 400, 0.8


def an_arm(chance: random.Random, share_of_payers: float) -> list[int]:
    """What each of PEOPLE paid, in cents: most nothing, some much."""
    return [
        round(chance.lognormvariate(9, SPREAD)) if chance.random() < share_of_payers else 0
        for _ in range(PEOPLE)
    ]


def paid(arm: list[int]) -> tuple[int, int]:
    return len(arm), sum(map(bool, arm))


def true_difference(one: float, two: float) -> float:
    return (two - one) * math.exp(9 + SPREAD**2 / 2)


def money(chance: random.Random, one: list[int], two: list[int]):
    interval = difference_of_means(one, two, lambda values, count: chance.choices(values, k=count))
    assert interval is not None
    return interval


@pytest.mark.parametrize("shares", [(0.2, 0.2), (0.15, 0.22)], ids=["A beside A", "A beside B"])
def test_intervals_hold_in_95_of_100_cases_and_nobody_wins_against_themselves(
    shares: tuple[float, float],
) -> None:
    held_of_shares = held_of_money = won = 0
    for seed in range(SEEDS):
        chance = random.Random(seed)
        one, two = (an_arm(chance, each) for each in shares)
        of_shares, of_money = difference_of_shares(paid(one), paid(two)), money(chance, one, two)
        assert of_shares is not None
        held_of_shares += of_shares.low <= shares[1] - shares[0] <= of_shares.high
        held_of_money += of_money.low <= true_difference(*shares) <= of_money.high
        won += of_shares.clear
    lowest, highest = (0.935, 0.965) if DEEP else (0.85, 1)
    assert lowest <= held_of_shares / SEEDS <= highest
    assert lowest <= held_of_money / SEEDS <= highest
    if shares[0] == shares[1]:
        assert won / SEEDS <= (0.065 if DEEP else 0.15)


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
