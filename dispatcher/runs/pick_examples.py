"""Picks a few people of a run whose stories show what it did: one sent, one kept until later, one never."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dispatcher.database.engine import Database
from dispatcher.runs.storage import run_examples


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """One person in a sentence."""

    word: str  # sent, kept until, never
    debtor: str
    name: str
    sentence: str


def pick_stories(database: Database, run_id: int) -> tuple[Story, ...]:
    """A sentence each for somebody written to, somebody who waits, somebody left alone; fewer when there is none."""
    with database.reading() as connection:
        sent = run_examples.one_message(connection, run_id, ("accepted", "delivered"))
        waiting = run_examples.one_message(connection, run_id, ("deferred",))
        refused = run_examples.one_refusal(connection, run_id)
    stories = []
    if sent:
        stories.append(_sent(sent))
    if waiting:
        stories.append(_waiting(waiting))
    if refused:
        stories.append(_refused(refused))
    return tuple(stories)


def sample_messages(database: Database, run_id: int) -> Mapping[str, str]:
    """Channel -> the id of a message of this run that was sent on it."""
    with database.reading() as connection:
        return run_examples.one_id_per_channel(connection, run_id)


def _sent(row: Any) -> Story:
    sentence = (
        f"{_name(row)} was sent the {row.step} about {_amount(row)} by {row.channel} "
        f"at {_local(row.sent_at, row.zones)}: "
        f"{_age(row.days_past_due)}, and every rule of {_packs(row.rule_packs)} allowed it."
    )
    return Story(word="sent", debtor=f"{row.key}/{row.reference}", name=row.name, sentence=sentence)


def _waiting(row: Any) -> Story:
    until = _local(row.not_before, row.zones) if row.not_before else "its time has come"
    sentence = (
        f"{_name(row)} gets the {row.step} by {row.channel} no earlier than {until}: {_why(row.reasons)}."
    )
    return Story(word="kept until", debtor=f"{row.key}/{row.reference}", name=row.name, sentence=sentence)


def _refused(row: Any) -> Story:
    sentence = f"{_name(row)} is not sent the {row.step} about {row.debt}: {_why(row.reasons)}."
    return Story(word="never", debtor=f"{row.key}/{row.reference}", name=row.name, sentence=sentence)


def _name(row: Any) -> str:
    return f"{row.name} ({row.reference})"


def _amount(row: Any) -> str:
    from dispatcher.values.money import Money

    return str(Money(row.balance_minor, row.currency))


def _age(days: int) -> str:
    if days > 0:
        return f"{days} day{'s' if days > 1 else ''} past due"
    return f"due in {-days} days" if days else "due today"


def _packs(stamps: Sequence[str]) -> str:
    return ", ".join(stamp.split("@")[0] for stamp in stamps)


def _why(reasons: Sequence[Mapping[str, Any]]) -> str:
    return (
        "; ".join(f"{reason['detail']} [{reason['reference']}]" for reason in reasons[:2])
        or "no reason recorded"
    )


def _local(moment: datetime, zones: Sequence[str]) -> str:
    zone = zones[0] if zones else "UTC"
    return f"{moment.astimezone(ZoneInfo(zone)):%H:%M on %A %Y-%m-%d} {zone}"
