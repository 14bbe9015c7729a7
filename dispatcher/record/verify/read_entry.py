"""Reads the JSON of entries and personal values, of which a verification has three for each entry."""

import json
from typing import Any

import orjson


def read_json(text: str) -> Any:
    """What a text says; raises ValueError, and TypeError for what is no text.

    What the quick reader refuses (NaN, lone surrogates) the standard one decides. An integer beyond 64 bits may come
    as the nearest float: no column holds one, and the sealed hash is over the text.
    """
    try:
        return orjson.loads(text)
    except ValueError:
        return json.loads(text)
