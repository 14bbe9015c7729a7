"""What is agreed is what was read: no ledger comes between, on either database."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from dispatcher.agreements import agree
from dispatcher.agreements.domain.schedules import Frequency
from dispatcher.agreements.terms_said import PlanWords
from dispatcher.agreements.unchanged import unchanged
from dispatcher.agreements.watch import AgreementRules
from dispatcher.database.engine import Database, DatabaseBusyError
from dispatcher.database.tables.portfolio import debtors, debts
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.recording import Said
from tests.builders import TODAY, a_debt, a_debtor, at

RULES = AgreementRules(offers=(), strategy_of=lambda _connection, _ids: {})
SAID = Said(now=at(TODAY), actor="test")
APPROVED = agree.Approval(by="Robin Ellis", why="called")
WORDS = PlanWords(payments=2, every=Frequency.MONTHLY, first_on=TODAY + timedelta(days=5))


def name_of(database: Database, debtor: int) -> str:
    with database.reading() as connection:
        return f"acme/{connection.scalar(select(debtors.c.reference).where(debtors.c.id == debtor))}"


def another_ledger_says(database: Database, debt: int, minor: int) -> bool:
    """Whether another program could write a new balance at this moment, without waiting."""
    try:
        with database.writing(patience=0.1) as connection:
            if not database.is_sqlite:
                connection.execute(text("SET LOCAL lock_timeout = '100ms'"))
            connection.execute(update(debts).where(debts.c.id == debt).values(balance_minor=minor))
    except (DatabaseBusyError, OperationalError):
        return False
    return True


def test_a_ledger_that_is_read_meanwhile_changes_nothing_of_what_is_being_agreed(
    database: Database,
    database_url: str,
    open_url: Callable[[str], Database],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    debtor = a_debtor(database)
    debt = a_debt(database, debtor, TODAY - timedelta(days=30), balance_minor=12_000)
    other, planned, came_between = open_url(database_url), agree.planned, []

    def then_a_ledger(*given: Any) -> Any:
        draft = planned(*given)
        came_between.append(another_ledger_says(other, debt, 6_000))
        return draft

    monkeypatch.setattr(agree, "planned", then_a_ledger)
    made = agree.plan(database, RULES, name_of(database, debtor), SAID, WORDS, approval=APPROVED)
    assert came_between == [False]
    assert (made.total.minor, made.base.debts[debt].balance) == (12_000, 12_000)
    assert another_ledger_says(other, debt, 6_000)


def test_whoever_reads_and_agrees_at_once_is_told_when_a_ledger_is_being_read(
    database: Database, database_url: str, open_url: Callable[[str], Database]
) -> None:
    debtor = a_debtor(database)
    debt = a_debt(database, debtor, TODAY - timedelta(days=30))
    other, who = open_url(database_url), name_of(database, debtor)
    with unchanged(database, who, TODAY):
        assert not another_ledger_says(other, debt, 6_000)
    if database.is_sqlite:
        return  # its one writer waits for the other one
    with other.writing() as connection:
        connection.execute(update(debts).where(debts.c.id == debt).values(balance_minor=6_000))
        with pytest.raises(RecordError, match="try again"), unchanged(database, who, TODAY):
            pass
