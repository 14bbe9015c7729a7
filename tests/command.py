"""The command line as a person meets it, run in this process.

A child costs a second of starting and shows nothing more; it is for tests of a signal, a kill or an exit.
"""

import io
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess

from dispatcher.cli.main import main
from tests.shared import ROOT


def dispatcher(
    *words: object, home: Path | None = None, cwd: Path = ROOT, given: str = "", **environment: str
) -> "CompletedProcess[str]":
    """`dispatcher WORDS` in a shell that knows nothing of ours but `DISPATCHER_HOME` and what is given."""
    if home is not None:
        environment.setdefault("DISPATCHER_HOME", str(home))
    out, err = _stream(), _stream()
    argv = ["dispatcher", *map(str, words)]
    with _shell(argv, cwd, given, environment), redirect_stdout(out), redirect_stderr(err):
        code = _exit_code()
    return CompletedProcess(argv, code, _text(out), _text(err))


def _exit_code() -> int:
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


@contextmanager
def _shell(argv: list[str], cwd: Path, given: str, environment: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ), Path.cwd(), sys.argv, sys.stdin
    mask = os.umask(0o022)
    interrupts = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    for name in [name for name in os.environ if name.startswith("DISPATCHER_")]:
        del os.environ[name]
    os.environ.update(environment)
    os.chdir(cwd)
    sys.argv, sys.stdin = argv, io.TextIOWrapper(io.BytesIO(given.encode()), encoding="utf-8")
    try:
        yield
    finally:
        os.umask(mask)
        os.environ.clear()
        os.environ.update(before[0])
        os.chdir(before[1])
        sys.argv, sys.stdin = before[2:]
        signal.signal(signal.SIGINT, interrupts[0])
        signal.signal(signal.SIGTERM, interrupts[1])


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    return stream.buffer.getvalue().decode()
