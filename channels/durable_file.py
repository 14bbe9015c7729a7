"""Writes a file so that it is there whole or not at all, even when the power goes."""

import os
import re
import uuid
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def is_plain_name(name: str) -> bool:
    """Whether a message's id can be a file's name without leaving its folder."""
    return _NAME.fullmatch(name) is not None


def write_durably(path: Path, content: bytes, *, scratch: Path | None = None) -> None:
    """Temporary name, fsync, rename, fsync of the folder. Raises OSError.

    The temporary file lies beside the target, or in `scratch` (on the same disk) where a reader of the folder
    should never meet the half-written file that a kill leaves behind.
    """
    temporary = (scratch or path.parent) / f".{path.name}.{uuid.uuid4().hex}.part"
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename inside the folder last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
