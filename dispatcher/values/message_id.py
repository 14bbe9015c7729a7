"""Ids of messages: UUID version 7 (RFC 9562), so that they sort by the time of planning."""

import re
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

RandomBytes = Callable[[int], bytes]
MESSAGE_ID = re.compile(
    r"(?<![\w-])[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(?![\w-])"
)


def new_message_id(now: datetime, random_bytes: RandomBytes) -> str:
    """An id from an instant (milliseconds) and 74 random bits."""
    milliseconds = int(now.timestamp() * 1000)
    random = int.from_bytes(random_bytes(10), "big")
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | (random >> 62 & 0xFFF) << 64 | 0x2 << 62 | random & (1 << 62) - 1
    return str(UUID(int=value))
