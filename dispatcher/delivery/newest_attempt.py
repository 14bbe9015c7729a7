"""Remembers outside of the database the newest attempt at sending: a copy that was made before does not know it."""

import json
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from channels.durable_file import write_durably
from dispatcher.database.engine import Connection
from dispatcher.delivery.storage import attempts
from dispatcher.messages.domain.message import Message


class UnreadableMarkError(ValueError):
    """The file does not say which attempt was the newest: whether the database is a copy cannot be told."""


@dataclass(frozen=True, slots=True)
class AttemptMark:
    """An attempt by its message and number."""

    message_id: str
    number: int

    def is_known(self, connection: Connection) -> bool:
        """Whether the database knows that attempt."""
        key = (self.message_id, self.number)
        return key in attempts.ends(connection, [key])


class NewestAttempt:
    """The file in a home that holds one mark; every process of the home writes it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> AttemptMark | None:
        """The mark, None where nothing was ever sent from this home. Raises UnreadableMarkError."""
        try:
            value = json.loads(self.path.read_text(encoding="ascii"))
            return AttemptMark(str(value["message"]), int(value["attempt"]))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            raise UnreadableMarkError(
                f"{self.path} does not say which attempt was the newest, so a copy could not be told from its "
                "original: put the file back, or remove it once you are sure"
            ) from None

    def write(self, begun: Sequence[Message]) -> None:
        """Remember attempts that are committed, before any of them is made. Raises OSError.

        A renamed draft: whoever reads meanwhile finds the old mark or the new one, whole. It is not synced: a program
        that is killed leaves it, and a power cut that takes it takes only the means to notice a copy older than the
        last seconds.
        """
        if not begun:
            return
        line = json.dumps({"message": begun[-1].id, "attempt": begun[-1].attempts}) + "\n"
        if not self.path.exists():
            write_durably(self.path, line.encode("ascii"))
            return
        draft = self.path.with_name(f".{self.path.name}.{os.getpid()}.{threading.get_ident()}")
        draft.write_text(line, encoding="ascii")
        draft.replace(self.path)

    def forget(self) -> None:
        """Forget it: the database has been taken for what it is."""
        self.path.unlink(missing_ok=True)
