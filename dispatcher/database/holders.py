"""Names this process so that another one on the same machine can tell whether it still lives."""

import os
import socket
from pathlib import Path
from uuid import uuid4

_LONGEST_HOST = 40


def this_process() -> str:
    """`host.namespace:pid:start`: unique even when a process id is used again."""
    return f"{_here()}:{os.getpid()}:{_started(os.getpid())}"


def new_owner(holder: str) -> str:
    """An owner of one batch, whose holder can be read from it."""
    return f"{holder}#{uuid4().hex[:16]}"


def is_dead(owner: str) -> bool:
    """Whether the owner is a process of this machine that is gone. One elsewhere is never said to be dead."""
    holder = owner.partition("#")[0]
    place, _, process = holder.partition(":")
    pid, _, started = process.partition(":")
    if place != _here() or not pid.isdigit():
        return False
    return _started(int(pid)) != started if _exists(int(pid)) else True


def this_boot() -> str:
    """The id of this start of the machine; "" where it cannot be told."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _here() -> str:
    try:
        namespace = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        namespace = ""
    return f"{socket.gethostname()[:_LONGEST_HOST]}.{namespace}".replace(":", "-").replace("#", "-")


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    return _stat(pid)[:1] == ["Z"]


def _started(pid: int) -> str:
    fields = _stat(pid)
    return fields[19] if len(fields) > 19 else ""


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the state on; empty where there is no /proc."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()
