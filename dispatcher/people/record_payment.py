"""Records a payment: it lowers what is owed at once, until a later ledger contains it."""

from datetime import date

from dispatcher.database.engine import Database
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.recording import Recorded, Recording, Said, find_debtor, recording
from dispatcher.people.storage import people_facts
from dispatcher.people.storage.people_facts import KnownDebt
from dispatcher.portfolio.storage.portfolios import recount_payments
from dispatcher.values.money import Money
from dispatcher.values.written_values import amount_reader


def record_payment(
    database: Database,
    who: str,
    amount: str,
    said: Said,
    *,
    debt: str = "",
    paid_on: date | None = None,
    again: bool = False,
) -> Recorded:
    """A payment on one debt. `again`: a second one of the same amount and day is meant."""
    with recording(
        database, who, said, debts=[debt] if debt else [_only_open_debt(database, who, said)]
    ) as record:
        [owed] = record.debts
        money = _money(amount, owed)
        day = paid_on or said.now.date()
        if not again and people_facts.same_payments(record.connection, owed.id, money.minor, day):
            raise RecordError(
                f"a payment of {money} on {day} is recorded for {owed.reference} already; "
                "add --again if this is another one"
            )
        return _write(record, owed, money, day)


def _write(record: Recording, owed: KnownDebt, money: Money, day: date) -> Recorded:
    people_facts.add_payment(
        record.connection,
        {"debt_id": owed.id, "amount_minor": money.minor, "paid_on": day, **record.said.columns},
    )
    recount_payments(record.connection, [owed.id])
    left = owed.owed - money
    details = {
        "amount": str(money.amount),
        "currency": money.currency,
        "paid_on": day.isoformat(),
        "left": str(left.amount),
    }
    record.log("payment_recorded", details)
    return Recorded(
        fact="payment", debtor=record.debtor.full_reference, debts=record.debt_references, details=details
    )


def _money(amount: str, owed: KnownDebt) -> Money:
    try:
        money = Money.of(amount_reader(".")(amount), owed.owed.currency)
    except ValueError as error:
        raise RecordError(f"amount {amount!r}: {error}") from None
    if money.minor <= 0:
        raise RecordError(
            f"amount {amount!r}: a payment is more than nothing; a payment that bounced belongs into the ledger"
        )
    return money


def _only_open_debt(database: Database, who: str, said: Said) -> str:
    with database.reading() as connection:
        owed = people_facts.debts_of(connection, find_debtor(connection, who).id, said.now.date())
    open_debts = [debt for debt in owed if debt.is_open and debt.owed.minor > 0]
    if len(open_debts) != 1:
        named = ", ".join(f"{debt.reference} ({debt.owed})" for debt in open_debts) or "none"
        raise RecordError(f"say with --debt which debt was paid; open ones of {who}: {named}")
    return open_debts[0].reference
