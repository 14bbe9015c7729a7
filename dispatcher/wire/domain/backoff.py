"""When a receiver that did not take an event is asked again."""

from datetime import timedelta

_STEPS = (10, 60, 300, 1_800, 7_200, 18_000)  # seconds: soon after a hiccup, then ever more seldom


def wait_after(failures: int) -> timedelta:
    """How long to wait after so many failures in a row, from 1; five hours at most, for as long as it takes."""
    return timedelta(seconds=_STEPS[min(failures, len(_STEPS)) - 1])
