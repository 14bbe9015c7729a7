"""What is recorded of somebody's standing, as the gate reads it: lawyers, stops, disputes, insolvency, death.

Of the person, of others who owe a debt with them, and of the same human under other creditors.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from dispatcher.gate.facts import (
    Attorney,
    Cease,
    CoDebtorFacts,
    Dispute,
    Elsewhere,
    HistoryEntry,
    OptOut,
    OriginalCreditorRequest,
)
from dispatcher.people.domain.person import DebtFile, Hold, PersonFile, StoredOptOut

_CLOCK_BEHIND = timedelta(days=1)
_NONE_OF_OURS = ("\0",)  # the debts of contacts about what others are owed: no reference is like it


class Standing(Protocol):
    """What the ledger says of somebody, and what was recorded of them."""

    @property
    def represented_by(self) -> str: ...  # noqa: D102 columns of the ledger
    @property
    def cease_received_on(self) -> date | None: ...  # noqa: D102 as above
    @property
    def bankrupt_on(self) -> date | None: ...  # noqa: D102 as above
    @property
    def deceased_on(self) -> date | None: ...  # noqa: D102 as above
    @property
    def breathing_space_until(self) -> date | None: ...  # noqa: D102 as above


def holds_any(holds: Sequence[Hold], kind: str) -> bool:
    """Whether a hold of the kind is among them."""
    return any(hold.kind == kind for hold in holds)


def _first(holds: Sequence[Hold], kind: str) -> Hold | None:
    return next((hold for hold in holds if hold.kind == kind), None)


def has_come(day: date | None, now: datetime) -> bool:
    """Whether a day is there and has come."""
    return day is not None and day <= now.date()


def _begun(day: date, now: datetime) -> datetime:
    """The start of a day; what is on record has happened, also for a run on an earlier day's clock."""
    return min(datetime.combine(day, time(), UTC), now)


def a_date(value: object) -> date | None:
    """The date of a detail; None where nobody said one."""
    return date.fromisoformat(str(value)[:10]) if value else None


def attorney(one: Standing, holds: Sequence[Hold]) -> Attorney | None:
    """The lawyer that ledger or desk knows of."""
    hold = _first(holds, "attorney")
    if hold is not None:
        return Attorney(
            represented=True,
            contact_known=bool(hold.details.get("contact_known", True)),
            unresponsive=bool(hold.details.get("unresponsive", False)),
            consented_to_direct_contact=bool(hold.details.get("consented_to_direct_contact", False)),
        )
    return Attorney() if one.represented_by else None


def cease(one: Standing, holds: Sequence[Hold], now: datetime) -> Cease | None:
    """The request to cease contact, of the ledger before that of the desk."""
    if one.cease_received_on is not None:
        return Cease(received=_begun(one.cease_received_on, now), form="letter")
    return written_notice(holds, "cease", now)


def written_notice(holds: Sequence[Hold], kind: str, now: datetime) -> Cease | None:
    """A notice of the person that a hold keeps: a request to cease, a refusal to pay."""
    hold = _first(holds, kind)
    if hold is None:
        return None
    accepted = hold.details.get("medium_accepted")
    return Cease(
        received=_begun(hold.starts_on, now),
        form=str(hold.details.get("form", "letter")),
        medium_accepted=None if accepted is None else bool(accepted),
    )


def dispute(holds: Sequence[Hold], now: datetime) -> Dispute | None:
    """The dispute that a hold keeps."""
    hold = _first(holds, "dispute")
    if hold is None:
        return None
    return Dispute(
        received=_begun(hold.starts_on, now).date(),
        form=str(hold.details.get("form", "letter")),
        validation_period_end=a_date(hold.details.get("validation_period_end")),
        verification_sent=a_date(hold.details.get("verification_sent")),
    )


def original_creditor_request(holds: Sequence[Hold], now: datetime) -> OriginalCreditorRequest | None:
    """The request for the original creditor that a hold keeps."""
    hold = _first(holds, "original_creditor_request")
    if hold is None:
        return None
    return OriginalCreditorRequest(
        received=_begun(hold.starts_on, now).date(), answered=a_date(hold.details.get("answered"))
    )


def breathing_space(one: Standing, holds: Sequence[Hold]) -> date | None:
    """The last day of a moratorium; `date.max` where no end is known."""
    return _space(one.breathing_space_until, holds)


def _space(until: date | None, holds: Sequence[Hold]) -> date | None:
    hold = _first(holds, "breathing_space")
    ends = [day for day in (until, hold.until if hold else None) if day]
    return max(ends) if ends else (date.max if hold else None)


def co_debtors(person: PersonFile, debts: Sequence[DebtFile], now: datetime) -> CoDebtorFacts:
    """What holds of others who owe one of these debts too."""
    concerned = [other for other in person.co_debtors if any(debt.id == other.debt_id for debt in debts)]
    held = [(other, [h for h in other.holds if h.holds_on(now.date())]) for other in concerned]
    return CoDebtorFacts(
        bankruptcy_pending=any(_bankrupt(o, holds, now) for o, holds in held),
        breathing_space_until=_last(breathing_space(o, holds) for o, holds in held),
        deceased=any(deceased(o, holds) for o, holds in held),
        attorney=_standing_between(attorney(o, holds) for o, holds in held),
        cease=_written_first(cease(o, holds, now) for o, holds in held),
        refusal_to_pay=_written_first(written_notice(holds, "refusal", now) for _, holds in held),
    )


def elsewhere(person: PersonFile, now: datetime) -> Elsewhere | None:
    """What binds this contact of the same human's other records; None where there is no other record.

    Of contacts those that we made count: what they were about, and to which address, is no matter of this creditor.
    """
    if not person.elsewhere:
        return None
    held = [(one, [h for h in one.holds if h.holds_on(now.date())]) for one in person.elsewhere]
    return Elsewhere(
        history=tuple(
            _bare(e)
            for one in person.elsewhere
            for e in happened(one.history, now)
            if e.direction != "inbound"
        ),
        opt_outs=tuple(stop for one in person.elsewhere for stop in stops(one.opt_outs, now)),
        cease=_written_first(cease(one, holds, now) for one, holds in held),
        attorney=_standing_between(attorney(one, holds) for one, holds in held),
        deceased=any(deceased(one, holds) for one, holds in held),
        bankruptcy_pending=any(_bankrupt(one, holds, now) for one, holds in held),
        breathing_space_until=_last(breathing_space(one, holds) for one, holds in held),
    )


def happened(history: tuple[HistoryEntry, ...], now: datetime) -> tuple[HistoryEntry, ...]:
    """What is on record has happened, also where this clock is behind the one that recorded it, by a day at most."""
    if all(entry.at <= now for entry in history):
        return history
    return tuple(replace(e, at=now) if now < e.at <= now + _CLOCK_BEHIND else e for e in history)


def _bare(entry: HistoryEntry) -> HistoryEntry:
    return HistoryEntry(
        at=entry.at,
        channel=entry.channel,
        outcome=entry.outcome,
        direction=entry.direction,
        debts=_NONE_OF_OURS,
        kind=entry.kind,
        address_place=entry.address_place,
        prerecorded=entry.prerecorded,
    )


def stops(recorded: Iterable[StoredOptOut], now: datetime) -> tuple[OptOut, ...]:
    """Opt-outs; what is on record has happened, also for a run on an earlier clock."""
    return tuple(
        OptOut(
            address=stop.address or None,
            medium=stop.medium or None,
            scope=stop.scope or None,
            at=min(stop.at, now),
            raw=stop.raw or None,
        )
        for stop in recorded
    )


def _bankrupt(one: Standing, holds: Sequence[Hold], now: datetime) -> bool:
    return has_come(one.bankrupt_on, now) or holds_any(holds, "bankruptcy")


def deceased(one: Standing, holds: Sequence[Hold]) -> bool:
    """Whether ledger or desk knows of a death."""
    return one.deceased_on is not None or holds_any(holds, "deceased")


def _last(days: Iterable[date | None]) -> date | None:
    return max((day for day in days if day), default=None)


def _standing_between(attorneys: Iterable[Attorney | None]) -> Attorney | None:
    return next((each for each in attorneys if each is not None and each.stands_between), None)


def _written_first(notices: Iterable[Cease | None]) -> Cease | None:
    """Of several the one that stops most: a written one, the oldest."""
    found = [each for each in notices if each is not None]
    oldest = datetime.min.replace(tzinfo=UTC)
    return min(found, key=lambda each: (not each.is_written, each.received or oldest), default=None)
