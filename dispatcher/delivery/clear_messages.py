"""Clearance: the gate's word at preparing stands at sending while everything that it was given by is the same.

A clearance only ever says "send". Whatever is absent, other or unsure leaves the message to the whole gate.
What binds a person is compared by `people/storage/standing_facts.py`; the rest is under the seal: the message as it
goes, its bytes and inputs, the configuration, counsel's reviews, the program. What time changes ends it: the gate's own
end, and midnight in UTC for all that reads the date. Stops, validity, replays and providers are asked as ever.
"""

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from operator import attrgetter
from typing import Any, Final

import orjson

from dispatcher.database.engine import Connection
from dispatcher.database.facts_versions import every_change_raises
from dispatcher.delivery.contradicted_clearances import (
    contradiction,
    is_any_contradicted,
    tell_contradictions,
)
from dispatcher.delivery.domain.verdict import Verdict, VerdictKind
from dispatcher.delivery.judge_messages import JudgingContext, judge_made, judge_messages
from dispatcher.gate.grounds import same_grounds
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.clearance import Clearance
from dispatcher.messages.domain.message import Message
from dispatcher.people.domain.person import Hold, PersonFile
from dispatcher.people.storage.history import HISTORY
from dispatcher.people.storage.standing_facts import StandingFacts, read_standing_facts
from dispatcher.planning.policy import Policy
from dispatcher.writing.checks.checks import Report
from dispatcher.writing.message_files import MessageFiles
from dispatcher.writing.prepare_messages import ClearOne

SAMPLE: Final = 200  # of so many cleared messages one is judged as well


@dataclass(frozen=True, kw_only=True, slots=True)
class Clearing:
    """What clears: the desk with the digest of its configuration, the program's version, a key beside the database."""

    policy: Policy
    program: str
    key: bytes

    def works(self, connection: Connection) -> bool:
        """Whether all that is compared is known: the configuration, the program, that facts raise their versions.

        Nothing is cleared while a person has not looked at what was cleared wrongly.
        """
        known = bool(self.policy.read_from and self.program)
        return known and every_change_raises(connection) and not is_any_contradicted(connection)

    def clear_prepared(
        self, connection: Connection, messages: Sequence[Message], files: MessageFiles, now: datetime
    ) -> ClearOne:
        """What judges these messages once their texts are made, and clears them.

        Call it in the read transaction in which `files` were read: versions and facts must be of one view.
        """
        fit = [m for m in messages if _may_be_cleared(m)] if self.works(connection) else []
        standing = read_standing_facts(connection, _addressed(fit))
        planned = delivery_log.personal_of(connection, [m.personal_id for m in fit if m.personal_id])

        def clear(message: Message, report: Report) -> Clearance | None:
            facts = standing.get(message.id)
            if facts is None:
                return None
            kept, reviews = planned.get(message.personal_id or 0, {}), self._reviews()
            clearance = self._judge(message, report, files, kept, now)
            if clearance is None or reviews != self._reviews():  # taken back meanwhile
                return None
            return replace(clearance, seal=self._seal(message, clearance, facts, reviews))

        return clear

    def cleared(
        self, connection: Connection, messages: Sequence[Message], bodies: Mapping[str, bytes], now: datetime
    ) -> dict[str, Verdict]:
        """Verdicts of those messages whose clearance stands; call it with their people locked.

        Two messages to one human in a turn are never cleared: one counts for the other.
        """
        asked = [m for m in messages if _in_time(m, now) and _are_its_own(m, bodies)]
        if not (asked and self.works(connection)):
            return {}
        standing = read_standing_facts(connection, _addressed(asked))
        recipients = Counter(m.recipient_id for m in messages)
        reviews = self._reviews()
        found = {}
        for message in asked:
            clearance, facts = message.clearance, standing[message.id]
            alone = sum(recipients[record] for record in facts.records) == 1
            if clearance is None or not alone:
                continue
            if hmac.compare_digest(clearance.seal, self._seal(message, clearance, facts, reviews)):
                found[message.id] = Verdict(
                    kind=VerdictKind.SEND,
                    not_after=clearance.not_after,
                    rule_packs=message.rule_packs,
                    inputs_digest=message.inputs_digest,
                    cleared_at=clearance.judged_at,
                )
        return found

    def _judge(
        self,
        message: Message,
        report: Report,
        files: MessageFiles,
        planned: Mapping[str, Any],
        now: datetime,
    ) -> Clearance | None:
        """The gate's word for the first instant at which the message may go; None where it is not plain."""
        at = max(now, message.not_before) if message.not_before else now
        until = _until_time_changes_something(files.person(message), now, at)
        if until is None or at.date() != now.date() or not _knows_its_segments(message, files, self.policy):
            return None
        verdict = judge_made(message, files, at, self.policy, report.content)
        if verdict.kind is not VerdictKind.SEND or verdict.rule_packs != message.rule_packs:
            return None
        # The entry will commit to what the rules read when it was planned: it must be what they read now.
        if "grounds" in planned and not any(
            same_grounds(each, verdict.grounds) for each in planned["grounds"]
        ):
            return None
        ends = min(until, verdict.not_after or until)
        return (
            Clearance(judged_at=now, since=at, until=ends, not_after=verdict.not_after) if at < ends else None
        )

    def _reviews(self) -> frozenset[tuple[str, str, str]] | None:
        return None if self.policy.reviews is None else self.policy.reviews()

    def _seal(
        self,
        message: Message,
        clearance: Clearance,
        facts: StandingFacts,
        reviews: frozenset[tuple[str, str, str]] | None,
    ) -> str:
        said = [
            self.program,
            self.policy.read_from,
            None if reviews is None else sorted(reviews),
            clearance.as_json() | {"seal": ""},
            _sealed_of(message),
            facts.as_json(),
        ]
        return hashlib.blake2b(orjson.dumps(said), key=self.key, digest_size=32).hexdigest()


def judge_or_clear(
    connection: Connection,
    messages: Sequence[Message],
    *,
    bodies: Mapping[str, bytes],
    now: datetime,
    context: JudgingContext,
    clearing: Clearing,
) -> Mapping[str, Verdict]:
    """A verdict for each message, by id, as `judge_messages` gives it; what is cleared is not judged again.

    One in SAMPLE is judged all the same. Were it not to go, no clearance of this turn counts.
    """
    cleared = clearing.cleared(connection, messages, bodies, now)
    asked = [m for m in messages if m.id not in cleared or is_in_sample(m)]
    judged = judge_messages(connection, asked, bodies=bodies, now=now, context=context) if asked else {}
    twice = (m for m in asked if m.id in cleared)
    wrong = {m: why for m in twice if (why := contradiction(cleared[m.id], judged[m.id]))}
    if not wrong:
        return {**judged, **cleared}
    tell_contradictions(connection, wrong, now)
    return judge_messages(connection, messages, bodies=bodies, now=now, context=context)


def is_in_sample(message: Message) -> bool:
    """Whether a cleared message is judged all the same: one in SAMPLE, by its seal, which nobody can choose."""
    return message.clearance is not None and int(message.clearance.seal[:8], 16) % SAMPLE == 0


# What delivering itself writes, and what nothing reads before the message has gone. The rest is under the seal.
UNSEALED: Final = frozenset(
    {
        "state",
        "not_after",
        "next_try_at",
        "lease_owner",
        "attempts",
        "sent_at",
        "clearance",
        "provider",
        "provider_id",
    }
)
_sealed_of = attrgetter(*(name for name in Message._fields if name not in UNSEALED))


def _addressed(messages: Iterable[Message]) -> dict[str, tuple[int, int]]:
    return {m.id: (m.recipient_id, m.creditor_id) for m in messages}


def _may_be_cleared(message: Message) -> bool:
    """A first attempt alone: what has an attempt behind it is judged."""
    return message.attempts == 0 and message.sent_at is None and not message.simulated


def _in_time(message: Message, now: datetime) -> bool:
    clearance = message.clearance
    return clearance is not None and _may_be_cleared(message) and clearance.since <= now < clearance.until


def _are_its_own(message: Message, bodies: Mapping[str, bytes]) -> bool:
    """Whether the bytes at hand are those that were judged."""
    body = bodies.get(message.content_sha256 or "")
    return body is not None and hashlib.sha256(body).hexdigest() == message.content_sha256


def _until_time_changes_something(person: PersonFile, read_at: datetime, at: datetime) -> datetime | None:
    """The first instant at which what is on file may read otherwise by the date or by its age.

    None where something on file lies ahead of the clock: the gate then reads it otherwise at each instant.
    """
    files = (person, *person.elsewhere)
    history = [entry.at for one in files for entry in one.history]
    stops = [stop.at for one in files for stop in one.opt_outs]
    today = read_at.date()
    days = [hold.starts_on for hold in _holds(files)]
    days += [day for one in files if (day := one.cease_received_on)]
    days += [day for other in person.co_debtors if (day := other.cease_received_on)]
    if any(when > read_at for when in (*history, *stops)) or any(day > today for day in days):
        return None
    midnight = datetime.combine(today + timedelta(days=1), time(), UTC)
    ages = [when + HISTORY for when in history if when + HISTORY > read_at]
    until = min((midnight, *ages))
    return until if at < until else None


def _holds(files: Sequence[PersonFile]) -> Iterator[Hold]:
    for one in files:
        yield from one.holds
        for other in one.co_debtors:
            yield from other.holds


def _knows_its_segments(message: Message, files: MessageFiles, policy: Policy) -> bool:
    """Whether no segment of its debts hangs on what others owe the creditor: that is nobody's fact."""
    asking = [segment for segment in policy.segments if segment.asks_for_the_book()]
    if not asking:
        return True
    person = files.person(message)
    own = all(each.debt.debtor_id == person.id for each in files.spoken.get(message.id, ()))
    return own and all(
        person.kind not in segment.equals.get("debtor_kind", (person.kind,)) for segment in asking
    )
