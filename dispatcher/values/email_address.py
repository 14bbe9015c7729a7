"""E-mail addresses: written one way, or refused with the reason."""

import re
from functools import lru_cache

import idna

from dispatcher.values.broken_text import decoded_twice

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_PLAIN_DOMAIN = re.compile(r"[a-z0-9.-]+")
_IN_BRACKETS = re.compile(r"<([^<>]*)>")
_SEVERAL = re.compile(r"[<;,|\s]")
_BETWEEN = re.compile(r"[;,|\r\n]+")


def normal_email(raw: str) -> str:
    """The address with its domain in lower-case ASCII; raises ValueError that says what is wrong.

    International domains are written by IDNA 2008 (UTS 46, non-transitional: ß stays ß); what it does not allow is
    refused. The part before the @ keeps its case: only its mail server knows whether case matters there.
    """
    text = raw.strip().removeprefix("mailto:")
    local, at, domain = text.rpartition("@")
    if not at or not local:
        raise ValueError("an e-mail address needs an @ with something on both sides")
    if len(local) > 64 or not _LOCAL.fullmatch(local):
        raise ValueError("the part before the @ holds what no ordinary mail server takes")
    return f"{local}@{ascii_domain(domain)}"


def addresses_in(cell: str) -> list[str]:
    """The addresses of a cell that holds one or several: `a@x, b@y`, `a@x; b@y`, `Name <a@x>`, one a line.

    What is no address comes back as it stands, so that it can be refused with its text.
    """
    if not _SEVERAL.search(cell):
        return [cell]
    parts = _IN_BRACKETS.findall(cell)
    if parts:
        outside = _BETWEEN.split(_IN_BRACKETS.sub(";", cell))
        parts += [word for part in outside for word in part.split() if "@" in word and '"' not in word]
    else:
        parts = _BETWEEN.split(cell)
        if len(parts) == 1 and len(words := cell.split()) > 1 and all("@" in word for word in words):
            parts = words
    return list(dict.fromkeys(part for each in parts if (part := each.strip())))


@lru_cache(maxsize=1 << 12)
def ascii_domain(domain: str) -> str:
    """A domain's name in ASCII and lower case; raises ValueError for what is none."""
    name = domain.lower() if domain.isascii() else domain
    if not _PLAIN_DOMAIN.fullmatch(name) or "xn--" in name:
        name = _by_idna(domain)
    labels = name.split(".")
    if len(labels) < 2 or len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("the part after the @ is no domain name")
    if labels[-1].isdigit():
        raise ValueError("the part after the @ is a number, not a domain name")
    return name


def _by_idna(domain: str) -> str:
    if decoded_twice(domain):
        raise ValueError("the part after the @ was decoded with the wrong encoding; export the file as UTF-8")
    try:
        return idna.encode(domain, uts46=True, transitional=False, std3_rules=True).decode("ascii")
    except UnicodeError:
        raise ValueError("the part after the @ is no domain name that IDNA 2008 allows") from None
