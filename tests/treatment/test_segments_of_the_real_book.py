"""The segment of every debt of two years of a public book, by the command and by arithmetic on the file."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.command import dispatcher
from tests.treatment.plain_segments import read_book, segments_by_hand

DAYS = ("2012-06-30", "2012-12-31", "2013-03-15", "2013-09-01", "2013-12-20")


@pytest.fixture(scope="module")
def book() -> Path:
    from tests.shared import shared_folder

    return shared_folder() / "data" / "ibm_accounts_receivable.csv"


@pytest.fixture(scope="module")
def home(book: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that holds the book."""
    folder = tmp_path_factory.mktemp("book")
    shutil.copy(book, folder / "book.csv")
    done = dispatcher(
        "portfolio",
        "import",
        folder / "book.csv",
        "--mapping",
        "ibm-ar",
        "--as-of",
        "2012-01-01",
        home=folder / "home",
    )
    assert done.returncode == 0, done.stderr
    return folder / "home"


@pytest.mark.parametrize("day", DAYS)
def test_every_open_debt_has_the_segment_that_the_file_gives(home: Path, book: Path, day: str) -> None:
    done = dispatcher("segments", "--as-of", day, "--json", home=home)
    assert done.returncode == 0, done.stderr
    from datetime import date

    by_hand = {
        f"ibm/{number}": segment
        for number, segment in segments_by_hand(read_book(book), date.fromisoformat(day))
    }
    assert json.loads(done.stdout) == by_hand
    assert by_hand


def test_the_days_between_them_show_every_segment_that_the_book_can_have(book: Path) -> None:
    from datetime import date

    seen = Counter(s for day in DAYS for _, s in segments_by_hand(read_book(book), date.fromisoformat(day)))
    assert {None, "just late", "sometimes late"} <= seen.keys(), seen
