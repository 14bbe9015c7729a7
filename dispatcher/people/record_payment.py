"""Records a payment, or that one was taken back: what is owed changes at once, until a later ledger contains it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.people.domain.allocation import AllocationError, Payable, allocate
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.recording import Recorded, Recording, Said, recording
from dispatcher.people.storage import payments, people_facts
from dispatcher.people.storage.find_debtor import find_debtor
from dispatcher.people.storage.people_facts import KnownDebtor
from dispatcher.values.money import Money
from dispatcher.values.written_values import amount_reader

_FIRST_ZONE = timedelta(hours=14)  # where a day begins first
_LONGEST_ID = 200
Watch = Callable[[Connection, Sequence[int], Said], None]  # told, in the transaction, whose balances changed


def unwatched(_connection: Connection, _debts: Sequence[int], _said: Said) -> None:
    """Nobody keeps watch here: the next run looks."""


def record_payment(
    database: Database,
    who: str,
    amount: str,
    said: Said,
    *,
    debt: str = "",
    paid_on: date | None = None,
    again: bool = False,
    sure: bool = False,
    external_id: str = "",
    watch: Watch = unwatched,
) -> Recorded:
    """A payment on the debt named, else on what may take it, the agreed first, then the oldest.

    `external_id` is the creditor's own: the same payment sent again under it is the first one.
    `again`: a second one of the same amount and day is meant. `sure`: it is right although it is more than is owed, or
    of a day that has not come anywhere. A payment that the newest ledger holds already, by its day, lowers nothing
    twice.
    """
    if len(external_id) > _LONGEST_ID:
        raise RecordError(f"external id: {len(external_id)} characters; {_LONGEST_ID} at most")
    if external_id:
        stated = _Stated(external_id=external_id, amount=amount, debt=debt, paid_on=paid_on)
        if (known := _known(database, who, stated)) is not None:
            return known
    day = paid_on or said.now.date()
    if not sure and day > (said.now + _FIRST_ZONE).date():
        raise RecordError(f"on: {day} has not come yet; add --sure if the payment is already there")
    with recording(database, who, said, debts=[debt] if debt else _payable(database, who, said)) as record:
        if external_id:
            payments.lock_ids(record.connection, record.debtor.creditor)
            if (known := _repeated(record.connection, record.debtor, stated)) is not None:
                return known
        parts = _parts(record, amount, named=bool(debt))
        if not sure:
            _refuse_too_much(record, parts, day)
        if not again:
            _refuse_repeat(record, parts, day, external_id)
        return _write(record, parts, day, external_id, watch)


def reverse_payment(
    database: Database, who: str, payment_id: int, said: Said, *, watch: Watch = unwatched
) -> Recorded:
    """A payment was taken back (a cheque or direct debit bounced): it counts nowhere any more, in all its parts."""
    with database.reading() as connection:
        references = payments.references(connection, payment_id)
    if not references:
        raise RecordError(f"there is no payment {payment_id}; `record payment --json` names a payment's id")
    with recording(database, who, said, debts=references) as record:
        taken = payments.reverse(record.connection, payment_id, at=said.now, why=said.note or said.source)
        if not taken:
            raise RecordError(f"payment {payment_id} was taken back before")
        debts = [debt.id for debt in record.debts]
        payments.recount(record.connection, debts)
        money = Money(sum(taken), record.debts[0].owed.currency)
        details = {"id": payment_id, "amount": str(money.amount), "currency": money.currency}
        record.log(Event.PAYMENT_REVERSED, details)
        watch(record.connection, debts, said)
        return Recorded(
            fact="payment reversed",
            debtor=record.debtor.full_reference,
            debts=record.debt_references,
            details=details,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stated:
    """A payment as somebody states it; no day: today, whenever that is."""

    external_id: str
    amount: str
    debt: str
    paid_on: date | None


def _known(database: Database, who: str, stated: _Stated) -> Recorded | None:
    with database.reading() as connection:
        return _repeated(connection, find_debtor(connection, who), stated)


def _repeated(connection: Connection, debtor: KnownDebtor, stated: _Stated) -> Recorded | None:
    """The payment that stands under the id already; raises RecordError where it is another one."""
    known = payments.named(connection, debtor.creditor, stated.external_id)
    if known is None:
        return None
    bare = stated.debt.removeprefix(f"{debtor.creditor}/")
    if (
        _money(stated.amount, known.amount.currency) != known.amount
        or (stated.paid_on or known.paid_on) != known.paid_on
        or not _is_of(connection, debtor, known, bare)
    ):
        raise RecordError(
            f"external id {stated.external_id!r} is already that of payment {known.id}, {known.amount} on "
            f"{known.paid_on} for {', '.join(known.debts)}: take that one back, and send this under another id"
        )
    left = payments.payable(connection, known.debt_ids, known.paid_on)
    details = {
        "id": known.id,
        "amount": str(known.amount.amount),
        "currency": known.amount.currency,
        "paid_on": known.paid_on.isoformat(),
        "left": str(Money(sum(debt.owed.minor for debt in left), known.amount.currency).amount),
        "external_id": stated.external_id,
        "reversed": known.is_reversed,
    }
    return Recorded(
        fact="payment",
        debtor=debtor.full_reference,
        debts=tuple(f"{debtor.creditor}/{reference}" for reference in known.debts),
        details=details,
        already=True,
    )


def _is_of(connection: Connection, debtor: KnownDebtor, known: payments.NamedPayment, reference: str) -> bool:
    if reference:
        return known.debts == (reference,)
    answers_for = {debt.id for debt in people_facts.debts_of(connection, debtor.id, known.paid_on)}
    return answers_for.issuperset(known.debt_ids)


def _refuse_repeat(
    record: Recording, parts: Sequence[tuple[Payable, Money]], day: date, external_id: str
) -> None:
    for owed, money in parts:
        if payments.same(record.connection, owed.debt_id, money.minor, day, is_named=bool(external_id)):
            raise RecordError(
                f"a payment of {money} on {day} is recorded for {owed.reference} already; "
                "add --again if this is another one"
            )


def _parts(record: Recording, amount: str, *, named: bool) -> list[tuple[Payable, Money]]:
    debts = payments.payable(record.connection, [debt.id for debt in record.debts], record.said.now.date())
    currencies = sorted({debt.owed.currency for debt in debts})
    if len(currencies) > 1:
        raise RecordError(f"debts in {' and '.join(currencies)} are open: say with --debt which one was paid")
    money = _money(amount, currencies[0])
    if named:
        return [(debts[0], money)]
    try:
        return allocate(money, debts)
    except AllocationError as error:
        raise RecordError(str(error)) from None


def _refuse_too_much(record: Recording, parts: Sequence[tuple[Payable, Money]], day: date) -> None:
    """A zero too many ends a debt for good; what the ledger holds by its day lowers nothing, however much it is."""
    for owed, money in parts:
        is_new = not payments.is_in_ledger(record.connection, owed.debt_id, day, record.said.now)
        if is_new and money.minor > max(owed.owed.minor, 0):
            raise RecordError(
                f"amount: {money} is more than the {owed.owed} that are owed on {owed.reference}; "
                "add --sure if that is what was paid"
            )


def _write(
    record: Recording, parts: Sequence[tuple[Payable, Money]], day: date, external_id: str, watch: Watch
) -> Recorded:
    ids: list[int] = []
    for owed, money in parts:
        columns = {
            "debt_id": owed.debt_id,
            "amount_minor": money.minor,
            "paid_on": day,
            "external_id": external_id or None,
            **record.said.columns,
        }
        ids.append(payments.add(record.connection, columns, split_of=ids[0] if ids else None))
    debts = [owed.debt_id for owed, _ in parts]
    payments.recount(record.connection, debts)
    whole = Money(sum(money.minor for _, money in parts), parts[0][1].currency)
    left = payments.payable(record.connection, debts, record.said.now.date())
    details = {
        "id": ids[0],
        "amount": str(whole.amount),
        "currency": whole.currency,
        "paid_on": day.isoformat(),
        "left": str(Money(sum(debt.owed.minor for debt in left), whole.currency).amount),
        **({"external_id": external_id} if external_id else {}),
    }
    paid = replace(record, debts=tuple(debt for debt in record.debts if debt.id in debts))
    paid.log(Event.PAYMENT_RECORDED, details)
    watch(record.connection, debts, record.said)
    return Recorded(
        fact="payment", debtor=record.debtor.full_reference, debts=paid.debt_references, details=details
    )


def _money(amount: str, currency: str) -> Money:
    try:
        money = Money.of(amount_reader(".")(amount), currency)
    except ValueError as error:
        raise RecordError(f"amount {amount!r}: {error}") from None
    if money.minor <= 0:
        raise RecordError(
            f"amount {amount!r}: a payment is more than nothing; one that was taken back is said with --reverse ID"
        )
    return money


def _payable(database: Database, who: str, said: Said) -> Sequence[str]:
    with database.reading() as connection:
        debtor = find_debtor(connection, who)
        references = payments.open_references(connection, debtor.id, said.now.date())
    if not references:
        raise RecordError(f"{debtor.full_reference} owes nothing; say with --debt which debt was paid")
    return references
