"""A home of its own for each story."""

import csv
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.agreements.story import ROW, TALK, Desk
from tests.command import dispatcher
from tests.shared import ROOT


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """`dispatcher …` in this process; gives what it prints, and with `code` expects that end."""
    monkeypatch.setenv("DISPATCHER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DISPATCHER_RULES__ONLY", "default")

    def run(*words: str, code: int = 0) -> str:
        given = {name: value for name, value in os.environ.items() if name.startswith("DISPATCHER_")}
        done = dispatcher(*words, **given)  # a test may have set more
        assert done.returncode == code, (words, done)
        return done.stdout

    return run


@pytest.fixture
def ledger(desk: Desk, tmp_path: Path) -> Callable[..., None]:
    """Import a ledger of a day."""

    def read(day: str, balance: str, *, also: Sequence[dict[str, str]] = (), **changes: str) -> None:
        file = tmp_path / "ledger.csv"
        rows = [{**ROW, "balance": balance, **changes}, *also]
        with file.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, fieldnames=list({name: None for row in rows for name in row}))
            writer.writeheader()
            writer.writerows(rows)
        desk("portfolio", "import", str(file), "--as-of", day)

    return read


@pytest.fixture
def with_discount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration by which 5 per cent are off within a week; its folder."""
    config = shutil.copytree(ROOT / "config", tmp_path / "config")
    with (config / "offers" / "consumer.yaml").open("a", encoding="utf-8") as file:
        file.write("prompt_payment: {percent: 5, within_days: 7, grace_days: 3}\n")
    monkeypatch.setenv("DISPATCHER_CONFIG_DIR", str(config))
    return config


@pytest.fixture
def discounting(with_discount: Path, desk: Desk, ledger: Callable[..., None]) -> Desk:
    """A debt of 120.00, 5 per cent off within a week; the debtor was spoken with."""
    ledger("2026-02-01", "120.00")
    desk(*TALK, "--now", "2026-02-01T15:00:00Z")
    return desk
