"""Reads Twilio's webhooks: what became of an SMS, and what people write back."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

from channels.event import DeliveryEvent, EventKind, InboundMessage
from channels.sms.twilio_outcomes import OPTED_OUT, closes_number
from channels.webhook import (
    BadSignatureError,
    MalformedWebhookError,
    header,
    require_same,
    short_id,
    storable,
)

SIGNATURE_HEADER = "X-Twilio-Signature"
SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_ALGORITHMS: Final = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
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
    status = form.get("MessageStatus") or form.get("SmsStatus") or ""
    code = _code(form.get("ErrorCode", ""))
    return DeliveryEvent(
        provider="twilio",
        event_id=short_id(f"{sid}:{status}"),
        kind=EventKind.REJECTED if code == OPTED_OUT else _KINDS.get(status.casefold(), EventKind.UNKNOWN),
        at=now,
        message_id=dict(parse_qsl(urlsplit(target).query)).get("message_id", ""),
        provider_id=sid,
        address=form.get("To", ""),
        permanent=closes_number(code),
        opted_out=code == OPTED_OUT,
        code=str(code or ""),
        reason=form.get("ErrorMessage", ""),
        raw=form,
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
        provider="twilio",
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
        settings=header(headers, SETTINGS_HEADER),
    )
    return [(storable(name), storable(value)) for name, value in pairs]


def _form(raw_body: bytes) -> Pairs:
    try:
        return parse_qsl(raw_body.decode(), keep_blank_values=True)
    except ValueError:
        raise BadSignatureError("Twilio's body is no form") from None


def verify_twilio_signature(
    url: str, params: Iterable[tuple[str, str]], *, signature: str, auth_token: str, settings: str = ""
) -> None:
    """Check the HMAC over the URL and the sorted parameters, with and without the port: Twilio signs either.

    `url` is the one Twilio called, before any proxy. Raises BadSignatureError, also for an empty token.
    """
    algorithm = _ALGORITHMS.get(_algorithm(settings).upper())
    if not auth_token or algorithm is None:
        raise BadSignatureError(
            "the Twilio signature cannot be checked: no AUTH_TOKEN, or an unknown algorithm"
        )
    fields = "".join(name + value for name, value in sorted(set(params)))
    first, second = (_signature(form + fields, auth_token, algorithm) for form in _both_forms(url))
    require_same(
        second if hmac.compare_digest(second.encode(), signature.encode()) else first, signature, "Twilio"
    )


def verify_twilio_body_signature(url: str, raw_body: bytes, *, signature: str, auth_token: str) -> None:
    """Check a body that is no form: its hash stands in the URL, which is signed. Raises BadSignatureError."""
    stated = parse_qs(urlsplit(url).query).get("bodySHA256", [""])[0]
    require_same(hashlib.sha256(raw_body).hexdigest(), stated, "Twilio body")
    verify_twilio_signature(url, (), signature=signature, auth_token=auth_token)


def _signature(text: str, auth_token: str, algorithm: str) -> str:
    return base64.b64encode(hmac.digest(auth_token.encode(), text.encode(), algorithm)).decode()


def _both_forms(url: str) -> tuple[str, str]:
    """The URL without its port, and with the scheme's own where it names none."""
    parts = urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    bare = host.removesuffix(f":{parts.port}") if parts.port else host
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 443)
    return (
        parts._replace(netloc=f"{login}{at}{bare}").geturl(),
        parts._replace(netloc=f"{login}{at}{bare}:{port}").geturl(),
    )


def _algorithm(settings: str) -> str:
    """The algorithm that the settings header names; without one it is the classic HMAC-SHA1."""
    for part in settings.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return value.strip()
    return "HMAC_SHA1"
