"""Opens a ledger's file whatever it is wrapped in: an archive of one file, an encoding, a spreadsheet."""

import codecs
import gzip
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import IO

from dispatcher.portfolio.apply_mapping import PortfolioFileError
from dispatcher.portfolio.domain.no_table import FIRST_BYTES, no_table, no_table_packed

MOST_BYTES = 2_000_000_000  # unpacked: an archive that grows without end is no ledger
_ZIP, _GZIP, _OLD_OFFICE = b"PK", b"\x1f\x8b", b"\xd0\xcf\x11\xe0"
_SPREADSHEET_PART = "xl/workbook.xml"
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_BLOCK = 1 << 20
_JSON_SUFFIXES = {".jsonl", ".ndjson", ".json"}
UTF8 = "utf-8-sig"


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The file itself, or the one file of a .zip or .gz in a temporary place; raises PortfolioFileError."""
    with path.open("rb") as stream:
        start = stream.read(FIRST_BYTES)
    if not start:
        raise PortfolioFileError(
            f"{path.name}, line 1: the file is empty; it needs at least a line of column names"
        )
    if start.startswith(_OLD_OFFICE):
        raise PortfolioFileError(f"{path.name}: this is an old spreadsheet (.xls); save it as .xlsx or CSV")
    if what := no_table(start):
        raise PortfolioFileError(f"{path.name}: this is {what}")
    archive = start[:2] == _GZIP or (start[:2] == _ZIP and not is_spreadsheet(path))
    if not archive:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="dispatcher-") as folder:
        yield _unpack(path, Path(folder), gzipped=start[:2] == _GZIP)


def is_spreadsheet(path: Path) -> bool:
    """Whether a file is an .xlsx, whatever its name says."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _SPREADSHEET_PART in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def is_json(path: Path) -> bool:
    """Whether a file holds JSON objects, whatever its name says."""
    if path.suffix.lower() in _JSON_SUFFIXES:
        return True
    with path.open("rb") as stream:
        return stream.read(64).removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{")


def encoding_of(path: Path, wanted: tuple[str, ...], file: str) -> str:
    """The encoding to read with: a byte order mark decides, else the first of the mapping's that fits."""
    with path.open("rb") as stream:
        start = stream.read(4)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    for name in wanted:
        if len(wanted) == 1 or _fits(path, name):
            return name
    if wanted:
        raise PortfolioFileError(
            f"{file}: none of the mapping's encodings ({', '.join(wanted)}) fits the file"
        )
    return UTF8


def _fits(path: Path, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    with path.open("rb") as stream:
        try:
            while block := stream.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeError:
            return False
    return True


def _unpack(path: Path, folder: Path, *, gzipped: bool) -> Path:
    try:
        if gzipped:
            target = folder / (PurePath(path.name).stem or "ledger")
            with gzip.open(path) as packed:
                _copy(packed, target, path.name)
            return target
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not _is_litter(entry)]
            if what := no_table_packed(archive.namelist()):
                raise PortfolioFileError(f"{path.name}: this is {what}")
            if len(entries) != 1:
                names = ", ".join(entry.filename for entry in entries[:5]) or "none"
                raise PortfolioFileError(
                    f"{path.name}: an archive must hold one file; this one holds {names}"
                )
            target = folder / (PurePath(entries[0].filename).name or "ledger")
            with archive.open(entries[0]) as packed:
                _copy(packed, target, path.name)
            return target
    except (zipfile.BadZipFile, gzip.BadGzipFile, EOFError, RuntimeError, NotImplementedError) as error:
        raise PortfolioFileError(
            f"{path.name}: this is neither a spreadsheet nor an archive that can be read ({error}); export it as CSV"
        ) from None


def _is_litter(entry: zipfile.ZipInfo) -> bool:
    name = PurePath(entry.filename)
    return entry.is_dir() or name.parts[0] == "__MACOSX" or name.name.startswith(".")


def _copy(packed: IO[bytes] | gzip.GzipFile, target: Path, file: str) -> None:
    with target.open("wb") as out:
        while block := packed.read(_BLOCK):
            out.write(block)
            if out.tell() > MOST_BYTES:
                raise PortfolioFileError(
                    f"{file}: the archive grows beyond {MOST_BYTES // 10**9} GB; is it a ledger?"
                )
