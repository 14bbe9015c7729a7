"""Counsel says that a pack's text, or the answer about a place, holds; a changed one is to be read again."""

import time
from collections.abc import Callable
from datetime import datetime

from dispatcher.authoring.storage import law_reviews
from dispatcher.database.engine import Database
from dispatcher.gate.coverage import OPEN, answer_digest
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.planning.policy import Policy

PACK, PLACE = "pack", "place"
FRESH = 2.0  # seconds: a review that is taken back stops messages as soon as that, in every process


class LawReviewError(ValueError):
    """It cannot be reviewed like this; the text says why and what to do."""


class LawReviewsInForce:
    """Which texts counsel has read, asked of the database every few seconds."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database, self._clock = database, clock
        self._read_at: float | None = None
        self._keys: frozenset[tuple[str, str, str]] = frozenset()

    def __call__(self) -> frozenset[tuple[str, str, str]]:
        """(kind, name, digest) of each."""
        now = self._clock()
        if self._read_at is None or now - self._read_at > FRESH:
            with self._database.reading() as connection:
                self._keys = frozenset(one.key for one in law_reviews.standing(connection))
            self._read_at = now
        return self._keys

    def forget(self) -> None:
        """Ask anew at the next question."""
        self._read_at = None


def digest_of(policy: Policy, kind: str, name: str) -> str:
    """The text in force, as its SHA-256; raises LawReviewError for what is not there or has nothing to read."""
    if kind == PACK:
        pack = next((one for one in policy.rulebook if one.name == name), None)
        if pack is None:
            raise LawReviewError(f"no rule pack {name} is loaded")
        return pack.digest
    answer = policy.coverage.answer_of(name)
    if answer is None or answer.word == OPEN:
        raise LawReviewError(f"nothing was read of the law of {name} yet: there is no answer to confirm")
    return answer_digest(answer)


def review_law(
    database: Database,
    policy: Policy,
    kind: str,
    name: str,
    *,
    digest: str,
    note: str,
    actor: str,
    now: datetime,
) -> None:
    """Write counsel's word down; `digest` names the text that they had before them. Raises LawReviewError.

    What was changed while it was read is not reviewed: whoever signs must have seen what is in force.
    """
    if digest_of(policy, kind, name) != digest:
        raise LawReviewError(f"{name} has changed since you opened it: read it again")
    with database.writing() as connection:
        if (kind, name, digest) in {one.key for one in law_reviews.standing(connection)}:
            raise LawReviewError(f"this text of {name} was reviewed already")
        values = {"kind": kind, "name": name, "digest": digest, "note": note.strip(), "reviewed_by": actor}
        law_reviews.add(connection, {**values, "reviewed_at": now})
        details = {"kind": kind, "name": name, "digest": digest}
        entry = LogEntry(event=Event.LAW_REVIEWED, at=now, actor=actor, details=details)
        delivery_log.append(connection, [entry])


def take_back_review(
    database: Database, kind: str, name: str, *, why: str, actor: str, now: datetime
) -> None:
    """Counsel no longer stands by it: real messages that rely on it wait. Raises LawReviewError."""
    if not why.strip():
        raise LawReviewError("say why: real messages wait for the next review")
    with database.writing() as connection:
        if not law_reviews.end(connection, kind, name, by=actor, at=now, why=why.strip()):
            raise LawReviewError(f"no review of {name} stands")
        details = {"kind": kind, "name": name, "why": why.strip()}
        entry = LogEntry(event=Event.LAW_REVIEW_ENDED, at=now, actor=actor, details=details)
        delivery_log.append(connection, [entry])
