"""Tells the desk at once that somebody may be at risk, by the channel of the summary: no name and no word of theirs."""

from datetime import datetime

from dispatcher.people.storage import care_notes
from dispatcher.runs.notify_day import Notice, NoticePorts, tell

SUBJECT = "URGENT: somebody may be at risk"
_TEXT = (
    "Somebody wrote words of self-harm. Open the task \u201curgent: somebody may be at risk\u201d now, read what they "
    "wrote, and call them; the helpline of their place stands there. Nothing automatic goes to them."
)


def alert_care(ports: NoticePorts, *, now: datetime) -> int:
    """Tell of what nobody was told of yet; returns of how many, 0 where nobody is set up to be told.

    Raises NobodyToldError where it reached nobody; the next time tries again.
    """
    with ports.database.reading() as connection:
        waiting = care_notes.not_told(connection)
    if not waiting:
        return 0
    notice = Notice(
        subject=f"{SUBJECT} ({len(waiting)})", text=_TEXT, values={"alarm": "care", "count": len(waiting)}
    )
    if not tell(ports, notice, now=now):
        return 0
    with ports.database.writing() as connection:
        care_notes.told(connection, waiting, at=now)
    return len(waiting)
