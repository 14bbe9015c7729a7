"""Asks somebody, once a quarter, to look through who can get in: a right that nobody uses is one that nobody guards."""

from datetime import datetime

from dispatcher.database.engine import Database
from dispatcher.people.storage import tasks
from dispatcher.users.review_access import review_access

ACCESS_REVIEW = "access_review"


def ask_access_review(database: Database, *, now: datetime) -> str:
    """Leave a task with the list as it stands, unless the last one has not been worked on; says what was done."""
    rows = [row.as_json() for row in review_access(database, now)]
    remarked = sum(bool(row["remarks"]) for row in rows)
    text = (
        f"Look through who can get in ({len(rows)} users, tokens and keys, {remarked} of them unused or disabled), "
        "end what is not needed, and say here what was done: the page Users, Who can get in, has the list"
    )
    with database.writing() as connection:
        if tasks.is_any_open(connection, ACCESS_REVIEW):
            return "the last access review has not been done"
        tasks.add(connection, ACCESS_REVIEW, at=now, text=text, details={"rows": rows})
    return f"asked for an access review of {len(rows)} rows"
