"""A watched folder is imported file by file; what fails is put aside with the reason."""

import os
from datetime import date, timedelta
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
    a_file(tmp_path / "~$ledger.csv")
    a_file(tmp_path / ".ledger.csv")
    a_file(tmp_path / "ledger.csv.part")
    seen = []
    import_watched(
        tmp_path, lambda file, mapping, day: seen.append((file.name, mapping, day)) or "ok", now=NOW
    )
    assert seen == [("today.csv", "ibm-ar", NOW.date()), ("ledger-2026-03-03.csv", "", date(2026, 3, 3))]
    assert sorted(path.name for path in (tmp_path / "done").iterdir()) == [
        "ledger-2026-03-03.csv",
        "today.csv",
    ]
    left = sorted(path.name for path in tmp_path.iterdir() if path.is_file())
    assert left == [".ledger.csv", "ledger.csv.part", "~$ledger.csv"]


def test_a_file_that_nobody_can_read_is_put_aside_and_none_lies_there_for_ever(tmp_path: Path) -> None:
    a_file(tmp_path / "ledger.pdf")
    a_file(tmp_path / "ledger")
    watched = import_watched(tmp_path, lambda *_: "ok", now=NOW)
    assert [(w.file, w.imported) for w in watched] == [("ledger", False), ("ledger.pdf", False)]
    assert all("export it as CSV" in w.said for w in watched)
    assert not any(path.is_file() for path in tmp_path.iterdir())


def test_a_file_without_a_day_in_its_name_is_no_newer_than_it_was_last_written(tmp_path: Path) -> None:
    a_file(tmp_path / "ledger.csv", age=3 * 86_400)
    days = []
    [watched] = import_watched(tmp_path, lambda file, mapping, day: days.append(day) or "ok", now=NOW)
    assert days == [NOW.date() - timedelta(days=3)]
    assert "no day in its name" in watched.said


def test_the_column_of_a_file_says_its_day_where_its_name_does_not(tmp_path: Path) -> None:
    file = a_file(tmp_path / "ledger.csv")
    names = "debt_reference,debtor_reference,currency,balance,due_date,ledger_as_of"
    file.write_text(f"{names}\n1,7,USD,5.00,2026-01-31,2026-02-27\n")
    os.utime(file, (NOW.timestamp() - 3600,) * 2)
    days = []
    [watched] = import_watched(tmp_path, lambda file, mapping, day: days.append(day) or "ok", now=NOW)
    assert (days, watched.said) == ([date(2026, 2, 27)], "ok")


def test_a_day_in_a_name_that_is_none_is_never_taken_for_today(tmp_path: Path) -> None:
    a_file(tmp_path / "ledger-2026-02-31.csv")
    [watched] = import_watched(tmp_path, lambda *_: "ok", now=NOW)
    assert (watched.imported, "looks like a date" in watched.said) == (False, True)


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
