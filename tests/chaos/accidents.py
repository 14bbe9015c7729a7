"""Accidents: processes that are killed, servers that crash and come back at the same place."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
import redis

from tests import servers
from tests.emptied import execute, named

PATIENCE = 30.0


def until(
    done: Callable[[], bool], *, seconds: float = PATIENCE, every: float = 0.05, what: str = "it"
) -> None:
    """Look again until it is so; fails when it does not become so in time."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"{what} did not come about within {seconds} s"
        time.sleep(every)


@contextmanager
def both_servers() -> Iterator[tuple[str, str]]:
    """URLs of an empty PostgreSQL database and of a Valkey, for a test that crashes them."""
    with ExitStack() as stack:
        try:
            admin = stack.enter_context(servers.postgresql())
            broker = stack.enter_context(servers.valkey())
        except servers.UnavailableError as reason:
            pytest.skip(str(reason))
        execute(named(admin, "postgres"), "CREATE DATABASE chaos")
        yield named(admin, "chaos"), broker


def crash_and_restart(
    pid: int, folder: Path, *arguments: str, how: signal.Signals = signal.SIGKILL
) -> subprocess.Popen[bytes]:
    """End a server without grace and start it again as the same user in the same folder."""
    command = [os.fsdecode(part) for part in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]]
    owner = Path(f"/proc/{pid}").stat()
    program = str(Path(f"/proc/{pid}/exe").readlink())
    os.kill(pid, how)
    until(lambda: not _lives(pid), what=f"the end of {command[0]}")
    identity = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.getuid() == 0 else {}
    log = (folder / "log-after-crash").open("ab")
    return subprocess.Popen(
        [program, *(arguments or command[1:])], cwd=folder, stdout=log, stderr=log, **identity
    )


def restart_postgresql(url: str) -> subprocess.Popen[bytes]:
    """Crash the cluster behind a URL and bring it back; it recovers from its log."""
    home = Path(parse_qs(urlsplit(url).query)["host"][0])
    pid = int((home / "data" / "postmaster.pid").read_text().split()[0])
    # Immediate shutdown: no checkpoint, connections cut, recovery at the next start. SIGKILL would leave a lock
    # file behind, which PostgreSQL respects as long as our dead child has not been waited for.
    server = crash_and_restart(pid, home, how=signal.SIGQUIT)
    until(lambda: _answers(url), what="PostgreSQL")
    return server


def restart_valkey(url: str) -> subprocess.Popen[bytes]:
    """Crash a Valkey without persistence: it comes back empty."""
    with redis.Redis.from_url(url) as client:
        pid = int(client.info("server")["process_id"])
    # It has written its title over its command line.
    port = str(urlsplit(url).port)
    options = ("--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
    server = crash_and_restart(pid, Path(f"/proc/{pid}/cwd").readlink(), *options)
    until(lambda: _pings(url), what="Valkey")
    return server


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _pings(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False
