"""What every part of the opened program shares, and the only clock."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dispatcher.database.engine import Database
from dispatcher.settings import Settings

Clock = Callable[[], datetime]


def real_clock() -> datetime:
    """The machine's clock, in UTC."""
    return datetime.now(UTC)


def clock_from(start: datetime) -> Clock:
    """A business clock that starts at an instant and runs on at the real pace."""
    began = time.monotonic()
    return lambda: start + timedelta(seconds=time.monotonic() - began)


@dataclass
class Opened:
    """Settings, database and clocks. `now` is the business clock, `real_now` the one that leases and timers run on."""

    settings: Settings
    database: Database
    now: Clock
    real_now: Clock = real_clock
    clock_is_set: bool = False
    random_bytes: Callable[[int], bytes] = secrets.token_bytes

    @property
    def home(self) -> Path:
        """Where everything that is written lies."""
        return self.settings.home

    @property
    def keys(self) -> Path:
        """The folder of the keys that the database does not hold."""
        return self.home / "keys"
