"""The embedded default: one file a message, named by its id, that ordinary programs open."""

import contextlib
import os
from datetime import datetime
from pathlib import Path

from channels.durable_file import is_plain_name, write_durably
from channels.folder_settings import FOLDER
from channels.kind import ChannelKind
from channels.message import OutboundMessage
from channels.outcome import Accepted, Outcome, Rejected, Scope, TryLater
from channels.settings import ChannelSettings

SUFFIXES = {ChannelKind.EMAIL: ".eml", ChannelKind.SMS: ".txt", ChannelKind.LETTER: ".pdf"}


class FolderChannel:
    """Writes `<message id>.eml|.txt|.pdf`; the name makes a repeat harmless and a look-up certain."""

    provider = FOLDER.name
    repeat_is_safe = True
    can_look_up = True

    def __init__(self, kind: ChannelKind, settings: ChannelSettings) -> None:
        self.kind = kind
        self._folder = settings.folder
        self._scratch = settings.folder.with_name(f"{settings.folder.name}.part")

    def send(self, message: OutboundMessage, *, now: datetime) -> Outcome:  # a file has no date of its own
        """Write the body as it is; a file already there is kept."""
        if not is_plain_name(message.message_id):
            return Rejected(reason="the message's id cannot be a file name", scope=Scope.MESSAGE)
        path = self._path(message.message_id)
        try:
            if path.exists():
                return Accepted(provider_id=path.name, note="already written; the first copy was kept")
            self._write(path, message.body)
        except OSError as error:
            return TryLater(reason=f"cannot write into {self._folder}: {error.strerror}", code=_code(error))
        return Accepted(provider_id=path.name)

    def _write(self, path: Path, body: bytes) -> None:
        try:
            write_durably(path, body, scratch=self._scratch)
        except FileNotFoundError:
            for folder in (path.parent, self._scratch):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_durably(path, body, scratch=self._scratch)

    def look_up(
        self, message_id: str, *, to: str, attempted_at: datetime, body: bytes = b""
    ) -> Outcome | None:
        """Accepted when the file is there; a missing file was never sent."""
        path = self._path(message_id)
        if path.exists():
            return Accepted(provider_id=path.name)
        return TryLater(reason=f"no file {path.name}: nothing was written", provider_failed=False)

    def check(self) -> str | None:
        """Why the folder cannot be written into, or None."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(self._folder, os.W_OK | os.X_OK):
            return f"the outbox folder {self._folder} cannot be written into: change its owner or set another"
        return None

    def log_in(self) -> str | None:
        """Nobody to ask: whether it can be written into."""
        return self.check()

    def close(self) -> None:
        """Nothing is kept open."""

    def _path(self, message_id: str) -> Path:
        return self._folder / f"{message_id}{SUFFIXES[self.kind]}"


def _code(error: OSError) -> str:
    return str(error.errno or "")
