"""Twilio's error codes and what each means for a message, a number or the whole channel."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from channels.http import Answer, foreign, retry_after
from channels.outcome import Outcome, Rejected, Scope, TryLater, Unknown

TOMORROW = timedelta(days=1)
OPTED_OUT = 21610


class Meaning(StrEnum):
    """The families; `uncertain` may have been sent, `day_cap` is the carrier's limit for today."""

    LATER = "later"
    UNCERTAIN = "uncertain"
    DAY_CAP = "day_cap"
    ADDRESS = "address"
    MESSAGE = "message"
    CHANNEL = "channel"


def _each(meaning: Meaning, *codes: int) -> dict[int, Meaning]:
    return dict.fromkeys(codes, meaning)


# Read from Twilio's published dictionary of codes. 20500 is Twilio's own failure after it took the request:
# without an idempotency key nobody can tell whether the message went out.
MEANINGS: Final[Mapping[int, Meaning]] = {
    **_each(Meaning.UNCERTAIN, 20500),
    **_each(Meaning.LATER, 20429, 20503, 21611, 30001, 30003, 30008, 30017, 30022, 30036, 30410),
    **_each(Meaning.LATER, 63010, 63012, 63017, 63018),
    **_each(Meaning.DAY_CAP, 30023, 30025, 30026, 30027, 63038),
    **_each(Meaning.ADDRESS, 21211, 21214, 21217, 21401, 21407, OPTED_OUT, 21612, 21614),
    **_each(Meaning.ADDRESS, 30004, 30005, 30006, 30011, 63003, 63014, 63024, 63032, 63033, 63036),
    **_each(
        Meaning.MESSAGE, 21602, 21605, 21617, 21618, 21619, 21620, 21623, 21624, 30007, 30019, 30110, 30111
    ),
    **_each(Meaning.MESSAGE, 63005, 63013, 63016, 63026, 63027, 63028, 63034),
    **_each(
        Meaning.CHANNEL, 10001, 20003, 20404, 21212, 21215, 21219, 21408, 21601, 21603, 21604, 21606, 21607
    ),
    **_each(
        Meaning.CHANNEL, 21608, 21609, 21616, 21621, 21622, 21627, 21701, 21702, 21703, 21704, 21705, 21708
    ),
    **_each(
        Meaning.CHANNEL, 21709, 30002, 30009, 30010, 30012, 30013, 30014, 30015, 30016, 30018, 30024, 30028
    ),
    **_each(
        Meaning.CHANNEL, 30030, 30031, 30032, 30033, 30034, 30035, 63001, 63002, 63007, 63008, 63015, 63031
    ),
    **_each(Meaning.CHANNEL, 90010),
}

_BY_STATUS: Final[Mapping[int, Meaning]] = {
    401: Meaning.CHANNEL,
    403: Meaning.CHANNEL,
    404: Meaning.CHANNEL,
    405: Meaning.CHANNEL,
    408: Meaning.UNCERTAIN,
    429: Meaning.LATER,
    503: Meaning.LATER,
}


def meaning_of(code: int, status: int = 0) -> Meaning:
    """The family of a code; an unknown one goes by the HTTP status that came with it, else by the message."""
    if known := MEANINGS.get(code):
        return known
    if by_status := _BY_STATUS.get(status):
        return by_status
    if 300 <= status < 400:
        return Meaning.CHANNEL  # Twilio does not redirect: BASE_URL points at something else
    return Meaning.UNCERTAIN if status >= 500 else Meaning.MESSAGE


def refusal(answer: Answer, code: int, reason: str, now: datetime) -> Outcome:
    """The outcome of an answer that is no acceptance; `code` is Twilio's, or the status if it gave none."""
    meaning = meaning_of(code, answer.status)
    if meaning is Meaning.MESSAGE and foreign(answer, "Twilio"):
        meaning = Meaning.CHANNEL
    if meaning is Meaning.LATER:
        return TryLater(reason=reason, after=retry_after(answer.headers, now), code=str(code))
    return _outcome(meaning, code, reason)


def failure(code: int, reason: str) -> Outcome:
    """The outcome of a message that Twilio took and then reports as failed."""
    return _outcome(meaning_of(code), code, reason)


def closes_number(code: int) -> bool:
    """Whether this number will never take a message; an opt-out is a wish, not a dead number."""
    return code != OPTED_OUT and MEANINGS.get(code) is Meaning.ADDRESS


def _outcome(meaning: Meaning, code: int, reason: str) -> Outcome:
    match meaning:
        case Meaning.LATER:
            return TryLater(reason=reason, code=str(code))
        case Meaning.DAY_CAP:
            return TryLater(reason=reason, after=TOMORROW, code=str(code))
        case Meaning.UNCERTAIN:
            return Unknown(why=reason, code=str(code))
        case Meaning.ADDRESS:
            return Rejected(reason=reason, scope=Scope.ADDRESS, code=str(code), opted_out=code == OPTED_OUT)
        case Meaning.CHANNEL:
            return Rejected(reason=reason, scope=Scope.CHANNEL, code=str(code))
        case Meaning.MESSAGE:
            return Rejected(reason=reason, scope=Scope.MESSAGE, code=str(code))
