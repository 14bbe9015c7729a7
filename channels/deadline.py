"""One deadline for a whole answer: a time-out of each read alone lets an answer that drips hold a worker for ever."""

import io
import socket
import time


class DeadlineReader(io.RawIOBase):
    """Reads a socket until an instant of the monotonic clock; each read waits for what is left until then."""

    def __init__(self, sock: socket.socket, latest: float) -> None:
        super().__init__()
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self.latest = latest

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: "memoryview | bytearray", /) -> int | None:  # type: ignore[override]  # the base takes any buffer
        """Read what has come; raises TimeoutError once the deadline is over."""
        left = self.latest - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()


def buffered(reader: DeadlineReader) -> io.BufferedReader:
    """The reader as protocols read it, line by line."""
    return io.BufferedReader(reader)
