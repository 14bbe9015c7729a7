"""The tables themselves: whole, sourced, and read with errors that name file, line and key."""

import json

import pytest

from dispatcher.rulebook.places import load_places
from dispatcher.rulebook.yaml_file import ConfigError
from dispatcher.values.whereabouts import locate
from tests.shared import ROOT, shared_folder

# Zones that a country's list leaves out on purpose, with the reason.
LEFT_OUT = {
    "Asia/Urumqi": "Xinjiang's local custom, which is not official time",
    "Europe/Simferopol": "named by its own regions; Ukraine's other numbers and addresses are not there",
}


def test_every_reference_zip_code_has_the_clock_of_its_place(places, clock):
    reference = json.loads((shared_folder() / "vectors" / "us_zip_timezones.json").read_text())
    samples = [row for row in reference["sample_zips"] if row["timezone"]]
    for row in samples:
        for region in (row["state"], None):
            found = locate(places, country="US", region=region, postal_code=row["zip_code"]).candidates
            assert clock(row["timezone"]) in {clock(c.zone) for c in found}, row


@pytest.mark.parametrize("table", ["split_states", "split_counties", "split_zip3"])
def test_every_example_of_a_split_area_has_its_clock(places, clock, table):
    reference = json.loads((shared_folder() / "vectors" / "us_zip_timezones.json").read_text())
    for area, clocks in reference[table].items():
        for label, entry in clocks.items():
            for code in entry["examples"]:
                found = locate(places, country="US", postal_code=code).candidates
                assert label in {_label(clock(c.zone)) for c in found}, (area, code)


def _label(offsets):
    winter, summer = (_signed(offset) for offset in offsets)
    return winter if winter == summer else f"{winter}/{summer}"


def _signed(offset):
    minutes = int(offset.total_seconds() // 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def test_a_state_cut_by_a_boundary_has_the_clocks_of_both_sides(places, clock):
    reference = json.loads((shared_folder() / "vectors" / "us_zip_timezones.json").read_text())
    for state, clocks in reference["split_states"].items():
        found = {_label(clock(c.zone)) for c in locate(places, country="US", region=state).candidates}
        assert set(clocks) <= found, state


def test_few_zip_prefixes_are_left_with_two_clocks(places, clock):
    postal = places.countries["US"].postal
    doubtful = [prefix for prefix, zones in postal.items() if len({clock(zone) for zone in zones}) > 1]
    assert len(doubtful) < 60


def test_every_country_has_every_clock_that_its_zones_show(places, clock):
    for country, zones in places.own_zones.items():
        have = {clock(zone) for zone in places.countries[country].zones}
        missing = [zone for zone in zones if clock(zone) not in have and zone not in LEFT_OUT]
        assert missing == [], country


def test_every_region_and_postal_zone_belongs_to_a_written_country_with_a_source(places):
    for code, country in places.countries.items():
        assert country.source, code


BROKEN = {
    "a zone that does not exist": (
        "countries: {XX: {source: s, zones: [Mars/Olympus]}}",
        "countries.XX.zones: Mars/Olympus is no zone",
    ),
    "a prefix in two rows": (
        "countries: {XX: {source: s, postal_form: 'd', zones: [UTC], postal: [{prefixes: '01-03', zones: [UTC]}, {prefixes: '02', zones: [UTC]}]}}",
        "countries.XX.postal.1.prefixes: 02 is listed twice",
    ),
    "a range that runs backwards": (
        "countries: {XX: {source: s, postal_form: 'd', zones: [UTC], postal: [{prefixes: '9-1', zones: [UTC]}]}}",
        "9-1 is no range",
    ),
    "no source": ("countries: {XX: {zones: [UTC]}}", "'source' is a required property"),
    "postal codes without their form": (
        "countries: {XX: {source: s, zones: [UTC], postal: [{prefixes: '1', zones: [UTC]}]}}",
        "postal_form",
    ),
    "a key of no meaning": (
        "countries: {XX: {source: s, zones: [UTC], regoins: []}}",
        'regoins: unknown key; did you mean "regions"?',
    ),
    "a form that is no expression": (
        "countries: {XX: {source: s, zones: [UTC], postal_form: '['}}",
        "countries.XX.postal_form: no regular expression",
    ),
    "a country that is no code": ("countries: {Spain: {source: s, zones: [UTC]}}", "Spain"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_place_file_is_refused_with_its_place(tmp_path, case):
    text, expected = BROKEN[case]
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(ConfigError) as refused:
        load_places(tmp_path)
    assert "bad.yaml:1" in str(refused.value)
    assert expected in str(refused.value)


def test_a_country_in_two_files_is_refused(tmp_path):
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("countries: {XX: {source: s, zones: [UTC]}}")
    with pytest.raises(ConfigError, match=r"b\.yaml:1: countries\.XX: stands in another place file"):
        load_places(tmp_path)


def test_a_folder_without_place_files_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no place file"):
        load_places(tmp_path)


def test_the_shipped_files_name_their_sources():
    # Whose law was read stands in coverage.yaml, a source beside each answer.
    for path in sorted(
        {*(ROOT / "config" / "places").glob("*.yaml")} - {ROOT / "config/places/coverage.yaml"}
    ):
        assert "Sources, read together and written down here by hand" in path.read_text(), path.name
