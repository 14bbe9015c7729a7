"""Around every change of the clock no message leaves outside its hours, by the system's own reckoning of local time."""

import json
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from dispatcher.gate.decision import Outcome
from dispatcher.gate.facts import Action, ContactFacts, ZoneCandidate
from dispatcher.gate.gate import decide
from dispatcher.gate.rule_book import RuleBook
from dispatcher.values.zones import UnknownZoneError, instant, moment, zone, zone_data_version, zone_info
from tests.shared import shared_folder

HOURS = {  # and the day from which the pack surely binds everywhere
    "DEFAULT": (time(7), time(22), datetime(2000, 1, 2, tzinfo=UTC)),
    "US-REGF": (time(8), time(21), datetime(2021, 12, 2, tzinfo=UTC)),
}
STEP = timedelta(minutes=10)
AROUND = timedelta(hours=30)
ELSEWHERE = datetime(
    2026, 3, 29, 1, tzinfo=UTC
)  # Europe changes then; a zone that has none since 2000 must keep its hours too


def _zones() -> list[dict[str, Any]]:
    try:
        path = shared_folder() / "vectors" / "dst_transitions.json"
    except pytest.skip.Exception:
        return []
    zones: list[dict[str, Any]] = json.loads(path.read_text())["zones"]
    return zones


def _changes(entry: dict[str, Any]) -> list[datetime]:
    changes = [datetime.fromisoformat(change["utc"]) for change in entry["transitions"]]
    changes = [change for change in changes if change >= HOURS["DEFAULT"][2]] or [ELSEWHERE]
    return changes if os.environ.get("DEEP") == "1" else changes[-4:]


def test_the_changes_are_at_hand(shared: Any) -> None:
    assert (shared / "vectors" / "dst_transitions.json").is_file()


@pytest.mark.parametrize("entry", _zones(), ids=lambda entry: entry["zone"])
def test_no_text_leaves_outside_its_hours_around_a_change(entry: dict[str, Any], book: RuleBook) -> None:
    info = zone_info(entry["zone"])
    asked, faults = 0, []
    for change in _changes(entry):
        probe = change - AROUND
        while probe < change + AROUND:
            for pack, (opens, closes, since) in HOURS.items():
                if probe >= since:
                    asked += 1
                    faults += _faults((opens, closes), probe, info, entry["zone"], book.named([pack]))
            probe += STEP
    assert asked, "no pack was asked"
    assert faults == []


def _faults(hours: tuple[time, time], now: datetime, info: Any, name: str, law: Any) -> Iterator[str]:
    """What is wrong with the decision at an instant; nothing where it keeps the hours."""
    asked = ContactFacts(
        now=now, action=Action(channel="sms"), zones=(ZoneCandidate(source="residence", zone=name),)
    )
    decision = decide(asked, law)
    opens, closes = hours

    def inside(at: datetime) -> bool:
        return opens <= at.astimezone(info).time() < closes

    if decision.outcome is not (Outcome.ALLOW if inside(now) else Outcome.DEFER):
        yield f"{now}: {decision.outcome}"
    if decision.not_before is not None and not inside(decision.not_before):
        yield f"{now}: not before {decision.not_before}, which is outside"
    if decision.not_before is not None and inside(decision.not_before - timedelta(seconds=1)):
        yield f"{now}: not before {decision.not_before}, which is later than need be"
    if decision.not_after is not None and inside(decision.not_after):
        yield f"{now}: not after {decision.not_after}, which is inside still"


@pytest.mark.parametrize("entry", _zones(), ids=lambda entry: entry["zone"])
def test_a_zone_knows_the_offset_at_and_around_each_change(entry: dict[str, Any]) -> None:
    for change in entry["transitions"]:
        at = instant(datetime.fromisoformat(change["utc"]))
        for second in (at - 1, at, at + 1):
            assert zone(entry["zone"]).wall(second) - second == _offset(entry["zone"], second)


@pytest.mark.parametrize(
    "name", ["America/New_York", "Africa/Casablanca", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]
)
def test_a_zone_knows_the_offset_at_any_second(name: str) -> None:
    chance = random.Random(name)
    for _ in range(300):
        at = chance.randrange(
            instant(datetime(1975, 1, 1, tzinfo=UTC)), instant(datetime(2037, 1, 1, tzinfo=UTC))
        )
        assert zone(name).wall(at) - at == _offset(name, at)


def _offset(name: str, at: int) -> float:
    offset = moment(at).astimezone(zone_info(name)).utcoffset()
    assert offset is not None
    return offset.total_seconds()


def test_zone_data_comes_from_the_package_whatever_the_system_has(monkeypatch: pytest.MonkeyPatch) -> None:
    import zoneinfo

    zoneinfo.reset_tzpath(to=[])
    monkeypatch.setenv("PYTHONTZPATH", "/nonexistent")
    zone_info.cache_clear()
    zone.cache_clear()
    try:
        assert zone("America/Edmonton").wall(1_796_000_000) - 1_796_000_000 == -6 * 3600
        assert zone_data_version() >= "2026"
    finally:
        zoneinfo.reset_tzpath()


def test_alberta_keeps_its_summer_time_from_2026() -> None:
    """The package's data, not the older files that many systems carry."""
    winter = instant(datetime(2026, 12, 1, 16, tzinfo=UTC))
    assert zone("America/Edmonton").wall(winter) - winter == -6 * 3600


@pytest.mark.parametrize(
    "name",
    ["Mars/Olympus", "../../etc/passwd", "/etc/localtime", "America", "America/", "", ".", "tzdata.zi"],
)
def test_a_name_that_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(UnknownZoneError):
        zone(name)
