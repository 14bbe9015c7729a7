"""Canonical JSON: one text for one value, everywhere (RFC 8785 for values without floats and with ASCII keys)."""

import json
from typing import Any

import orjson

# orjson knows neither integers beyond 64 bits nor lone surrogates: those few take the slower way, same text.
_STRICT = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_SLOWLY = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def canonical_json(value: Any) -> str:
    """Sorted compact JSON of dicts with string keys, lists, tuples, strings, integers, booleans, None.

    Raises TypeError for dates, dataclasses and other values that have no one text.
    """
    try:
        return orjson.dumps(value, option=_STRICT).decode()
    except TypeError:
        return _SLOWLY(value)
