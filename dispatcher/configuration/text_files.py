"""The texts of the configuration as files: read as they stand, comments too, and written out again byte for byte."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from dispatcher.configuration.domain.config_version import Texts
from dispatcher.configuration.domain.kinds import BY_WORD, SUFFIX, Kind


class UnreadableFileError(ValueError):
    """A file of the configuration is no text; the message names it."""


def read_kind(kind: Kind, path: Path) -> dict[str, str]:
    """Name -> text of a kind's files; `path` is its folder or its one file. None where nothing is there."""
    return {kind.name_of(inside): _text(file) for inside, file in _files(kind, path)}


def read_folder(folder: Path) -> dict[str, dict[str, str]]:
    """Kind -> name -> text of what a folder of configuration holds."""
    found = {word: read_kind(kind, folder / kind.path) for word, kind in BY_WORD.items()}
    return {word: texts for word, texts in found.items() if texts}


def write_folder(folder: Path, texts: Texts) -> list[Path]:
    """Write texts out as files and return their paths; files of the same name are replaced, others stay."""
    written = []
    for path, text in _laid_out(folder, texts):
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, text.encode())
        written.append(path)
    return written


def mirror(folder: Path, texts: Texts) -> None:
    """Make a folder hold exactly these texts: what already reads so is left alone, what is not theirs goes."""
    wanted = {path: text.encode() for path, text in _laid_out(folder, texts)}
    for word in texts:
        (folder / BY_WORD[word].path).parent.mkdir(parents=True, exist_ok=True)
        if not BY_WORD[word].is_one_file:
            (folder / BY_WORD[word].path).mkdir(exist_ok=True)
    for path in list(folder.rglob(f"*{SUFFIX}")):
        if path not in wanted:
            path.unlink()
    for path, body in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):
            if path.read_bytes() == body:
                continue
        _replace(path, body)


def _replace(path: Path, body: bytes) -> None:
    """Whole or not at all: another process may be reading the same file."""
    half = path.with_name(f".{path.name}.{uuid4().hex}")
    half.write_bytes(body)
    half.replace(path)


def _laid_out(folder: Path, texts: Texts) -> Iterator[tuple[Path, str]]:
    for word, of in texts.items():
        for name, text in of.items():
            yield folder / BY_WORD[word].file_of(name), text


def _files(kind: Kind, path: Path) -> Iterator[tuple[str, Path]]:
    if kind.is_one_file:
        if path.is_file():
            yield path.name, path
        return
    for file in sorted(path.rglob(f"*{SUFFIX}")):
        yield file.relative_to(path).as_posix(), file


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableFileError(f"{path}: is not UTF-8 at byte {error.start}") from None
