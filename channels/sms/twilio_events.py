"""Reads Twilio's webhooks: what became of an SMS, and what people write back."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

from twilio.request_validator import (
    HMAC_SHA1,
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)

from channels.event import DeliveryEvent, EventKind, InboundMessage
from channels.sms.twilio_outcomes import OPTED_OUT, closes_number
from channels.sms.twilio_settings import TWILIO
from channels.webhook import BadSignatureError, MalformedWebhookError, header, short_id, storable

_KINDS: Final[Mapping[str, EventKind]] = {
    "accepted": EventKind.QUEUED,
    "scheduled": EventKind.QUEUED,
    "queued": EventKind.QUEUED,
    "sending": EventKind.QUEUED,
    "sent": EventKind.SENT,
    "delivered": EventKind.DELIVERED,
    "read": EventKind.OPENED,
    "undelivered": EventKind.BOUNCED,
    "failed": EventKind.FAILED,
    "canceled": EventKind.FAILED,
}
Pairs = list[tuple[str, str]]


def parse_twilio_status(
    raw_body: bytes,
    headers: Mapping[str, str],
    *,
    auth_token: str,
    public_url: str,
    target: str,
    now: datetime,
) -> DeliveryEvent:
    """What became of one SMS. `target` is path and query as they came; Twilio signs no time: `now` stands in.

    Raises BadSignatureError or MalformedWebhookError.
    """
    form = dict(_verified(raw_body, headers, auth_token, public_url, target))
    if not (sid := form.get("MessageSid") or form.get("SmsSid")):
        raise MalformedWebhookError("Twilio's status names no MessageSid")
    return status_event(
        sid,
        form.get("MessageStatus") or form.get("SmsStatus") or "",
        _code(form.get("ErrorCode", "")),
        at=now,
        message_id=storable(dict(parse_qsl(urlsplit(target).query)).get("message_id", "")),
        address=form.get("To", ""),
        reason=form.get("ErrorMessage", ""),
        raw=form,
    )


def status_event(
    sid: str,
    status: str,
    code: int,
    *,
    at: datetime,
    message_id: str = "",
    address: str = "",
    reason: str = "",
    raw: Mapping[str, object],
) -> DeliveryEvent:
    """What became of one SMS, the same whether Twilio told or was asked: the event's id is made of what it says."""
    return DeliveryEvent(
        provider=TWILIO.name,
        event_id=short_id(f"{sid}:{status}"),
        kind=EventKind.REJECTED if code == OPTED_OUT else _KINDS.get(status.casefold(), EventKind.UNKNOWN),
        at=at,
        message_id=message_id,
        provider_id=sid,
        address=address,
        permanent=closes_number(code),
        opted_out=code == OPTED_OUT,
        code=str(code or ""),
        reason=reason,
        raw=raw,
    )


def parse_twilio_inbound(
    raw_body: bytes,
    headers: Mapping[str, str],
    *,
    auth_token: str,
    public_url: str,
    target: str,
    now: datetime,
) -> InboundMessage:
    """What someone wrote to our number. Raises BadSignatureError or MalformedWebhookError."""
    form = dict(_verified(raw_body, headers, auth_token, public_url, target))
    sid = form.get("MessageSid") or form.get("SmsSid") or ""
    if not sid or not form.get("From"):
        raise MalformedWebhookError("Twilio's inbound message names no MessageSid or From")
    return InboundMessage(
        provider=TWILIO.name,
        event_id=short_id(sid),
        at=now,
        sender=form["From"],
        to=form.get("To", ""),
        text=form.get("Body", ""),
        raw=form,
    )


def _code(text: str) -> int:
    """Twilio's code; 0 where there is none, also where it is no number of theirs."""
    return int(text) if text.isdecimal() and len(text) <= 6 else 0


def _verified(
    raw_body: bytes, headers: Mapping[str, str], auth_token: str, public_url: str, target: str
) -> Pairs:
    """The form's fields, once the signature over the URL that Twilio called is right."""
    pairs = _form(raw_body)
    verify_twilio_signature(
        f"{public_url.rstrip('/')}{target}",
        pairs,
        signature=header(headers, SIGNATURE_HEADER),
        auth_token=auth_token,
        settings=header(headers, SIGNATURE_SETTINGS_HEADER),
    )
    return [(storable(name), storable(value)) for name, value in pairs]


def _form(raw_body: bytes) -> Pairs:
    try:
        return parse_qsl(raw_body.decode(), keep_blank_values=True)
    except ValueError:
        raise BadSignatureError("Twilio's body is no form") from None


class _Fields(dict[str, list[str]]):
    """A form's fields as the SDK's validator reads them: a name may stand several times."""

    def getlist(self, name: str) -> list[str]:
        """Every value of a name."""
        return self[name]


def verify_twilio_signature(
    url: str, params: Iterable[tuple[str, str]], *, signature: str, auth_token: str, settings: str = ""
) -> None:
    """Check the HMAC over the URL and the sorted parameters, with and without the port: Twilio signs either.

    `url` is the one Twilio called, before any proxy. Raises BadSignatureError, also for an empty token.
    """
    fields = _Fields()
    for name, value in params:
        fields.setdefault(name, []).append(value)
    _require(url, fields, signature, auth_token, get_signature_algorithm(settings))


def verify_twilio_body_signature(url: str, raw_body: bytes, *, signature: str, auth_token: str) -> None:
    """Check a body that is no form: its hash stands in the URL, which is signed. Raises BadSignatureError."""
    if "bodySHA256" not in parse_qs(urlsplit(url).query):
        raise BadSignatureError("the Twilio body signature is missing")
    _require(url, raw_body.decode("utf-8", "replace"), signature, auth_token, HMAC_SHA1)


def _require(url: str, params: _Fields | str, signature: str, auth_token: str, algorithm: str) -> None:
    """The SDK's own check; it would take an empty token for a key."""
    if not auth_token:
        raise BadSignatureError("the Twilio signature cannot be checked: no AUTH_TOKEN")
    if not RequestValidator(auth_token).validate(url, params, signature, algorithm):
        raise BadSignatureError("the Twilio signature is missing or wrong")
