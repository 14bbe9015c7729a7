"""Plays the invented people: brings them in as a creditor's system would, and lets them write as anybody writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from channels.event import InboundMessage
from dispatcher.database.engine import Database
from dispatcher.delivery.record_inbound import Read, record_inbound
from dispatcher.people.storage.addresses import people_at
from dispatcher.portfolio.domain.import_request import ImportSettings
from dispatcher.portfolio.import_portfolio import WatchLedger
from dispatcher.practice.domain.exercise import CREDITOR, Exercise, address_of, reference_of
from dispatcher.practice.storage import practised
from dispatcher.values.message_id import RandomBytes
from dispatcher.wire.push_debts import Push, push_debts

PROVIDER = "practice"
ACTOR = "practice"


class PracticeError(ValueError):
    """The invented people cannot be played here; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """What playing works with; `now` is the business clock's."""

    database: Database
    exercises: Sequence[Exercise]
    settings: ImportSettings
    watch: WatchLedger
    read: Read
    folder: Path
    now: datetime
    real_now: datetime
    random_bytes: RandomBytes


def deal(stage: Stage, user: str) -> int:
    """Give a user invented people of their own, once; returns how many are new."""
    references = [reference_of(user, exercise) for exercise in stage.exercises]
    with stage.database.reading() as connection:
        there = practised.known(connection, references)
    today = stage.now.date()
    rows = [
        _row(user, exercise, today)
        for exercise in stage.exercises
        if reference_of(user, exercise) not in there
    ]
    if not rows:
        return 0
    push = Push(
        documents=rows,
        creditor=CREDITOR,
        as_of=today,
        now=stage.real_now,
        actor=ACTOR,
        settings=stage.settings,
        folder=stage.folder,
    )
    pushed = push_debts(stage.database, push, watch=stage.watch)
    if pushed.problems:
        raise PracticeError("; ".join(f"{one.column}: {one.reason}" for one in pushed.problems[:3]))
    return len(rows)


def let_write(stage: Stage, user: str) -> tuple[int, int]:
    """Let those of a user's people write whom a message has reached; returns how many wrote, and how many wait.

    Each writes once: the same words heard again change nothing.
    """
    wrote = wait = 0
    for exercise in stage.exercises:
        with stage.database.reading() as connection:
            people = practised.known(connection, [reference_of(user, exercise)])
            is_reached = bool(practised.reached(connection, list(people.values())))
            has_written = bool(practised.works(connection, list(people.values())))
        if not people or has_written:
            continue
        if not is_reached:
            wait += 1
            continue
        wrote += _write(stage, user, exercise)
    return wrote, wait


def _write(stage: Stage, user: str, exercise: Exercise) -> int:
    address = address_of(user, exercise)
    inbound = InboundMessage(
        provider=PROVIDER,
        event_id=f"{PROVIDER}-{reference_of(user, exercise)}",
        at=stage.now,
        sender=address,
        to="",
        text=exercise.writes,
    )
    heard = record_inbound(
        stage.database,
        inbound,
        read=stage.read,
        now=stage.now,
        random_bytes=stage.random_bytes,
        channel=exercise.channel,
        whom=lambda connection: (people_at(connection, address), address),
    )
    return int(heard.new)


def _row(user: str, exercise: Exercise, today: date) -> Mapping[str, Any]:
    reference = reference_of(user, exercise)
    return {
        "debtor_reference": reference,
        "debt_reference": reference,
        "debtor_kind": "person",
        "language": "en",
        "country": "US",
        "email": address_of(user, exercise),
        "currency": "USD",
        "original_amount": str(exercise.balance),
        "balance": str(exercise.balance),
        "issued_on": (today - timedelta(days=31)).isoformat(),
        "due_date": (today - timedelta(days=1)).isoformat(),
        **exercise.person,
    }
