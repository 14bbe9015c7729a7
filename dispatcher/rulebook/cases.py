"""Worked cases of a rule pack in a table that a lawyer can check: weekday, local time, expectation in words."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dispatcher.gate.decision import Decision, Outcome
from dispatcher.gate.rule_book import RuleBook
from dispatcher.people.domain.optout_words import OptOutTable
from dispatcher.rulebook.questions import answer
from dispatcher.rulebook.yaml_file import KeyPath, YamlFile, read_yaml
from dispatcher.values.zones import zone_info

_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"type": "array", "items": _TEXT, "minItems": 1}
_WHEN = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) (\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?)")
_DEFER = "defer to "
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["pack", "zone", "cases"],
    "properties": {
        "pack": _TEXT,
        "zone": _TEXT,
        "cases": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["says", "at", "act", "expect"],
                "properties": {
                    "says": _TEXT,
                    "packs": _TEXTS,
                    "zone": _TEXT,
                    "at": _TEXT,
                    "act": {"type": "object"},
                    "history": {"type": "array", "items": {"type": "object"}},
                    "facts": {"type": "object"},
                    "expect": {"type": "string", "pattern": "^(allow|block|hold|defer to .+)$"},
                    "because": _TEXTS,
                },
            },
        },
    },
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One row: the facts in the form of `dispatcher decide`, and what must come of it.

    `because`: the ids of all rules that must have refused; None: not said.
    """

    says: str
    where: str  # file and line
    pack: str
    facts: dict[str, Any]
    outcome: Outcome
    not_before: datetime | None
    because: frozenset[str] | None


def read_cases(path: Path) -> tuple[Case, ...]:
    """The cases of one file; raises ConfigError where a row is wrong, a weekday that does not fit its date included."""
    file = read_yaml(path)
    file.validate(_SCHEMA)
    return tuple(_case(file, i, row) for i, row in enumerate(file.data["cases"]))


def fault(case: Case, book: RuleBook, words: OptOutTable) -> str | None:
    """What is wrong with the gate's answer to a case; None when it is right."""
    decision = answer(case.facts, book, words)
    said = _sentence(decision)
    if decision.outcome is not case.outcome or decision.not_before != case.not_before:
        until = f" to {case.not_before.isoformat()}" if case.not_before else ""
        return f"{case.where}: {case.says}: expected {case.outcome.value}{until}, got {said}"
    fired = frozenset(reason.rule for reason in decision.reasons)
    if case.because is not None and fired != case.because:
        return f"{case.where}: {case.says}: expected because of {sorted(case.because)}, got {said}"
    return None


def _sentence(decision: Decision) -> str:
    until = f" to {decision.not_before.isoformat()}" if decision.not_before else ""
    reasons = "; ".join(f"{reason.pack}/{reason.rule}: {reason.detail}" for reason in decision.reasons)
    return f"{decision.outcome.value}{until} ({reasons})"


def _case(file: YamlFile, i: int, row: dict[str, Any]) -> Case:
    at: KeyPath = ("cases", i)
    zone = row.get("zone", file.data["zone"])
    facts: dict[str, Any] = {
        "packs": row.get("packs", [file.data["pack"]]),
        "now_utc": _instant(file, (*at, "at"), row["at"], zone),
        "tz_candidates": [{"source": "residence", "tz": zone}],
        "action": {"kind": "collection"} | _text_dates(row["act"]),
        "history": [
            _entry(file, (*at, "history", n), entry, zone) for n, entry in enumerate(row.get("history", ()))
        ],
    }
    expect = row["expect"]
    later = expect.startswith(_DEFER)
    until = _instant(file, (*at, "expect"), expect.removeprefix(_DEFER), zone) if later else None
    if not later and expect != "allow" and "because" not in row:
        raise file.error((*at, "expect"), "say which rules refuse (because: [...])")
    return Case(
        says=row["says"],
        where=f"{file.path.name}:{file.lines.get(at, 1)}",
        pack=file.data["pack"],
        facts=facts | _text_dates(row.get("facts", {})),
        outcome=Outcome.DEFER if later else Outcome(expect),
        not_before=datetime.fromisoformat(until) if until else None,
        because=frozenset(row["because"]) if "because" in row else None,
    )


def _entry(file: YamlFile, at: KeyPath, entry: dict[str, Any], zone: str) -> dict[str, Any]:
    if "at" not in entry:
        raise file.error(at, "an earlier contact needs its time (at: Mon 2026-11-02 10:00)")
    values = {key: value for key, value in entry.items() if key != "at"}
    return values | {"at_utc": _instant(file, (*at, "at"), entry["at"], zone)}


def _instant(file: YamlFile, at: KeyPath, text: str, zone: str) -> str:
    """`Wed 2026-11-04 10:00` on the clock of the zone, as UTC; a repeated hour means its first pass."""
    match = _WHEN.fullmatch(text)
    if match is None:
        raise file.error(at, f"{text!r} is no local time; write it as Wed 2026-11-04 10:00")
    local = datetime.fromisoformat(match[2]).replace(tzinfo=zone_info(zone))
    if local.strftime("%a") != match[1]:
        raise file.error(at, f"{match[2][:10]} is a {local.strftime('%a')}, not a {match[1]}")
    return local.astimezone(UTC).isoformat()


def _text_dates(value: Any) -> Any:
    """YAML reads a bare date as a date; facts hold texts."""
    if isinstance(value, dict):
        return {key: _text_dates(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_text_dates(one) for one in value]
    return value.isoformat() if hasattr(value, "isoformat") else value
