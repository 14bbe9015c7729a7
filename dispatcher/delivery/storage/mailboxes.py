"""How far each mailbox was read."""

import hashlib

from sqlalchemy import Connection, select

from channels.email.mailbox_access import Place
from dispatcher.database.bulk import upsert_rows
from dispatcher.database.tables.operations import marks

_MARK = "mailbox:"


def _name(mailbox: str) -> str:
    """Short, whatever the mailbox is called."""
    return _MARK + hashlib.sha256(mailbox.encode()).hexdigest()


def place_of(connection: Connection, mailbox: str) -> Place:
    """Behind which place nothing was read yet; the beginning where nothing was."""
    text = connection.scalar(select(marks.c.value).where(marks.c.name == _name(mailbox)))
    if not text:
        return Place()
    validity, uid = str(text).split("/")
    return Place(validity=int(validity), uid=int(uid))


def keep_place(connection: Connection, mailbox: str, place: Place) -> None:
    """Everything up to there has been recorded."""
    row = {"name": _name(mailbox), "value": f"{place.validity}/{place.uid}"}
    upsert_rows(connection, marks, [row], key=("name",))
