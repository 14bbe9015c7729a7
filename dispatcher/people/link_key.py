"""The key of the debtors' links: one for all machines, kept outside of the database, never made anew once used."""

import secrets
from dataclasses import replace
from pathlib import Path

from dispatcher.database import instance
from dispatcher.database.engine import Database
from dispatcher.database.instance import fingerprint
from dispatcher.database.secret_file import make_once
from dispatcher.people.storage.debtor_page import links_may_be_out

NAME = "optout.key"
SHORTEST = 32  # bytes


class LinkKeyError(Exception):
    """The key is missing, too short or not the one that links were made with; the message says what to do."""


def read_link_key(database: Database, folder: Path) -> bytes:
    """The key in a home's `keys` folder, made where links were never made before. Raises LinkKeyError, OSError."""
    path = folder / NAME
    used = _refuse_lost(database, path)
    if not path.exists():
        _make(path)
    return _checked(path, used)


def inspect_link_key(database: Database, folder: Path) -> str:
    """Why links could not be made or read here, "" when they can; makes nothing."""
    path = folder / NAME
    try:
        used = _refuse_lost(database, path)
        if path.exists():
            _checked(path, used)
    except LinkKeyError as error:
        return str(error)
    return ""


def _refuse_lost(database: Database, path: Path) -> str:
    """Raise LinkKeyError where a key was used and is gone; returns the fingerprint of the one used, if any."""
    with database.reading() as connection:
        own = instance.read(connection)
        used = own.link_key if own else ""
        if not path.exists() and (used or links_may_be_out(connection)):
            raise LinkKeyError(
                f"{path} is missing, and links made with it are out: copy the file from the machine that has it (its "
                "folder keys/); a new one would make every link in people's hands a dead one. Is it lost for good? "
                "`dispatcher adopt --new-link-key --why TEXT`"
            )
    return used


def keep_link_key(database: Database, folder: Path) -> None:
    """Remember which key links are made with; call it before anything is sent. Raises LinkKeyError."""
    key = read_link_key(database, folder)
    with database.writing() as connection:
        own = instance.read(connection)
        if own is not None and not own.link_key:
            instance.write(connection, replace(own, link_key=fingerprint(key)))


def renew_link_key(database: Database, folder: Path) -> None:
    """Take the key that lies there from now on, or a new one: the one before is lost for good, its links are dead."""
    path = folder / NAME
    if not path.exists():
        _make(path)
    key = _checked(path, "")
    with database.writing() as connection:
        own = instance.read(connection)
        if own is not None:
            instance.write(connection, replace(own, link_key=fingerprint(key)))


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    make_once(path, secrets.token_bytes(SHORTEST))


def _checked(path: Path, used: str) -> bytes:
    key = path.read_bytes()
    if len(key) < SHORTEST:
        raise LinkKeyError(
            f"{path} holds {len(key)} bytes, and a key has at least {SHORTEST}: links could be forged; put the right "
            "file back, from a backup or from another machine's keys/"
        )
    if used and fingerprint(key) != used:
        raise LinkKeyError(
            f"{path} is not the key that links in people's hands were made with: copy the file from the machine that "
            "has it (its folder keys/)"
        )
    return key
