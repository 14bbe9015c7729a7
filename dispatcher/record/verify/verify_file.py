"""Verifies an exported file of any form with the verifier that the bundles carry."""

import csv
import hashlib
import json
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dispatcher.record.domain.export_line import line_of
from dispatcher.record.domain.time_stamp import Roots
from dispatcher.record.verify.check_stamps import check_export
from dispatcher.record.verify.verify_export import Check, verify
from dispatcher.record.write_lines import beside_csv


@dataclass(frozen=True, kw_only=True, slots=True)
class Examined:
    """What was found; `notes` are no findings, but to be read as carefully."""

    entries: int
    findings: list[str]
    notes: list[str]


def verify_file(path: Path, trusted: str = "") -> tuple[int, list[str]]:
    """Verify a .jsonl, .csv or .zip export, or an unpacked bundle. Returns (entries, findings)."""
    examined = examine_file(path, trusted)
    return examined.entries, examined.findings


def examine_file(path: Path, trusted: str = "", roots: Roots | None = None) -> Examined:
    """Verify an export of any form, whose public key should be `trusted`, its time-stamps by `roots`."""
    notes: list[str] = []
    form = {".csv": _verify_csv, ".zip": _verify_zip}.get(path.suffix, verify)
    entries, findings = form(path, trusted, notes)
    if not findings:
        right, wrong = check_export(_last_line(path), roots)
        notes, findings = [note for note in notes if "verify_stamps.py" not in note] + right, wrong
    return Examined(entries=entries, findings=findings, notes=notes)


def _last_line(path: Path) -> bytes:
    if path.suffix == ".csv":
        return beside_csv(path).read_bytes()
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            [name] = [name for name in archive.namelist() if Path(name).name == "entries.jsonl"]
            return archive.read(name).splitlines()[-1]
    return (path / "entries.jsonl" if path.is_dir() else path).read_bytes().splitlines()[-1]


def _verify_zip(path: Path, trusted: str, notes: list[str]) -> tuple[int, list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                twice = [name for name, times in Counter(archive.namelist()).items() if times > 1]
                if twice:  # programs disagree which of the two they show
                    return 0, [f"{path}: {name} is in it twice" for name in twice]
                archive.extractall(folder)  # names that climb out of the folder are cut by zipfile
        except (OSError, zipfile.BadZipFile, EOFError) as error:
            return 0, [f"{path}: cannot be unpacked: {error}"]
        inside = list(Path(folder).iterdir())
        home = inside[0] if len(inside) == 1 and inside[0].is_dir() else Path(folder)
        count, findings = verify(home, trusted, notes)
        told = [finding.replace(f"{home}/", "").replace(str(home), str(path)) for finding in findings]
        return count, told


def _verify_csv(path: Path, trusted: str, notes: list[str]) -> tuple[int, list[str]]:
    try:
        check = Check(beside_csv(path).read_bytes(), trusted)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        check.run(_lines(path), digest)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return 0, [f"{path}: cannot be read with {beside_csv(path).name} ({type(error).__name__}: {error})"]
    notes += check.notes
    return check.count, check.findings


def _lines(path: Path) -> Iterator[str]:
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file, strict=True):
            try:
                yield json.dumps(line_of(row))
            except ValueError:
                yield "a cell that is no JSON"
