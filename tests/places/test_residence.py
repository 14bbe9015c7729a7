"""Where an address lies: by postal code, city, region and country."""

import pytest

from dispatcher.values.whereabouts import PlaceFinding, locate, zone_trouble


def zones(places, **facts):
    return {candidate.zone for candidate in locate(places, **facts).candidates}


@pytest.mark.parametrize(
    ("postal_code", "region", "expected"),
    [
        ("10001", "NY", {"America/New_York"}),
        ("02301", "MA", {"America/New_York"}),
        ("32301", "FL", {"America/New_York"}),
        ("32501", "FL", {"America/Chicago"}),
        ("32456", "FL", {"America/New_York", "America/Chicago"}),  # Port St. Joe: the line cuts the ZIP code
        ("36854", "AL", {"America/Chicago"}),  # Valley, Alabama: the official zone, not local custom
        ("37311", "TN", {"America/New_York"}),
        ("37398", "TN", {"America/Chicago"}),
        ("37399", "TN", {"America/New_York", "America/Chicago"}),  # in 373, and no place that we know
        ("40143", "KY", {"America/Chicago"}),
        ("46534", "IN", {"America/Chicago"}),
        ("47586", "IN", {"America/Chicago"}),
        ("49801", "MI", {"America/Chicago"}),
        ("49855", "MI", {"America/New_York"}),
        ("57501", "SD", {"America/Chicago"}),
        ("57532", "SD", {"America/Chicago", "America/Denver"}),
        ("58601", "ND", {"America/Denver"}),
        ("67735", "KS", {"America/Denver"}),
        ("69361", "NE", {"America/Denver"}),
        ("79901", "TX", {"America/Denver"}),
        ("79830", "TX", {"America/Chicago"}),
        ("83702", "ID", {"America/Boise"}),
        ("83864", "ID", {"America/Los_Angeles"}),
        ("97914", "OR", {"America/Boise"}),
        ("97907", "OR", {"America/Los_Angeles"}),
        ("85001", "AZ", {"America/Phoenix"}),
        (
            "86503",
            "AZ",
            {"America/Phoenix", "America/Denver"},
        ),  # the Navajo Nation keeps daylight saving time
        ("99546", "AK", {"America/Adak"}),
        ("00901", "PR", {"America/Puerto_Rico"}),
        ("96799", "AS", {"Pacific/Pago_Pago"}),
        ("94105-1234", "US-CA", {"America/Los_Angeles"}),
    ],
)
def test_a_zip_code_gives_the_zones_of_its_place(places, postal_code, region, expected):
    assert zones(places, country="US", region=region, postal_code=postal_code) == expected


@pytest.mark.parametrize(
    ("country", "region", "postal_code", "expected"),
    [
        ("CA", "NL", "A1A 1A1", {"America/St_Johns"}),
        ("CA", "NL", "A0P 1S0", {"America/St_Johns", "America/Goose_Bay"}),
        ("CA", "SK", "S9V 0A1", {"America/Edmonton"}),
        ("CA", "BC", "V1C 1A1", {"America/Edmonton"}),
        ("CA", "BC", "V6B 1A1", {"America/Vancouver"}),
        ("CA", "ON", "P9N 1A1", {"America/Winnipeg"}),
        ("CA", "QC", "H2X 1Y4", {"America/Toronto"}),
        ("MX", "BCN", "22000", {"America/Tijuana"}),
        ("MX", "CHH", "32000", {"America/Ciudad_Juarez"}),
        ("MX", "CHH", "31000", {"America/Chihuahua"}),
        ("MX", "TAM", "88500", {"America/Matamoros"}),
        ("MX", "SON", "83000", {"America/Hermosillo"}),
        ("MX", "ROO", "77500", {"America/Cancun"}),
        ("BR", "AM", "69005-070", {"America/Manaus"}),
        ("BR", "AM", "69640-000", {"America/Manaus", "America/Eirunepe"}),
        ("BR", "PE", "53990-000", {"America/Noronha"}),
        ("BR", "AC", "69900-000", {"America/Rio_Branco"}),
        ("AU", "NSW", "2880", {"Australia/Broken_Hill", "Australia/Sydney"}),
        ("AU", "NT", "0872", {"Australia/Darwin", "Australia/Adelaide", "Australia/Perth"}),
        ("AU", "WA", "6000", {"Australia/Perth"}),
        ("RU", "KGD", "236000", {"Europe/Kaliningrad"}),
        ("RU", "PRI", "690000", {"Asia/Vladivostok"}),
        ("ID", "BA", "80361", {"Asia/Makassar"}),
        ("ES", "MD", "28013", {"Europe/Madrid"}),
        ("ES", "GC", "35001", {"Atlantic/Canary"}),
        ("PT", "20", "9500-150", {"Atlantic/Azores"}),
        ("PT", "30", "9000-018", {"Atlantic/Madeira"}),
        ("CL", "VS", "2770000", {"Pacific/Easter"}),
        ("CL", "MA", None, {"America/Punta_Arenas"}),
        ("EC", "W", None, {"Pacific/Galapagos"}),
        ("FR", None, "97400", {"Indian/Reunion"}),
        ("FR", None, "75001", {"Europe/Paris"}),
        ("CO", "ANT", "050001", {"America/Bogota"}),
        ("UK", None, "SW1A 1AA", {"Europe/London"}),
    ],
)
def test_a_postal_code_abroad_gives_the_zones_of_its_place(places, country, region, postal_code, expected):
    assert zones(places, country=country, region=region, postal_code=postal_code) == expected


def test_a_region_alone_gives_every_zone_of_the_region(places):
    assert zones(places, country="US", region="TN") == {"America/New_York", "America/Chicago"}


def test_a_city_decides_within_its_region(places):
    assert zones(places, country="US", region="TX", city="EL PASO") == {"America/Denver"}
    assert zones(places, country="MX", region="COA", city="Torreón") == {"America/Monterrey"}


def test_a_city_without_its_region_decides_nothing(places):
    assert zones(places, country="US", city="El Paso") == set(places.countries["US"].zones)


def test_a_country_alone_gives_every_zone_of_the_country(places):
    assert zones(places, country="ES") == {"Europe/Madrid", "Atlantic/Canary"}


def test_a_postal_code_and_a_region_that_contradict_each_other_both_count(places):
    found = zones(places, country="US", region="CA", postal_code="10001")
    assert found == {"America/New_York", "America/Los_Angeles"}


@pytest.mark.parametrize("broken", ["2301", "123456", "?", "O2301", "٠٢٣٠١"])
def test_a_postal_code_of_the_wrong_form_is_not_read(places, broken):
    assert zones(places, country="US", region="MA", postal_code=broken) == {"America/New_York"}
    assert zones(places, country="US", postal_code=broken) == set(places.countries["US"].zones)


@pytest.mark.parametrize(
    ("region", "postal_code"), [("AE", None), (None, "09012"), ("AP", "96301"), ("AA", "34002")]
)
def test_a_forces_post_office_holds_even_with_a_phone(places, region, postal_code):
    found = locate(places, country="US", region=region, postal_code=postal_code, phone_e164="+12124560000")
    assert found.candidates == ()
    assert "post office" in found.findings[0].reason


def test_an_unknown_country_holds_with_its_code(places):
    found = locate(places, country="ZZ", phone_e164="+12124560000")
    assert found.candidates == ()
    assert found.findings == (
        PlaceFinding(
            field="country", value="ZZ", reason="no country of this code: use ISO 3166-1 alpha-2, such as US"
        ),
    )


def test_no_facts_give_no_zone(places):
    assert locate(places).candidates == ()


def test_a_stated_zone_joins_the_guess_from_the_address_and_does_not_replace_it(places):
    found = zones(places, country="US", region="NY", stated_zone="America/Chicago")
    assert found == {"America/Chicago", "America/New_York"}


@pytest.mark.parametrize("stated", ["EST", "MST", "UTC", "GMT", "Etc/GMT+5", "EST5EDT"])
def test_an_offset_that_never_changes_is_no_place(places, stated):
    assert zones(places, country="US", region="NY", stated_zone=stated) == {"America/New_York"}
    [finding] = locate(places, stated_zone=stated).findings
    assert (finding.field, finding.value) == ("time_zone", stated)


def test_a_zone_of_another_continent_than_the_address_is_told_and_counts(places):
    home = locate(places, country="GB")
    assert "another continent" in zone_trouble(places, "America/New_York", home)
    assert zone_trouble(places, "Europe/Paris", home) == ""
    assert zone_trouble(places, "Atlantic/Canary", locate(places, country="ES")) == ""
    assert zones(places, country="GB", stated_zone="America/New_York") == {
        "America/New_York",
        "Europe/London",
    }


def test_a_stated_zone_does_not_silence_the_phone(places):
    found = zones(places, stated_zone="America/Chicago", phone_e164="+13105550100")
    assert found == {"America/Chicago", "America/Los_Angeles"}


@pytest.mark.parametrize(
    ("stated", "spelled"),
    [
        ("america/new_york", "America/New_York"),
        (" America/New York ", "America/New_York"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("US/Pacific", "America/Los_Angeles"),
        ("Europe/Stockholm", "Europe/Stockholm"),  # tzdata links it to Berlin; a Swede is not in Berlin
    ],
)
def test_a_stated_zone_is_spelled_as_tzdata_does(places, stated, spelled):
    assert zones(places, stated_zone=stated) == {spelled}


@pytest.mark.parametrize("stated", ["Mars/Olympus", "CEST+1", "Etc/Unknown", "Factory", "../../etc/passwd"])
def test_a_stated_zone_that_does_not_exist_holds_with_its_name(places, stated):
    found = locate(places, country="US", region="NY", phone_e164="+12124560000", stated_zone=stated)
    assert found.candidates == ()
    assert (found.findings[0].field, found.findings[0].value) == ("time_zone", stated)


def test_candidates_are_sorted_and_none_is_given_twice(places):
    facts = {"country": "US", "region": "ID", "phone_e164": "+12082650000", "phone_label": "mobile"}
    found = locate(places, **facts).candidates
    assert list(found) == sorted(set(found), key=lambda c: (c.zone, c.source))
    assert [(c.zone, c.source) for c in found] == [
        ("America/Boise", "residence"),
        ("America/Los_Angeles", "mobile_area_code"),
        ("America/Los_Angeles", "residence"),
    ]
