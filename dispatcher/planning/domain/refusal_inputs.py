"""What a refusal read of the file: amounts, dates, holds, addresses; by it an auditor sees why nothing went out."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.planning.domain.conversation import Intent

_OF_DEBTS = ("due_date", "settled_on", "disputed_on", "promise_date", "time_barred_on", "handover_decided_on")
_OF_PEOPLE = ("cease_received_on", "bankrupt_on", "deceased_on", "breathing_space_until")


def refusal_inputs(intent: Intent) -> dict[str, Any]:
    """The debts by reference and the person, each with what is set."""
    return {
        "debts": {each.debt.full_reference: _debt(each.debt) for each in intent.spoken},
        "person": _person(intent.person),
    }


def _debt(debt: DebtFile) -> dict[str, Any]:
    values: dict[str, Any] = {"balance": str(debt.balance), **_dates(debt, _OF_DEBTS)}
    return values if debt.in_ledger else values | {"in_ledger": False}


def _person(person: PersonFile) -> dict[str, Any]:
    media = [point.medium for point in person.contact_points if not point.closed_reason]
    return {
        **_dates(person, _OF_PEOPLE),
        **({"represented": True} if person.represented_by else {}),
        "holds": [{"kind": hold.kind, **_dates(hold, ("starts_on", "until"))} for hold in person.holds],
        "addresses": {medium: media.count(medium) for medium in sorted(set(media))},
        "postal_address": bool(person.address_lines and person.city),
    }


def _dates(values: object, names: tuple[str, ...]) -> Mapping[str, str]:
    found: dict[str, date | None] = {name: getattr(values, name) for name in names}
    return {name: day.isoformat() for name, day in found.items() if day is not None}
