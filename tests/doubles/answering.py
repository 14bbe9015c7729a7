"""A server of one's own for one test: each accepted connection is played as told."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Play = Callable[[socket.socket], None]


@contextmanager
def answering(*plays: Play, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Accept one connection a play, in order."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            for play in plays:
                try:
                    connection, _ = listener.accept()
                    with (
                        context.wrap_socket(connection, server_side=True)
                        if context
                        else connection as talking
                    ):
                        play(talking)
                except OSError:
                    continue

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"{'https' if context else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
