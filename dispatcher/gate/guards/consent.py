"""Consent to be called: seven days from the day it was given, or until the conversation it was given for.

Comment 14(b)(3)(i)-2 to 12 CFR 1006.14.
"""

from dispatcher.gate.act import Act, Past
from dispatcher.gate.facts import Kind
from dispatcher.values.zones import instant

CONVERSATIONS = frozenset({"conversation", "answered_complete"})
CONSENT_DAYS = 7  # the day it was given is the first


def covered_by_consent(act: Act) -> bool:
    """Whether the act happens with consent that is still in force."""
    ends = consent_ends(act)
    return ends is not None and act.at < ends


def consent_ends(act: Act) -> int | None:
    """When the consent on file ends by time; None where there is none, or a conversation has used it up."""
    given = _given(act)
    if given is None or any(_conversation(past) and past.at > given for past in act.history):
        return None
    return _ends(act, given)


def counted_apart(act: Act, past: Past) -> bool:
    """Whether an earlier call was made with consent: until the first conversation, that one included."""
    given = _given(act)
    if given is None or not given < past.at < _ends(act, given):
        return False
    return not any(_conversation(other) and given < other.at < past.at for other in act.history)


def _given(act: Act) -> int | None:
    consent = act.facts.call_consent
    if consent is None or not consent.directly_to_collector:
        return None
    given = instant(consent.given)
    return given if given <= act.now else None


def _ends(act: Act, given: int) -> int:
    return min(place.zone.day_start(given, place.zone.day(given) + CONSENT_DAYS) for place in act.places)


def _conversation(past: Past) -> bool:
    return past.entry.outcome in CONVERSATIONS and past.entry.kind != Kind.LOCATION_INQUIRY
