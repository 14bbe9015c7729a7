"""Puts together who is told about the day, and calls the web addresses that are set."""

from dispatcher.bootstrap import Dispatcher
from dispatcher.runs.notify_day import NoticePorts

TIMEOUT_SECONDS = 15.0


def notice_ports(dispatcher: Dispatcher) -> NoticePorts:
    """The ports of notices, from the settings."""
    from channels.kind import ChannelKind

    settings = dispatcher.settings
    return NoticePorts(
        database=dispatcher.database,
        request=request,
        email=dispatcher.channel(ChannelKind.EMAIL) if settings.notify.email else None,
        email_to=settings.notify.email,
        email_from=settings.channels.email.sender or "dispatcher@localhost",
        webhook_url=settings.notify.webhook_url,
        ping_url=settings.notify.ping_url,
    )


def request(method: str, url: str, body: bytes) -> int:
    """Call a web address once; raises OSError when nobody answers."""
    import urllib3

    headers = {"Content-Type": "application/json"} if body else {}
    try:
        answer = urllib3.request(
            method, url, body=body or None, headers=headers, timeout=TIMEOUT_SECONDS, retries=False
        )
    except urllib3.exceptions.HTTPError as error:
        # The address may hold a secret: its host is enough.
        raise OSError(f"{urllib3.util.parse_url(url).host} did not answer: {type(error).__name__}") from None
    return answer.status
