"""Addresses that a letter can reach, and what the others lack."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.values.postal_address import AddressProblem, PostalAddress, envelope_lines, normalise_address
from tests.shared import shared_folder


def an_address(**changes):
    parts = {
        "lines": ["123 Example St"],
        "postal_code": "83702",
        "city": "Boise",
        "region": "ID",
        "country": "US",
    }
    return normalise_address(**(parts | changes))


def printed(address, posted_in="US", country_name="United States"):
    assert isinstance(address, PostalAddress), address
    return envelope_lines(address, recipient="Ana Ruiz", posted_in=posted_in, country_name=country_name)


@pytest.mark.parametrize(
    ("parts", "town_lines"),
    [
        ({}, ("Boise ID 83702",)),
        ({"postal_code": "837021234", "region": "US-ID"}, ("Boise ID 83702-1234",)),
        ({"country": "GB", "postal_code": "sw1a1aa", "city": "London", "region": ""}, ("London", "SW1A 1AA")),
        (
            {"country": "UK", "postal_code": "S W1 A 1 AA", "city": "London", "region": ""},
            ("London", "SW1A 1AA"),
        ),
        (
            {"country": "MX", "postal_code": "06000", "city": "Ciudad de México", "region": "CMX"},
            ("06000 Ciudad de México, CMX",),
        ),
        (
            {"country": "BR", "postal_code": "01310100", "city": "São Paulo", "region": "SP"},
            ("São Paulo-SP", "01310-100"),
        ),
        ({"country": "ES", "postal_code": "28013", "city": "Madrid", "region": "MD"}, ("28013 Madrid",)),
        (
            {"country": "CA", "postal_code": "h2x1y4", "city": "Montréal", "region": "QC"},
            ("Montréal QC H2X 1Y4",),
        ),
        ({"country": "CO", "postal_code": "", "city": "Bogotá", "region": "DC"}, ("Bogotá",)),
        ({"country": "DE", "postal_code": "10115", "city": "Berlin", "region": "BE"}, ("10115 Berlin",)),
        ({"country": "BE", "postal_code": "1000", "city": "Bruxelles", "region": "BRU"}, ("1000 Bruxelles",)),
        (
            {"country": "NL", "postal_code": "1012jr", "city": "Amsterdam", "region": ""},
            ("1012 JR Amsterdam",),
        ),
        ({"country": "IE", "postal_code": "d02x285", "city": "Dublin", "region": ""}, ("Dublin", "D02 X285")),
        ({"country": "IE", "postal_code": "", "city": "Sligo", "region": ""}, ("Sligo",)),
        ({"country": "PT", "postal_code": "1250096", "city": "Lisboa", "region": "11"}, ("1250-096 Lisboa",)),
        (
            {"country": "ZA", "postal_code": "8001", "city": "Cape Town", "region": "WC"},
            ("Cape Town", "8001"),
        ),
        ({"country": "SG", "postal_code": "546080", "city": "Singapore"}, ("SINGAPORE 546080",)),
        ({"country": "CH", "postal_code": "8001", "city": "Zürich", "region": "ZH"}, ("8001 Zürich",)),
        ({"country": "PL", "postal_code": "00950", "city": "Warszawa"}, ("00-950 Warszawa",)),
        ({"country": "JP", "postal_code": "1000001", "city": "Tokyo"}, ("Tokyo", "100-0001")),
    ],
)
def test_the_town_is_written_as_its_country_does(parts, town_lines):
    assert an_address(**parts).town_lines == town_lines


def test_blanks_commas_and_quotes_are_tidied():
    address = an_address(lines=["123 Example    St  .\u200b ,,", " , ,", "O\u2019Brien\u00a0House"])
    assert address.lines == ("123 Example St.", "O'Brien House")


def test_a_line_that_repeats_town_or_code_is_printed_once():
    assert an_address(lines=["123 Example St", "BOISE", "Boise, 83702", "83702"]).lines == ("123 Example St",)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"lines": []}, "no street"),
        ({"lines": ["", " , "]}, "no street"),
        ({"lines": ["Boise"]}, "no street"),
        ({"city": " "}, "no town"),
        ({"postal_code": ""}, "no postal code"),
        ({"postal_code": "8370"}, "bad postal code"),
        ({"country": "ES", "postal_code": "99001"}, "bad postal code"),
        ({"lines": ["[123 Example St"]}, "bad character"),
        ({"lines": ["=HYPERLINK(1)"]}, "bad character"),
        ({"lines": ["NFA,"]}, "no fixed abode"),
        ({"lines": ["Sin domicilio fijo"]}, "no fixed abode"),
    ],
)
def test_an_incomplete_address_says_what_it_lacks(parts, reason):
    problem = an_address(**parts)
    assert isinstance(problem, AddressProblem)
    assert problem.reason == reason


def test_a_word_that_only_holds_nfa_is_no_homeless_address():
    assert isinstance(an_address(lines=["NFA NFA2024"]), PostalAddress)


def test_the_country_is_printed_in_capitals_only_abroad():
    spanish = an_address(country="ES", postal_code="28013", city="Madrid", region="MD")
    assert printed(spanish, posted_in="US", country_name="Spain")[-1] == "SPAIN"
    assert printed(spanish, posted_in="ES", country_name="Spain")[-1] == "28013 Madrid"


def test_the_window_holds_eight_lines_and_no_more():
    fits = an_address(lines=[f"Line {n}" for n in range(6)])
    too_many = an_address(lines=[f"Line {n}" for n in range(7)])
    assert len(printed(fits)) == 8
    assert printed(too_many).reason == "too long"


def test_a_line_wider_than_the_window_is_refused():
    assert isinstance(printed(an_address(lines=["x" * 60])), tuple)
    assert printed(an_address(lines=["x" * 61])).reason == "too long"


def test_british_postcodes_agree_with_the_reference():
    cases = json.loads((shared_folder() / "vectors" / "govuk_postal_addresses.json").read_text())["cases"]
    for case in cases["test_if_postcode_is_a_real_uk_postcode"]:
        found = an_address(country="GB", region="", postal_code=case["postcode"])
        assert isinstance(found, PostalAddress) == case["result"], case


def test_british_postcodes_are_spaced_as_the_reference_prints_them():
    cases = json.loads((shared_folder() / "vectors" / "govuk_postal_addresses.json").read_text())["cases"]
    for case in cases["test_format_postcode_for_printing"]:
        found = an_address(country="GB", region="", postal_code=case["postcode"])
        if isinstance(found, PostalAddress):
            assert found.postal_code == case["postcode_with_space"]


def test_lines_of_no_fixed_abode_agree_with_the_reference():
    cases = json.loads((shared_folder() / "vectors" / "govuk_postal_addresses.json").read_text())["cases"]
    for case in cases["test_has_no_fixed_abode_address"]:
        lines = [line.strip() for line in case["address"].splitlines() if line.strip()]
        found = an_address(lines=["1 High Street", *lines])
        homeless = isinstance(found, AddressProblem) and found.reason == "no fixed abode"
        assert homeless == case["expected_result"], case


@given(
    st.lists(st.text(max_size=30), max_size=5),
    st.text(max_size=12),
    st.text(max_size=20),
    st.sampled_from(["US", "GB", "BR", "XX", ""]),
)
@settings(max_examples=200)
def test_any_text_is_an_address_or_a_problem_and_prints_no_empty_line(lines, code, city, country):
    found = normalise_address(lines, code, city, "", country)
    if isinstance(found, PostalAddress):
        assert all(line.strip() for line in (*found.lines, *found.town_lines))
        again = normalise_address(found.lines, found.postal_code, found.city, found.region, found.country)
        assert again == found
