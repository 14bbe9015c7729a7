"""Refuses to send from a database that is a copy, or from a home that is not its own, until a person adopts it."""

import secrets
from dataclasses import dataclass, replace
from pathlib import Path

from dispatcher.database import instance
from dispatcher.database.engine import Connection, Database
from dispatcher.database.instance import Instance
from dispatcher.database.secret_file import make_once
from dispatcher.delivery.call_marks import MarkFiles
from dispatcher.delivery.newest_attempt import AttemptMark, NewestAttempt

_WAY_OUT = (
    'find out what was sent since, then `dispatcher adopt --why "what happened"`: until then nothing is sent'
)


class CopyError(Exception):
    """The database is a copy, or belongs to another home; the message says how that shows and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """What a home keeps outside of the database: the instance's id, the newest attempt made from here, open calls."""

    id_file: Path
    newest: NewestAttempt
    marks: MarkFiles

    @classmethod
    def at(cls, folder: Path) -> "Home":
        """The home in a folder."""
        return cls(
            id_file=folder / "instance.id",
            newest=NewestAttempt(folder / "newest-attempt.json"),
            marks=MarkFiles(folder / "provider-calls"),
        )

    def read_id(self) -> str:
        """The instance that this home works for, "" for a new home."""
        try:
            return self.id_file.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return ""

    def make_id(self) -> str:
        """The same; a new home gets one."""
        if not self.read_id():
            make_once(self.id_file, f"{secrets.token_hex(16)}\n".encode())
        return self.read_id()

    def take(self, instance_id: str) -> None:
        """Work for this instance from now on."""
        self.id_file.unlink(missing_ok=True)
        make_once(self.id_file, f"{instance_id}\n".encode())
        self.newest.forget()


def refuse_copy(database: Database, home: Home) -> Instance:
    """The database's instance, which is this home's own; raises CopyError. Call it before anything is sent.

    The first home that sends gives the database its id. A restart, after any kill, finds both as they were.
    """
    mark = home.newest.read()
    with database.writing() as connection:
        found = instance.read(connection)
        trouble = copy_trouble(connection, mark, found)
        if found is None:
            found = Instance(id=home.make_id(), place=instance.place_of(connection), copy_of=trouble)
            instance.write(connection, found)
        elif trouble and not found.copy_of:
            instance.write(connection, replace(found, copy_of=trouble))  # every machine learns of it
    if trouble := trouble or _foreign(home, found):
        raise CopyError(f"{trouble}; {_WAY_OUT}")
    return found


def inspect_copy(database: Database, home: Home) -> str:
    """Why nothing may be sent from here, "" when it may; changes nothing."""
    mark = home.newest.read()
    with database.reading() as connection:
        found = instance.read(connection)
        trouble = copy_trouble(connection, mark, found)
    return trouble or (_foreign(home, found) if found else "")


def copy_trouble(connection: Connection, mark: AttemptMark | None, found: Instance | None) -> str:
    """Why the database is a copy, "" when nothing says so. The mark is read before the database is looked at."""
    if mark is not None and not mark.is_known(connection):
        return (
            f"this database does not know attempt {mark.number} of message {mark.message_id}, which was made from "
            "this home: it is a copy from before"
        )
    if found is None:
        return ""
    if found.copy_of:
        return found.copy_of
    if connection.dialect.name == "postgresql" and found.place != instance.place_of(connection):
        return "this database was put back from a dump: it lies in another place than the one that has sent"
    return ""


def still_ours(connection: Connection, *, home: Home, own_id: str) -> None:
    """Raise CopyError when the database beneath a process that is at work has become another one."""
    found = instance.read(connection)
    if found is None or found.id != own_id or found.copy_of:
        raise CopyError(f"the database was exchanged or adopted while this program ran; {_WAY_OUT}")
    mark = home.newest.read()
    if mark is not None and not mark.is_known(connection):
        raise CopyError(f"the database was put back while this program ran; {_WAY_OUT}")


def _foreign(home: Home, found: Instance) -> str:
    own = home.read_id()
    if own == found.id:
        return ""
    if not own:
        return (
            "this home is new to a database that others have sent from: it is a further machine, or the database "
            "is a copy"
        )
    return "this home has sent from another database: this one is a copy, or belongs to another home"
