"""`dispatcher users` and `dispatcher serve`, as a person types them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from subprocess import CompletedProcess

from tests import command
from tests.servers import free_port


def dispatcher(home: Path, *words: str, text: str = "", **variables: str) -> CompletedProcess[str]:
    return command.dispatcher(*words, home=home, given=text, **variables)


def test_a_first_admin_is_added_listed_changed_and_disabled(tmp_path: Path) -> None:
    added = dispatcher(
        tmp_path, "users", "add", "ines", "--role", "admin,operator", text="three unrelated words\n"
    )
    assert (added.returncode, added.stdout) == (0, "added ines: admin, operator\n")

    listed = json.loads(dispatcher(tmp_path, "users", "list", "--json").stdout)
    assert [(user["name"], user["roles"]) for user in listed] == [("ines", ["admin", "operator"])]

    again = dispatcher(
        tmp_path, "users", "add", "INES", "--role", "admin", DISPATCHER_NEW_PASSWORD="three unrelated words"
    )
    assert again.returncode == 2
    assert "there is a user" in again.stderr
    assert "Traceback" not in again.stderr

    weak = dispatcher(tmp_path, "users", "add", "max", "--role", "auditor", text="short\n")
    assert (weak.returncode, "12 to 200 characters" in weak.stderr) == (2, True)
    unknown = dispatcher(tmp_path, "users", "set-role", "ines", "--role", "king")
    assert (unknown.returncode, "the roles are manager" in unknown.stderr) == (2, True)
    last = dispatcher(tmp_path, "users", "disable", "ines")
    assert (last.returncode, "last admin" in last.stderr) == (2, True)

    token = dispatcher(tmp_path, "users", "token", "ines", "--label", "ledger").stdout.strip()
    assert token.startswith("dsp_")


def test_serve_answers_and_stops_when_told(tmp_path: Path) -> None:
    environment = {**os.environ, "DISPATCHER_HOME": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-m", "dispatcher", "serve", "--port", str(free_port())],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = re.search(r"http://\S+", line)
        assert address is not None, line
        assert answer_of(f"{address.group()}/healthz") == b"ok\n"
    finally:
        process.terminate()
        assert process.wait(30) in {0, -signal.SIGTERM}


def answer_of(url: str) -> bytes:
    """What the server answers once it listens."""
    end = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                return bytes(answer.read())
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
