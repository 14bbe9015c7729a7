"""`dispatcher decide` and `dispatcher rules` as a person at a shell sees them."""

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.command import dispatcher
from tests.shared import ROOT

QUESTION = {
    "id": "one",
    "facts": {
        "packs": ["us-RegF"],
        "now_utc": "2026-11-04T12:30:00Z",
        "tz_candidates": [{"source": "residence", "tz": "America/New_York"}],
        "action": {"channel": "sms", "kind": "collection"},
    },
}


def _run(*words: str, given: str = "", cwd: Path = ROOT) -> CompletedProcess[str]:
    return dispatcher(*words, given=given, cwd=cwd)


def _answers(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_decide_answers_a_line_for_a_line(tmp_path: Path) -> None:
    (tmp_path / "questions.jsonl").write_text(
        json.dumps(QUESTION) + "\n\n" + json.dumps(QUESTION | {"id": 2}) + "\n"
    )
    done = _run("decide", str(tmp_path / "questions.jsonl"))
    assert done.returncode == 0, done.stderr
    first, second = _answers(done.stdout)
    assert (first["id"], second["id"]) == ("one", 2)
    assert first == {
        "id": "one",
        "decision": "defer",
        "not_before": "2026-11-04T13:00:00Z",
        "reasons": [
            {
                "pack": "us-regf",
                "rule": "contact-hours",
                "decision": "defer",
                "not_before": "2026-11-04T13:00:00Z",
                "reference": "12 CFR 1006.6(b)(1)(i)",
                "detail": "Wed 2026-11-04 07:30 in America/New_York (residence); opens Wed 2026-11-04 08:00",
            }
        ],
    }


def test_decide_reads_standard_input_and_arrays() -> None:
    done = _run("decide", "-", given=json.dumps([QUESTION, QUESTION | {"id": "two"}], indent=1))
    assert [answer["id"] for answer in _answers(done.stdout)] == ["one", "two"]


def test_decide_holds_what_it_cannot_read_and_goes_on() -> None:
    odd = QUESTION | {"id": "odd", "facts": QUESTION["facts"] | {"colour": "red"}}
    done = _run(
        "decide",
        "-",
        given="\n".join(["not json", json.dumps(odd), json.dumps({"id": 3}), json.dumps(QUESTION)]),
    )
    broken, unknown, empty, good = _answers(done.stdout)
    assert done.returncode == 1
    assert broken["decision"] == unknown["decision"] == empty["decision"] == "hold"
    assert "line 1" in broken["reasons"][0]["detail"]
    assert "colour" in unknown["reasons"][0]["detail"]
    assert good["decision"] == "defer"


def test_decide_holds_an_unknown_pack_and_no_pack_at_all() -> None:
    facts = {key: value for key, value in QUESTION["facts"].items() if key != "packs"}
    lines = [{"id": 1, "facts": facts}, {"id": 2, "facts": facts | {"packs": ["US-REGG"]}}]
    nameless, unknown = _answers(_run("decide", "-", given="\n".join(map(json.dumps, lines))).stdout)
    assert nameless["decision"] == unknown["decision"] == "hold"
    assert "did you mean US-REGF" in unknown["reasons"][0]["detail"]


def test_decide_says_what_is_wrong_with_a_file_that_is_not_there() -> None:
    done = _run("decide", "/nonexistent.jsonl")
    assert done.returncode == 2
    assert "/nonexistent.jsonl" in done.stderr
    assert "Traceback" not in done.stderr


def test_rules_list_names_every_pack_and_its_review() -> None:
    packs = json.loads(_run("rules", "list", "--json").stdout)
    assert {pack["pack"].lower() for pack in packs} == {
        path.stem for path in (ROOT / "config" / "rules").glob("*.yaml")
    }
    assert all(pack["reviewed"] is None for pack in packs)


def test_rules_show_prints_what_is_in_force_on_a_day() -> None:
    before = json.loads(_run("rules", "show", "us-fl-fccpa", "--on", "2025-05-15", "--json").stdout)
    after = json.loads(_run("rules", "show", "US-FL-FCCPA", "--on", "2025-05-16", "--json").stdout)
    assert [rule["rule"] for rule in before["rules"]] == ["contact-hours", "email-hours"]
    assert [rule["rule"] for rule in after["rules"]] == ["contact-hours"]
    assert "Fla. Stat. 559.72(17)" in _run("rules", "show", "us-fl-fccpa").stdout


def test_rules_show_suggests_the_pack_that_was_meant() -> None:
    done = _run("rules", "show", "co-2330")
    assert done.returncode == 2
    assert "did you mean CO-2300" in done.stderr


def test_rules_test_holds_every_table_and_says_what_fails(tmp_path: Path) -> None:
    assert _run("rules", "test").returncode == 0
    (tmp_path / "mx-condusef.yaml").write_text(
        "pack: MX-CONDUSEF\nzone: America/Mexico_City\ncases:\n"
        "  - {says: a call at night goes, at: Wed 2026-11-11 23:00, act: {channel: call}, expect: allow}\n"
    )
    done = _run("rules", "test", "--cases", str(tmp_path))
    assert done.returncode == 1
    assert "mx-condusef.yaml:4: a call at night goes: expected allow, got defer" in done.stdout
    assert "CO-2300: no table of cases" in done.stdout


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("at: Thu 2026-11-11 23:00, act: {channel: call}, expect: allow", "is a Wed, not a Thu"),
        ("at: tomorrow, act: {channel: call}, expect: allow", "no local time"),
        ("at: Wed 2026-11-11 23:00, act: {channel: call}, expect: block", "say which rules refuse"),
        ("at: Wed 2026-11-11 23:00, act: {channel: call}, expect: maybe", "maybe"),
    ],
)
def test_a_row_that_cannot_be_meant_is_named_with_its_line(tmp_path: Path, row: str, words: str) -> None:
    (tmp_path / "mx-condusef.yaml").write_text(
        f"pack: MX-CONDUSEF\nzone: America/Mexico_City\ncases:\n  - {{says: x, {row}}}\n"
    )
    done = _run("rules", "test", "--cases", str(tmp_path))
    assert done.returncode == 2
    assert "mx-condusef.yaml:4" in done.stderr
    assert words in done.stderr


def test_rules_document_writes_the_page(tmp_path: Path) -> None:
    assert _run("rules", "document", "--out", str(tmp_path / "page.md")).returncode == 0
    assert (tmp_path / "page.md").read_text() == (ROOT / "docs" / "compliance.md").read_text()
