"""Refuses to send when the clock lies behind the newest live send."""

from datetime import datetime, timedelta

from dispatcher.database.engine import Database
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.storage import stops
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.runs.storage import high_water

TOLERANCE = timedelta(minutes=5)  # clocks of two machines differ
EVERYTHING = Stop(scope="all")


def guard_clock(database: Database, *, now: datetime) -> str:
    """Compare the clock with what has been sent; returns the trouble, or "".

    Trouble stops everything until a person resumes it, which says that they have looked. `now` is the real clock.
    Call it before live sending begins.
    """
    with database.writing() as connection:
        newest = high_water.newest_live_send(connection)
        trouble = _trouble(newest, now)
        if not trouble or high_water.accepted_trouble(connection) == trouble:
            return ""
        high_water.accept_trouble(connection, trouble)
        if stops.add(connection, EVERYTHING, why=trouble, by=stops.PROGRAM, at=now):
            details = {"scope": "all", "name": "", "why": trouble}
            delivery_log.append(
                connection, [LogEntry(event=Event.STOPPED, at=now, actor="dispatcher", details=details)]
            )
    return trouble


def _trouble(newest: datetime | None, now: datetime) -> str:
    if newest is None or now >= newest - TOLERANCE:
        return ""
    return (
        f"the clock says {now:%Y-%m-%d %H:%M}Z but the newest message was sent {newest:%Y-%m-%d %H:%M}Z: "
        "set the clock, then `dispatcher resume --all`"
    )
