"""Canonical JSON: one text for one value, everywhere (RFC 8785 for values without floats and with ASCII keys)."""

import json
from typing import Any

import orjson

# orjson knows neither integers beyond 64 bits nor lone surrogates: those few take the slower way, same text.
_SLOWLY = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def canonical_json(value: Any) -> str:
    """Sorted compact JSON. `value` holds dicts with string keys, lists, tuples, strings, integers, booleans, None."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        return _SLOWLY(value)
