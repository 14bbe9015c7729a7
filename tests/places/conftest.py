"""The shipped place table, and clocks to compare zones by what they show and not by their name."""

from datetime import datetime, timedelta

import pytest

from dispatcher.rulebook.places import load_places
from dispatcher.values.whereabouts import PlaceTable
from dispatcher.values.zones import zone_info
from tests.shared import ROOT

Clock = tuple[timedelta | None, timedelta | None]


@pytest.fixture(scope="session")
def places() -> PlaceTable:
    return load_places(ROOT / "config" / "places")


@pytest.fixture(scope="session")
def clock():
    def offsets_in_2026(zone: str) -> Clock:
        info = zone_info(zone)
        winter, summer = datetime(2026, 1, 15, 12, tzinfo=info), datetime(2026, 7, 15, 12, tzinfo=info)
        return winter.utcoffset(), summer.utcoffset()

    return offsets_in_2026
