"""A strategy's conditions are read as the portfolio's columns are, so that what looks equal is equal."""

from pathlib import Path

import pytest

from dispatcher.rulebook.strategies import load_strategies
from dispatcher.rulebook.yaml_file import ConfigError

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
