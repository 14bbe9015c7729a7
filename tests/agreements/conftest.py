"""A home of its own for each story."""

import csv
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dispatcher.cli.main import main
from tests.agreements.story import ROW, Desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    """`dispatcher …` in this process; gives what it prints, and with `code` expects that end."""
    monkeypatch.setenv("DISPATCHER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DISPATCHER_RULES__ONLY", "default")

    def run(*words: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["dispatcher", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert ended.value.code == code, (words, printed)
        return printed.out

    return run


@pytest.fixture
def ledger(desk: Desk, tmp_path: Path) -> Callable[..., None]:
    """Import a ledger of a day."""

    def read(day: str, balance: str, **changes: str) -> None:
        file = tmp_path / "ledger.csv"
        with file.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, fieldnames=[*ROW, *changes])
            writer.writeheader()
            writer.writerow({**ROW, "balance": balance, **changes})
        desk("portfolio", "import", str(file), "--as-of", day)

    return read
