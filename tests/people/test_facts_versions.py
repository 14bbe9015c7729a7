"""Whatever is written of a person raises a version in the same transaction, whoever writes it."""

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, event, insert, inspect, select, text, update

from dispatcher.database.engine import Database
from dispatcher.database.facts_versions import EVERYBODY, RAISES
from dispatcher.database.tables.agreements import sent_offers
from dispatcher.database.tables.metadata import metadata
from dispatcher.database.tables.people import facts_versions, holds, opt_outs
from dispatcher.database.tables.portfolio import contact_points, creditors, debtors, debts, payments
from dispatcher.database.tables.users import users
from dispatcher.delivery.judge_messages import JudgingContext, judge_messages
from dispatcher.messages.storage import outbox
from dispatcher.resources import config_path
from dispatcher.rulebook.scorecard import load_scorecard
from dispatcher.rulebook.segments import load_segments
from tests.builders import TODAY, a_debt, a_debtor, a_desk, a_ladder, a_party, at, plan, rows_of
from tests.database.shapes import fill

NOW = at(TODAY)
# What the second gate reads of a message's own, or of what was sent: whoever compares versions reads it again.
READ_AGAIN = {"messages", "follow_ups", "runs"}


def versions(connection: Connection) -> dict[tuple[int, str], int]:
    return {(row.subject, row.part): row.version for row in connection.execute(select(facts_versions))}


def raised(database: Database, *statements: Any) -> set[tuple[int, str]]:
    """Whose versions these statements raise, by table."""
    with database.writing() as connection:
        before = versions(connection)
        for statement in statements:
            connection.execute(statement)
        after = versions(connection)
    return {key for key, version in after.items() if version > before.get(key, 0)}


def test_every_table_of_people_that_the_second_gate_reads_raises_a_version(database: Database) -> None:
    """Who adds a table that the gate reads has it raised too: this fails until then."""
    card = load_scorecard(config_path(None, "scorecard.yaml"))
    desk = a_desk(
        a_ladder(1, join="debtor", parties="all"),
        segments=load_segments(config_path(None, "segments.yaml"), card),
    )
    first, second = a_debtor(database), a_debtor(database)
    a_party(database, a_debt(database, first, TODAY - timedelta(days=1)), second)
    a_debt(database, first, TODAY - timedelta(days=1), balance_minor=-500)
    plan(database, TODAY, desk)
    read: set[str] = set()

    def hear(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        read.update(re.findall(r'(?:FROM|JOIN)\s+"?([a-z_]+)', statement))

    context = JudgingContext(policy=desk, check_content=lambda *_: None)
    event.listen(database.reader, "before_cursor_execute", hear)
    with database.reading() as connection:
        found = outbox.read(connection, [row.id for row in rows_of(database)])
        read.clear()
        assert judge_messages(connection, found, bodies={}, now=NOW, context=context)
    event.remove(database.reader, "before_cursor_execute", hear)
    known = read & metadata.tables.keys()
    assert {"holds", "debts", "opt_outs", "humans", "arrangements"} <= known
    assert known - READ_AGAIN <= RAISES.keys()


def test_each_of_these_tables_raises_a_version_at_each_event(database: Database) -> None:
    of_sqlite = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    of_postgresql = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    with database.reading() as connection:
        names = set(connection.scalars(text(of_sqlite if database.is_sqlite else of_postgresql)))
        tables = set(inspect(connection).get_table_names())
    wanted = {f"{table}_raises_{one.lower()}" for table, raises in RAISES.items() for one in raises.events}
    assert (wanted - names, RAISES.keys() - tables) == (set(), set())


def test_every_column_of_every_row_counts(database: Database) -> None:
    """Rows of any shape: each column that is written raises somebody, but for those that are named."""
    fill(database)
    with database.writing() as connection:
        for name, raises in RAISES.items():
            table = metadata.tables[name]
            for column in table.columns:
                if (raises.only and column.name not in raises.only) or raises.when or raises.which:
                    continue
                before = versions(connection)
                connection.execute(update(table).values({column.name: column}))
                after = versions(connection)
                assert {part for key, part in after if after[key, part] > before.get((key, part), 0)} == {
                    name
                }, (name, column.name)


def test_a_fact_raises_those_whose_own_it_is(database: Database) -> None:
    owner, party = a_debtor(database), a_debtor(database)
    debt = a_debt(database, owner, TODAY)
    hold = {"debtor_id": party, "kind": "dispute", "starts_on": TODAY, "recorded_at": NOW}
    pay = {"debt_id": debt, "amount_minor": 1, "paid_on": TODAY, "recorded_at": NOW}
    assert raised(database, insert(holds).values(**hold)) == {(party, "holds")}
    assert raised(database, insert(payments).values(**pay)) == {(owner, "payments")}
    assert raised(database, update(debts).where(debts.c.id == debt).values(debtor_id=party)) == {
        (owner, "debts"),
        (party, "debts"),
    }
    assert raised(database, update(debtors).where(debtors.c.id == owner).values(deceased_on=TODAY)) == {
        (owner, "debtors")
    }
    assert raised(database, delete(contact_points).where(contact_points.c.debtor_id == owner)) == {
        (owner, "contact_points")
    }
    assert raised(database, insert(holds).values([hold, hold])) == {
        (party, "holds")
    }  # twice in one statement
    assert raised(database, update(holds).values(note="x")) == {(party, "holds")}
    assert raised(database, insert(opt_outs).values(address="a@b.example", at=NOW)) == set()


def test_an_offer_made_on_a_call_raises_whom_it_was_made_to_and_a_message_s_own_offer_nobody(
    database: Database,
) -> None:
    """A message's row is written with its text: were it a fact, no message with an offer would go by its clearance."""
    who = a_debtor(database)
    a_debt(database, who, TODAY - timedelta(days=1))
    plan(database, TODAY, a_desk(a_ladder(1)))
    [message] = rows_of(database)
    offer = {
        "debtor_id": who, "offered_on": TODAY, "valid_until": TODAY, "currency": "USD", "total_minor": 1,
        "debts": [], "plans": [], "settlements": [], "base": {},
    }  # fmt: skip
    assert raised(database, insert(sent_offers).values(**offer, message_id=message.id)) == set()
    assert raised(database, insert(sent_offers).values(**offer, contact_id=1)) == {(who, "sent_offers")}
    later = update(sent_offers).values(valid_until=TODAY + timedelta(days=1))
    assert raised(database, later.where(sent_offers.c.contact_id.is_(None))) == set()
    assert raised(database, later) == {(who, "sent_offers")}
    assert raised(database, delete(sent_offers)) == {(who, "sent_offers")}


def test_what_concerns_more_than_one_person_raises_their_creditor_or_everybody(database: Database) -> None:
    a_debtor(database)
    with database.reading() as connection:
        creditor = connection.scalar(select(creditors.c.id))
    kim = {"name": "kim", "password_hash": "-", "roles": [], "created_at": NOW}
    assert raised(database, update(creditors).values(ledger_as_of=TODAY)) == {(-creditor, "creditors")}
    assert raised(database, update(creditors).values(ledger_imported_at=NOW)) == set()
    assert raised(database, insert(users).values(**kim)) == {(EVERYBODY, "users")}
    assert raised(database, update(users).values(password_hash="+")) == set()
    assert raised(database, update(users).values(disabled_at=NOW)) == {(EVERYBODY, "users")}


def test_what_is_undone_raises_nothing(database: Database) -> None:
    who = a_debtor(database)
    with database.reading() as connection:
        before = versions(connection)
    hold = {"debtor_id": who, "kind": "dispute", "starts_on": TODAY, "recorded_at": NOW}
    with database.at_once(keep=False) as connection:
        connection.execute(insert(holds).values(**hold))
        assert versions(connection) != before
    with database.reading() as connection:
        assert versions(connection) == before
