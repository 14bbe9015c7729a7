"""The breaker pauses for failures of the provider, and for nothing else."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from channels.breaker import Breaker, BreakerState
from channels.outcome import Accepted, Outcome, Rejected, Scope, TryLater, Unknown
from tests.channels.conftest import NOW

MINUTE = timedelta(minutes=1)
DOWN = TryLater(reason="no connection")
LOST = Unknown(why="no answer")
OWN = TryLater(reason="mailbox full", provider_failed=False)
FINE = Accepted(provider_id="1")
DEAD = Rejected(reason="unknown user", scope=Scope.ADDRESS)
STOP = Rejected(reason="wrong key", scope=Scope.CHANNEL)


class Clock:
    def __init__(self) -> None:
        self.now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(failures=3, pause=MINUTE, clock=clock)


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ([], BreakerState.CLOSED),
        ([DOWN, LOST], BreakerState.CLOSED),
        ([DOWN, LOST, DOWN], BreakerState.OPEN),
        ([DOWN, DOWN, FINE, DOWN, DOWN], BreakerState.CLOSED),
        ([DOWN, DOWN, DEAD, DOWN, DOWN], BreakerState.CLOSED),
        ([DOWN, DOWN, OWN, DOWN], BreakerState.OPEN),
        ([OWN] * 10, BreakerState.CLOSED),
        ([DEAD] * 10, BreakerState.CLOSED),
        ([STOP], BreakerState.OPEN),
    ],
)
def test_breaker_opens_for_failures_in_a_row(outcomes: list[Outcome], state: BreakerState, breaker: Breaker):
    for outcome in outcomes:
        breaker.record(outcome)
    assert breaker.state is state
    assert breaker.allows() is (state is BreakerState.CLOSED)


def _open(breaker: Breaker) -> None:
    for _ in range(3):
        breaker.record(DOWN)


def test_breaker_lets_one_probe_through_after_the_pause(breaker: Breaker, clock: Clock):
    _open(breaker)
    clock.now += MINUTE - timedelta(microseconds=1)
    assert breaker.state is BreakerState.OPEN
    clock.now += timedelta(microseconds=1)
    assert breaker.state is BreakerState.HALF_OPEN
    assert [breaker.allows() for _ in range(3)] == [True, False, False]


def test_breaker_closes_when_the_probe_succeeds(breaker: Breaker, clock: Clock):
    _open(breaker)
    clock.now += MINUTE
    assert breaker.allows()
    assert breaker.record(FINE) is BreakerState.CLOSED
    assert breaker.paused_until is None


def test_breaker_opens_again_when_the_probe_fails(breaker: Breaker, clock: Clock):
    _open(breaker)
    clock.now += MINUTE
    assert breaker.allows()
    assert breaker.record(LOST) is BreakerState.OPEN
    assert breaker.paused_until == clock.now + MINUTE


def test_breaker_waits_as_long_as_the_provider_asks(breaker: Breaker, clock: Clock):
    for _ in range(3):
        breaker.record(TryLater(reason="slow down", after=timedelta(minutes=9)))
    assert breaker.paused_until == clock.now + timedelta(minutes=9)


def test_breaker_sends_another_probe_when_the_first_never_came_back(breaker: Breaker, clock: Clock):
    _open(breaker)
    clock.now += MINUTE
    assert breaker.allows()
    clock.now += MINUTE
    assert breaker.allows()


def test_breaker_gives_its_probe_to_one_thread(breaker: Breaker, clock: Clock):
    _open(breaker)
    clock.now += MINUTE
    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(lambda _: breaker.allows(), range(64))) == 1


@pytest.mark.parametrize(("failures", "pause"), [(0, MINUTE), (1, timedelta(0))])
def test_breaker_refuses_settings_without_sense(failures: int, pause: timedelta, clock: Clock):
    with pytest.raises(ValueError, match="breaker"):
        Breaker(failures=failures, pause=pause, clock=clock)
