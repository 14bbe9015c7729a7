"""Trials of templates in forks of one process: starting Python and the program costs each trial most of its time.

`tests/writing/test_trial.py` holds that the program's own start does the same.
"""

import gc
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from functools import cache
from typing import IO

from dispatcher.authoring.template_files import read_template
from dispatcher.rulebook.letter_words import load_letter_words
from dispatcher.rulebook.wording import load_wordings
from dispatcher.writing import trial
from dispatcher.writing.language.layouts import read_layouts
from dispatcher.writing.language.meta import FILE as META_FILE
from tests.shared import ROOT

own_start = trial._begin
_FORK, _END = b"fork", b"end "


class ForkedTrial:
    """What `subprocess.Popen` gives: two pipes, and an end."""

    spent = 0.0  # seconds of the processor, of all that have ended: the process that forks is not ours to ask

    def __init__(self) -> None:
        reading, writing = os.pipe()
        heard, said = os.pipe()
        self._pid = _answer(_FORK, [reading, said])
        os.close(reading)
        os.close(said)
        self.stdin: IO[bytes] = os.fdopen(writing, "wb")
        self.stdout: IO[bytes] = os.fdopen(heard, "rb")

    def kill(self) -> None:
        """End it, if it has not ended."""
        ForkedTrial.spent += float(_answer(_END + self._pid, []))

    def wait(self) -> None:
        """It has ended."""


_one_at_a_time = threading.Lock()


def _answer(asked: bytes, pipes: list[int]) -> bytes:
    with _one_at_a_time:
        _, server = _server()
        socket.send_fds(server, [asked], pipes)
        return server.recv(32)


@cache
def _server() -> tuple["subprocess.Popen[bytes]", socket.socket]:
    """It ends when nobody can ask it any more."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    words = [sys.executable, "-m", __name__, str(its.fileno())]
    with its:
        return subprocess.Popen(words, pass_fds=[its.fileno()], stdin=subprocess.DEVNULL, cwd=ROOT), ours


def _serve(asked: socket.socket) -> None:
    """Fork for whoever asks."""
    import dispatcher.writing.letters  # noqa: F401 - as the program's own start does

    # What is compiled, learnt and loaded is kept: all that takes ten times what the trial of a text takes.
    house = read_layouts(
        ROOT / "templates", load_wordings(ROOT / "config/content"), load_letter_words(ROOT / "config/letters")
    )
    for wording in house.wordings.values():
        wording.compile()
    shipped = read_template(ROOT / "templates", "first-reminder")
    english = {path: text for path, text in shipped.files.items() if path.startswith(("en/", META_FILE))}
    for _ in trial.try_version(replace(shipped, files=english), house):
        pass
    gc.freeze()
    while True:
        what, pipes, _, _ = socket.recv_fds(asked, 32, 2)
        if not what:
            return
        if what == _FORK:
            if (child := os.fork()) == 0:
                for end, pipe in enumerate(pipes):
                    os.dup2(pipe, end)
                    os.close(pipe)
                asked.close()
                trial.main()
                sys.stdout.flush()
                os._exit(0)
            for pipe in pipes:
                os.close(pipe)
            asked.send(str(child).encode())
        else:
            child = int(what.removeprefix(_END))
            os.kill(child, signal.SIGKILL)
            used = os.wait4(child, 0)[2]
            asked.send(str(used.ru_utime + used.ru_stime).encode())


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
