"""What a phone number adds to what is known of a place."""

import json

import pytest

from dispatcher.values.whereabouts import locate
from tests.shared import shared_folder


def found(places, **facts):
    return {(candidate.zone, candidate.source) for candidate in locate(places, **facts).candidates}


def test_a_mobile_with_an_area_code_adds_its_area_though_the_address_lies_elsewhere(places):
    facts = {"country": "US", "region": "CA", "phone_e164": "+12124560000", "phone_label": "mobile"}
    assert found(places, **facts) == {
        ("America/Los_Angeles", "residence"),
        ("America/New_York", "mobile_area_code"),
    }


@pytest.mark.parametrize(
    ("label", "source"),
    [
        ("home", "landline_area_code"),
        ("work", "landline_area_code"),
        ("mobile", "mobile_area_code"),
        (None, "mobile_area_code"),
    ],
)
def test_the_label_tells_a_landline_where_the_number_does_not(places, label, source):
    assert found(places, phone_e164="+12124560000", phone_label=label) == {("America/New_York", source)}


def test_the_numbering_plan_outdoes_the_label(places):
    assert found(places, phone_e164="+442079460991", phone_label="mobile") == {
        ("Europe/London", "landline_area_code")
    }


@pytest.mark.parametrize("number", ["+18005551212", "+80012345678", "+870773123456", "+34900123456"])
def test_a_number_answered_anywhere_adds_nothing(places, number):
    assert found(places, phone_e164=number) == set()


def test_a_mobile_of_a_one_zone_country_adds_its_zone_to_a_foreign_address(places):
    facts = {"country": "US", "region": "NY", "phone_e164": "+33612345678"}
    assert found(places, **facts) == {("America/New_York", "residence"), ("Europe/Paris", "mobile_area_code")}


def test_a_mobile_of_a_many_zone_country_says_no_more_than_the_address_there(places):
    facts = {"country": "AU", "region": "WA", "postal_code": "6000", "phone_e164": "+61412345678"}
    assert found(places, **facts) == {("Australia/Perth", "residence")}


@pytest.mark.parametrize("facts", [{}, {"country": "US", "region": "NY"}])
def test_a_mobile_of_a_many_zone_country_adds_all_of_them_where_the_address_is_not_there(places, facts):
    added = {
        zone
        for zone, source in found(places, phone_e164="+61412345678", **facts)
        if source == "mobile_area_code"
    }
    assert added == set(places.countries["AU"].zones)


def test_a_brazilian_mobile_counts_by_its_area(places):
    facts = {"country": "BR", "region": "SP", "phone_e164": "+5592991234567"}
    assert found(places, **facts) == {
        ("America/Sao_Paulo", "residence"),
        ("America/Manaus", "mobile_area_code"),
    }


def test_a_number_that_cannot_be_read_adds_nothing(places):
    assert found(places, country="US", region="NY", phone_e164="+1") == {("America/New_York", "residence")}


# Where the numbering plan's data borrows a clock, or names a country too large or too small, ours differs:
DIFFERENCES = {
    "+18005551212": set(),  # toll free: the plan names all of North America, which is no knowledge
    "+447400123456": {"Europe/London"},  # the Crown dependencies have prefixes of their own
    "+61412345678": {  # Hobart and Melbourne keep Sydney's clock; Christmas Island is no part of the list
        "Australia/Adelaide",
        "Australia/Brisbane",
        "Australia/Darwin",
        "Australia/Eucla",
        "Australia/Lord_Howe",
        "Australia/Perth",
        "Australia/Sydney",
    },
    "+79161234567": {  # Russia's eleven clocks, without Kazakhstan's
        "Asia/Irkutsk",
        "Asia/Kamchatka",
        "Asia/Magadan",
        "Asia/Novosibirsk",
        "Asia/Omsk",
        "Asia/Vladivostok",
        "Asia/Yakutsk",
        "Asia/Yekaterinburg",
        "Europe/Kaliningrad",
        "Europe/Moscow",
        "Europe/Samara",
    },
    "+353861234567": {"Europe/Dublin"},  # the plan's data borrows Europe/London
    "+212522123456": {"Africa/Casablanca"},  # it borrows Atlantic/Canary, an hour off outside Ramadan
    "+911123456789": {"Asia/Kolkata"},  # old spellings
    "+97714123456": {"Asia/Kathmandu"},
}


def test_phone_zones_agree_with_the_reference_numbers_save_the_named_differences(places):
    numbers = json.loads((shared_folder() / "vectors" / "phone_timezones.json").read_text())["numbers"]
    for entry in numbers:
        expected = DIFFERENCES.get(entry["number"], set(entry["zones"]) - {"Etc/Unknown"})
        zones = {candidate.zone for candidate in locate(places, phone_e164=entry["number"]).candidates}
        assert zones == expected, entry["what"]


# The reference's summary gives Newfoundland Puerto Rico's clock too, which no number it lists shows.
UNCONFIRMED = {"709"}


@pytest.mark.parametrize(
    ("table", "exchanges"),
    [
        ("nanp_area_codes_with_several_clock_times_in_2026", range(200, 1000)),
        ("nanp_area_codes", range(200, 1000, 25)),
    ],
)
def test_a_north_american_area_code_never_lacks_a_clock_of_the_reference(places, clock, table, exchanges):
    reference = json.loads((shared_folder() / "vectors" / "phone_timezones.json").read_text())
    split = set(reference["nanp_area_codes_with_several_clock_times_in_2026"])
    for area, expected in reference[table].items():
        if area in UNCONFIRMED or (table == "nanp_area_codes" and area in split):
            continue
        numbers = (f"+1{area}{exchange}0000" for exchange in exchanges)
        clocks = {
            clock(candidate.zone)
            for number in numbers
            for candidate in locate(places, phone_e164=number).candidates
        }
        if clocks:  # a code without numbers yet, or of toll-free numbers, has no place
            assert {clock(zone) for zone in expected} <= clocks, area
