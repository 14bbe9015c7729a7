"""What a message costs: the shipped file says nothing until its lines are filled in, and then says all."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from dispatcher import resources
from dispatcher.rulebook.costs import CHANNELS, load_costs
from dispatcher.rulebook.yaml_file import ConfigError


def test_the_shipped_file_knows_no_cost_and_each_of_its_lines_works_once_its_mark_is_gone(
    tmp_path: Path,
) -> None:
    shipped = resources.config_path(None, "costs.yaml")
    assert load_costs(shipped) == {}
    entered = tmp_path / "costs.yaml"
    lines = "|".join(CHANNELS)
    entered.write_text(re.sub(rf"^# (?=(?:{lines}): )", "", shipped.read_text(), flags=re.MULTILINE))
    costs = load_costs(entered)
    assert costs.keys() == set(CHANNELS)
    assert costs["letter"] == (Decimal("0.95"), "USD")


def test_a_price_without_a_currency_is_refused_with_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "costs.yaml"
    for text, said in (
        ('email: "0.01"\n', "email"),
        ('email: "0.01 XXY"\n', "no currency"),
        ("fax: 1\n", "fax"),
    ):
        path.write_text(text)
        with pytest.raises(ConfigError, match=said) as refused:
            load_costs(path)
        assert str(refused.value).startswith(f"{path}:1: ")
