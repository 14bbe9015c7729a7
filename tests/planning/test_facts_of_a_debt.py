"""What is recorded of a debt pauses it for everybody who owes it; what is recorded of a person reaches as far as law says."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from dispatcher.database.engine import Database
from dispatcher.database.tables.people import holds
from dispatcher.database.tables.portfolio import debtors
from dispatcher.people.storage.people import load_people
from tests.builders import TODAY, a_debt, a_debtor, a_desk, a_ladder, a_party, at, plan, rows_of

DUE = TODAY - timedelta(days=3)
EVERYBODY = a_ladder(1, join="debtor", parties="all", guarantors=True)
BRITON = {"country": "GB", "region": "", "city": "London", "postal_code": "SW1A 1AA"}


def a_hold(database: Database, debtor: int, kind: str, debt: int | None = None, **more: Any) -> None:
    with database.writing() as connection:
        connection.execute(
            insert(holds).values(
                debtor_id=debtor, debt_id=debt, kind=kind, starts_on=DUE, recorded_at=at(DUE), **more
            )
        )


def written_to(
    database: Database, packs: tuple[str, ...] = ("default", "house"), day: date = TODAY
) -> set[int]:
    summary = plan(database, day, a_desk(EVERYBODY, packs=packs))
    return {row.recipient_id for row in rows_of(database, summary.run_id)}


@pytest.fixture
def three(database: Database) -> tuple[int, int, int, int]:
    """A debt, who owes it, who owes it with them, who vouches."""
    owner, joint, guarantor = (a_debtor(database) for _ in range(3))
    debt = a_debt(database, owner, DUE)
    a_party(database, debt, joint)
    a_party(database, debt, guarantor, "guarantor")
    return debt, owner, joint, guarantor


@pytest.mark.parametrize(
    "kind", ["dispute", "promise", "complaint", "manual", "arrangement", "not_in_ledger"]
)
def test_a_fact_of_the_debt_pauses_everybody_who_owes_it_whoever_said_it(
    sqlite_database: Database, kind: str
) -> None:
    for who in range(3):
        owner, joint, guarantor = people = [a_debtor(sqlite_database) for _ in range(3)]
        debt = a_debt(sqlite_database, owner, DUE)
        a_party(sqlite_database, debt, joint)
        a_party(sqlite_database, debt, guarantor, "guarantor")
        until = TODAY if kind == "promise" else None
        a_hold(sqlite_database, people[who], kind, debt, until=until)
        assert not written_to(sqlite_database) & set(people)


def test_a_dispute_of_all_that_somebody_owes_pauses_what_they_owe_with_others(
    database: Database, three: tuple[int, int, int, int]
) -> None:
    _, owner, joint, _ = three
    own = a_debt(database, joint, DUE)
    a_hold(database, owner, "dispute")
    assert written_to(database) == {joint}
    assert rows_of(database)[-1].balance_minor == 10_000
    assert own


def test_what_concerns_a_person_alone_leaves_the_others(
    database: Database, three: tuple[int, int, int, int]
) -> None:
    _, owner, joint, guarantor = three
    for kind in ("cease", "attorney", "unclear_reply", "bankruptcy", "breathing_space"):
        a_hold(database, owner, kind)
    assert written_to(database) == {joint, guarantor}


def test_an_english_moratorium_protects_the_joint_debtor_and_not_the_guarantor(database: Database) -> None:
    owner, joint, guarantor = (a_debtor(database, **BRITON) for _ in range(3))
    debt = a_debt(database, owner, DUE, currency="GBP", debt_type="consumer")
    a_party(database, debt, joint)
    a_party(database, debt, guarantor, "guarantor")
    with database.writing() as connection:
        until = TODAY + timedelta(days=40)
        connection.execute(update(debtors).where(debtors.c.id == owner).values(breathing_space_until=until))
    assert written_to(database, ("default", "house", "uk-conc")) == {guarantor}


def test_an_american_bankruptcy_stays_everybody_who_is_liable(
    database: Database, three: tuple[int, int, int, int]
) -> None:
    _, _, joint, _ = three
    with database.writing() as connection:
        connection.execute(update(debtors).where(debtors.c.id == joint).values(bankrupt_on=DUE))
    assert written_to(database, ("default", "house", "us-bankruptcy")) == set()


def test_nothing_that_one_of_them_said_stands_in_anothers_file(
    database: Database, three: tuple[int, int, int, int]
) -> None:
    debt, owner, joint, _ = three
    a_hold(database, owner, "dispute", debt, details={"text": "I was ill", "form": "letter"})
    with database.reading() as connection:
        [hold] = load_people(connection, {joint}, now=at(TODAY))[joint].holds
    assert hold.details == {"form": "letter"}
