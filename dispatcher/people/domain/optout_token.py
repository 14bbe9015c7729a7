"""Tokens for the debtors' own page: they name a person, a medium and an address, and cannot be made up."""

import hmac
from dataclasses import dataclass
from functools import lru_cache

_MAC_HEX = 32  # 128 bits: a guess is hopeless, a link stays short


@dataclass(frozen=True, kw_only=True, slots=True)
class OptOutLink:
    """What a token stands for. `contact_point_id` 0: the medium as a whole."""

    person: str
    medium: str
    contact_point_id: int


def make_token(secret: bytes, link: OptOutLink) -> str:
    """A token for a link; it shows neither name nor address."""
    text = f"{link.person}.{link.medium}.{link.contact_point_id}"
    return f"{text}.{_mac(secret, text)}"


def read_token(secret: bytes, token: str) -> OptOutLink | None:
    """The link behind a token, or None when it was not made with this secret."""
    text, _, mac = token.rpartition(".")
    if not hmac.compare_digest(mac.encode(), _mac(secret, text).encode()):
        return None
    person, medium, point = text.split(".")
    return OptOutLink(person=person, medium=medium, contact_point_id=int(point))


def _mac(secret: bytes, text: str) -> str:
    mac = _keyed(secret).copy()
    mac.update(text.encode())
    return mac.hexdigest()[:_MAC_HEX]


@lru_cache(maxsize=4)
def _keyed(secret: bytes) -> hmac.HMAC:
    """Hashing the key costs half of a token; `hmac.digest` lets other threads in, and waits for them, for each one."""
    return hmac.new(secret, digestmod="sha256")
