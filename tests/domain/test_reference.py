"""What spreadsheets do to a key leaves it recognisable."""

import pytest

from dispatcher.values.reference import reference_key


@pytest.mark.parametrize(
    ("key", "spoilt"),
    [
        ("1", "1,00"),
        ("1", "1,00,00"),
        ("1", "1.0,00"),
        ("1000", "1,000"),
        ("1000", "1.000"),
        ("1000", "1,000.0"),
        ("1000000", "1,000,000"),
        ("1234", "1234.000"),
        ("0042", "42"),
        ("AB-7", " ab - 7 "),
    ],
)
def test_a_spoilt_key_is_compared_as_the_key(key: str, spoilt: str) -> None:
    assert reference_key(spoilt) == reference_key(key)


@pytest.mark.parametrize(("one", "other"), [("1", "10"), ("1", "100"), ("1000", "10000"), ("12", "1.2")])
def test_other_keys_are_others(one: str, other: str) -> None:
    assert reference_key(one) != reference_key(other)
