"""Numbers, days and texts that strangers write are read at every border the same way: strictly, or not at all."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dispatcher.rulebook.yaml_file import ConfigError, read_yaml
from dispatcher.values import written

NO_NUMBERS = ("", " 1", "1 ", "-1", "+1", "1_0", "1.0", "1e3", "١٢", "²", "0x1", "9" * 16, "1\n", "\x00")
NO_DAYS = (
    "", "20261123", "2026-W48-1", "2026-11-31", "2026-1-1", "0001-01-01", "9999-12-31", "٢٠٢٦-١١-٢٣", "2026-11-23T00:00",
)  # fmt: skip


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_is_none(text: str) -> None:
    assert written.whole_number(text) is None


@pytest.mark.parametrize(
    ("text", "most", "number"),
    [("0", None, 0), ("007", None, 7), ("500", 500, 500), ("501", 500, None), ("000001999999", 500, None)],
)
def test_a_number_is_bounded_as_a_whole(text: str, most: int | None, number: int | None) -> None:
    assert written.whole_number(text, most=most) == number


@pytest.mark.parametrize("text", NO_DAYS)
def test_what_is_no_day_is_none(text: str) -> None:
    assert written.day(text) is None


def test_days_and_instants_are_read() -> None:
    assert written.day("2026-11-23") == date(2026, 11, 23)
    assert written.instant("2026-11-23T18:00") == datetime(2026, 11, 23, 18, tzinfo=UTC)
    assert written.instant("2026-11-23T18:00:05.5+02:00") == datetime(
        2026, 11, 23, 16, 0, 5, 500_000, tzinfo=UTC
    )
    assert written.instant("2026-11-23") is None
    assert written.local_minute("2026-11-23T25:00") is None


@given(some.text())
def test_nothing_that_is_written_raises(text: str) -> None:
    for read in (written.whole_number, written.day, written.instant, written.local_minute, written.is_text):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [" + ", ".join("x" * 1 for _ in range(10)) + "]\n"
        + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(8)),
        "a: &a\n  b: *a\n",
        "&a [*a]\n",
    ],
)  # fmt: skip
def test_a_file_of_few_lines_that_stands_for_millions_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_text(text)
    with pytest.raises(ConfigError, match="values, or more than"):
        read_yaml(tmp_path / "mapping.yaml")
