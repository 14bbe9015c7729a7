"""The door to the network: so many connections and no more, each request received in time, load shed without a word."""

import asyncio
import contextlib
import resource

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from dispatcher.web.site.body_limit import LEDGERS

MOST_CONNECTIONS = 1_000
# From the first byte of a request, or from the connection, to the last byte of its body
RECEIVE_SECONDS = 20.0
UPLOAD_SECONDS = 600.0  # for a ledger of a quarter of a gigabyte on a slow line
_KEPT_FOR_OTHERS = 200  # descriptors: database, queue, providers, files
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nConnection: close\r\nContent-Length: 30\r\n"
    b"Content-Type: text/plain\r\n\r\nToo many callers: come again.\n"
)


class FrontDoor(H11Protocol):
    """uvicorn's own protocol with a limit on connections and a deadline for receiving a request."""

    _deadline: asyncio.TimerHandle | None = None
    _has_waited_longer = False
    most_connections = MOST_CONNECTIONS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # always a stream
        """Take the connection, or turn it away while there are enough."""
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            transport.write(_BUSY)
            transport.close()
            return
        self._await_request()

    def data_received(self, data: bytes) -> None:
        """Read on; the first byte of a request starts its clock, the last one stops it."""
        if self._deadline is None:
            self._await_request()
        super().data_received(data)
        if self.conn.their_state not in {h11.IDLE, h11.SEND_BODY}:
            self._stop_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the clock with the connection."""
        self._stop_clock()
        super().connection_lost(exc)

    def _await_request(self, seconds: float | None = None) -> None:
        self._deadline = self.loop.call_later(seconds or RECEIVE_SECONDS, self._give_up)

    def _stop_clock(self) -> None:
        self._has_waited_longer = False
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if self._is_upload() and not self._has_waited_longer:
            self._has_waited_longer = True
            self._await_request(UPLOAD_SECONDS - RECEIVE_SECONDS)
            return
        between = self.cycle is not None and self.cycle.response_complete and not self.conn.trailing_data[0]
        if self.conn.their_state in {h11.IDLE, h11.SEND_BODY} and not between:
            self.transport.abort()

    def _is_upload(self) -> bool:
        """Whether a ledger is being received, which its page has let begin: others are answered before their body."""
        running = self.cycle is not None and not self.cycle.response_complete
        return running and self.conn.their_state is h11.SEND_BODY and self.scope["path"] == LEDGERS


def front_door() -> type[FrontDoor]:
    """The protocol for this process: descriptors for all its connections, and some for everything else."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + _KEPT_FOR_OTHERS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else soft - _KEPT_FOR_OTHERS
    return type("FrontDoor", (FrontDoor,), {"most_connections": max(16, min(MOST_CONNECTIONS, room))})
