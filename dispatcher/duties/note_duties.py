"""Leaves a task with its date for each duty that has begun, and closes those that are done with."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from dispatcher.database.engine import Connection, Database
from dispatcher.duties.domain.begun import Begun, Owed, strictest
from dispatcher.duties.storage import beginnings
from dispatcher.gate.duty import Begins
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.people.domain.person import PersonFile
from dispatcher.people.storage import task_lists, tasks
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.people.storage.people import load_people
from dispatcher.planning.policy import Policy

DUTY = "duty"
SOON = timedelta(days=3)
_BY = "dispatcher"


def note_duties(database: Database, policy: Policy, *, as_of: date, now: datetime) -> int:
    """One task for each duty that the packs set for what has happened; how many are new.

    A duty is owed once: neither another pack nor another day asks for it again. One is closed by itself where the
    notice that it wants has gone out, or what began it was answered or released.
    """
    with database.writing() as connection:
        begun = list(_begun(connection, policy, as_of))
        known = beginnings.open_or_done(connection, DUTY)
        new = _leave(connection, policy, [one for one in begun if not one.ended], set(known), now)
        _close(connection, begun, known, now)
    return new


def late_or_soon(connection: Connection, as_of: date) -> list[str]:
    """A sentence for the summary where duties are due within three days, or late."""
    dates = beginnings.due_dates(connection, DUTY)
    late = [due for due in dates if due[:10] < as_of.isoformat()]
    soon = [due for due in dates if as_of.isoformat() <= due[:10] <= (as_of + SOON).isoformat()]
    return [
        f"{len(group)} {'duties are' if len(group) > 1 else 'duty is'} {word} {group[0][:16]}: "
        "`dispatcher duties list`"
        for group, word in ((late, "late, the first since"), (soon, "due, the first by"))
        if group
    ]


def _begun(connection: Connection, policy: Policy, as_of: date) -> Iterator[Begun]:
    wanted = {duty.begins for pack in policy.rulebook for duty in pack.duties}
    yield from (one for one in beginnings.of_holds(connection, as_of) if one.begins in wanted)
    if Begins.FIRST_CONTACT in wanted:
        yield from _without_notice(connection, beginnings.of_first_contacts(connection, as_of), as_of)


def _without_notice(connection: Connection, found: Iterable[Begun], as_of: date) -> Iterator[Begun]:
    """First contacts, each with the validation notice that has gone out for it."""
    listed = list(found)
    people = _people(connection, listed, as_of)
    for one in listed:
        sent = _notice_day(people, one, "validation")
        yield one if sent is None else _ended(one, f"the notice went out on {sent}")


def _ended(begun: Begun, how: str) -> Begun:
    return Begun(
        begins=begun.begins, at=begun.at, key=begun.key, what=begun.what,
        debtor_id=begun.debtor_id, debt_id=begun.debt_id, ended=how,
    )  # fmt: skip


def _notice_day(people: dict[int, PersonFile], begun: Begun, kind: str) -> date | None:
    person = people.get(begun.debtor_id or 0)
    sent = (
        notice.sent_on
        for notice in (person.notices if person else ())
        if notice.kind == kind and not notice.returned and notice.debt_id in (None, begun.debt_id)
    )
    return min(sent, default=None)


def _people(connection: Connection, begun: Sequence[Begun], as_of: date) -> dict[int, PersonFile]:
    ids = {one.debtor_id for one in begun if one.debtor_id is not None}
    return load_people(connection, ids, now=datetime.combine(as_of, time(12), tzinfo=UTC))


def _leave(
    connection: Connection, policy: Policy, begun: Sequence[Begun], known: Collection[str], now: datetime
) -> int:
    fresh = [one for one in begun if not any(key.startswith(f"{one.key}/") for key in known)]
    people = _people(connection, fresh, now.date())
    of_debts = load_debts(connection, {one.debt_id for one in fresh if one.debt_id}, as_of=now.date())
    owed: list[Owed] = []
    for one in fresh:
        person = people.get(one.debtor_id or 0)
        if person is None:
            continue
        concerned = [debt for key, debt in of_debts.items() if key == one.debt_id]
        owed += strictest(one, policy.packs_of(person, concerned, one.at.date()))
    _add(connection, owed, _BY, now)
    return len(owed)


def _add(connection: Connection, owed: Sequence[Owed], actor: str, now: datetime) -> None:
    for one in owed:
        tasks.add(
            connection, DUTY, at=now, text=one.words(), debtor_id=one.begun.debtor_id, details=one.details()
        )
    entries = [
        LogEntry(event=Event.DUTY_BEGUN, at=now, actor=actor, details=_public(one.details())) for one in owed
    ]
    delivery_log.append(connection, entries)


def _close(
    connection: Connection, begun: Sequence[Begun], known: dict[str, tuple[int, bool]], now: datetime
) -> None:
    for one in begun:
        ids = [task for key, (task, is_open) in known.items() if is_open and key.startswith(f"{one.key}/")]
        if one.ended and ids:
            task_lists.finish(connection, ids, by=_BY, at=now, outcome=one.ended)
            details = {"tasks": sorted(ids), "outcome_given": True}
            delivery_log.append(
                connection, [LogEntry(event=Event.TASKS_DONE, at=now, actor=_BY, details=details)]
            )


def _public(details: dict[str, str]) -> dict[str, str]:
    return {name: details[name] for name in ("key", "duty", "pack", "begun", "due")}
