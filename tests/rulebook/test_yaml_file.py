"""A list of texts is held against its schema as any other, although it is looked at in one go."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dispatcher.rulebook.yaml_file import ConfigError, parse_yaml

A_TEXT = {"type": "string", "minLength": 1}
TEXTS = {"type": "object", "properties": {"said": {"type": "array", "items": A_TEXT, "minItems": 1}}}


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("[one, two]", ""),
        ("[]", ":1: said: "),
        ("one", ":1: said: "),
        ('\n- one\n- ""', ":3: said.1: "),
        ("\n- one\n- 2026", ":3: said.1: "),
        ("\n- one\n-", ":3: said.1: "),
        ("\n- one\n- [two]", ":3: said.1: "),
        ("\n- one\n- two\n- {three: four}", ":4: said.2: "),
        ("\n- 1\n- two", ":2: said.0: "),
    ],
)
def test_what_is_no_text_is_named_with_its_line(written: str, place: str) -> None:
    file = parse_yaml(f"said: {written}\n", Path("x.yaml"))
    refused = list(Draft202012Validator(TEXTS).iter_errors(file.data))
    assert bool(refused) is bool(place)
    if not place:
        file.validate(TEXTS)
        return
    with pytest.raises(ConfigError) as told:
        file.validate(TEXTS)
    assert f"x.yaml{place}" in str(told.value)
    assert refused[0].message in str(told.value)


@pytest.mark.parametrize(
    "also", [{"prefixItems": [{"type": "integer"}]}, {"uniqueItems": True}, {"maxItems": 1}]
)
def test_what_else_a_schema_wants_of_a_list_of_texts_is_still_asked(also: dict[str, Any]) -> None:
    file = parse_yaml("[one, one]", Path("x.yaml"))
    with pytest.raises(ConfigError):
        file.validate({"type": "array", "items": A_TEXT, **also})
