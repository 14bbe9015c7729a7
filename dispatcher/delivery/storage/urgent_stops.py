"""Stops that wait for no writer: a file each beside SQLite's, in force from then on, taken into the database later."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL

from channels.durable_file import write_durably
from dispatcher.delivery.domain.stop import Stop

_SUFFIX = ".stop.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class UrgentStop:
    """A stop that the database does not know yet."""

    path: Path
    stop: Stop
    why: str
    by: str
    at: datetime


def folder_beside(url: URL) -> Path | None:
    """Where they lie; None for a database whose writers do not wait for each other."""
    file = url.database
    if url.get_backend_name() != "sqlite" or not file or file == ":memory:" or file.startswith("file:"):
        return None
    return Path(f"{file}-stops")


def put(folder: Path, stop: Stop, *, why: str, by: str, at: datetime) -> None:
    """Stop at once. Raises OSError."""
    folder.mkdir(mode=0o700, exist_ok=True)
    document = {"scope": stop.scope, "name": stop.name, "why": why, "by": by, "at": at.isoformat()}
    write_durably(folder / f"{uuid.uuid4().hex}{_SUFFIX}", json.dumps(document).encode())


def read(folder: Path | None) -> list[UrgentStop]:
    """All of them, oldest first. One that cannot be read stops everything: somebody wanted a stop."""
    if folder is None or not folder.exists():
        return []
    found = [stop for path in folder.glob(f"*{_SUFFIX}") if (stop := _read(path)) is not None]
    return sorted(found, key=lambda one: (one.at, one.path))


def forget(stops: Iterable[UrgentStop]) -> None:
    """The database knows them now."""
    for one in stops:
        one.path.unlink(missing_ok=True)


def _read(path: Path) -> UrgentStop | None:
    try:
        document = json.loads(path.read_text("utf-8"))
        stop = Stop(scope=document["scope"], name=document["name"])
        at = datetime.fromisoformat(document["at"])
        return UrgentStop(path=path, stop=stop, why=document["why"], by=document["by"], at=at)
    except FileNotFoundError:  # taken in meanwhile
        return None
    except (OSError, ValueError, KeyError, TypeError):
        why = f"{path.name} cannot be read, and it was written to stop something"
        return UrgentStop(
            path=path, stop=Stop(scope="all"), why=why, by="dispatcher", at=datetime(2000, 1, 1, tzinfo=UTC)
        )
