"""A watched folder is imported file by file; what fails is put aside with the reason."""

import os
from datetime import date
from pathlib import Path

from dispatcher.portfolio.import_watched import import_watched
from tests.delivery.builders import NOW


def a_file(path: Path, *, age: float = 3600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("debt_reference\n")
    os.utime(path, (NOW.timestamp() - age,) * 2)
    return path


def test_files_are_imported_with_their_mapping_and_day_and_put_away(tmp_path: Path) -> None:
    a_file(tmp_path / "ledger-2026-03-03.csv")
    a_file(tmp_path / "ibm-ar" / "today.csv")
    a_file(tmp_path / "readme.txt")
    seen = []
    import_watched(
        tmp_path, lambda file, mapping, day: seen.append((file.name, mapping, day)) or "ok", now=NOW
    )
    assert seen == [("today.csv", "ibm-ar", NOW.date()), ("ledger-2026-03-03.csv", "", date(2026, 3, 3))]
    assert sorted(path.name for path in (tmp_path / "done").iterdir()) == [
        "20260304T150000-ledger-2026-03-03.csv", "20260304T150000-today.csv",
    ]  # fmt: skip
    assert (tmp_path / "readme.txt").exists()


def test_a_file_that_may_still_grow_is_left_for_the_next_time(tmp_path: Path) -> None:
    a_file(tmp_path / "ledger.csv", age=5)
    assert import_watched(tmp_path, lambda *_: "ok", now=NOW) == []


def test_a_file_that_cannot_be_used_is_put_aside_with_the_reason_and_the_others_go_on(tmp_path: Path) -> None:
    a_file(tmp_path / "a.csv")
    a_file(tmp_path / "b.csv")

    def one(file: Path, mapping: str, day: date) -> str:
        if file.name == "a.csv":
            raise ValueError("a.csv, line 1: no column due_date")
        return "ok"

    assert [(w.file, w.imported) for w in import_watched(tmp_path, one, now=NOW)] == [
        ("a.csv", False),
        ("b.csv", True),
    ]
    assert "no column due_date" in next((tmp_path / "failed").glob("*.why.txt")).read_text()
