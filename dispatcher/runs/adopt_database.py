"""A person takes a copied database, or a further home of one, as their own: from then on it may send again."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dispatcher.database import instance
from dispatcher.database.engine import Connection, Database
from dispatcher.database.instance import Instance
from dispatcher.delivery.storage import attempts
from dispatcher.gate.decision import Outcome, own_reason
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import Message, State, entry_of
from dispatcher.messages.storage import outbox
from dispatcher.runs.domain.gap import Gap
from dispatcher.runs.hold_gap import RULE
from dispatcher.runs.refuse_copy import Home, copy_trouble
from dispatcher.runs.storage import copies

CHUNK = 2_000
_DETAIL = "the copy does not know whether it was sent after the copy was made"


class CannotAdoptError(ValueError):
    """Nothing to adopt, or no reason given."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Adoption:
    """Who adopts (the log's name), when (business clock), why; `is_copy`: also where nothing else shows it."""

    actor: str
    now: datetime
    why: str
    is_copy: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Adopted:
    """What was adopted: a copy or a further home; `unknown` messages wait for a person."""

    kind: str  # copy, home
    unknown: int = 0


def adopt_database(database: Database, home: Home, by: Adoption, *, anew: bool = False) -> Adopted:
    """Adopt; raises CannotAdoptError unless there is something to adopt, or `anew`.

    A further home of a database in its place joins it. Of a copy whatever was not at its end becomes `unknown`, and
    steps that came due until now will wait for a person (`hold_gap`).
    """
    if not by.why.strip():
        raise CannotAdoptError('say what happened with --why, such as "restored after a broken disk"')
    mark = home.newest.read()
    with database.writing() as connection:
        found = instance.read(connection)
        trouble = copy_trouble(connection, mark, found)
        is_own = not trouble and not by.is_copy and found is not None and home.read_id() == found.id
        if is_own and not anew:
            raise CannotAdoptError("this database is this home's own and no copy: there is nothing to adopt")
        place = instance.place_of(connection)
        is_copy = bool(by.is_copy or trouble or found is None or not place or found.place != place)
        own = found if found is not None and not is_copy else None
        adopted = Adopted(kind="home") if own else _take_copy(connection, by)
        own = own or Instance(id=secrets.token_hex(16), place=place, link_key=found.link_key if found else "")
        instance.write(connection, replace(own, copy_of=""))
        delivery_log.append(connection, [_entry(by, adopted, trouble)])
    home.take(own.id)
    return adopted


def _take_copy(connection: Connection, by: Adoption) -> Adopted:
    copies.end_leases(connection)
    copies.write_gap(connection, Gap(until=by.now.date(), newest_debt=copies.newest_debt(connection)))
    unknown, last = 0, ""
    while doubtful := copies.open_messages(connection, after=last, limit=CHUNK):
        last = doubtful[-1].id
        outbox.change(connection, [_row(m, by) for m in doubtful])
        attempts.end(connection, [_end(m, by) for m in doubtful if m.state is State.SENDING])
        delivery_log.append(connection, [_unknown(m, by) for m in doubtful])
        unknown += len(doubtful)
    return Adopted(kind="copy", unknown=unknown)


def _row(message: Message, by: Adoption) -> dict[str, Any]:
    reason = own_reason("dispatcher", RULE, Outcome.HOLD, "dispatcher adopt", _DETAIL)
    return {
        "id": message.id,
        "state": State.UNKNOWN,
        "sent_at": message.sent_at or by.now,  # in doubt it counts as a contact
        "provider": "",  # whoever sent it: what this home finds at its own provider says nothing
        "reasons": [reason.as_json()],
        "clearance": None,  # of another time: whatever is queued again is judged
        "next_try_at": None,
        "lease_owner": None,
        "lease_until": None,
        "updated_at": by.now,
    }


def _end(message: Message, by: Adoption) -> dict[str, Any]:
    key = {"message_id": message.id, "number": message.attempts}
    return {**key, "outcome": "unknown", "ended_at": by.now, "provider_id": "", "code": "", "reason": _DETAIL}


def _unknown(message: Message, by: Adoption) -> LogEntry:
    details = {"reason": _DETAIL, "was": message.state.value, "why": by.why}
    return entry_of(message, Event.UNKNOWN, at=by.now, actor=by.actor, details=details)


def _entry(by: Adoption, adopted: Adopted, trouble: str) -> LogEntry:
    details = {"kind": adopted.kind, "unknown": adopted.unknown, "why": by.why, "trouble": trouble}
    return LogEntry(event=Event.ADOPTED, at=by.now, actor=by.actor, details=details)
