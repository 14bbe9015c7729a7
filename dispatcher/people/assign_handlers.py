"""Says who handles whom: handlers and their deputies, rules, and single people by hand; each word is logged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.people.storage import handlers
from dispatcher.people.storage.find_debtor import find_debtor

LONGEST_NAME = 60


class HandlerError(ValueError):
    """It cannot be said like this; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class By:
    """Who says it, and when (business clock)."""

    actor: str
    now: datetime


def set_handler(
    database: Database,
    user: str,
    by: By,
    *,
    shown_as: str,
    deputy: str = "",
    away_from: date | None = None,
    away_until: date | None = None,
) -> None:
    """Make a user a handler, or change one; raises HandlerError.

    A name stands in messages, which say whom to ask for: it is a person's, and one line.
    """
    name = " ".join(shown_as.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise HandlerError(f"say how messages name them: a name of 1 to {LONGEST_NAME} letters")
    if away_until is not None and (away_from is None or away_until < away_from):
        raise HandlerError("the last day away needs a first one that does not lie behind it")
    with database.writing() as connection:
        known = handlers.every(connection)
        if deputy and (deputy == user or deputy not in known):
            raise HandlerError(f"{deputy!r} cannot stand in: a deputy is another handler")
        handlers.keep(
            connection,
            {
                "user": user, "shown_as": name, "deputy": deputy, "away_from": away_from, "away_until": away_until,
                "set_by": by.actor, "set_at": by.now,
            },
        )  # fmt: skip
        days = {"away_from": away_from, "away_until": away_until}
        details = {"handler": user, "deputy": deputy or None}
        details |= {key: day.isoformat() if day else None for key, day in days.items()}
        _log(connection, Event.HANDLER_SET, by, details)


def add_rule(
    database: Database,
    handler: str,
    by: By,
    *,
    creditor: str = "",
    country: str = "",
    from_letter: str = "",
    to_letter: str = "",
) -> int:
    """Give a handler whom a rule fits; it is asked after those that are there. Raises HandlerError."""
    letters = [text.strip().upper() for text in (from_letter, to_letter)]
    if any(len(letter) > 1 for letter in letters) or (all(letters) and letters[0] > letters[1]):
        raise HandlerError("letters are one each, from the first to the last, as A and M")
    with database.writing() as connection:
        if handler not in handlers.every(connection):
            raise HandlerError(f"{handler!r} is no handler yet")
        values = {
            "handler": handler, "creditor": creditor, "country": country,
            "from_letter": letters[0], "to_letter": letters[1],
        }  # fmt: skip
        key = handlers.add_rule(connection, {**values, "made_by": by.actor, "made_at": by.now})
        _log(connection, Event.HANDLER_RULE_ADDED, by, {"rule": key, **values})
    return key


def end_rule(database: Database, rule: int, by: By) -> None:
    """End a rule; raises HandlerError where none of that number is in force."""
    with database.writing() as connection:
        if not handlers.end_rule(connection, rule, at=by.now, by=by.actor):
            raise HandlerError(f"no rule {rule} is in force")
        _log(connection, Event.HANDLER_RULE_ENDED, by, {"rule": rule})


def give_person(database: Database, who: str, handler: str, by: By, *, why: str) -> None:
    """Say by hand who handles somebody; nobody leaves it to the rules. Raises HandlerError, UnknownDebtorError."""
    if not why.strip():
        raise HandlerError("say why: whoever looks for this person's file must know")
    with database.writing() as connection:
        debtor = find_debtor(connection, who)
        if handler and handler not in handlers.every(connection):
            raise HandlerError(f"{handler!r} is no handler")
        if handler:
            handlers.give(
                connection,
                {
                    "debtor_id": debtor.id, "handler": handler, "why": why.strip(),
                    "set_by": by.actor, "set_at": by.now,
                },
            )  # fmt: skip
        else:
            handlers.take_back(connection, debtor.id)
        details = {"handler": handler or None, "why": why.strip()}
        _log(connection, Event.HANDLER_GIVEN, by, details, person=debtor.person)


def _log(
    connection: Connection, event: Event, by: By, details: Mapping[str, Any], *, person: str | None = None
) -> None:
    said = {name: value for name, value in details.items() if value not in (None, "")}
    entry = LogEntry(event=event, at=by.now, actor=by.actor, person=person, details=said)
    delivery_log.append(connection, [entry])
