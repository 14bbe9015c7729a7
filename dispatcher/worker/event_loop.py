"""Sends events to their receivers from a thread of its own: one that is dead slows nobody's messages."""

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from dispatcher.bootstrap import Dispatcher
from dispatcher.database.holders import this_process
from dispatcher.wire.send_events import EventPorts, send_events

EVERY = 1.0  # seconds
TIMEOUT = 15.0  # seconds for a whole answer

_log = logging.getLogger(__name__)


@contextmanager
def telling_receivers(dispatcher: Dispatcher) -> Iterator[None]:
    """Send what happens as long as this lasts; several processes may, each receiver is served by one at a time."""
    if dispatcher.settings.is_practice:  # a receiver stands outside this machine
        yield
        return
    stop = threading.Event()
    ports = event_ports(dispatcher)

    def work() -> None:
        while not stop.wait(EVERY):
            try:
                while send_events(ports) and not stop.is_set():
                    pass
            except Exception:  # noqa: BLE001  the next turn tries again; the thread must not die of it
                _log.warning("events could not be sent", exc_info=True)

    thread = threading.Thread(target=work, name="events", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(TIMEOUT + EVERY)


def event_ports(dispatcher: Dispatcher) -> EventPorts:
    """The ports of sending events."""
    return EventPorts(
        database=dispatcher.database,
        post=post,
        key=lambda: dispatcher.optout_secret,
        seal=dispatcher.seal,
        real_now=dispatcher.real_now,
        owner=this_process(),
    )


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """One request, no redirect followed: the address is the one that a person gave. Raises OSError."""
    import urllib3

    try:
        answer = urllib3.request(
            "POST", url, body=body, headers=dict(headers), timeout=TIMEOUT, retries=False, redirect=False
        )
    except urllib3.exceptions.HTTPError as error:
        host = urllib3.util.parse_url(url).host
        raise OSError(f"{host} did not answer: {type(error).__name__}") from None
    return answer.status
