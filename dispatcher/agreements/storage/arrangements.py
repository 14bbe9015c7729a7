"""Keeps arrangements: their rows, the facts their state follows from, and the cache of that state."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from dispatcher.agreements.domain.agreed import Agreed, AgreedDebt, Base, DebtBase, Party
from dispatcher.agreements.domain.arrangement import Facts, InstalmentState, Standing, State, Terms
from dispatcher.agreements.domain.known_facts import Payment, facts_since
from dispatcher.agreements.domain.offer_terms import Watch
from dispatcher.agreements.domain.schedules import Instalment
from dispatcher.database.one_of import one_of
from dispatcher.database.tables.agreements import (
    arrangement_debts,
    arrangement_parties,
    arrangements,
    instalments,
    ledger_balances,
)
from dispatcher.database.tables.portfolio import creditors, debtors, debts, payments
from dispatcher.values.money import Money


class StandsAlreadyError(Exception):
    """Another open arrangement stands on one of the debts."""


_ROWS = (
    select(arrangements, creditors.c.key)
    .join(creditors, creditors.c.id == arrangements.c.creditor_id)
    .where(one_of(arrangements.c.id, "ids"))
    .order_by(arrangements.c.id)
)
_PARTIES = (
    select(
        arrangement_parties.c.arrangement_id,
        debtors.c.id,
        debtors.c.person,
        debtors.c.reference,
        creditors.c.key,
    )
    .join(debtors, debtors.c.id == arrangement_parties.c.debtor_id)
    .join(creditors, creditors.c.id == debtors.c.creditor_id)
    .where(one_of(arrangement_parties.c.arrangement_id, "ids"))
    .order_by(debtors.c.id)
)
_DEBTS = (
    select(arrangement_debts.c.arrangement_id, debts.c.id, debts.c.reference, creditors.c.key)
    .join(debts, debts.c.id == arrangement_debts.c.debt_id)
    .join(creditors, creditors.c.id == debts.c.creditor_id)
    .where(one_of(arrangement_debts.c.arrangement_id, "ids"))
    .order_by(debts.c.due_date, debts.c.id)
)
_INSTALMENTS = (
    select(instalments)
    .where(one_of(instalments.c.arrangement_id, "ids"))
    .order_by(instalments.c.arrangement_id, instalments.c.number)
)
_PAYMENTS = (
    select(
        payments.c.id, payments.c.debt_id, payments.c.amount_minor, payments.c.paid_on, payments.c.absorbed_at,
        payments.c.reversed_at,
    )
    .where(one_of(payments.c.debt_id, "ids"))
    .order_by(payments.c.paid_on, payments.c.id)
)  # fmt: skip
_BALANCES = select(ledger_balances.c.debt_id, ledger_balances.c.day, ledger_balances.c.balance_minor).where(
    one_of(ledger_balances.c.debt_id, "ids")
)


def add(
    connection: Connection, columns: Mapping[str, Any], *, debt_ids: Sequence[int], parties: Sequence[int],
    schedule: Sequence[Instalment],
) -> int:  # fmt: skip
    """Write an active arrangement; raises StandsAlreadyError where one is open on a debt (the index says so)."""
    try:
        with connection.begin_nested():
            key = connection.scalar(insert(arrangements).values(**columns).returning(arrangements.c.id))
            assert key is not None  # noqa: S101 an insert of one row always has its key
            connection.execute(
                insert(arrangement_debts), [{"arrangement_id": key, "debt_id": debt} for debt in debt_ids]
            )
    except IntegrityError as error:
        raise StandsAlreadyError from error
    connection.execute(
        insert(arrangement_parties), [{"arrangement_id": key, "debtor_id": party} for party in parties]
    )
    connection.execute(
        insert(instalments),
        [
            {"arrangement_id": key, "number": number, "due_on": one.due_on, "amount_minor": one.amount.minor}
            for number, one in enumerate(schedule, start=1)
        ],
    )
    return int(key)


def read(connection: Connection, ids: Collection[int]) -> list[Agreed]:
    """Arrangements by id, in order."""
    if not ids:
        return []
    values = {"ids": sorted(ids)}
    parts = {
        name: _grouped(connection.execute(query, values))
        for name, query in (("parties", _PARTIES), ("debts", _DEBTS), ("instalments", _INSTALMENTS))
    }
    return [_agreed(row, parts) for row in connection.execute(_ROWS, values).all()]


def facts_of(connection: Connection, agreed: Sequence[Agreed]) -> dict[int, Facts]:
    """By arrangement: the payments since it was agreed and its debts' ledgers."""
    ids = {"ids": sorted({debt for one in agreed for debt in one.debt_ids})}
    paid: dict[int, list[Payment]] = defaultdict(list)
    balances: dict[int, list[tuple[date, int]]] = defaultdict(list)
    for row in connection.execute(_PAYMENTS, ids):
        taken_back = row.reversed_at is not None
        paid[row.debt_id].append(
            Payment(id=row.id, day=row.paid_on, minor=row.amount_minor, reversed=taken_back)
        )
    for debt_id, day, balance in connection.execute(_BALANCES, ids):
        balances[debt_id].append((day, balance))
    return {one.id: facts_since(one, paid, balances) for one in agreed}


def ledger_days(connection: Connection, debt_ids: Collection[int]) -> dict[int, tuple[date | None, int, int]]:
    """Debt -> (its creditor's newest ledger, what that says is owed, what was recorded since), in minor units."""
    query = (
        select(debts.c.id, creditors.c.ledger_as_of, debts.c.balance_minor, debts.c.paid_minor)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .where(debts.c.id.in_(debt_ids))
    )
    return {row[0]: (row[1], row[2], row[3]) for row in connection.execute(query)}


def base_of(connection: Connection, debt_ids: Collection[int], on: date) -> Base:
    """By which ledger and payments these debts stand now."""
    rows = connection.execute(_PAYMENTS, {"ids": sorted(debt_ids)}).all()
    return Base(
        known=frozenset(row.id for row in rows),
        debts={
            key: DebtBase(
                day=day or on,
                balance=balance,
                before=recorded,
                open=frozenset(row.id for row in rows if row.debt_id == key and _is_open(row)),
            )
            for key, (day, balance, recorded) in ledger_days(connection, debt_ids).items()
        },
    )


def _is_open(payment: Any) -> bool:
    """Whether it counts beside the ledger, which does not hold it yet."""
    return payment.absorbed_at is None and payment.reversed_at is None


def write_standing(connection: Connection, agreed: Agreed, standing: Standing, told: Collection[str]) -> None:
    """Bring the cache up to the fold; raises StandsAlreadyError where it would open again beside another one."""
    active = standing.state is State.ACTIVE
    try:
        with connection.begin_nested():
            connection.execute(
                update(arrangement_debts)
                .where(
                    arrangement_debts.c.arrangement_id == agreed.id,
                    arrangement_debts.c.is_open.is_not(active),
                )
                .values(is_open=active)
            )
    except IntegrityError as error:
        raise StandsAlreadyError from error
    connection.execute(
        update(arrangements)
        .where(arrangements.c.id == agreed.id)
        .values(state=standing.state.value, since=standing.since, told=sorted(told))
    )
    for before, now in zip(agreed.standing.instalments, standing.instalments, strict=True):
        if before != now:
            connection.execute(
                update(instalments)
                .where(instalments.c.arrangement_id == agreed.id, instalments.c.number == now.number)
                .values(paid_minor=now.paid.minor, paid_on=now.paid_on, missed_on=now.missed_on)
            )


def end(connection: Connection, agreed: Agreed, state: State, on: date, *, why: str, told: str) -> None:
    """A person's word ends it: cancelled or replaced."""
    connection.execute(
        update(arrangements)
        .where(arrangements.c.id == agreed.id)
        .values(state=state.value, since=on, ended_why=why, told=sorted({*agreed.told, told}))
    )
    connection.execute(
        update(arrangement_debts).where(arrangement_debts.c.arrangement_id == agreed.id).values(is_open=False)
    )


def set_resumed(connection: Connection, ids: Collection[int], at: datetime | None) -> None:
    """The ladder of their debts goes on, or (None) rests again."""
    connection.execute(update(arrangements).where(arrangements.c.id.in_(ids)).values(resumed_at=at))


def unresumed(connection: Connection) -> list[int]:
    """Broken ones whose debts' ladder does not go on yet."""
    query = select(arrangements.c.id).where(
        arrangements.c.state == "broken", arrangements.c.resumed_at.is_(None)
    )
    return list(connection.scalars(query.order_by(arrangements.c.id)))


def resumed_too_early(connection: Connection) -> list[int]:
    """Those that stand again after all, and whose ladder went on."""
    query = select(arrangements.c.id).where(
        arrangements.c.state != "broken", arrangements.c.resumed_at.is_not(None)
    )
    return list(connection.scalars(query.order_by(arrangements.c.id)))


def of_debts(connection: Connection, debt_ids: Collection[int]) -> list[int]:
    """Every arrangement that facts about these debts may move."""
    query = (
        select(arrangements.c.id)
        .join(arrangement_debts, arrangement_debts.c.arrangement_id == arrangements.c.id)
        .where(
            arrangement_debts.c.debt_id.in_(debt_ids), arrangements.c.state.not_in(("cancelled", "replaced"))
        )
    )
    return sorted(set(connection.scalars(query)))


def ever_on_debts(connection: Connection, debt_ids: Collection[int]) -> list[int]:
    """Every arrangement that stands or stood on these debts."""
    query = select(arrangement_debts.c.arrangement_id).where(one_of(arrangement_debts.c.debt_id, "ids"))
    return sorted(set(connection.scalars(query, {"ids": sorted(debt_ids)})))


def of_references(connection: Connection, references: Collection[str]) -> list[int]:
    """The same, of debts as `creditor/reference`."""
    pairs = [reference.partition("/")[::2] for reference in references]
    if not pairs:
        return []
    query = (
        select(debts.c.id)
        .join(creditors, creditors.c.id == debts.c.creditor_id)
        .where(tuple_(creditors.c.key, debts.c.reference).in_(pairs))
    )
    return of_debts(connection, list(connection.scalars(query)))


def open_on_debts(connection: Connection, debt_ids: Collection[int]) -> list[int]:
    """The open arrangements on these debts."""
    query = select(arrangement_debts.c.arrangement_id).where(
        arrangement_debts.c.debt_id.in_(debt_ids), arrangement_debts.c.is_open
    )
    return sorted(set(connection.scalars(query)))


def moved_by_ledgers(connection: Connection, creditor_ids: Collection[int], since: date) -> list[int]:
    """The active ones of creditors, and those that ended no earlier than `since`: a late ledger may move them."""
    query = select(arrangements.c.id).where(
        arrangements.c.creditor_id.in_(creditor_ids),
        or_(
            arrangements.c.state == "active",
            and_(arrangements.c.state.in_(("kept", "broken")), arrangements.c.since >= since),
        ),
    )
    return list(connection.scalars(query.order_by(arrangements.c.id)))


def listed(
    connection: Connection,
    *,
    state: str = "",
    debtor_id: int | None = None,
    creditor: str = "",
    after: int = 0,
    limit: int = 0,
) -> list[Agreed]:
    """Arrangements by state, by who agreed or by the creditor's key, oldest first."""
    query = select(arrangements.c.id).where(arrangements.c.id > after).order_by(arrangements.c.id)
    if state:
        query = query.where(arrangements.c.state == state)
    if creditor:
        of_it = select(creditors.c.id).where(creditors.c.key == creditor).scalar_subquery()
        query = query.where(arrangements.c.creditor_id == of_it)
    if debtor_id is not None:
        mine = select(arrangement_parties.c.arrangement_id).where(
            arrangement_parties.c.debtor_id == debtor_id
        )
        query = query.where(arrangements.c.id.in_(mine))
    return read(connection, list(connection.scalars(query.limit(limit) if limit else query)))


def count_broken_promises(connection: Connection, debtor_id: int) -> int:
    """How many promises this person has broken."""
    query = (
        select(func.count())
        .select_from(arrangements)
        .join(arrangement_parties, arrangement_parties.c.arrangement_id == arrangements.c.id)
        .where(
            arrangement_parties.c.debtor_id == debtor_id,
            arrangements.c.kind == "promise",
            arrangements.c.state == "broken",
        )
    )
    return connection.scalar(query) or 0


def _grouped(rows: Iterable[Any]) -> Mapping[int, list[Any]]:
    groups: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        groups[row.arrangement_id].append(row)
    return groups


def _agreed(row: Any, parts: Mapping[str, Mapping[int, list[Any]]]) -> Agreed:
    due = tuple(_instalment(one, row.currency) for one in parts["instalments"].get(row.id, ()))
    parties = [
        Party(id=p.id, person=p.person, reference=f"{p.key}/{p.reference}")
        for p in parts["parties"].get(row.id, ())
    ]
    return Agreed(
        id=row.id,
        creditor=row.key,
        parties=tuple(sorted(parties, key=lambda party: party.id != row.debtor_id)),
        debts=tuple(
            AgreedDebt(id=d.id, reference=f"{d.key}/{d.reference}") for d in parts["debts"].get(row.id, ())
        ),
        total=Money(row.total_minor, row.currency),
        agreed_at=row.agreed_at,
        terms=Terms(
            kind=row.kind,
            agreed_on=row.agreed_on,
            schedule=_schedule(due, row.terms.get("interest"), row.currency),
            watch=watch_of(row.terms),
        ),
        standing=Standing(state=State(row.state), instalments=due, since=row.since),
        base=Base.from_json(row.base),
        strategy=row.strategy,
        offer=row.terms,
        pauses_until=row.pauses_until,
        told=frozenset(row.told),
        source=row.source,
        note=row.note,
        actor=row.actor,
        ended_why=row.ended_why,
        replaces=row.replaces_id,
    )


def _schedule(
    due: Sequence[InstalmentState], interest: Mapping[str, Any] | None, currency: str
) -> tuple[Instalment, ...]:
    parts = [Money.of(part, currency) for part in interest["parts"]] if interest else [None] * len(due)
    return tuple(
        Instalment(due_on=one.due_on, amount=one.amount, interest=part)
        for one, part in zip(due, parts, strict=True)
    )


def watch_of(terms: Mapping[str, Any]) -> Watch:
    """How it is watched, as it was agreed: what the desk allows today changes nothing of it."""
    return Watch(
        grace_days=terms.get("grace_days", 0),
        threshold_percent=Decimal(terms.get("threshold_percent", "100")),
        broken_after_days=terms.get("broken_after_days", 0),
    )


def watch_json(watch: Watch) -> dict[str, Any]:
    """The same as it is kept."""
    return {
        "grace_days": watch.grace_days,
        "threshold_percent": str(watch.threshold_percent),
        "broken_after_days": watch.broken_after_days,
    }


def _instalment(row: Any, currency: str) -> InstalmentState:
    return InstalmentState(
        number=row.number,
        due_on=row.due_on,
        amount=Money(row.amount_minor, currency),
        paid=Money(row.paid_minor, currency),
        paid_on=row.paid_on,
        missed_on=row.missed_on,
    )
