"""Records what a debtor states they have and spend; the figures are kept where they can be erased."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.log.domain.events import Event
from dispatcher.people.domain.affordability import AFFORDABILITY, SPENDING, read_affordability
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.recording import Recorded, Recording, Said, recording
from dispatcher.people.storage import people_facts
from dispatcher.values.iso_codes import CURRENCIES
from dispatcher.values.written_values import amount_reader


def record_affordability(
    database: Database, who: str, said: Said, details: Mapping[str, Any], *, stated_on: date | None = None
) -> Recorded:
    """A statement of a day; said again of the same day it corrects what stands."""
    day = stated_on or said.now.date()
    if day > said.now.date():
        raise RecordError(f"stated on {day}: that day has not come")
    with recording(database, who, said) as record:
        figures = {**details, **_figures(details), "stated_currency": _currency(record, details)}
        kept = record.keep(AFFORDABILITY, {"stated_on": day}, figures, unsaid={"every": "month"})
        if kept.fresh:
            record.log(Event.AFFORDABILITY_RECORDED, {"stated_on": day.isoformat()}, **figures)
        elif kept.added:
            record.log_added({"affordability": day.isoformat()}, kept.added)
        stands = people_facts.find_same(
            record.connection, "affordability", {"debtor_id": record.debtor.id, "stated_on": day}
        )[0]
        stated = read_affordability(stands.details, day)
        report = {
            "stated_on": day.isoformat(),
            "income a month": str(stated.income),
            "spending a month": str(stated.spending),
            "left a month": str(stated.surplus),
        }
        return Recorded(
            fact="affordability",
            debtor=record.debtor.full_reference,
            details=report,
            already=not kept.fresh,
            added=kept.added,
        )


def _figures(details: Mapping[str, Any]) -> dict[str, str]:
    read = amount_reader(".")
    found: dict[str, str] = {}
    for name in ("income", *SPENDING):
        if name in details:
            try:
                amount = read(str(details[name]))
            except ValueError as error:
                raise RecordError(f"{name.replace('_', ' ')} {details[name]!r}: {error}") from None
            if amount < 0:
                raise RecordError(f"{name.replace('_', ' ')} {details[name]!r} is below nothing")
            found[name] = str(amount)
    return found


def _currency(record: Recording, details: Mapping[str, Any]) -> str:
    named = str(details.get("stated_currency", "")).upper()
    if named:
        if named not in CURRENCIES:
            raise RecordError(f"currency: {named!r} is none (ISO 4217)")
        return named
    owed: Sequence[Any] = people_facts.debts_of(record.connection, record.debtor.id, record.said.now.date())
    currencies = [debt.owed.currency for debt in owed if debt.is_open] or [
        debt.owed.currency for debt in owed
    ]
    if not currencies:
        raise RecordError("currency: nothing is owed, so say of which currency the figures are (ISO 4217)")
    return str(currencies[0])
