"""A strategy's conditions are read as the portfolio's columns are, so that what looks equal is equal."""

import shutil
from pathlib import Path

import pytest

from dispatcher.rulebook.strategies import load_strategies
from dispatcher.rulebook.yaml_file import ConfigError
from tests import command
from tests.shared import ROOT

STEPS = "steps:\n  - {name: one, kind: collection, day: 1, channels: [email], template: first-reminder}\n"


def equals(folder: Path, match: str) -> dict[str, tuple[str, ...]]:
    (folder / "one.yaml").write_text(f"name: one\nmatch: {{{match}}}\n{STEPS}")
    return dict(load_strategies(folder)[0].match.equals)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("country: [us, MX]", {"country": ("US", "MX")}),
        ("region: [us-ny, CA]", {"region": ("US-NY", "CA")}),
        ("currency: usd", {"currency": ("USD",)}),
        ("debt_type: [Consumer]", {"debt_type": ("consumer",)}),
        ("debtor_kind: Person", {"debtor_kind": ("person",)}),
        ("creditor: [Acme]", {"creditor": ("Acme",)}),
    ],
)
def test_strategy_reads_its_conditions_as_the_portfolio_is_read(
    written: str, read: dict[str, tuple[str, ...]], tmp_path: Path
) -> None:
    assert equals(tmp_path, written) == read


@pytest.mark.parametrize(
    "written", ["country: [USA]", "region: [New York]", "currency: [dollars]", "debtor_kind: [robot]"]
)
def test_strategy_with_a_condition_that_no_debt_can_meet_is_refused_with_its_place(
    written: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"one\.yaml:2: match\."):
        equals(tmp_path, written)


def test_check_says_where_strategies_join_and_nothing_keeps_a_person_to_one_message_a_day(
    tmp_path: Path,
) -> None:
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config)
    whole = command.dispatcher("check", "--data-only", home=tmp_path, DISPATCHER_CONFIG_DIR=str(config))
    assert "one message a day" not in whole.stdout
    (config / "rules" / "house.yaml").unlink()
    lost = command.dispatcher("check", "--data-only", home=tmp_path, DISPATCHER_CONFIG_DIR=str(config))
    assert lost.returncode == 1
    assert "put config/rules/house.yaml back" in lost.stdout
    meant = command.dispatcher("check", "--data-only", home=tmp_path, DISPATCHER_RULES__ONLY="default")
    assert "DISPATCHER_RULES__ONLY leaves it out" in meant.stdout
