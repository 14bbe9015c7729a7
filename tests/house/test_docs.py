"""What the documents say of the tree and of the commands is there."""

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import NoneType
from typing import Any, get_args

import pytest
import typer

from dispatcher.cli.main import COMMANDS
from dispatcher.settings import Settings
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


def commands_of(text: str) -> Iterator[str]:
    """What stands in back quotes or in a block of a shell and begins with our command."""
    spans = re.findall(
        r"`(dispatcher [^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    )
    blocks = re.findall(r"^```(?:sh|shell|bash|console)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in re.sub(r"\\\n", " ", block).splitlines()]
    yield from spans
    yield from (
        found[1] for line in lines if (found := re.match(r"(?:\$ )?(?:\S+=\S+ )*(dispatcher .*)", line))
    )


@cache
def verb(name: str) -> Any:
    where = COMMANDS[name][0].partition(":")
    found = getattr(import_module(where[0]), where[2])
    if isinstance(found, typer.Typer):
        return typer.main.get_command(found)
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return typer.main.get_command(alone)


def unknown_in(words: list[str]) -> list[str]:
    """The verb or the options of a call that the program does not have."""
    if words[0] in {"--help", "--version"}:
        return []
    if words[0] not in COMMANDS:
        return words[:1]
    called = verb(words[0])
    inner = getattr(called, "commands", {})
    if inner and len(words) > 1 and re.fullmatch(r"[a-z][a-z-]*", words[1]):
        if words[1] not in inner:
            return words[:2]
        called = inner[words[1]]
    known = {option for one in called.params for option in (*one.opts, *one.secondary_opts)} | {"--help"}
    return [word for word in words if word.startswith("--") and word.partition("=")[0] not in known]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_a_document_names_is_the_programs_with_its_options(document: Path) -> None:
    calls = [re.split(r" (?:#|&&|\||>) ?| \|", one)[0] for one in commands_of(document.read_text())]
    wrong = [(one, bad) for one in calls if (bad := unknown_in(re.findall(r"[^\s|,;()\[\]]+", one)[1:]))]
    assert wrong == []


def test_a_command_or_an_option_that_is_not_there_is_found() -> None:
    assert sum(len(list(commands_of(document.read_text()))) for document in DOCUMENTS) > 150
    assert unknown_in(["mesages", "list"]) == ["mesages"]
    assert unknown_in(["messages", "lst"]) == ["messages", "lst"]
    assert unknown_in(["messages", "list", "--run", "1", "--nonsense"]) == ["--nonsense"]


OF_COMMANDS = {"DISPATCHER_USER_TOKEN_FILE"}  # read by a command, not by the program


def is_setting(name: str) -> bool:
    """Whether a variable sets something: a part of the settings within another, or a file that holds one."""
    if name in OF_COMMANDS:
        return True
    within: Any = Settings
    for part in name.removeprefix("DISPATCHER_").removesuffix("_FILE").lower().split("__"):
        field = getattr(within, "model_fields", {}).get(part)
        if field is None:
            return False
        within = next((one for one in get_args(field.annotation) if one is not NoneType), field.annotation)
    return True


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_setting_that_a_document_names_is_one(document: Path) -> None:
    named = re.findall(r"DISPATCHER_[A-Z0-9_]+[A-Z0-9]", document.read_text())
    assert [name for name in named if not is_setting(name)] == []
    assert not is_setting("DISPATCHER_WEB__PROT")


def test_the_documents_are_built_without_a_warning_and_all_are_in_the_index(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "sphinx",
            "--fail-on-warning",
            "--quiet",
            "-d",
            tmp_path / "read",
            ROOT / "docs",
            tmp_path / "built",
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    index = (tmp_path / "built" / "index.html").read_text()
    assert [
        path.stem for path in DOCUMENTS if path.parent == ROOT / "docs" and f"{path.stem}.html" not in index
    ] == []
    made = "".join(page.read_text() for page in (tmp_path / "built").glob("*.html"))
    assert not re.findall(r'(?:src|<link[^>]*href)="https?://[^"]*"', made)  # read without a network
