"""Page templates can be read: a line is no wider than code may be."""

from pathlib import Path

from tests.shared import ROOT

WIDTH = 120


def test_no_line_of_a_page_is_wider_than_120() -> None:
    pages = list((ROOT / "dispatcher").rglob("*.jinja"))
    assert len(pages) > 40
    assert [path.name for path in pages if _widest(path) > WIDTH] == []


def _widest(path: Path) -> int:
    return max(map(len, path.read_text().splitlines()))
