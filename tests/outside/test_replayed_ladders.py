"""A real book replayed under many ladders, message by message against arithmetic of our own."""

import re
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import DEEP
from tests.outside.books import Book, ibm
from tests.outside.ladder import Desk, replayed
from tests.outside.legal_hours import zone
from tests.outside.program import Program, assert_log_is_whole, assert_same, sent
from tests.shared import shared_folder


def ladder(*steps: str, **more: Any) -> dict[str, Any]:
    """A strategy from lines such as `collection 3` or `courtesy -7`."""
    lines = []
    for number, step in enumerate(steps):
        kind, day = step.split()
        template = {
            "courtesy": "due-soon",
            "collection": "first-reminder",
        }[kind]
        channels = ["sms", "letter", "email"] if number % 2 else ["email", "letter"]
        lines.append(
            {
                "name": f"step-{number}",
                "kind": kind,
                "day": int(day),
                "channels": channels,
                "template": template,
            }
        )
    return {"name": "ladder", "steps": lines, **more}


QUICK = (date(2012, 3, 20), date(2012, 5, 5))
WHOLE = (date(2012, 1, 1), date(2014, 2, 28))
CASES: dict[str, tuple[dict[str, Any], str, bool]] = {  # the ladder, the hour, whether it is for DEEP=1 alone
    "another-three": (ladder("collection 5", "collection 12", "collection 25"), "18:00", True),
    "one-step": (ladder("collection 1"), "18:00", True),
    "dense": (ladder("collection 1", "collection 2", "collection 3"), "03:00", False),
    "months": (ladder("collection 30", "collection 60", "collection 90"), "18:00", True),
    "courtesy": (ladder("courtesy -7", "courtesy -3", "courtesy 0", "collection 4"), "18:00", True),
    "joined": (ladder("courtesy -3", "collection 1", "collection 8", join="debtor"), "23:30", False),
    "joined-at-night": (ladder("collection 1", "collection 2", "collection 6", join="debtor"), "05:15", True),
    "before-dawn": (ladder("courtesy 0", "collection 1", "collection 14"), "06:30", True),
}


@pytest.fixture(scope="module")
def book_file() -> Path:
    return shared_folder() / "data" / "ibm_accounts_receivable.csv"


@pytest.fixture(scope="module")
def book(book_file: Path) -> Book:
    return ibm(book_file)


@pytest.mark.parametrize(
    "case",
    [pytest.param(name, marks=[pytest.mark.deep] if deep else []) for name, (_, _, deep) in CASES.items()],
)
def test_a_replay_sends_what_the_book_says_and_nothing_else(
    case: str, book: Book, book_file: Path, tmp_path: Path
) -> None:
    strategy, hour, _ = CASES[case]
    first, last = WHOLE if DEEP else QUICK
    program = Program(tmp_path, [strategy])
    program.do("portfolio", "import", str(book_file), "--mapping", "ibm-ar", "--as-of", first.isoformat())
    program.do("replay", "--from", first.isoformat(), "--to", last.isoformat(), "--at", hour)
    entries = program.export()
    assert_log_is_whole(program, entries)
    desk = replayed(Desk(book=book, strategies=[strategy], at=time.fromisoformat(hour)), first, last)
    assert desk.sent
    assert_same(entries, desk.sent, desk.kept_back)


def colombian_hours(at: datetime) -> bool:
    """Ley 2300 de 2023: Monday to Friday 07:00 to 19:00, Saturday 08:00 to 15:00, never on Sundays."""
    local = at.astimezone(zone("America/Bogota"))
    opens, closes = ((7, 19), (7, 19), (7, 19), (7, 19), (7, 19), (8, 15), (0, 0))[local.weekday()]
    return opens <= local.hour < closes


@pytest.mark.deep
def test_more_packs_only_narrow_and_each_country_keeps_its_own_hours(
    book: Book, book_file: Path, tmp_path: Path
) -> None:
    strategy, (first, last) = (
        ladder("collection 1", "collection 4", "collection 9"),
        (date(2024, 3, 1), date(2024, 4, 15)),
    )
    moved = tmp_path / "moved.csv"  # the law is of 2023: the same book, twelve years later
    moved.write_text(twelve_years_later(book_file.read_text(encoding="utf-8-sig")), encoding="utf-8")
    program = Program(tmp_path, [strategy], packs="default,mx-condusef,co-2300")
    mapping = (
        program.config / "mappings" / "ibm-ar.yaml"
    )  # consumers, for whom the law is, who authorised e-mail
    text = mapping.read_text(encoding="utf-8").replace("'commercial'", "'consumer'")
    mapping.write_text(text + """  authorised_channels: "'email'"\n""", encoding="utf-8")
    program.do("portfolio", "import", str(moved), "--mapping", "ibm-ar", "--as-of", first.isoformat())
    program.do("replay", "--from", first.isoformat(), "--to", last.isoformat(), "--at", "23:30")
    entries = program.export()
    assert_log_is_whole(program, entries)
    later = ibm(moved)
    desk = replayed(Desk(book=later, strategies=[strategy], at=time(23, 30)), first, last)
    allowed = {(debt, message.step) for message in desk.sent for debt in message.debts}
    found = [(debt, message.step) for message in sent(entries) for debt in message.debts]
    assert len(found) == len(set(found)) > 20
    assert set(found) <= allowed
    for message in sent(entries):
        country = later.people[message.debtor].columns["country"]
        assert country != "CO" or colombian_hours(message.at)
        assert all(later.debts[debt].is_open(message.as_of) for debt in message.debts)
        assert not any(later.debts[debt].disputed for debt in message.debts)
    elsewhere = {(d, s) for d, s in allowed if later.people[later.debts[d].owner].columns["country"] == "US"}
    assert elsewhere <= set(found)


def twelve_years_later(text: str) -> str:
    """Every year of the book's dates moved on; 2012 and 2024 are both leap years."""
    return re.sub(r"/(201[1-4])(?=,)", lambda year: f"/{int(year[1]) + 12}", text)
