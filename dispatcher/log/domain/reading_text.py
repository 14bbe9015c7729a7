"""Reads the plain text back out of the exact bytes of a message."""

from email import message_from_bytes
from email.message import Message


def reading_text(media_type: str, body: bytes) -> str | None:
    """Return the text of an SMS or of an e-mail's plain part; None for what holds no text of its own (a PDF)."""
    kind = bare_type(media_type)
    if kind == "text/plain":
        return body.decode("utf-8", "replace")
    if kind != "message/rfc822":
        return None
    for part in message_from_bytes(body).walk():
        if part.get_content_type() == "text/plain":
            return _decoded(part)
    return None


def same_text(one: str, other: str) -> bool:
    """Whether two texts differ in nothing but line ends and the space around them."""
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()


def bare_type(media_type: str) -> str:
    """Cut the parameters off a media type: `text/plain; charset=utf-8` is `text/plain`."""
    return media_type.partition(";")[0].strip()


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    try:
        return data.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:  # a charset nobody knows
        return data.decode("utf-8", "replace")
