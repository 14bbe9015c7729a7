"""Ends an arrangement by a person's word."""

from datetime import date

from dispatcher.agreements.domain.agreed import Agreed
from dispatcher.agreements.domain.arrangement import State
from dispatcher.agreements.storage import arrangements
from dispatcher.agreements.watch import Watcher, log
from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.recording import Said
from dispatcher.people.storage import addresses, people_facts


def cancel(database: Database, arrangement_id: int, said: Said, *, why: str) -> Agreed:
    """End it; its debts' ladder goes on where it stood. Raises RecordError where there is none, or it has ended."""
    if not why.strip():
        raise RecordError("say why it ends with --why: it is kept, and the log names it")
    with database.writing() as connection:
        agreed = active(connection, arrangement_id)
        end(connection, agreed, State.CANCELLED, said, why=why)
        return arrangements.read(connection, [arrangement_id])[0]


def find(connection: Connection, arrangement_id: int) -> Agreed:
    """The arrangement of a number; raises RecordError where there is none."""
    found = arrangements.read(connection, [arrangement_id])
    if not found:
        raise RecordError(
            f"there is no arrangement {arrangement_id}; `dispatcher arrangements list` shows them"
        )
    return found[0]


def active(connection: Connection, arrangement_id: int) -> Agreed:
    """The arrangement, everybody who owes its debts locked; raises RecordError where it does not stand."""
    found = arrangements.read(connection, [arrangement_id])
    if not found:
        raise RecordError(
            f"there is no arrangement {arrangement_id}; `dispatcher arrangements list` shows them"
        )
    addresses.lock(connection, people_facts.people_owing(connection, found[0].debt_ids))
    [agreed] = arrangements.read(connection, [arrangement_id])
    if agreed.state is not State.ACTIVE:
        since = f" since {agreed.standing.since}" if agreed.standing.since else ""
        raise RecordError(f"arrangement {arrangement_id} is {agreed.state}{since}: there is nothing to end")
    return agreed


def end(connection: Connection, agreed: Agreed, state: State, said: Said, *, why: str) -> None:
    """Write it and log it."""
    on: date = said.now.date()
    arrangements.end(connection, agreed, state, on, why=why, told=state.value)
    watcher = Watcher(now=said.now, actor=said.actor, as_of=on)
    log(
        connection,
        agreed,
        watcher,
        [(Event(f"arrangement_{state}"), {"on": on.isoformat()})],
        why=why,
        note=said.note,
    )
