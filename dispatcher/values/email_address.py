"""E-mail addresses: written one way, or refused with the reason."""

import re
from functools import lru_cache

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


def normal_email(raw: str) -> str:
    """The address with its domain in lower-case ASCII; raises ValueError that says what is wrong.

    The part before the @ keeps its case: only its mail server knows whether case matters there.
    """
    text = raw.strip().removeprefix("mailto:")
    local, at, domain = text.rpartition("@")
    if not at or not local:
        raise ValueError("an e-mail address needs an @ with something on both sides")
    if len(local) > 64 or not _LOCAL.fullmatch(local):
        raise ValueError("the part before the @ holds what no ordinary mail server takes")
    return f"{local}@{_ascii_domain(domain)}"


@lru_cache(maxsize=1 << 12)
def _ascii_domain(domain: str) -> str:
    try:
        name = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise ValueError("the part after the @ is no domain name") from None
    labels = name.split(".")
    if len(labels) < 2 or len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("the part after the @ is no domain name")
    if labels[-1].isdigit():
        raise ValueError("the part after the @ is a number, not a domain name")
    return name
