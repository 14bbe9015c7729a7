"""Starts doubles as programs of their own and talks to their control address."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import urllib3

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A double that listens; `url` for HTTP, `host` and `port` for SMTP."""

    url: str = ""
    public_key: str = ""
    host: str = ""
    port: int = 0
    authority: str = ""

    def script(self, *faults: str) -> None:
        """What goes wrong with the next sends."""
        self._control("PUT", "faults", json.dumps(faults).encode())

    def received(self) -> list[dict[str, object]]:
        """What was accepted since the last `forget`."""
        said = self._control("GET", "received")
        assert isinstance(said, list)
        return said

    def hooks(self) -> dict[str, int]:
        """How many webhooks got which answer; 0 means that nobody listened."""
        said = self._control("GET", "hooks")
        assert isinstance(said, dict)
        return said

    def forget(self) -> None:
        """Drop what was received and what was scripted."""
        self._control("DELETE", "received")

    def _control(self, method: str, name: str, body: bytes | None = None) -> object:
        with urllib3.PoolManager(ca_certs=self.authority or None) as http:
            return http.request(method, f"{self.url}/_double/{name}", body=body).json()


@contextlib.contextmanager
def running(provider: str, *arguments: str, certificate: Path | None = None) -> Iterator[Running]:
    """One double as a child process; it ends with the block, or with us."""
    command: Sequence[str] = [sys.executable, "-m", "tests.doubles", provider, *arguments]
    if certificate is not None:
        command = [*command, "--certificate", str(certificate)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin
    assert process.stdout
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the {provider} double did not start: exit code {process.wait(5)}")
        authority = str(certificate / "authority.pem") if certificate else ""
        yield Running(authority=authority, **json.loads(line))
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
