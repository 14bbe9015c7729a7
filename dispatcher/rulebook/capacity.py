"""`config/capacity.yaml` -> how many messages or calls a day holds, by channel, and when within the hours they go."""

from pathlib import Path
from typing import Any

from channels.kind import ChannelKind
from dispatcher.planning.domain.capacity import Capacity
from dispatcher.planning.domain.timing import Timing
from dispatcher.rulebook.yaml_file import read_table

CHANNELS = ("email", "sms", "letter", "call")
TIMED = ("best_hour", "spread")
_COUNT = {"type": "integer", "minimum": 0}
_CHANNELS = {"type": "array", "uniqueItems": True, "items": {"enum": [kind.value for kind in ChannelKind]}}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **dict.fromkeys(CHANNELS, _COUNT),
        **dict.fromkeys(TIMED, _CHANNELS),
    },
}


def load_capacity(path: Path) -> Capacity:
    """Channel -> the most a day; a channel that is not named holds any number. Raises ConfigError."""
    return {name: count for name, count in read_table(path, SCHEMA).data.items() if name not in TIMED}


def load_timing(path: Path) -> Timing:
    """Which channels go at the hour at which somebody answered, or are spread; none unless the file says so."""
    data = read_table(path, SCHEMA).data
    return Timing(**{name: frozenset(data.get(name, ())) for name in TIMED})
