"""The asker's own clock (`now_local` in `now_local_tz`), held against the zones that we know."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from dispatcher.gate.facts import ZoneCandidate
from dispatcher.values.zones import UnknownZoneError, zone_info

_HOUR = timedelta(hours=1)


def with_stated_clock(
    candidates: tuple[ZoneCandidate, ...], read: Mapping[str, Any]
) -> tuple[ZoneCandidate, ...]:
    """The candidates, and where the asker's clock is an hour off ours, the same places by the asker's clock too.

    A zone whose law changed lately stands differently in tables of different age (British Columbia and Alberta
    no longer turn back their clocks in November 2026); then both clocks must allow.
    """
    return (*candidates, *_by_the_asker(candidates, read))


def _by_the_asker(candidates: tuple[ZoneCandidate, ...], read: Mapping[str, Any]) -> Iterator[ZoneCandidate]:
    name, now = read.get("now_local_tz"), read["now_utc"]
    try:
        theirs = datetime.fromisoformat(str(read.get("now_local"))).replace(tzinfo=UTC) - now.astimezone(UTC)
        ours = now.astimezone(zone_info(str(name))).utcoffset()
    except (ValueError, UnknownZoneError):
        return  # they repeat the instant for a reader, who will see for himself
    if abs(theirs - ours) != _HOUR or theirs % _HOUR:
        return
    hours = theirs // _HOUR
    for candidate in candidates:
        if candidate.zone == name:
            yield ZoneCandidate(
                source=candidate.source,
                zone=f"Etc/GMT{-hours:+d}",  # that family counts westward
                authoritative=candidate.authoritative,
            )
