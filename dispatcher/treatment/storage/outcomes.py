"""Reads what outcomes are counted from: messages that went out, payments, and what people did."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, null, or_, select, union_all

from dispatcher.database.one_of import one_of
from dispatcher.database.tables.agreements import arrangement_parties, arrangements
from dispatcher.database.tables.calls import call_debts, calls
from dispatcher.database.tables.log import log_entries, log_facets
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.planning import trial_entries
from dispatcher.database.tables.portfolio import balance_falls, creditors, debtors, debts, payments
from dispatcher.portfolio.storage.debts import OWED
from dispatcher.treatment.domain.outcomes import ANSWERS, WINDOWS, By, Payment, Sending, Sign, Told

_WENT_OUT = ("accepted", "delivered", "bounced", "returned")
_PAGE = 5000


def sendings(connection: Connection, first: date, last: date) -> list[Sending]:
    """Messages that went out on these days (UTC), oldest first."""
    query = (
        select(
            messages.c.id, messages.c.recipient_id, messages.c.sent_at, messages.c.step, messages.c.template,
            messages.c.template_version, messages.c.channel, messages.c.segment, messages.c.arm, messages.c.currency,
            messages.c.state,
        )
        .where(
            messages.c.state.in_(_WENT_OUT), messages.c.sent_at >= _start(first),
            messages.c.sent_at < _start(last + timedelta(days=1)),
        )
        .order_by(messages.c.sent_at, messages.c.id)
    )  # fmt: skip
    rows = connection.execute(query).all()
    spoken = _debts_of(connection, [row.id for row in rows])
    complained = _complained(connection, first)
    return [_sending(row, spoken.get(row.id, ()), complained=row.id in complained) for row in rows]


def _sending(row: Any, spoken: Collection[int], *, complained: bool) -> Sending:
    return Sending(
        message_id=row.id,
        person=row.recipient_id,
        at=row.sent_at,
        groups={
            By.STEP: row.step,
            By.TEMPLATE: template_name(row.template, row.template_version),
            By.CHANNEL: row.channel,
            By.SEGMENT: row.segment,
            By.ARM: row.arm,
        },
        channel=row.channel,
        currency=row.currency,
        debts=frozenset(spoken),
        delivered=row.state == "delivered",
        complained=complained,
        came_back=row.state in {"bounced", "returned"},
    )


def trial_sendings(connection: Connection, first: date, last: date) -> list[Sending]:
    """Who came into a trial whose arms move days, on these days (UTC): they count from then."""
    entries = trial_entries.c
    query = (
        select(trial_entries, debts.c.currency)
        .join(debts, debts.c.id == entries.debt_id)
        .where(entries.at >= _start(first), entries.at < _start(last + timedelta(days=1)))
        .order_by(entries.at, entries.debt_id)
    )
    found: dict[tuple[Any, ...], set[int]] = defaultdict(set)
    for row in connection.execute(query):
        found[row.recipient_id, row.at, f"{row.trial}: {row.arm}", row.currency].add(row.debt_id)
    return [
        Sending(
            message_id="",
            person=person,
            at=at,
            groups={By.ARM: arm},
            channel="",
            currency=currency,
            debts=frozenset(about),
            is_entry=True,
        )
        for (person, at, arm, currency), about in found.items()
    ]


def call_sendings(connection: Connection, first: date, last: date) -> list[Sending]:
    """Calls that were made on these days (UTC), each try one; one that spoke with somebody has arrived.

    A call has no text and no arm. What a try came to after it was corrected is what counts.
    """
    tries: dict[tuple[int, str], Mapping[str, Any]] = {}
    made = select(log_entries.c.entry).where(
        or_(_is("call_made"), _is("call_corrected")), log_entries.c.at >= _start(first)
    )
    for text in connection.scalars(made.order_by(log_entries.c.id)):
        entry = json.loads(text)
        at = datetime.fromisoformat(entry["details"]["made_at"])
        if _start(first) <= at < _start(last + timedelta(days=1)):
            tries[entry["details"]["call"], entry["details"]["made_at"]] = entry
    about = _calls(connection, sorted({key for key, _ in tries}))
    found = [_call_sending(entry, about[key]) for (key, _), entry in tries.items() if about.get(key)]
    return sorted(found, key=lambda each: (each.at, each.message_id))


def _calls(connection: Connection, ids: list[int]) -> dict[int, list[Any]]:
    """Call -> a row a debt that it was about."""
    query = (
        select(calls.c.id, calls.c.debtor_id, calls.c.segment, call_debts.c.debt_id, debts.c.currency)
        .join(call_debts, call_debts.c.call_id == calls.c.id)
        .join(debts, debts.c.id == call_debts.c.debt_id)
        .where(one_of(calls.c.id, "ids"))
        .order_by(calls.c.id, call_debts.c.debt_id)
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for page in _pages(ids):
        for row in connection.execute(query, {"ids": page}):
            found[row.id].append(row)
    return found


def _call_sending(entry: Mapping[str, Any], about: list[Any]) -> Sending:
    made_at = datetime.fromisoformat(entry["details"]["made_at"])
    return Sending(
        message_id=f"call {entry['details']['call']}",
        person=about[0].debtor_id,
        at=made_at,
        groups={By.STEP: entry["step"], By.CHANNEL: "call", By.SEGMENT: about[0].segment},
        channel="call",
        currency=about[0].currency,
        debts=frozenset(row.debt_id for row in about if row.currency == about[0].currency),
        delivered=entry["details"]["outcome"] == "conversation",
    )


def template_name(name: str, version: int | None) -> str:
    """`first-reminder, version 3`: two versions of a text are two texts."""
    return name if version is None else f"{name}, version {version}"


def _debts_of(connection: Connection, ids: list[str]) -> dict[str, list[int]]:
    """What each message asked for: debts that it disputes are none."""
    c = message_debts.c
    query = select(c.message_id, c.debt_id).where(one_of(c.message_id, "ids"), c.how != "disputed")
    found: dict[str, list[int]] = defaultdict(list)
    for page in _pages(ids):
        for message_id, debt_id in connection.execute(query, {"ids": page}):
            found[message_id].append(debt_id)
    return found


def payments_for(
    connection: Connection, debt_ids: Collection[int], first: date, last: date
) -> Iterator[Payment]:
    """What came in for these debts: recorded here, shown by a ledger's fall, or settled in the ledger."""
    until = last + timedelta(days=max(WINDOWS))
    for page in _pages(sorted(debt_ids)):
        for row in connection.execute(_money(first, until), {"ids": page}):
            yield Payment(
                debt=row.debt_id, day=row.day, minor=int(row.minor), currency=row.currency, at=row.at
            )


def _money(first: date, until: date) -> Select[Any]:
    recorded = select(
        payments.c.debt_id, payments.c.paid_on.label("day"), payments.c.amount_minor.label("minor"),
        payments.c.recorded_at.label("at"),
    ).where(one_of(payments.c.debt_id, "ids"), payments.c.reversed_at.is_(None), ~_shown_before())  # fmt: skip
    fell = select(balance_falls.c.debt_id, balance_falls.c.day, balance_falls.c.minor, null()).where(
        one_of(balance_falls.c.debt_id, "ids")
    )
    settled = select(debts.c.id, debts.c.settled_on, OWED, null()).where(
        one_of(debts.c.id, "ids"), debts.c.settled_on.is_not(None), OWED > 0
    )
    came = union_all(recorded, fell, settled).subquery()
    return (
        select(came.c.debt_id, came.c.day, came.c.minor, came.c.at, debts.c.currency)
        .join(debts, debts.c.id == came.c.debt_id)
        .where(came.c.day >= first, came.c.day <= until)
    )


def known_until(connection: Connection) -> date | None:
    """The last day of which money is known: the newest ledger's, or that of the newest payment; None: of none."""
    days = [
        connection.scalar(select(func.max(creditors.c.ledger_as_of))),
        connection.scalar(select(func.max(payments.c.paid_on)).where(payments.c.reversed_at.is_(None))),
    ]
    return max((day for day in days if day is not None), default=None)


def _shown_before() -> ColumnElement[bool]:
    """Whether a payment was written down after a ledger had shown it: then the ledger's fall is what counts."""
    shown = exists().where(
        balance_falls.c.debt_id == payments.c.debt_id,
        balance_falls.c.day >= payments.c.paid_on,
        balance_falls.c.read_at < payments.c.recorded_at,
    )
    return and_(payments.c.absorbed_at == payments.c.recorded_at, shown)


def told(connection: Connection, first: date, last: date) -> Told:
    """What people did from the first day until the last message can have no answer any more."""
    since, until = _start(first), _start(last + timedelta(days=1)) + ANSWERS
    return Told(
        signs={
            Sign.ANSWERED: _events(connection, "inbound", since, until),
            Sign.OPTED_OUT: _events(connection, "opted_out", since, until),
            Sign.PROMISED: _agreed(connection, ("promise",), since, until),
            Sign.AGREED: _agreed(connection, ("plan", "settlement"), since, until),
        }
    )


def _events(
    connection: Connection, event: str, since: datetime, until: datetime
) -> Mapping[int, list[datetime]]:
    query = (
        select(debtors.c.id, log_entries.c.at)
        .join(debtors, debtors.c.person == log_entries.c.person)
        .where(_is(event), log_entries.c.at >= since, log_entries.c.at <= until)
    )
    return _by_person(connection, query)


def _is(event: str) -> Any:
    return log_entries.c.facet.in_(select(log_facets.c.facet).where(log_facets.c.event == event))


def _agreed(
    connection: Connection, kinds: tuple[str, ...], since: datetime, until: datetime
) -> Mapping[int, list[datetime]]:
    query = (
        select(arrangement_parties.c.debtor_id, arrangements.c.agreed_at)
        .join(arrangements, arrangements.c.id == arrangement_parties.c.arrangement_id)
        .where(
            arrangements.c.kind.in_(kinds),
            arrangements.c.agreed_at >= since,
            arrangements.c.agreed_at <= until,
        )
    )
    return _by_person(connection, query)


def _by_person(connection: Connection, query: Select[Any]) -> Mapping[int, list[datetime]]:
    found: dict[int, list[datetime]] = defaultdict(list)
    for person, moment in connection.execute(query):
        found[person].append(moment)
    return found


def _complained(connection: Connection, first: date) -> set[str]:
    query = select(log_entries.c.message_id).where(_is("complained"), log_entries.c.at >= _start(first))
    return {key for key in connection.scalars(query) if key is not None}


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _pages(items: list[Any]) -> Iterator[list[Any]]:
    return (items[i : i + _PAGE] for i in range(0, len(items), _PAGE))
