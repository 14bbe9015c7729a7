"""Writes a file so that it is there whole or not at all, even when the power goes, and never in another's place."""

import itertools
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def is_plain_name(name: str) -> bool:
    """Whether a message's id can be a file's name without leaving its folder."""
    return _NAME.fullmatch(name) is not None


def open_new(path: Path) -> BinaryIO:
    """A new file that its owner alone may read; raises FileExistsError."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def write_durably(path: Path, content: bytes, *, scratch: Path | None = None) -> None:
    """Temporary name, fsync, rename, fsync of the folder. Raises OSError.

    The temporary file lies beside the target, or in `scratch` (on the same disk) where a reader of the folder
    should never meet the half-written file that a kill leaves behind.
    """
    temporary = (scratch or path.parent) / f".{path.name}.{uuid.uuid4().hex}.part"
    try:
        with open_new(temporary) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def whole_file(path: Path, *, is_new: bool = False) -> Iterator[BinaryIO]:
    """A file to write that takes its place when it is whole. Raises OSError.

    `is_new`: FileExistsError where one of that name is there already, also when it came meanwhile.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with open_new(draft) as file:
            yield file
        put_in_place(draft, path, is_new=is_new)
    finally:
        draft.unlink(missing_ok=True)


def put_in_place(draft: Path, path: Path, *, is_new: bool) -> None:
    """Give a finished file its name; raises FileExistsError where a new one's is taken."""
    if not is_new:
        draft.replace(path)
        return
    try:
        os.link(draft, path)  # unlike a rename it never replaces another's file
    except FileExistsError:
        raise
    except OSError:  # a disk without hard links: the name is taken first, and filled by a rename
        path.touch(exist_ok=False)
        draft.replace(path)
    else:
        draft.unlink()


def move_aside(file: Path, folder: Path) -> Path:
    """Move a file into a folder under its own name, numbered where others of that name lie there already."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in itertools.count(1):
        name = file.name if number == 1 else f"{file.stem}.{number}{file.suffix}"
        try:
            put_in_place(file, folder / name, is_new=True)
        except FileExistsError:
            continue
        return folder / name
    raise AssertionError  # the numbers do not end


def sync_folder(folder: Path) -> None:
    """Make a rename inside the folder last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
