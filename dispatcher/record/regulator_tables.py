"""The tables that regulators ask for, counted from the sealed record alone; each names the seal it ends with.

Contacts by debtor and month: Chile (Ley 19.496 art. 37: a record of kind and frequency), 12 CFR 1006.100. Complaints by
month, creditor and cause: the columns of Mexico's REDECO.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.record.storage import seals
from dispatcher.record.storage.regulator_rows import sealed_documents

CONTACTS = ("month", "creditor", "debtor", "channel", "contacts", "first", "last", "seal", "seal_root")
COMPLAINTS = ("month", "creditor", "cause", "complaints", "answered", "seal", "seal_root")
_WIDE = timedelta(days=1)  # a local month begins at most a day before or after the month of UTC
_MADE = ("accepted", "contact_recorded", "call_made")


class NothingSealedError(ValueError):
    """There is no seal yet; the text says what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Months from one to another, both included; an empty creditor: all."""

    first: date
    last: date
    creditor: str = ""

    @property
    def since(self) -> datetime:
        """The first instant that any zone counts to the first month."""
        return datetime(self.first.year, self.first.month, 1, tzinfo=UTC) - _WIDE

    @property
    def until(self) -> datetime:
        """The first instant that no zone counts to the last month."""
        year, month = divmod(self.last.year * 12 + self.last.month, 12)
        return datetime(year, month + 1, 1, tzinfo=UTC) + _WIDE

    def holds(self, month: str) -> bool:
        """Whether a month, as 2026-11, is asked for."""
        return f"{self.first:%Y-%m}" <= month <= f"{self.last:%Y-%m}"


def contacts_by_debtor(database: Database, asked: Asked, *, actor: str, now: datetime) -> str:
    """CSV: what reached, or was meant to reach, each debtor in each month of their own clock, by channel.

    Debtors stand under the pseudonym of the log: `log search --debtor` says who it is. A message counts once, when the
    provider took it; contacts made elsewhere and calls as they were recorded. Raises NothingSealedError.
    """
    with database.reading() as connection:
        seal = _seal(connection)
        days: dict[tuple[str, str, str, str], list[date]] = {}
        for entry in _contacts(connection, asked):
            day = _local_day(entry)
            key = (f"{day:%Y-%m}", entry.get("creditor", ""), entry.get("person", ""), _channel(entry))
            days.setdefault(key, []).append(day)
    rows = [
        (*key, len(found), min(found), max(found), *seal)
        for key, found in sorted(days.items())
        if asked.holds(key[0])
    ]
    return _taken_out(database, "contacts", CONTACTS, rows, asked, actor=actor, now=now)


def complaints_by_cause(database: Database, asked: Asked, *, actor: str, now: datetime) -> str:
    """CSV: complaints recorded in each month by creditor and cause, and how many ended in it.

    One that was recorded before the months asked for ends without a cause. Raises NothingSealedError.
    """
    with database.reading() as connection:
        seal = _seal(connection)
        made: Counter[tuple[str, str, str]] = Counter()
        answered: Counter[tuple[str, str, str]] = Counter()
        causes: dict[tuple[str, str], str] = {}
        events = ("hold_recorded", "hold_released")
        for entry in _read(connection, events, asked):
            details = entry.get("details", {})
            if details.get("hold") != "complaint":
                continue
            who = (entry.get("creditor", ""), entry.get("person", ""))
            month = f"{_local_day(entry):%Y-%m}"
            if entry["event"] == "hold_recorded":
                causes[who] = details.get("cause", "")
                made[month, who[0], causes[who]] += 1
            else:
                answered[month, who[0], causes.get(who, "")] += 1
    keys = sorted(key for key in made.keys() | answered.keys() if asked.holds(key[0]))
    rows = [(*key, made[key], answered[key], *seal) for key in keys]
    return _taken_out(database, "complaints", COMPLAINTS, rows, asked, actor=actor, now=now)


def _contacts(connection: Connection, asked: Asked) -> Iterator[Mapping[str, Any]]:
    seen: set[str] = set()
    for entry in _read(connection, _MADE, asked):
        message = entry.get("message_id")
        if entry.get("details", {}).get("direction") == "inbound" or message in seen:
            continue
        if message:
            seen.add(message)
        yield entry


def _read(connection: Connection, events: Sequence[str], asked: Asked) -> Iterator[dict[str, Any]]:
    return sealed_documents(connection, events, since=asked.since, until=asked.until, creditor=asked.creditor)


def _channel(entry: Mapping[str, Any]) -> str:
    return entry.get("channel") or entry.get("details", {}).get("channel") or "call"


def _local_day(entry: Mapping[str, Any]) -> date:
    """The day where the debtor is; a contact made elsewhere has its own instant."""
    made = entry.get("details", {}).get("made_at") or entry["at"]
    zones = entry.get("zones") or ["UTC"]
    return datetime.fromisoformat(made).astimezone(ZoneInfo(zones[0])).date()


def _seal(connection: Connection) -> tuple[int, str]:
    seal = seals.last_seal(connection)
    if seal is None:
        raise NothingSealedError("nothing is sealed yet: run `dispatcher log seal` first")
    return seal.body.number, seal.body.root


def _taken_out(
    database: Database,
    name: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    asked: Asked,
    *,
    actor: str,
    now: datetime,
) -> str:
    """The CSV; that it was taken out is logged."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    months = f"{asked.first:%Y-%m} to {asked.last:%Y-%m}"
    details = {"list": name, "form": "csv", "filter": months, "other_filters": asked.creditor}
    with database.writing() as connection:
        delivery_log.append(
            connection, [LogEntry(event=Event.LIST_EXPORTED, at=now, actor=actor, details=details)]
        )
    return text.getvalue()
