"""Tells addresses of this machine from addresses of the world: rehearsals and real sending must not mix."""

import ipaddress
from urllib.parse import urlsplit

from channels.settings import ChannelSettings


def is_loopback(url_or_host: str) -> bool:
    """Whether a URL or a bare host name points at this machine."""
    host = urlsplit(url_or_host).hostname if "//" in url_or_host else url_or_host
    if not host:
        return False
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def stays_on_this_machine(settings: ChannelSettings) -> bool:
    """Whether nothing sent on this channel can leave the machine."""
    match settings.provider:
        case "folder":
            return True
        case "spool":
            return False  # what lies in the spool, the print house collects
        case "smtp":
            return is_loopback(settings.host)
        case _:
            return is_loopback(settings.base_url)


def unreachable_from_outside(settings: ChannelSettings) -> str | None:
    """Why a provider's webhooks cannot reach us, as a sentence, or None."""
    if is_loopback(settings.public_url) and not stays_on_this_machine(settings):
        return (
            f"{settings.provider} cannot call back {settings.public_url}: set DISPATCHER_PUBLIC_URL to the "
            "address under which the world reaches this program"
        )
    return None
