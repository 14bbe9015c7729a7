"""What an attempt's end and a provider's event mean, where one word decides whether somebody is reached again."""

from datetime import timedelta

import pytest

from channels.event import DeliveryEvent, EventKind
from channels.outcome import TryLater
from dispatcher.delivery.domain.attempt import Ended, consequence
from dispatcher.delivery.domain.delivery_event import meaning_of
from dispatcher.delivery.domain.pacing import FIRST_PAUSE, LONGEST_PAUSE, retry
from dispatcher.messages.domain.message import State
from tests.delivery.builders import NOW, a_message


@pytest.mark.parametrize(
    "kind", [EventKind.BOUNCED, EventKind.RETURNED, EventKind.REJECTED, EventKind.FAILED]
)
@pytest.mark.parametrize("permanent", [True, False])
def test_what_comes_back_for_a_while_closes_no_address(kind: EventKind, permanent: bool) -> None:
    event = DeliveryEvent(provider="fake", event_id="e", kind=kind, at=NOW, permanent=permanent)
    meaning = meaning_of(event, State.ACCEPTED)
    assert meaning.close_address is meaning.frees_next_channel is permanent


def test_no_try_is_made_at_the_moment_at_which_the_message_expires() -> None:
    first = retry(now=NOW, attempt=1, wish=None, expires_at=NOW + LONGEST_PAUSE).at
    assert first is not None
    assert first >= NOW + FIRST_PAUSE
    assert retry(now=NOW, attempt=1, wish=None, expires_at=first).at is None
    assert retry(now=NOW, attempt=1, wish=None, expires_at=first + timedelta(microseconds=1)).at == first


@pytest.mark.parametrize("left", [timedelta(seconds=1), timedelta(days=1)], ids=["no time left", "time left"])
@pytest.mark.parametrize("in_doubt", [True, False])
def test_what_may_have_reached_somebody_is_in_doubt_however_a_later_try_ends(
    left: timedelta, in_doubt: bool
) -> None:
    message = a_message(expires_at=NOW + left)
    claimed = message._replace(sent_at=NOW - timedelta(minutes=1) if in_doubt else None)
    means = consequence(Ended(message=claimed, end=TryLater(reason="busy"), at=NOW), repeat_is_safe=True)
    assert means.in_doubt is in_doubt
    if left < FIRST_PAUSE:
        assert means.state is (State.UNKNOWN if in_doubt else State.EXPIRED)
    else:
        assert means.state is State.QUEUED
