"""A newcomer's first hour: what README and `make run` say, typed as it stands in a shell that knows nothing of us."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import free_port
from tests.shared import ROOT

README = (ROOT / "README.md").read_text()
PATH = "/usr/local/bin:/usr/bin:/bin"
SERVES = ("dispatcher serve", "dispatcher up")

pytestmark = pytest.mark.skipif(shutil.which("make", path=PATH) is None, reason="make is not installed")


def block(heading: str, place: int = 0) -> list[str]:
    """The lines of a fenced block under a heading."""
    return re.findall(r"```\n(.*?)```", README.split(f"## {heading}\n")[1], re.DOTALL)[place].splitlines()


def command(line: str) -> str:
    """The line without its remark."""
    return re.sub(r"\s+# .*", "", line).strip()


class Shell:
    """`sh` in a fresh checkout whose `.venv` is made, with nothing else in its environment."""

    def __init__(self, folder: Path) -> None:
        self.checkout, self.home, self.before = folder / "checkout", folder / "person", ""
        (self.checkout / ".venv").mkdir(parents=True)
        self.home.mkdir()
        for name in ("Makefile", "pyproject.toml", "constraints.txt"):
            shutil.copy2(ROOT / name, self.checkout)
        (self.checkout / ".venv" / "bin").symlink_to(Path(sys.prefix) / "bin")
        (self.checkout / ".venv" / "run-ready").touch()
        self.port = free_port()

    def start(self, line: str) -> "subprocess.Popen[str]":
        """Type a line, after what was typed before to prepare the shell."""
        return subprocess.Popen(
            ["sh", "-c", f"{self.before}{line}"],
            cwd=self.checkout,
            env={"HOME": str(self.home), "PATH": PATH, "DISPATCHER_WEB__PORT": str(self.port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def type(self, line: str) -> tuple[int, str]:
        """Type a line and wait; its exit code and what it printed."""
        if line.startswith((". ", "export ")):
            self.before += f"{line}\n"
            line = "true"
        process = self.start(line)
        said, _ = process.communicate(timeout=120)
        return process.returncode, said


@pytest.fixture(scope="module")
def try_it(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shell, str]:
    """The shell after `make run`, and what that printed."""
    shell = Shell(tmp_path_factory.mktemp("try"))
    (line,) = block("Try it")
    code, said = shell.type(line)
    assert code == 0, said
    return shell, said


def test_make_run_prints_the_commands_that_readme_shows(try_it: tuple[Shell, str]) -> None:
    _, said = try_it
    shown = [line for line in block("Try it", 1) if line.startswith("  .venv/bin/dispatcher ")]
    assert [line for line in said.splitlines() if line in shown] == shown != []


def test_every_command_that_make_run_names_works_when_it_is_typed(try_it: tuple[Shell, str]) -> None:
    shell, said = try_it
    for line in said.partition("Try next:\n")[2].splitlines():
        code, printed = shell.type(line.strip())
        assert code in (0, 1), f"{line}: {code}\n{printed}"  # 1: something waits for a person
        assert "Traceback" not in printed, printed


def test_every_command_of_readme_works_when_it_is_typed(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    lines = [command(line) for line in block("Use it")]
    assert len(lines) > 8
    for line in [line for line in lines if line not in SERVES]:
        code, printed = shell.type(line)
        assert code in (0, 1), f"{line}: {code}\n{printed}"
        assert "Traceback" not in printed, printed
    assert (shell.home / "desk" / "evidence.zip").exists()
    for line in [line for line in lines if line in SERVES]:
        said = _served(shell, line)
        assert "Traceback" not in said, said


def test_the_version_is_told_without_a_verb(try_it: tuple[Shell, str]) -> None:
    shell, _ = try_it
    code, said = shell.type(".venv/bin/dispatcher --version")
    assert (code, bool(re.fullmatch(r"debt-dispatcher \d+\.\d+\.\d+\n", said))) == (0, True)


def _served(shell: Shell, line: str) -> str:
    """Start what serves, ask it whether it lives, press Ctrl-C; what it printed."""
    process = shell.start(line)
    try:
        answers(shell.port, process)
    finally:
        os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    return said


def answers(port: int, process: "subprocess.Popen[str]") -> None:
    """Wait until `/healthz` answers there."""
    for _ in range(300):
        assert process.poll() is None, process.communicate()[0]
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=0.2) as connection:
                connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
                assert b" 200 " in connection.recv(64)
                return
        except (ConnectionError, TimeoutError):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
    raise AssertionError(f"nothing answers on port {port}")
