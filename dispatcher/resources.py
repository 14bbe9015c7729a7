"""Finds the files the program brings along: one place, one order."""

import hashlib
import time
from functools import cache
from importlib.metadata import version
from pathlib import Path

_DECIDED_BY = ("tzdata", "phonenumbers", "holidays")
_BEGAN = time.time()  # what was loaded is what the files held by then
_CHECKOUT = Path(__file__).resolve().parent.parent


class MissingFolderError(ValueError):
    """A folder that a setting names is not there."""


def config_path(explicit: Path | None, name: str) -> Path:
    """A part of the configuration (`rules`, `senders.yaml` …).

    From `DISPATCHER_CONFIG_DIR` where it has that part, else the copy packed in the wheel, else the checkout's.
    """
    return _part(_folder("config", explicit, "DISPATCHER_CONFIG_DIR"), "config", name)


def layouts_dir(explicit: Path | None) -> Path:
    """The folder that holds `_layouts`: `DISPATCHER_TEMPLATES_DIR` where it has them, else our own."""
    return _part(templates_dir(explicit), "templates", "_layouts").parent


def templates_dir(explicit: Path | None) -> Path:
    """`DISPATCHER_TEMPLATES_DIR`, else the packed copy, else the checkout's `templates/`."""
    return _folder("templates", explicit, "DISPATCHER_TEMPLATES_DIR")


@cache
def program_digest() -> str:
    """SHA-256 of the program's code and of the data about places and times that it decides by.

    Empty where a file has changed since this process began: it would be another program's.
    """
    return digest_of_code(Path(__file__).parent, loaded_at=_BEGAN)


def digest_of_code(package: Path, *, loaded_at: float) -> str:
    """The same of any package that was loaded at an instant, in seconds of the machine's clock."""
    found = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        found.update(f"{path.relative_to(package)}\0".encode() + path.read_bytes())
        if path.stat().st_ctime > loaded_at:
            return ""
    found.update("".join(f"{name} {version(name)}\n" for name in _DECIDED_BY).encode())
    return found.hexdigest()


def _part(folder: Path, kind: str, name: str) -> Path:
    return folder / name if (folder / name).exists() else _folder(kind, None, "") / name


def _folder(kind: str, explicit: Path | None, variable: str) -> Path:
    if explicit is not None:
        if not explicit.is_dir():
            raise MissingFolderError(f"{variable}: {explicit} is not a folder")
        return explicit
    packed = Path(__file__).parent / "_data" / kind
    return packed if packed.is_dir() else _CHECKOUT / kind
