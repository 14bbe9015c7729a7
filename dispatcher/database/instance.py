"""Which home a database belongs to: an id that both keep, where the database lies, whether it is known to be a copy."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import Connection, select, text

from dispatcher.database.bulk import upsert_rows
from dispatcher.database.tables.operations import marks

_NAME = "instance"
_READ = select(marks.c.value).where(marks.c.name == _NAME)


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """What a database says of itself. A host's name is no part of it: containers change theirs.

    `place` is where it lay when the id was given: a dump that is put back lies elsewhere. `copy_of` says, once
    somebody has noticed, why it is a copy. `link_key` is the fingerprint of the key of debtors' links, "" before
    its first use.
    """

    id: str
    place: str
    link_key: str = ""
    copy_of: str = ""


def read(connection: Connection) -> Instance | None:
    """What the database says of itself; None before the first process that sends."""
    value = connection.scalar(_READ)
    return Instance(**value) if value else None


def write(connection: Connection, instance: Instance) -> None:
    """Replace it."""
    upsert_rows(connection, marks, [{"name": _NAME, "value": asdict(instance)}], key=("name",))


def place_of(connection: Connection) -> str:
    """Where the database lies: the same after any restart, another one after a dump was put back.

    PostgreSQL: the cluster and the database's number in it. SQLite: the file itself; "" in memory.
    """
    if connection.dialect.name == "postgresql":
        row = connection.execute(
            text(
                "SELECT (SELECT system_identifier FROM pg_control_system()), oid "
                "FROM pg_database WHERE datname = current_database()"
            )
        ).one()
        return f"postgresql:{row[0]}:{row[1]}"
    file = connection.engine.url.database
    if not file or file == ":memory:":
        return ""
    status = Path(file).stat()
    return f"sqlite:{status.st_dev}:{status.st_ino}"


def fingerprint(secret: bytes) -> str:
    """What may be told of a secret: enough to know it again, nothing to make links with."""
    return hashlib.blake2b(secret, digest_size=16, person=b"link-key").hexdigest()
