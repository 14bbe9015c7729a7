"""Kinds of text that settings are made of, each refused in words where it is none."""

import re
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from channels.kind import ChannelKind
from channels.registry import providers


def _web_address(text: str) -> str:
    """Refuse what is no http(s) address; empty means the provider's own. Reading a wrong port raises of itself."""
    parts = urlsplit(text)
    if text and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0):
        raise ValueError(f"{text!r} is no address; write it as https://host or http://127.0.0.1:8000")
    return text


def _zone_name(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, LookupError, OSError):
        raise ValueError(f"{text!r} is no time zone; write a name such as America/New_York") from None
    return text


def _bare_address(text: str) -> str:
    if text and not _BARE_ADDRESS.fullmatch(text):
        raise ValueError(
            f"{text!r} is no bare address; write name@host, the sender's name is in config/senders.yaml"
        )
    return text


def _header_secret(secret: SecretStr) -> SecretStr:
    """Secrets that travel in headers come without the line break that files and pastes add."""
    bare = secret.get_secret_value().strip()
    if not (bare.isascii() and (bare.isprintable() or not bare)):
        raise ValueError("it holds a line break or a letter that no key has; its value is not repeated here")
    return SecretStr(bare)


_BARE_ADDRESS = re.compile(r"[^\s<>\"(),;:@]+@[^\s<>\"(),;:@]+")
BareAddress = Annotated[str, AfterValidator(_bare_address)]
HeaderSecret = Annotated[SecretStr, AfterValidator(_header_secret)]
ZoneName = Annotated[str, AfterValidator(_zone_name)]
WebAddress = Annotated[str, AfterValidator(_web_address)]


def _provider(kind: ChannelKind) -> AfterValidator:
    def known(name: str) -> str:
        if name not in providers(kind):
            raise ValueError(f"{name!r} is no provider of {kind}; it can be {', '.join(providers(kind))}")
        return name

    return AfterValidator(known)


EmailProvider = Annotated[str, _provider(ChannelKind.EMAIL)]
SmsProvider = Annotated[str, _provider(ChannelKind.SMS)]
LetterProvider = Annotated[str, _provider(ChannelKind.LETTER)]
SecondAfter = Annotated[float, Field(ge=0, le=1440)]
"""Minutes for which a provider must have failed before the second one takes over."""


class Part(BaseModel):
    """One block of settings: what it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
