"""Turns our values into plain JSON ones, as `--json` and the API print them."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from dispatcher.values.instants import instant_text


def plain(value: Any) -> Any:  # noqa: PLR0911 one line a kind of value reads best
    """Dataclasses become objects, instants UTC text, decimals text, tuples lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date | Decimal):
        return str(value)
    return value
