"""The rule packs and words as they ship, for every test of the gate."""

import pytest

from dispatcher.gate.rule_book import RuleBook
from dispatcher.people.domain.optout_words import OptOutTable
from dispatcher.rulebook.optout_words import load_optout_words
from dispatcher.rulebook.packs import load_rule_packs
from tests.shared import ROOT


@pytest.fixture(scope="session")
def book() -> RuleBook:
    """All packs of config/rules."""
    return load_rule_packs(ROOT / "config" / "rules")


@pytest.fixture(scope="session")
def words() -> OptOutTable:
    """The opt-out words of config/content."""
    return load_optout_words(ROOT / "config" / "content" / "optout_words.yaml")
