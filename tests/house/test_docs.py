"""What the documents say of the tree is there."""

import re
from pathlib import Path

import pytest

from tests.shared import ROOT

ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
DOCUMENTS = sorted([*ROOT.glob("docs/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
_PATH = re.compile(r"`((?:dispatcher|channels|tests|config|templates|docs|benchmarks)/[\w./-]+)`")
_STANDS_FOR_MANY = re.compile(r"[A-Z]{4,}")  # config/mappings/NAME.yaml
_LINK = re.compile(r"\]\(([\w./-]+)\)")


def test_the_map_has_twelve_rows_and_every_path_in_it_exists() -> None:
    rows = re.findall(
        r"^\| (.+?) \| (.+?) \|$", ARCHITECTURE.split("open Y\n")[1].split("\n## ")[0], re.MULTILINE
    )[2:]
    assert len(rows) == 12
    for wanted, where in rows:
        paths = re.findall(r"`([\w./-]+)`", where)
        assert paths, wanted
        assert [path for path in paths if not (ROOT / path).exists()] == [], wanted


def test_every_folder_of_the_program_has_its_paragraph_in_the_order_of_the_flow() -> None:
    flow = ARCHITECTURE.split("## The folders, in the order of the flow\n")[1].split("\n## ")[0]
    folders = {path.parent.name for path in (ROOT / "dispatcher").glob("*/__init__.py")}
    named = re.findall(r"^- \*\*`(\w+)/`", flow, re.MULTILINE)
    assert set(named) == folders
    contract = re.search(
        r"^layers = \[(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE | re.DOTALL
    )
    assert contract
    levels = [re.findall(r"\w+", line) for line in contract[1].splitlines() if line.strip()][::-1]
    level = {name: number for number, names in enumerate(levels) for name in names}
    assert [level[name] for name in named] == sorted(level[name] for name in named)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_that_a_document_names_exists(document: Path) -> None:
    text = document.read_text()
    missing = [path for path in _PATH.findall(text) if not (ROOT / path).exists()]
    missing += [link for link in _LINK.findall(text) if not (document.parent / link).exists()]
    assert [path for path in missing if not _STANDS_FOR_MANY.search(path)] == []
