"""Lists whose values have been kept long enough, and erases them when told to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dispatcher.database.engine import Database
from dispatcher.record.domain.retention import RetentionPeriod, period_for
from dispatcher.record.erase_person import Erasure, ErasureRefusedError, erase_person, look_at
from dispatcher.record.storage import personal_data
from dispatcher.record.storage.personal_data import Holdings


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """One person whose time is over. `kept_because` says what still stands against it; empty: nothing."""

    holdings: Holdings
    last_activity: date
    since: date
    reference: str
    kept_because: str


def due_for_erasure(database: Database, periods: Sequence[RetentionPeriod], today: date) -> list[Due]:
    """List everyone whose period is over, with what would go; changes nothing."""
    with database.reading() as connection:
        activities = personal_data.last_activities(connection, today)
    due = []
    for each in activities:
        period = period_for(periods, each.country, each.region)
        since = period.ends(each.at.date())
        if since <= today:
            found = look_at(database, each.person)
            due.append(
                Due(
                    holdings=found,
                    last_activity=each.at.date(),
                    since=since,
                    reference=period.reference,
                    kept_because=_objection(found, each.open_debts),
                )
            )
    return due


def retain_records(
    database: Database, periods: Sequence[RetentionPeriod], erasure: Erasure
) -> tuple[list[Due], list[Due]]:
    """Erase what is due; returns (erased, kept)."""
    erased, kept = [], []
    for due in due_for_erasure(database, periods, erasure.now.date()):
        if due.kept_because:
            kept.append(due)
            continue
        try:
            erase_person(database, due.holdings.person, erasure)
        except ErasureRefusedError:  # a hold or message that came after the list was made
            kept.append(due)
        else:
            erased.append(due)
    return erased, kept


def _objection(found: Holdings, open_debts: int) -> str:
    if found.legal_hold:
        return "legal hold"
    if open_debts:
        return f"{open_debts} open debts"
    return f"{found.on_the_way} messages on their way" if found.on_the_way else ""
