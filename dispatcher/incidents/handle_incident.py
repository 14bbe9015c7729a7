"""Opens an incident (stop, find all concerned, start the clock), looks again, and closes it; each word is logged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatcher.database.engine import Connection, Database
from dispatcher.delivery.intervene import CannotIntervene, Intervention, hold_messages
from dispatcher.delivery.stop_delivery import stop_delivery
from dispatcher.incidents.domain.incident import BREACH_TASK, Cause, Incident, version_of
from dispatcher.incidents.storage import incidents
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.people.storage import tasks

_AT_ONCE = 500


class IncidentError(ValueError):
    """It cannot be done like this; the text says why and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class By:
    """Who acts, when (business clock)."""

    actor: str
    now: datetime
    owner: str = ""  # on whose desk the clock's task lies


def open_incident(
    database: Database,
    cause: Cause,
    name: str,
    by: By,
    *,
    why: str,
    aware_at: datetime | None = None,
    is_breach: bool = False,
) -> Incident:
    """Stop what is wrong, write everybody down whom it reached, and start the clock; raises IncidentError.

    The stop comes first, and stands even where what follows fails.
    """
    if not why.strip():
        raise IncidentError("say what went wrong: whoever reads this in a year must understand it")
    aware = aware_at or by.now
    if aware > by.now:
        raise IncidentError("the moment at which somebody knew of it lies in the future")
    name = name.strip()
    with database.reading() as connection:
        creditor = _require(connection, cause, name)
    draft = Incident(
        id=0, cause=cause, name=name, creditor=creditor, why=why.strip(), aware_at=aware, is_breach=is_breach,
        opened_by=by.actor, opened_at=by.now,
    )  # fmt: skip
    held = _stop(database, draft, by)
    with database.writing() as connection:
        key = incidents.add(
            connection,
            {
                "cause": cause.value, "name": name, "creditor": creditor, "why": draft.why, "aware_at": aware,
                "is_breach": is_breach, "opened_by": by.actor, "opened_at": by.now,
            },
        )  # fmt: skip
        count = incidents.note_concerned(connection, key, cause, name)
        if draft.due_at is not None:
            tasks.add(
                connection,
                BREACH_TASK,
                at=by.now,
                text=f"incident {key}, {draft.title}: tell the authority by {draft.due_at:%Y-%m-%d %H:%M} UTC, or "
                "write down why it need not be told (Article 33 GDPR)",
                details={"incident": key, "due_at": draft.due_at.isoformat()},
                owner=by.owner,
            )
        details = {"incident": key, "cause": cause.value, "name": name, "why": draft.why, "held": held}
        details |= {"concerned": count, "is_breach": is_breach}
        _log(connection, Event.INCIDENT_OPENED, by, details)
    return incident_of(database, key)


def look_again(database: Database, key: int) -> int:
    """Write down whom it has reached since; returns how many messages are new."""
    incident = incident_of(database, key)
    with database.writing() as connection:
        return incidents.note_concerned(connection, key, incident.cause, incident.name)


def close_incident(database: Database, key: int, by: By, *, outcome: str) -> None:
    """Say what came of it; ends the clock's task, and no stop: that is resumed by itself. Raises IncidentError."""
    incident = incident_of(database, key)
    if incident.closed_at is not None:
        raise IncidentError(
            f"incident {key} was closed on {incident.closed_at:%Y-%m-%d} by {incident.closed_by}"
        )
    if not outcome.strip():
        raise IncidentError("say what came of it: who was told, what was put right, what was changed")
    with database.writing() as connection:
        values = {"closed_by": by.actor, "closed_at": by.now, "outcome": outcome.strip()}
        incidents.change(connection, key, values)
        tasks.finish_about(
            connection, BREACH_TASK, "incident", [key], by=by.actor, at=by.now, outcome=outcome.strip()
        )
        _log(connection, Event.INCIDENT_CLOSED, by, {"incident": key, "outcome": outcome.strip()})


def incident_of(database: Database, key: int) -> Incident:
    """One by its number; raises IncidentError."""
    with database.reading() as connection:
        found = incidents.get(connection, key)
    if found is None:
        raise IncidentError(f"there is no incident {key}")
    return found


def _require(connection: Connection, cause: Cause, name: str) -> str:
    """Refuse what nothing is called; the creditor of a ledger."""
    if cause in {Cause.RUN, Cause.LEDGER} and not (name.isascii() and name.isdecimal() and len(name) < 19):
        raise IncidentError(f"{name!r} is no number of a {cause.value}")
    if cause is Cause.RUN and not incidents.is_run(connection, int(name)):
        raise IncidentError(f"there was no run {name}")
    if cause is Cause.LEDGER:
        creditor = incidents.creditor_of_ledger(connection, int(name))
        if creditor is None:
            raise IncidentError(f"no ledger {name} was brought in")
        return creditor
    if cause is Cause.TEMPLATE:
        try:
            version_of(name)
        except ValueError as error:
            raise IncidentError(str(error)) from None
    if not name:
        raise IncidentError(f"say which {cause.value}")
    return ""


def _stop(database: Database, incident: Incident, by: By) -> int:
    """Keep more of it from going; how many messages were held, where no stop takes them in."""
    why = f"incident: {incident.why}"
    if incident.stop is not None:
        stop_delivery(database, incident.stop, why=why, by=by.actor, now=by.now)
        return 0
    with database.reading() as connection:
        waiting = incidents.waiting_ids(connection, incident.cause, incident.name)
    held = 0
    for start in range(0, len(waiting), _AT_ONCE):
        held += len(_held(database, waiting[start : start + _AT_ONCE], by, why))
    return held


def _held(database: Database, ids: list[str], by: By, why: str) -> list[str]:
    found: list[str] = []
    action = Intervention(actor=by.actor, now=by.now, why=why)
    try:
        return hold_messages(database, ids, action)
    except CannotIntervene:  # one of them has just gone: each for itself
        for one in ids:
            try:
                found += hold_messages(database, [one], action)
            except CannotIntervene:
                continue  # it went: it stands among those who are concerned
    return found


def _log(connection: Connection, event: Event, by: By, details: Mapping[str, Any]) -> None:
    delivery_log.append(connection, [LogEntry(event=event, at=by.now, actor=by.actor, details=dict(details))])
