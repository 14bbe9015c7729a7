"""Ledgers that were handed in on a page, and what was chosen for each so far."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from dispatcher.database.tables.portfolio import uploads

OPEN, IMPORTED, DROPPED = "open", "imported", "dropped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """One file; `size` in bytes. `check_job` is the dry run of exactly these choices, None once they changed."""

    id: int
    file: str
    size: int
    sha256: str
    host: str
    owner: str
    uploaded_at: datetime
    state: str
    choices: Mapping[str, Any]
    check_job: int | None
    import_job: int | None


def add(
    connection: Connection,
    *,
    file: str,
    size: int,
    sha256: str,
    host: str,
    owner: str,
    now: datetime,
) -> int:
    """A new one, nothing chosen yet; returns its id."""
    row = {"file": file, "size": size, "sha256": sha256, "host": host, "owner": owner, "uploaded_at": now}
    values = row | {"state": OPEN, "choices": {}}
    key: int = connection.scalars(insert(uploads).values(values).returning(uploads.c.id)).one()
    return key


def choose(connection: Connection, upload_id: int, choices: Mapping[str, Any]) -> None:
    """Other choices: what was checked with those before says nothing any more."""
    _change(connection, upload_id, choices=dict(choices), check_job=None)


def note_check(connection: Connection, upload_id: int, job: int) -> None:
    """The dry run that has begun."""
    _change(connection, upload_id, check_job=job)


def note_import(connection: Connection, upload_id: int, job: int) -> None:
    """The import that has begun."""
    _change(connection, upload_id, import_job=job)


def end(connection: Connection, upload_id: int, state: str) -> None:
    """It was imported, or dropped."""
    _change(connection, upload_id, state=state)


def get(connection: Connection, upload_id: int) -> Upload | None:
    """One by its id."""
    row = connection.execute(select(uploads).where(uploads.c.id == upload_id)).first()
    return Upload(**row._asdict()) if row is not None else None


def newest(connection: Connection, *, state: str, limit: int = 20) -> list[Upload]:
    """Those in a state, newest first."""
    query = select(uploads).where(uploads.c.state == state).order_by(uploads.c.id.desc()).limit(limit)
    return [Upload(**row._asdict()) for row in connection.execute(query)]


def _change(connection: Connection, upload_id: int, **values: Any) -> None:
    connection.execute(update(uploads).where(uploads.c.id == upload_id).values(values))
