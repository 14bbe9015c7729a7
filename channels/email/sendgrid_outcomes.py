"""SendGrid's HTTP answers and what each means for a message, an address or the whole channel."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from channels.http import Answer, foreign, retry_after
from channels.outcome import Accepted, Outcome, Rejected, Scope, TryLater, Unknown
from channels.privacy import without

# SendGrid accepts with 202 and says 5xx where it did not; only a gateway that stopped waiting (504) leaves it
# open.
_LATER: Final = frozenset({429, 500, 502, 503})
_UNCERTAIN: Final = frozenset({408, 504})
_SCOPES: Final[Mapping[int, Scope]] = {
    400: Scope.MESSAGE,
    401: Scope.CHANNEL,
    403: Scope.CHANNEL,
    404: Scope.CHANNEL,
    405: Scope.CHANNEL,
    413: Scope.MESSAGE,
    415: Scope.CHANNEL,
}


def outcome_of(answer: Answer, *private: str, now: datetime) -> Outcome:
    """The outcome of one answer; `private` are values that may not appear in a reason."""
    code = str(answer.status)
    if 200 <= answer.status < 300:
        return _taken(answer)
    words, field = _first_error(answer)
    reason = without(foreign(answer, "SendGrid") or words, *private)
    if answer.status in _LATER:
        return TryLater(reason=reason, after=retry_after(answer.headers, now), code=code)
    if answer.status in _UNCERTAIN or answer.status > 504:
        return Unknown(why=reason, code=code)
    if foreign(answer, "SendGrid"):
        return Rejected(reason=reason, scope=Scope.CHANNEL, code=code)
    return Rejected(reason=reason, scope=_scope(answer.status, field), code=code)


def _taken(answer: Answer) -> Outcome:
    """SendGrid accepts with 202 and its id, and in no other way."""
    provider_id = without(answer.headers.get("X-Message-Id", "").strip())
    if answer.status == 202 and provider_id:
        return Accepted(provider_id=provider_id)
    words = foreign(answer, "SendGrid") or f"HTTP {answer.status} without SendGrid's id is no acceptance"
    return Unknown(why=words, code=str(answer.status))


def _scope(status: int, field: str) -> Scope:
    if status == 400 and field.startswith("personalizations") and ".to" in field:
        return Scope.ADDRESS
    if status == 400 and field.startswith("from"):
        return Scope.CHANNEL
    return _SCOPES.get(status, Scope.CHANNEL if 300 <= status < 400 else Scope.MESSAGE)


def _first_error(answer: Answer) -> tuple[str, str]:
    """SendGrid's words and the field they speak of."""
    errors = answer.said.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    if not isinstance(first, dict):
        return f"HTTP {answer.status}", ""
    return str(first.get("message") or f"HTTP {answer.status}"), str(first.get("field") or "")
