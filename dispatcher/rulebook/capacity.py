"""`config/capacity.yaml` -> how many messages or calls a day holds, by channel."""

from pathlib import Path
from typing import Any

from dispatcher.planning.domain.capacity import Capacity
from dispatcher.rulebook.yaml_file import read_table

CHANNELS = ("email", "sms", "letter", "call")
_COUNT = {"type": "integer", "minimum": 0}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": dict.fromkeys(CHANNELS, _COUNT),
}


def load_capacity(path: Path) -> Capacity:
    """Channel -> the most a day; a channel that is not named holds any number. Raises ConfigError."""
    return dict(read_table(path, SCHEMA).data)
