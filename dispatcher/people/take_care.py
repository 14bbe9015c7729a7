"""Puts a person into somebody's care: no automatic message, and an urgent task with the helpline of their place."""

from collections.abc import Mapping
from datetime import datetime

from dispatcher.database.engine import Connection
from dispatcher.people.storage import people_facts, tasks

CARE = "care"


def take_care(
    connection: Connection, debtor_id: int, words: str, helplines: Mapping[str, str], *, at: datetime
) -> bool:
    """Hold everything and open the task; True where the hold is new. What was said stands in the task alone."""
    line = helplines.get(people_facts.country_of(connection, debtor_id)) or helplines["*"]
    tasks.add(
        connection,
        CARE,
        at=at,
        text=f"URGENT: somebody may be at risk. Read this now and call them. Helpline: {line}. They wrote: {words}",
        debtor_id=debtor_id,
        details={"helpline": line, "text": words},
    )
    if people_facts.standing_hold(connection, debtor_id, None, CARE, None) is not None:
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
            "source": "words of a reply",
            "note": "",
            "recorded_at": at,
        },
    )
    return True
