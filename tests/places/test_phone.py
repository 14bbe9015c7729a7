"""Numbers as people and spreadsheets write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.values.phone import PhoneProblem, number_plan, to_e164


@pytest.mark.parametrize(
    ("raw", "country", "written"),
    [
        ("(208) 345-0000", "US", "+12083450000"),
        ("1-208-345-0000", "US", "+12083450000"),
        ("+1 208.345.0000", None, "+12083450000"),
        ("'+12083450000", "MX", "+12083450000"),
        ("55 5000 0000", "MX", "+525550000000"),
        ("(11) 3000-0000", "BR", "+551130000000"),
        ("020 7946 0991", "GB", "+442079460991"),
        ("0044 20 7946 0991", "ES", "+442079460991"),
        ("911 23 45 67", "ES", "+34911234567"),
        ("\u202a+34 911 234 567\u202c", None, "+34911234567"),
    ],
)
def test_a_number_is_written_in_e164(raw, country, written):
    assert to_e164(raw, country) == written


@pytest.mark.parametrize(
    ("raw", "country", "reason"),
    [
        ("", "US", "it is empty"),
        ("   ", "US", "it is empty"),
        ("22395", "US", "short code"),
        ("911", "US", "short code"),
        ("2083450000", None, "no known country"),
        ("2083450000", "ZZ", "no known country"),
        ("1.20835E+10", "US", "spreadsheet"),
        ("208-345-0000 / 208-345-0001", "US", "more than one number"),
        ("208-345-0000, 208-345-0001", "US", "more than one number"),
        ("208-345-0000 ext. 12", "US", "extension"),
        ("1-800-FLOWERS", "US", "words"),
        ("unknown", "US", "words"),
        ("+1 208 145 0000", "US", "no such number"),
        ("+999 123456", "US", "not a phone number"),
    ],
)
def test_a_number_that_cannot_be_used_says_why(raw, country, reason):
    problem = to_e164(raw, country)
    assert isinstance(problem, PhoneProblem)
    assert reason in problem.reason
    assert problem.raw == raw


def test_a_number_of_no_country_has_no_place():
    plan = number_plan("+80012345678")
    assert (plan.region, plan.line, plan.zones) == (None, "placeless", ())


@given(st.text(max_size=40), st.sampled_from(["US", "MX", "GB", "", None, "ZZ"]))
@settings(max_examples=300)
def test_any_text_is_a_number_or_a_problem(raw, country):
    written = to_e164(raw, country)
    assert isinstance(written, PhoneProblem) or to_e164(written, None) == written
