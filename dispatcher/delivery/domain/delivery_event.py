"""What a provider's event means for its message: the log's word for it and what else follows."""

from dataclasses import dataclass
from functools import reduce

from channels.event import DeliveryEvent, EventKind
from dispatcher.log.domain.events import Event
from dispatcher.messages.domain.message import State, after

# Our log has other meanings for "queued" and "deferred": the provider's get names of their own.
_WORDS = {
    EventKind.QUEUED: Event.PROCESSED,
    EventKind.SENT: Event.PROVIDER_SENT,
    EventKind.REJECTED: Event.REJECTED,
    EventKind.FAILED: Event.REJECTED,
    EventKind.BOUNCED: Event.BOUNCED,
    EventKind.DEFERRED: Event.DELAYED,
    EventKind.DELIVERED: Event.DELIVERED,
    EventKind.OPENED: Event.OPENED,
    EventKind.CLICKED: Event.CLICKED,
    EventKind.COMPLAINED: Event.COMPLAINED,
    EventKind.UNSUBSCRIBED: Event.UNSUBSCRIBED,
    EventKind.MAILED: Event.MAILED,
    EventKind.IN_TRANSIT: Event.IN_TRANSIT,
    EventKind.RETURNED: Event.RETURNED,
}
_PROVES_TAKEN = frozenset(
    {
        EventKind.QUEUED,
        EventKind.SENT,
        EventKind.DEFERRED,
        EventKind.OPENED,
        EventKind.CLICKED,
        EventKind.UNSUBSCRIBED,
        EventKind.MAILED,
        EventKind.IN_TRANSIT,
    }
)
_CAME_BACK = frozenset({EventKind.BOUNCED, EventKind.RETURNED, EventKind.REJECTED, EventKind.FAILED})
_STOPS = frozenset({EventKind.COMPLAINED, EventKind.UNSUBSCRIBED})


@dataclass(frozen=True, kw_only=True, slots=True)
class EventMeaning:
    """`words`: the log's events in order. `after`: the message's state then."""

    words: tuple[Event, ...]
    after: State
    close_address: bool
    opted_out: bool
    frees_next_channel: bool


def meaning_of(event: DeliveryEvent, state: State) -> EventMeaning:
    """Read an event that meets a message in a state. Events come late, twice and in any order."""
    word = _WORDS.get(event.kind, Event.PROVIDER_EVENT)
    # An end that nobody knew is known now: the provider speaks of the message.
    words = (Event.ACCEPTED, word) if state is State.UNKNOWN and event.kind in _PROVES_TAKEN else (word,)
    came_back = event.kind in _CAME_BACK
    return EventMeaning(
        words=words,
        after=reduce(after, words, state),
        close_address=came_back and event.permanent,
        opted_out=event.opted_out or event.kind in _STOPS,
        frees_next_channel=came_back and event.permanent,
    )
