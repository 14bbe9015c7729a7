"""Reads SendGrid's inbound parse: one mail a POST, signed, as it came ("POST the raw, full MIME message")."""

import io
from collections.abc import Mapping
from datetime import datetime

from python_multipart import parse_form
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field

from channels.email.sendgrid_events import SIGNATURE_HEADER, TIMESTAMP_HEADER, verify_sendgrid_signature
from channels.webhook import TOLERANCE, MalformedWebhookError, header, require_near, signed_at

_MAIL = b"email"


def parse_sendgrid_inbound(
    raw_body: bytes, headers: Mapping[str, str], public_key: str, now: datetime
) -> bytes:
    """The mail's exact bytes. Raises BadSignatureError, StaleTimestampError or MalformedWebhookError."""
    timestamp = header(headers, TIMESTAMP_HEADER)
    verify_sendgrid_signature(raw_body, header(headers, SIGNATURE_HEADER), timestamp, public_key)
    require_near(signed_at(timestamp, "SendGrid"), now, TOLERANCE)
    mails: list[bytes] = []

    def field(one: Field) -> None:
        if one.field_name == _MAIL and one.value:
            mails.append(one.value)

    form = {
        "Content-Type": header(headers, "Content-Type").encode(),
        "Content-Length": str(len(raw_body)).encode(),
    }
    try:
        parse_form(form, io.BytesIO(raw_body), field, None)
    except (FormParserError, ValueError) as error:
        raise MalformedWebhookError(f"the form cannot be read: {error}") from None
    if len(mails) != 1:
        raise MalformedWebhookError(
            'there is no raw mail in it: tick "POST the raw, full MIME message" at SendGrid\'s inbound parse'
        )
    return mails[0]
