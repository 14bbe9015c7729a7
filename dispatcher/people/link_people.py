"""Finds who is on record with several creditors; what is only likely waits for a person, who confirms or refuses it."""

from dataclasses import dataclass
from datetime import datetime

from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.domain.same_human import alike
from dispatcher.people.storage import addresses, humans, person_links, tasks
from dispatcher.people.storage.person_links import CONFIRMED, LIKELY, REFUSED, TOGETHER

SAME_PERSON = "same_person"
_EVENTS = {CONFIRMED: Event.LINK_CONFIRMED, REFUSED: Event.LINK_REFUSED}


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """Two records that are, or may be, one human. Shown to the desk that decides, never to a creditor."""

    id: int
    record: str
    other: str
    state: str  # sure, likely, confirmed, refused
    agrees: tuple[str, ...]


def link_people(connection: Connection, *, on: bool, now: datetime, actor: str) -> None:
    """Compare all records anew. With linking off nothing is compared, and everybody is who their creditor says."""
    if not on:
        humans.fold(connection, ())
        return
    if not person_links.several_creditors(connection):
        return
    likely, gone = person_links.renew(connection, alike(person_links.identities(connection)), at=now)
    for key in likely:
        tasks.add(connection, SAME_PERSON, at=now, text=_TEXT.format(id=key), details={"link": key})
    _close(connection, gone, now, "dispatcher", "the records no longer say so, or say it for certain")
    humans.fold(connection, person_links.pairs(connection, TOGETHER))
    if likely:
        _log(connection, Event.LINKS_FOUND, {"likely": len(likely)}, now, actor)


def relink_people(database: Database, *, on: bool, now: datetime, actor: str) -> None:
    """Before a day: bring who is one human in line with the setting, where an import has not done so."""
    with database.reading() as connection:
        known = humans.any_known(connection)
        wanted = on and not known and person_links.several_creditors(connection)
    if wanted or (known and not on):
        with database.writing() as connection:
            link_people(connection, on=on, now=now, actor=actor)


def list_links(database: Database, *, state: str = LIKELY) -> list[Link]:
    """Links in a state, those that wait for a person unless another is named; empty: all."""
    with database.reading() as connection:
        rows = person_links.listed(connection, state)
    return [
        Link(id=row.id, record=row.record, other=row.other, state=row.state, agrees=tuple(row.agrees))
        for row in rows
    ]


def decide_link(database: Database, key: int, *, same: bool, on: bool, now: datetime, actor: str) -> Link:
    """Confirm that two records are one human, or refuse it; raises RecordError for an unknown link."""
    state = CONFIRMED if same else REFUSED
    with database.writing() as connection:
        row = person_links.get(connection, key)
        if row is None:
            raise RecordError(f"there is no link {key}: `dispatcher links list` shows those that wait")
        addresses.lock(connection, [row.debtor_id, row.other_id])
        person_links.decide(connection, key, state, by=actor, at=now)
        _close(connection, [key], now, actor, state)
        humans.fold(connection, person_links.pairs(connection, TOGETHER) if on else ())
        _log(connection, _EVENTS[state], {"link": key}, now, actor)
    return Link(id=key, record=row.record, other=row.other, state=state, agrees=tuple(row.agrees))


_TEXT = "Two records of different creditors may be one person (number {id}). Compare them, and say so or refuse it."


def _close(connection: Connection, links: list[int], now: datetime, by: str, outcome: str) -> None:
    if links:
        tasks.finish_about(connection, SAME_PERSON, "link", links, by=by, at=now, outcome=outcome)


def _log(connection: Connection, event: Event, details: dict[str, int], now: datetime, actor: str) -> None:
    """Of no person and no creditor: an entry of one would tell one creditor that another knows them."""
    delivery_log.append(connection, [LogEntry(event=event, at=now, actor=actor, details=details)])
