"""What all webhooks share: a signature that must be right, a time that must be near, typed refusals."""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

TOLERANCE = timedelta(minutes=10)


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
