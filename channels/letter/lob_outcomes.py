"""Lob's error codes and what each means for a letter, an address or the whole channel."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from channels.http import Answer, foreign, retry_after
from channels.outcome import Outcome, Rejected, Scope, TryLater
from channels.privacy import without

_LATER: Final = frozenset({408, 425, 429})
_STOP: Final = frozenset({401, 403, 405})
# Codes whose status says less than they do.
_SCOPES: Final[Mapping[str, Scope]] = {
    "failed_deliverability_strictness": Scope.ADDRESS,
    "invalid_country_covid": Scope.ADDRESS,
    "invalid_international_feature": Scope.ADDRESS,
    "custom_envelope_inventory_depleted": Scope.CHANNEL,
    "foreign_return_address": Scope.CHANNEL,
    "mail_use_type_can_not_be_null": Scope.CHANNEL,
    "unrecognized_endpoint": Scope.CHANNEL,
    "unsupported_lob_version": Scope.CHANNEL,
}


def refusal(answer: Answer, *private: str, now: datetime) -> Outcome:
    """The outcome of an answer that is no letter; a repeat under the same key is safe, so 5xx comes again."""
    words, code = _error(answer)
    page = foreign(answer, "Lob")
    reason = without(page or words, *private)
    if answer.status in _LATER or answer.status >= 500:
        return TryLater(reason=reason, after=retry_after(answer.headers, now), code=code)
    if page:
        return Rejected(reason=reason, scope=Scope.CHANNEL, code=code)
    return Rejected(reason=reason, scope=_scope(answer.status, code), code=code)


def _scope(status: int, code: str) -> Scope:
    if status in _STOP or 300 <= status < 400:
        return Scope.CHANNEL
    if code == "404":
        return Scope.CHANNEL  # not in Lob's own form: BASE_URL points at something else
    return _SCOPES.get(code.lower(), Scope.MESSAGE)


def _error(answer: Answer) -> tuple[str, str]:
    """Lob's words and code; the status stands in where the answer is not Lob's form."""
    error = answer.said.get("error")
    if not isinstance(error, dict):
        return f"HTTP {answer.status}", str(answer.status)
    return str(error.get("message") or f"HTTP {answer.status}"), without(
        str(error.get("code") or answer.status)
    )
