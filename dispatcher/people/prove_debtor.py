"""Lets a debtor into their own page: two right answers open a visit, wrong ones are counted and close it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.domain.proof import MOST_TRIES, is_proof
from dispatcher.people.recording import Recorded, Recording, Said, recording
from dispatcher.people.storage import proofs, tasks

LASTS, IDLE = timedelta(hours=2), timedelta(minutes=30)
CLOSED = "page_closed"
ACTOR, SOURCE = "debtor", "debtors' page"

RandomBytes = Callable[[int], bytes]
OnClosed = Callable[[Connection, int, datetime], None]
"""Told in the transaction that a page was closed: (connection, debtor, when)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What somebody answered. `birth_date` as 1980-05-31."""

    birth_date: str
    access_code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PageVisit:
    """An open visit of a debtor's own page."""

    debtor_id: int
    csrf: str


def prove(
    database: Database, who: str, answers: Answers, *,
    now: datetime, real_now: datetime, random_bytes: RandomBytes, on_closed: OnClosed,
) -> str:  # fmt: skip
    """The cookie's value of a new visit, or "" for any pair that is not right, and for every pair once it is closed.

    `who` is creditor/reference; `real_now` is the clock that visits run on. Tries are counted with the person locked:
    many at once are no way round it.
    """
    said = Said(now=now, actor=ACTOR, source=SOURCE)
    with recording(database, who, said) as record:
        count, closed = proofs.tries(record.connection, record.debtor.id)
        right = is_proof(
            answers.birth_date, answers.access_code, proofs.on_file(record.connection, record.debtor.id)
        )
        if right and not closed:
            return _opened(record, real_now, random_bytes)
        if not closed:
            _refused(record, count + 1, now, on_closed)
        return ""


def _opened(record: Recording, now: datetime, random_bytes: RandomBytes) -> str:
    token = random_bytes(32).hex()
    proofs.keep_tries(record.connection, record.debtor.id, 0, closed_at=None)
    proofs.add_visit(
        record.connection,
        record.debtor.id,
        token_sha256=_digest(token),
        csrf=random_bytes(16).hex(),
        now=now,
        ends=now + LASTS,
    )
    record.log(Event.OWN_PAGE_OPENED, {})
    return token


def _refused(record: Recording, count: int, now: datetime, on_closed: OnClosed) -> None:
    closes = count >= MOST_TRIES
    proofs.keep_tries(record.connection, record.debtor.id, count, closed_at=now if closes else None)
    record.log(Event.OWN_PAGE_REFUSED, {"tries": count})
    if closes:
        _close(record, "too many wrong answers")
        on_closed(record.connection, record.debtor.id, now)


def _close(record: Recording, why: str) -> None:
    proofs.end_visits(record.connection, record.debtor.id)
    record.log(Event.OWN_PAGE_CLOSED, {"why": why})
    tasks.add(
        record.connection,
        CLOSED,
        at=record.said.now,
        text=(
            f"{record.debtor.full_reference}: their own page is closed ({why}). Somebody may be guessing. Make sure by "
            "telephone who calls, then open it again on their page here"
        ),
        debtor_id=record.debtor.id,
    )


def visit_of(database: Database, token: str, *, now: datetime) -> PageVisit | None:
    """The open visit behind a cookie; None once it is over, or IDLE after it was last used. `now` is the real clock."""
    if not token:
        return None
    with database.writing() as connection:
        row = proofs.find_visit(connection, _digest(token), now=now, seen_after=now - IDLE)
        if row is None:
            return None
        proofs.touch_visit(connection, row.token_sha256, now)
        return PageVisit(debtor_id=row.debtor_id, csrf=row.csrf)


def leave(database: Database, visit: PageVisit) -> None:
    """End it: the cookie opens nothing any more."""
    with database.writing() as connection:
        proofs.end_visits(connection, visit.debtor_id)


def set_own_page(database: Database, who: str, kind: str, said: Said) -> Recorded:
    """Open a person's page again after too many wrong answers, or close it; the word of a person at the desk."""
    if kind == "open" and not said.source.strip():
        raise RecordError("say with --source how the person made themselves known, such as a call's number")
    with recording(database, who, said) as record:
        closes, debtor_id = kind == "close", record.debtor.id
        proofs.keep_tries(record.connection, debtor_id, 0, closed_at=said.now if closes else None)
        if closes:
            proofs.end_visits(record.connection, debtor_id)
            record.log(Event.OWN_PAGE_CLOSED, {"why": "a person's word"})
        else:
            record.log(Event.OWN_PAGE_REOPENED, {})
        tasks.finish_for_debtor(
            record.connection, debtor_id, kind=CLOSED, by=said.actor, at=said.now, outcome=kind
        )
        return Recorded(fact="own_page", debtor=record.debtor.full_reference, details={"kind": kind})


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
