"""The answers to whose law was read: shipped ones name packs that are there; wrong ones say file, line and key."""

from pathlib import Path

import pytest

from dispatcher.gate.coverage import COVERED
from dispatcher.rulebook.coverage import coverage_faults, load_coverage
from dispatcher.rulebook.packs import load_rule_packs
from dispatcher.rulebook.yaml_file import ConfigError
from tests.shared import ROOT

SHIPPED = ROOT / "config" / "places"


def written(tmp_path: Path, text: str) -> Path:
    """A folder with these answers."""
    (tmp_path / "coverage.yaml").write_text(text)
    return tmp_path


def test_the_shipped_answers_name_packs_that_apply_there() -> None:
    book = load_rule_packs(ROOT / "config" / "rules")
    assert list(coverage_faults(load_coverage(SHIPPED), book)) == []


def test_every_pack_of_a_place_is_named_by_an_answer_for_it() -> None:
    """A pack that is taken away then leaves its place unread, so that nothing is freed by its absence."""
    book, coverage = load_rule_packs(ROOT / "config" / "rules"), load_coverage(SHIPPED)
    named = {
        (country, name)
        for country, entry in coverage.countries.items()
        for answer in (entry.answer, *entry.regions.values())
        for name in answer.packs
    }
    applying = {(region.country, pack.name) for pack in book for region in pack.applies}
    answered = {country for country, e in coverage.countries.items() if e.answer.word == COVERED}
    assert {pair for pair in applying if pair[0] in answered} <= named


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("places:\n  XQ: {answer: open}\n", r"coverage.yaml:2: places.XQ: is no country"),
        (
            "places:\n  ZA: {answer: covered, source: s, on: 2026-11-29, confirmed_by: nobody}\n",
            r"packs go with",
        ),
        ("places:\n  ZA: {answer: no-special-rules}\n", r"'source' is a required property"),
        ("places:\n  ZA: {answer: fine}\n", r"'fine' is none of covered, no-special-rules, open"),
        (
            'places:\n  ZA: {answer: no-special-rules, source: s, on: "soon", confirmed_by: nobody}\n',
            r"places.ZA.on: 'soon' is no date",
        ),
    ],
)
def test_a_wrong_answer_is_named_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        load_coverage(written(tmp_path, text))


def test_a_missing_file_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is missing"):
        load_coverage(tmp_path)


def test_a_pack_that_is_not_there_or_not_of_the_place_is_a_fault(tmp_path: Path) -> None:
    rest = "source: s, on: 2026-11-29, confirmed_by: nobody"
    text = f"places:\n  ZA: {{answer: covered, packs: [za-law], {rest}}}\n  JP: {{answer: covered, packs: [us-ca], {rest}}}\n"
    faults = list(
        coverage_faults(load_coverage(written(tmp_path, text)), load_rule_packs(ROOT / "config" / "rules"))
    )
    assert faults == [
        "ZA is covered by ZA-LAW, which is not there: its debtors are held",
        "JP is covered by US-CA, which does not apply there: name the pack that does",
    ]
