"""One text for one value, whichever encoder wrote it."""

import json
from datetime import UTC, date, datetime

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.values.canonical import canonical_json


@pytest.mark.parametrize(
    "value",
    [
        {"b": [1, True, None, ("x",)], "a": {"z": "", "y": "ñ€😀"}},
        'quotes " and \\ and / and \x00 \x1b \x7f \u2028',
        {"beyond 64 bits": 2**64, "below": -(2**63) - 1},
        "half a pair \ud800",
    ],
)
def test_it_is_the_sorted_compact_text_that_a_verifier_writes(value):
    assert canonical_json(value) == json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


@pytest.mark.parametrize("value", [date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), {"a": {1, 2}}])
def test_a_value_without_one_text_is_refused(value):
    with pytest.raises(TypeError):
        canonical_json(value)


SAFE = 2**53 - 1  # RFC 8785 writes no greater integer
KEYS = st.text(st.characters(max_codepoint=127))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-SAFE, SAFE) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
)


@given(VALUES)
def test_it_is_what_rfc_8785_says(value):
    assert canonical_json(value).encode() == rfc8785.dumps(value)
