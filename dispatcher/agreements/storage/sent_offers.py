"""Keeps what messages and calls offered, with its terms, until it expires: "number 2" means what was said."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, insert, or_, select

from dispatcher.agreements.domain.agreed import Base
from dispatcher.agreements.domain.offered_before import OfferedBefore, SettlementOffer
from dispatcher.agreements.domain.offers import PlanOffer
from dispatcher.agreements.domain.plan_interest import PlanInterest, kept_interest
from dispatcher.agreements.domain.schedules import Frequency
from dispatcher.database.bulk import upsert_rows
from dispatcher.database.one_of import one_of
from dispatcher.database.tables.agreements import sent_offers
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import contacts
from dispatcher.database.tables.portfolio import debtors
from dispatcher.values.money import Money

WENT_OUT = ("sending", "accepted", "delivered", "unknown")
SPOKEN = (
    "conversation",
    "answered_complete",
    "inbound_from_consumer",
)  # calls on which the debtor was spoken with

# What was said: the message went out, or the call stands as one on which the debtor was spoken with.
_EACH = sent_offers.outerjoin(messages, messages.c.id == sent_offers.c.message_id).outerjoin(
    contacts, contacts.c.id == sent_offers.c.contact_id
)
_WAS_SAID = or_(messages.c.state.in_(WENT_OUT), contacts.c.outcome.in_(SPOKEN))


@dataclass(frozen=True, kw_only=True, slots=True)
class SentOffer:
    """What one message, or one call (a contact), offered. `debts` are ids; `base` is by what it was made."""

    message_id: str | None = None
    contact_id: int | None = None
    debtor_id: int
    offered_on: date
    valid_until: date
    total: Money
    debts: tuple[int, ...]
    plans: tuple[PlanOffer, ...]
    settlements: tuple[SettlementOffer, ...]
    base: Base
    discount: SettlementOffer | None = None

    @property
    def parts(self) -> tuple[SettlementOffer, ...]:
        """What of the balance ends the debts once it is paid: settlements, then the discount for prompt payment."""
        return (*self.settlements, *([self.discount] if self.discount else []))


def keep(connection: Connection, offers: Sequence[SentOffer]) -> None:
    """Write messages' offers down; a message made again replaces its own."""
    upsert_rows(connection, sent_offers, [_row(offer) for offer in offers], key=("message_id",))


def add(connection: Connection, offer: SentOffer) -> None:
    """Write down what a call offered, beside what it offered already."""
    connection.execute(insert(sent_offers).values(**_row(offer)))


def call_of(connection: Connection, debtor_id: int, since: datetime, until: datetime) -> int | None:
    """The newest call between two instants on which this person was spoken with."""
    query = select(contacts.c.id).where(
        contacts.c.debtor_id == debtor_id,
        contacts.c.channel == "call",
        contacts.c.outcome.in_(SPOKEN),
        contacts.c.at.between(since, until),
    )
    return connection.scalar(query.order_by(contacts.c.at.desc(), contacts.c.id.desc()).limit(1))


def standing(connection: Connection, debtor_id: int, on: date) -> list[SentOffer]:
    """What was offered to this person and has not expired on a day, the newest first."""
    query = (
        select(sent_offers)
        .select_from(_EACH)
        .where(
            sent_offers.c.debtor_id == debtor_id,
            sent_offers.c.offered_on <= on,
            sent_offers.c.valid_until >= on,
            _WAS_SAID,
        )
        .order_by(sent_offers.c.offered_on.desc(), sent_offers.c.id.desc())
    )
    return [_read(row) for row in connection.execute(query)]


_OF_MESSAGES = select(sent_offers).where(one_of(sent_offers.c.message_id, "ids"))


def of_messages(connection: Connection, message_ids: Collection[str]) -> dict[str, SentOffer]:
    """Message -> what it offers, of those that offer something."""
    rows = connection.execute(_OF_MESSAGES, {"ids": sorted(message_ids)})
    return {row.message_id: _read(row) for row in rows}


_SETTLEMENTS = (
    select(sent_offers.c.debtor_id, sent_offers.c.message_id, sent_offers.c.offered_on, sent_offers.c.currency,
           sent_offers.c.settlements, sent_offers.c.debts, sent_offers.c.total_minor)
    .select_from(_EACH)
    .where(one_of(sent_offers.c.debtor_id, "ids"), _WAS_SAID, sent_offers.c.settlements != [])
    .order_by(sent_offers.c.offered_on, sent_offers.c.id)
)  # fmt: skip


_WITH_PARTS = (
    select(sent_offers)
    .select_from(_EACH)
    .where(sent_offers.c.offered_on >= bindparam("since"), _WAS_SAID, sent_offers.c.settlements != [])
    .order_by(sent_offers.c.offered_on.desc(), sent_offers.c.id.desc())
)


def settlements_sent(connection: Connection, debtor_ids: Collection[int]) -> dict[int, list[OfferedBefore]]:
    """Person -> every settlement, and discount for prompt payment, that was offered, the oldest first."""
    found: dict[int, list[OfferedBefore]] = {}
    for row in connection.execute(_SETTLEMENTS, {"ids": sorted(debtor_ids)}):
        found.setdefault(row.debtor_id, []).extend(
            OfferedBefore(
                message_id=row.message_id,
                on=row.offered_on,
                debts=frozenset(row.debts),
                total=Money(row.total_minor, row.currency),
                settlement=_settlement(one, row.currency),
            )
            for one in row.settlements
        )
    return found


def parts_offered_to(connection: Connection, debtor_ids: Collection[int], since: date) -> list[SentOffer]:
    """What people were offered since a day with a part that ends the debt, the newest first."""
    query = _WITH_PARTS.where(one_of(sent_offers.c.debtor_id, "ids"))
    rows = connection.execute(query, {"ids": sorted(debtor_ids), "since": since})
    return [_read(row) for row in rows]


def parts_offered_by(connection: Connection, creditor_ids: Collection[int], since: date) -> list[SentOffer]:
    """The same of whoever owes these creditors."""
    query = _WITH_PARTS.join(debtors, debtors.c.id == sent_offers.c.debtor_id).where(
        debtors.c.creditor_id.in_(creditor_ids)
    )
    return [_read(row) for row in connection.execute(query, {"since": since})]


def _row(offer: SentOffer) -> dict[str, Any]:
    return {
        "message_id": offer.message_id,
        "contact_id": offer.contact_id,
        "debtor_id": offer.debtor_id,
        "offered_on": offer.offered_on,
        "valid_until": offer.valid_until,
        "currency": offer.total.currency,
        "total_minor": offer.total.minor,
        "debts": list(offer.debts),
        "plans": [plan_json(plan) for plan in offer.plans],
        "settlements": _parts_json(offer),
        "base": offer.base.as_json(),
    }


def terms_json(offer: SentOffer) -> dict[str, Any]:
    """What was offered, as the log tells it."""
    return {
        "total": str(offer.total.amount),
        "currency": offer.total.currency,
        "offered_on": offer.offered_on.isoformat(),
        "valid_until": offer.valid_until.isoformat(),
        "plans": [plan_json(plan) for plan in offer.plans],
        "settlements": _parts_json(offer),
        "source": f"message {offer.message_id}" if offer.message_id else f"call {offer.contact_id}",
    }


def _parts_json(offer: SentOffer) -> list[dict[str, Any]]:
    return [settlement_json(one) for one in offer.parts]


def plan_json(plan: PlanOffer) -> dict[str, Any]:
    """A plan as commands and rows write it: every date, every amount, what it costs in all."""
    return {
        "number": plan.number,
        "count": plan.count,
        "frequency": plan.frequency.value,
        "total": str(plan.total.amount),
        "down": str(plan.down.amount) if plan.down else None,
        "instalments": [
            {"due_on": one.due_on.isoformat(), "amount": str(one.amount.amount)} for one in plan.instalments
        ],
        **_interest_json(plan),
    }


def _interest_json(plan: PlanOffer) -> dict[str, Any]:
    """What a plan that bears interest is made of besides; nothing for one that bears none."""
    if plan.interest is None:
        return {}
    kept = kept_interest(plan.interest, plan.principal, plan.instalments)
    return {"principal": kept.pop("principal"), "interest": kept}


def settlement_json(offer: SettlementOffer) -> dict[str, Any]:
    """A settlement in the same way; `off` of a discount for prompt payment."""
    until = offer.valid_until.isoformat() if offer.valid_until else None
    off = {"off": str(offer.off)} if offer.off is not None else {}
    return {"amount": str(offer.amount.amount), "percent": str(offer.percent), "valid_until": until, **off}


def _read(row: Any) -> SentOffer:
    parts = [_settlement(one, row.currency) for one in row.settlements]
    return SentOffer(
        message_id=row.message_id,
        contact_id=row.contact_id,
        debtor_id=row.debtor_id,
        offered_on=row.offered_on,
        valid_until=row.valid_until,
        total=Money(row.total_minor, row.currency),
        debts=tuple(row.debts),
        plans=tuple(_plan(plan, row.currency) for plan in row.plans),
        settlements=tuple(one for one in parts if one.off is None),
        discount=next((one for one in parts if one.off is not None), None),
        base=Base.from_json(row.base),
    )


def _plan(written: Mapping[str, Any], currency: str) -> PlanOffer:
    return PlanOffer(
        number=written["number"],
        parts=written["count"] - (1 if written["down"] else 0),
        frequency=Frequency(written["frequency"]),
        principal=Money.of(written.get("principal", written["total"]), currency),
        first_on=date.fromisoformat(written["instalments"][0]["due_on"]),
        down=Money.of(written["down"], currency) if written["down"] else None,
        interest=PlanInterest.from_json(written["interest"]) if "interest" in written else None,
    )


def _settlement(written: Mapping[str, Any], currency: str) -> SettlementOffer:
    until = written["valid_until"]
    return SettlementOffer(
        amount=Money.of(written["amount"], currency),
        percent=Decimal(written["percent"]),
        valid_until=date.fromisoformat(until) if until else None,
        off=Decimal(written["off"]) if "off" in written else None,
    )
