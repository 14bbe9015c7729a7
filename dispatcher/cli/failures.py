"""Turns exceptions into what a person needs to read, and keeps the rest for whoever repairs the program."""

import errno
import os
import traceback
from datetime import UTC, datetime
from pathlib import Path

WRONG_USE = 2
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def explain_failure(error: Exception) -> tuple[int, str]:
    """(exit code, sentence). Errors of ours speak for themselves; others are written to the error log."""
    if type(error).__module__.partition(".")[0] in {"dispatcher", "channels"}:
        return WRONG_USE, str(error)
    if isinstance(error, OSError) and error.filename:
        return WRONG_USE, f"{error.filename}: {error.strerror}"
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return WRONG_USE, _no_room(str(error.strerror))
    cause = _database_trouble(error) or _broker_trouble(error)
    if cause:
        return WRONG_USE, cause
    path = _keep(error)
    return WRONG_USE, f"unexpected {type(error).__name__}: {_first_line(error)}; the details are in {path}"


def _database_trouble(error: Exception) -> str:
    if type(error).__module__.partition(".")[0] != "sqlalchemy":
        return ""
    original = getattr(error, "orig", None)
    if type(error).__name__ not in {"OperationalError", "DatabaseError"} or original is None:
        return ""
    if "disk is full" in str(original):
        return _no_room(_first_line(original))
    if "database is locked" in str(original):
        return "the database is held by another process, longer than we wait: find out which, or try again"
    return f"the database does not work: {_first_line(original)}; `dispatcher check` says where it is"


def _broker_trouble(error: Exception) -> str:
    if type(error).__module__.partition(".")[0] != "redis":
        return ""
    return (
        f"the queue does not work (DISPATCHER_BROKER_URL): {_first_line(error).rstrip('.')}; "
        "start it and run this again: nothing is lost, nothing is sent twice"
    )


def _no_room(said: str) -> str:
    return f"{said}: make room under {_home()} and run this again; nothing is sent twice"


def _home() -> Path:
    return Path(os.environ.get("DISPATCHER_HOME", "var"))


def _keep(error: Exception) -> Path:
    folder = _home() / "logs"
    path = folder / "errors.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"--- {datetime.now(UTC).isoformat()}\n")
            file.writelines(traceback.format_exception(error))
    except OSError:
        return Path(os.devnull)
    return path


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
