"""The kill switch: stops what a person says, at the next claim everywhere, until it is resumed."""

import contextlib
from collections.abc import Collection, Sequence
from datetime import datetime

from channels.kind import ChannelKind
from dispatcher.authoring.storage import template_versions
from dispatcher.database.engine import Connection, Database, DatabaseBusyError
from dispatcher.delivery.channel_trouble import end_pause
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.storage import stops, urgent_stops
from dispatcher.delivery.storage.stops import StopRow
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.people.storage import person_lists

_SOON = 0.2  # seconds


class StopError(ValueError):
    """A stop that says nothing, or a resume of what is not stopped."""


def stop_delivery(database: Database, stop: Stop, *, why: str, by: str, now: datetime) -> bool:
    """Stop; False when it was stopped already. Raises StopError without a reason.

    A writer that holds SQLite's file is not waited for: the stop is in force by a file beside it, and whoever writes
    next takes it into the database and the log, with the instant and the name of now.
    """
    if not why.strip():
        raise StopError("say why with --why: whoever finds it stopped must know")
    folder = urgent_stops.folder_beside(database.writer.url)
    if folder is None:
        with database.writing() as connection:
            return add_stop(connection, stop, why=why, by=by, at=now)
    with database.reading() as connection:
        if any(row.stop == stop for row in stops.in_force(connection)):
            return False
    urgent_stops.put(folder, stop, why=why, by=by, at=now)
    with contextlib.suppress(DatabaseBusyError):
        take_in_urgent_stops(database, patience=_SOON)
    return True


def take_in_urgent_stops(database: Database, *, patience: float | None = None) -> None:
    """Write down what was stopped while others held the database. Raises DatabaseBusyError after `patience` seconds."""
    waiting = urgent_stops.read(urgent_stops.folder_beside(database.writer.url))
    if not waiting:
        return
    with database.writing(patience=patience) as connection:
        for one in waiting:
            add_stop(connection, one.stop, why=one.why, by=one.by, at=one.at)
    # After the commit: killed in between, they are in force twice, never not at all.
    urgent_stops.forget(waiting)


def add_stop(connection: Connection, stop: Stop, *, why: str, by: str, at: datetime) -> bool:
    """Stop within a transaction and log it; False when it was stopped already."""
    added = stops.add(connection, stop, why=why, by=by, at=at)
    if added:
        delivery_log.append(connection, [_entry(Event.STOPPED, stop, why, by, at)])
    return added


def refuse_unknown(
    database: Database, stop: Stop, *, senders: Collection[str], packs: Collection[str]
) -> None:
    """Raise StopError for a name that nothing has: a mistyped stop would stop nothing, and nobody would notice.

    `senders` are creditors that may have no ledger yet; `packs` are named in lower case.
    """
    if stop.scope == "all":
        return
    with database.reading() as connection:
        known = {
            "channel": [kind.value for kind in ChannelKind],
            "creditor": sorted({*senders, *person_lists.creditor_keys(connection)}),
            "template": template_versions.names(connection),
            "pack": sorted(packs),
        }[stop.scope]
    if stop.name not in known:
        raise StopError(
            f"nothing was stopped: there is no {stop}; there are {', '.join(known) or 'none'}. "
            "If it is urgent: dispatcher stop --all"
        )


def resume_delivery(database: Database, stop: Stop, *, why: str, by: str, now: datetime) -> list[StopRow]:
    """End a stop; returns what was in force. Raises StopError when it was not stopped."""
    take_in_urgent_stops(database)
    with database.writing() as connection:
        ended = stops.resume(connection, stop, by=by, at=now)
        _tell(connection, ended, why, by, now)
        in_force = stops.in_force(connection)
    if not ended:
        raise StopError(f"{stop} is not stopped; {_list(in_force)}")
    return ended


def resume_all(database: Database, *, why: str, by: str, now: datetime) -> list[StopRow]:
    """End every stop there is; returns what was in force. Raises StopError when nothing was."""
    take_in_urgent_stops(database)
    with database.writing() as connection:
        ended = stops.resume_all(connection, by=by, at=now)
        _tell(connection, ended, why, by, now)
    if not ended:
        raise StopError("nothing is stopped")
    return ended


def _tell(connection: Connection, ended: Sequence[StopRow], why: str, by: str, now: datetime) -> None:
    delivery_log.append(connection, [_entry(Event.RESUMED, row.stop, why, by, now) for row in ended])
    for row in ended:
        if row.stop.scope == "channel":
            end_pause(connection, row.stop.name)


def stops_in_force(database: Database) -> list[StopRow]:
    """What is stopped now, oldest first."""
    with database.reading() as connection:
        return stops.in_force(connection)


def _list(in_force: Sequence[StopRow]) -> str:
    return "stopped: " + ", ".join(str(row.stop) for row in in_force) if in_force else "nothing is"


def _entry(event: Event, stop: Stop, why: str, by: str, now: datetime) -> LogEntry:
    return LogEntry(
        event=event,
        at=now,
        actor=by,
        channel=stop.name if stop.scope == "channel" else None,
        creditor=stop.name if stop.scope == "creditor" else None,
        template=stop.name if stop.scope == "template" else None,
        details={"scope": stop.scope, "name": stop.name, "why": why},
    )
