"""Puts a person into somebody's care: no automatic message, and an urgent task with the helpline of their place."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from dispatcher.database.engine import Connection, Database
from dispatcher.people.storage import care_notes, people_facts, tasks
from dispatcher.people.storage.care_notes import SELF_HARM

CARE = "care"
KEPT_FOR = timedelta(days=90)  # what was said; that they are in care stays until a person ends it
_SAYS = "URGENT: somebody may be at risk. Read what they said now, and call them. Helpline: {line}."


def take_care(
    connection: Connection,
    debtor_id: int | None,
    words: str,
    helplines: Mapping[str, str],
    *,
    at: datetime,
    source: str = "words of a reply",
) -> bool:
    """Hold everything and open the task; True where the hold is new. What was said stands apart, for few to read.

    Nobody is held where nobody is known by the address: the task alone is left.
    """
    country = "" if debtor_id is None else people_facts.country_of(connection, debtor_id)
    line = helplines.get(country) or helplines["*"]
    note = care_notes.add(connection, debtor_id, words, at=at, source=source, category=SELF_HARM)
    tasks.add(
        connection,
        CARE,
        at=at,
        text=_SAYS.format(line=line),
        debtor_id=debtor_id,
        details={"helpline": line, "note": note},
    )
    if debtor_id is None or people_facts.standing_hold(connection, debtor_id, None, CARE, None) is not None:
        return False
    people_facts.add_hold(
        connection,
        {
            "debtor_id": debtor_id,
            "debt_id": None,
            "kind": CARE,
            "starts_on": at.date(),
            "until": None,
            "details": {},
            "source": source,
            "note": "",
            "recorded_at": at,
        },
    )
    return True


def forget_words(database: Database, *, now: datetime) -> int:
    """Erase what was said longer than KEPT_FOR ago; returns how many notes."""
    with database.writing() as connection:
        return care_notes.forget_before(connection, now - KEPT_FOR)
