"""Wrong sign-ins by name and place: whoever guesses waits, and nobody can shut another out."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from dispatcher.database.bulk import upsert_rows
from dispatcher.database.tables.users import sign_in_tries

_t = sign_in_tries.c
FORGOTTEN_AFTER = timedelta(hours=1)


def key_of(name: str, place: str) -> str:
    """What is kept of a name, which may be a mistyped password, and a place."""
    return hashlib.sha256(f"{name.strip().lower()}\n{place}".encode("utf-8", "surrogateescape")).hexdigest()


def waits_until(connection: Connection, key: str) -> datetime | None:
    """When the next try from there is looked at; None: at once."""
    until: datetime | None = connection.scalar(select(_t.waits_until).where(_t.key == key))
    return until


def count(connection: Connection, key: str, *, now: datetime) -> int:
    """Count a wrong one; returns how many there were within an hour, this one included."""
    row = connection.execute(select(_t.tries, _t.last_at).where(_t.key == key)).first()
    return 1 if row is None or now - row.last_at > FORGOTTEN_AFTER else row.tries + 1


def keep(connection: Connection, key: str, tries: int, *, now: datetime, waits_until: datetime) -> None:
    """Remember it; those long over are forgotten on the way."""
    connection.execute(delete(sign_in_tries).where(_t.last_at < now - FORGOTTEN_AFTER))
    row = {"key": key, "tries": tries, "last_at": now, "waits_until": waits_until}
    upsert_rows(connection, sign_in_tries, [row], key=("key",))


def forget(connection: Connection, key: str) -> None:
    """A right sign-in ends it."""
    connection.execute(delete(sign_in_tries).where(_t.key == key))
