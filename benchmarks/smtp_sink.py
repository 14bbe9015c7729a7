"""An SMTP server on loopback that takes everything and counts it: quick, so that clients are what is measured.

python -m benchmarks.smtp_sink [MILLISECONDS] prints its port and ends when its input closes. So long it takes to answer
what comes in one piece, as a relay that is a network away.
"""

import asyncio
import sys

GREETING = b"220 sink ESMTP\r\n"
FEATURES = b"250-sink\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 PIPELINING\r\n"
OK = b"250 2.0.0 OK\r\n"


class Sink(asyncio.Protocol):
    def __init__(self, latency: float) -> None:
        self.latency = latency

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.buffer, self.in_data = transport, b"", False
        transport.write(GREETING)

    def data_received(self, data: bytes) -> None:
        if self.latency:
            asyncio.get_running_loop().call_later(self.latency, self._take, data)
        else:
            self._take(data)

    def _take(self, data: bytes) -> None:
        self.buffer += data
        while self._step():
            pass

    def _step(self) -> bool:
        end = b"\r\n.\r\n" if self.in_data else b"\r\n"
        line, found, rest = self.buffer.partition(end)
        if not found:
            return False
        self.buffer = rest
        if self.in_data:
            self.in_data = False
            self.transport.write(OK)
            return True
        verb = line[:4].upper()
        self.in_data = verb == b"DATA"
        if verb == b"QUIT":
            self.transport.write(b"221 2.0.0 bye\r\n")
            self.transport.close()
            return False
        self.transport.write(FEATURES if verb == b"EHLO" else b"354 go\r\n" if verb == b"DATA" else OK)
        return True


async def main(latency: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Sink(latency), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) / 1000 if len(sys.argv) > 1 else 0.0))
