"""What all webhooks share: a signature that must be right, a time that must be near, typed refusals."""

import hashlib
import hmac
import json
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(minutes=10)
LONGEST_ID = 200
_LARGEST = sys.float_info.max
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class WebhookRefusedError(Exception):
    """A request that did not come from the provider, or not now, or not whole. Its text holds no secrets."""


class BadSignatureError(WebhookRefusedError):
    """The signature is missing or wrong."""


class StaleTimestampError(WebhookRefusedError):
    """The signed time lies outside the window: a replay, or a clock that is wrong."""


class MalformedWebhookError(WebhookRefusedError):
    """Rightly signed, but not in the provider's form."""


def header(headers: Mapping[str, str], name: str) -> str:
    """A header's value without regard to case, empty when it is missing."""
    wanted = name.casefold()
    return next((value for key, value in headers.items() if key.casefold() == wanted), "")


def require_same(computed: str, given: str, provider: str) -> None:
    """Compare signatures in constant time. Raises BadSignatureError."""
    if not given or not hmac.compare_digest(computed.encode(), given.encode("utf-8", "surrogateescape")):
        raise BadSignatureError(f"the {provider} signature is missing or wrong")


def require_near(at: datetime, now: datetime, tolerance: timedelta | None) -> None:
    """Refuse a time too far from now, either way; None: any time. Raises StaleTimestampError."""
    if tolerance is not None and abs(now - at) > tolerance:
        raise StaleTimestampError(f"signed at {at.isoformat()}, outside the window of {tolerance}")


def signed_at(stamp: str, provider: str, *, per_second: int = 1) -> datetime:
    """The instant of a signed header. Raises MalformedWebhookError."""
    try:
        if stamp.isdecimal():
            return datetime.fromtimestamp(int(stamp) / per_second, UTC)
    except (ValueError, OverflowError, OSError):
        pass  # digits enough for no calendar
    raise MalformedWebhookError(f"{provider}'s timestamp is no instant")


def read_json(raw_body: bytes, provider: str) -> object:
    """The body's value, its texts such as a database takes. Raises MalformedWebhookError."""
    try:
        return _storable(json.loads(raw_body))
    except (ValueError, RecursionError):
        raise MalformedWebhookError(f"{provider}'s body is no JSON") from None


def storable(text: str) -> str:
    """The text with a sign in place of what no database takes: a debtor's stop must not be lost over a NUL."""
    return _UNSTORABLE.sub("\ufffd", text)


def short_id(key: str) -> str:
    """An event's id as it is, or its hash where it is longer than any that we know."""
    return key if len(key) <= LONGEST_ID else hashlib.sha256(key.encode()).hexdigest()


def _storable(value: object) -> object:
    match value:
        case str():
            return storable(value)
        case list():
            return [_storable(one) for one in value]
        case dict():
            return {storable(name): _storable(one) for name, one in value.items()}
        case float():
            return value if abs(value) <= _LARGEST else str(value)  # no JSON knows NaN or Infinity
    return value
