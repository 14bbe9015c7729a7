"""Keeps a ledger that was handed in on a page until it is imported or dropped, then forgets the file."""

import hashlib
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import IO

from dispatcher.database.engine import Database
from dispatcher.portfolio.storage import uploads
from dispatcher.portfolio.storage.uploads import Upload

_BLOCK = 1 << 20
_LONGEST = 120
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f/\\:]+")


def keep_upload(
    database: Database,
    folder: Path,
    stream: IO[bytes],
    name: str,
    *,
    owner: str,
    host: str,
    now: datetime,
) -> int:
    """Write the stream into `folder`, and its row; returns the upload's id. `now` on the real clock."""
    file = file_name(name)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder / f".{hashlib.sha256(f'{now}{owner}{name}'.encode()).hexdigest()[:16]}.part"
    digest, size = hashlib.sha256(), 0
    with part.open("wb") as out:
        while block := stream.read(_BLOCK):
            out.write(block)
            digest.update(block)
            size += len(block)
    with database.writing() as connection:
        key = uploads.add(
            connection,
            file=file,
            size=size,
            sha256=digest.hexdigest(),
            host=host,
            owner=owner,
            now=now,
        )
        (folder / str(key)).mkdir(mode=0o700)
        part.replace(folder / str(key) / file)
    return key


def file_name(name: str) -> str:
    """A name that a file may have here, as near as can be to the one it came with."""
    plain = _NOT_IN_NAMES.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(" .")
    stem, dot, suffix = plain.rpartition(".")
    return f"{stem[:_LONGEST]}{dot}{suffix[:10]}" if dot and stem else (plain[:_LONGEST] or "ledger")


def end_upload(database: Database, folder: Path, upload: Upload, state: str) -> None:
    """It was imported or dropped: what people's data there are go; a dropped one's findings too."""
    with database.writing() as connection:
        uploads.end(connection, upload.id, state)
    own = folder / str(upload.id)
    if state == uploads.DROPPED:
        shutil.rmtree(own, ignore_errors=True)
    else:
        (own / upload.file).unlink(missing_ok=True)
