"""A sender's logo as e-mails carry it: the file's own bytes, with how large they are shown."""

import base64
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Logo:
    """`encoded` is the file in Base64 as a mail writes it, CRLF behind each line; width and height as shown, in px."""

    sha256: str  # hex, of the file
    media_type: str
    width: int
    height: int
    encoded: str

    @property
    def content_id(self) -> str:
        """By this the HTML of an e-mail names the picture (RFC 2392)."""
        return f"logo-{self.sha256[:32]}@logo.invalid"

    @property
    def file(self) -> bytes:
        """The file itself."""
        return base64.b64decode(self.encoded)


def encoded(file: bytes) -> str:
    """Base64 in lines of 76, as RFC 2045 wants a mail's parts."""
    return base64.encodebytes(file).decode().replace("\n", "\r\n")
