"""What the last run worked with and is gone now: a pack that is not loaded forbids nothing, so a run stops for it."""

from collections.abc import Collection, Mapping
from datetime import datetime

from dispatcher.database.engine import Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.planning.plan_reminders import RunRefused
from dispatcher.planning.storage import in_force

InForce = Mapping[str, Collection[str]]  # "rule pack" -> names


def gone(database: Database, now: InForce) -> dict[str, list[str]]:
    """Kind -> names that were gone since the last run; kinds that `now` leaves out are not looked at."""
    with database.reading() as connection:
        before = in_force.read(connection)
    missing = {kind: sorted(set(before.get(kind, ())) - set(names)) for kind, names in now.items()}
    return {kind: names for kind, names in missing.items() if names}


def refuse_what_is_gone(database: Database, now: InForce) -> None:
    """Remember what is in force; raises RunRefused while something of the last run's is gone."""
    if missing := gone(database, now):
        raise RunRefused(sentence(missing))
    with database.writing() as connection:
        before = in_force.read(connection)
        names = {**before, **{kind: sorted(names) for kind, names in now.items()}}
        if names != before:
            in_force.keep(connection, names)


def accept_gone(
    database: Database, names: Collection[str], *, why: str, now: datetime, actor: str
) -> list[str]:
    """Forget what a person says is meant to be gone; returns the names that were known."""
    wanted = {name.lower() for name in names}
    with database.writing() as connection:
        before = in_force.read(connection)
        known = [name for kept in before.values() for name in kept if name.lower() in wanted]
        left = {kind: [name for name in kept if name.lower() not in wanted] for kind, kept in before.items()}
        in_force.keep(connection, left)
        details = {"names": sorted(known), "why": why}
        entry = LogEntry(event=Event.ABSENCE_ACCEPTED, at=now, actor=actor, details=details)
        delivery_log.append(connection, [entry])
    return known


def sentence(missing: Mapping[str, Collection[str]]) -> str:
    """What is gone and what to do, for `check` and for whoever runs."""
    named = "; ".join(f"{kind} {', '.join(names)}" for kind, names in missing.items())
    accepted = " ".join(f"--accept {name.lower()}" for names in missing.values() for name in names)
    return (
        f"in force at the last run and gone now: {named}. What is not there forbids nothing: put it back, or say that "
        f"it is meant: `dispatcher run {accepted} --why TEXT`"
    )
