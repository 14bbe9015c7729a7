"""Refuses to send when the clock lies behind the newest live send, or the database is an old copy."""

from datetime import datetime, timedelta
from pathlib import Path

from dispatcher.database.engine import Database
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.storage import stops
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.runs.storage import high_water

TOLERANCE = timedelta(minutes=5)  # clocks of two machines differ
EVERYTHING = Stop(scope="all")


def guard_clock(database: Database, mark: Path, *, now: datetime) -> str:
    """Compare clock and database with what has been sent; returns the trouble, or "".

    Trouble stops everything until a person resumes it, which says that they have looked. `mark` is the file outside
    of the database; `now` the real clock. Call it before live sending begins.
    """
    with database.writing() as connection:
        newest = high_water.newest_live_send(connection)
        trouble = _trouble(newest, high_water.read_mark(mark), now)
        if not trouble or high_water.accepted_loss(connection) == trouble:
            return ""
        high_water.accept_loss(connection, trouble)
        if stops.add(connection, EVERYTHING, why=trouble, by=stops.PROGRAM, at=now):
            details = {"scope": "all", "name": "", "why": trouble}
            delivery_log.append(
                connection, [LogEntry(event="stopped", at=now, actor="dispatcher", details=details)]
            )
    return trouble


def remember_newest_send(database: Database, mark: Path) -> None:
    """Write down the newest live send beside the database; call it after sending."""
    with database.reading() as connection:
        newest = high_water.newest_live_send(connection)
    if newest is None:
        return
    known = high_water.read_mark(mark)
    if known is None or newest > known:
        high_water.write_mark(mark, newest)


def _trouble(newest: datetime | None, remembered: datetime | None, now: datetime) -> str:
    if newest is not None and now < newest - TOLERANCE:
        return (
            f"the clock says {now:%Y-%m-%d %H:%M}Z but the newest message was sent {newest:%Y-%m-%d %H:%M}Z: "
            "set the clock, then `dispatcher resume --all`"
        )
    if remembered is not None and (newest is None or newest < remembered):
        known = f"{newest:%Y-%m-%d %H:%M:%S}Z" if newest else "none"
        return (
            f"messages were sent until {remembered:%Y-%m-%d %H:%M:%S}Z but the database knows only of {known}: it is "
            "an old copy and would send again what has gone out since; find out what was sent, then "
            "`dispatcher resume --all`"
        )
    return ""
