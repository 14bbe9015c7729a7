"""Requests against the providers' published descriptions: every violation, and every field they do not name."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import yaml
from openapi_schema_validator import OAS30Validator

from tests.shared import shared_folder

Document = dict[str, Any]


@cache
def read_spec(name: str) -> Document:
    """A description out of the reference material; skips, saying so, where there is none."""
    text = (shared_folder() / "specs" / name).read_text(encoding="utf-8")
    if name.endswith(".json"):
        return dict(json.loads(text))
    return dict(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def faults(spec: Document, schema: Document, value: object) -> list[str]:
    """What the description forbids, by place, and what it does not know."""
    return [*_violations(spec, schema, value), *_unknown(spec, schema, value)]


def body_schema(spec: Document, path: str, form: str) -> Document:
    """What a POST to a path may hold."""
    body = _resolved(spec, spec["paths"][path]["post"]["requestBody"])
    return dict(body["content"][form]["schema"])


def header_faults(spec: Document, path: str, headers: dict[str, str]) -> list[str]:
    """Header parameters of a POST that are missing or that the description forbids."""
    operation = spec["paths"][path]["post"]
    named = [_resolved(spec, one) for one in operation.get("parameters", [])]
    found = []
    for one in named:
        if one["in"] != "header":
            continue
        value = headers.get(one["name"].lower())
        if value is None and one.get("required"):
            found.append(f"{one['name']} is missing")
        if value is not None:
            found += _violations(spec, one["schema"], value)
    return found


def _violations(spec: Document, schema: Document, value: object) -> list[str]:
    # The published enums of Lob hold null beside a type that forbids it: the schema itself must not be checked.
    validator = OAS30Validator({**schema, "components": spec["components"]})
    return [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
        for error in validator.iter_errors(value)
    ]


def _resolved(spec: Document, schema: Document) -> Document:
    while "$ref" in schema:
        target: Any = spec
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema


def _alternatives(spec: Document, schema: Document) -> Iterator[Document]:
    schema = _resolved(spec, schema)
    yield schema
    for word in ("allOf", "oneOf", "anyOf"):
        for one in schema.get(word, ()):
            yield from _alternatives(spec, one)


def _unknown(spec: Document, schema: Document, value: object, place: str = "") -> list[str]:
    known: dict[str, Document] = {}
    items: list[Document] = []
    is_free = False
    for one in _alternatives(spec, schema):
        known |= one.get("properties", {})
        items += [one["items"]] if "items" in one else []
        is_free |= isinstance(one.get("additionalProperties"), dict)
    if isinstance(value, list):
        return [
            line for one in value for line in _unknown(spec, items[0] if items else {}, one, f"{place}[]")
        ]
    if not isinstance(value, dict) or not known:
        return []
    strange = [] if is_free else [f"{place}.{name} is not named" for name in value if name not in known]
    inner = [
        _unknown(spec, known[name], each, f"{place}.{name}") for name, each in value.items() if name in known
    ]
    return strange + [line for lines in inner for line in lines]
