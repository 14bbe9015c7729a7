"""Leaves a task with whoever works a debt by hand: what the run leaves alone must not fall silent."""

from collections import defaultdict
from datetime import date, datetime, timedelta

from dispatcher.database.engine import Connection, Database
from dispatcher.people.storage import tasks
from dispatcher.treatment.domain.segments import Segment, Segments
from dispatcher.treatment.storage.by_hand import DebtByHand, find_by_hand, looked_after, open_tasks

BY_HAND = "by_hand"


def note_by_hand(database: Database, segments: Segments, *, as_of: date, now: datetime) -> int:
    """One open task a person for what is past due in segments that somebody works by hand; how many are new.

    One that was done comes again when its days have passed and the debts are still open; one whose debts are not of
    such a segment any more is done by itself.
    """
    if not any(segment.by_hand for segment in segments):
        return 0
    with database.writing() as connection:
        by_person: dict[int, list[DebtByHand]] = defaultdict(list)
        for debt in find_by_hand(connection, segments, as_of):
            by_person[debt.debtor_id].append(debt)
        _close_others(connection, by_person, now)
        resting = looked_after(connection, BY_HAND, by_person, as_of)
        new = [key for key in sorted(by_person) if key not in resting]
        for key in new:
            _leave(connection, key, by_person[key], segments[by_person[key][0].place], as_of, now)
    return len(new)


def _close_others(connection: Connection, by_person: dict[int, list[DebtByHand]], now: datetime) -> None:
    gone = set(open_tasks(connection, BY_HAND)) - by_person.keys()
    for key in sorted(gone):
        outcome = "nothing of it is worked by hand any more"
        tasks.finish_for_debtor(connection, key, kind=BY_HAND, by="dispatcher", at=now, outcome=outcome)


def _leave(
    connection: Connection,
    debtor_id: int,
    debts: list[DebtByHand],
    segment: Segment,
    as_of: date,
    now: datetime,
) -> None:
    by_hand = segment.by_hand
    if by_hand is None:
        return
    names = [debt.debt for debt in debts]
    work_by = as_of + timedelta(days=by_hand.within_days)
    tasks.add(
        connection,
        BY_HAND,
        at=now,
        text=f"{segment.name}: the run leaves these alone until {by_hand.owner} has worked them: {', '.join(names)}",
        debtor_id=debtor_id,
        details={
            "debts": names,
            "segment": segment.name,
            "owner": by_hand.owner,
            "work_by": work_by.isoformat(),
        },
    )


def unworked_by_hand(connection: Connection, as_of: date) -> list[str]:
    """A sentence for each owner whose tasks are overdue on a day, for the summary."""
    late: dict[str, list[str]] = defaultdict(list)
    for details in open_tasks(connection, BY_HAND).values():
        if details.get("work_by", "9999") <= as_of.isoformat():
            late[str(details.get("owner", ""))].append(str(details.get("work_by", "")))
    return [
        f"{len(days)} of {owner} should have been worked by hand, the first by {min(days)}, and nobody has closed "
        "the task: the run leaves them alone, so nobody writes to them"
        for owner, days in sorted(late.items())
    ]
