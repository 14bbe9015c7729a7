"""Whatever changes, no clearance stands that the whole gate would not give."""

import random
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, insert, select
from sqlalchemy.exc import DatabaseError

from dispatcher.database.engine import Connection, Database
from dispatcher.database.facts_versions import RAISES
from dispatcher.database.tables.metadata import metadata
from dispatcher.database.tables.people import facts_versions
from tests.conftest import DEEP
from tests.delivery.clearances import NOW, Book, Desk, a_book, read, the_policy
from tests.delivery.fact_changes import CHANGED, any_change

EXAMPLES = 10_000 if DEEP else 60
_OF_A_TABLE = 300  # examples of each table alone


@pytest.fixture
def desk() -> Desk:
    return Desk.of(the_policy())


@pytest.fixture
def book(database: Database, desk: Desk) -> Book:
    return a_book(database, desk)


def disagreements(connection: Connection, desk: Desk, book: Book, now: datetime) -> tuple[int, list[str]]:
    """How many clearances stand, and those that the whole gate would not give."""
    cleared = desk.cleared(connection, read(connection, book.cleared), now)
    standing = read(connection, list(cleared))
    whole = desk.judged(connection, standing, now) if standing else {}
    return len(cleared), [
        key
        for key, verdict in cleared.items()
        if verdict != replace(whole[key], grounds={}, cleared_at=verdict.cleared_at)
    ]


def an_example(
    database: Database,
    desk: Desk,
    book: Book,
    number: int,
    *,
    tables: Sequence[str] = CHANGED,
    silent: Collection[str] = (),
) -> tuple[int, list[str]]:
    """Change one or two things and look some time later; all is undone. `silent` tables raise no version."""
    dice = random.Random(number)
    with database.at_once(keep=False) as connection:
        before = connection.execute(select(facts_versions)).mappings().all()
        said = []
        for _ in range(dice.choice((1, 1, 2))):
            try:
                with connection.begin_nested():
                    said.append(any_change(connection, dice, book, tables))
            except DatabaseError:  # a row that no table takes
                continue
        if silent:
            connection.execute(delete(facts_versions).where(facts_versions.c.part.in_(silent)))
            kept = [dict(row) for row in before if row["part"] in silent]
            connection.execute(insert(facts_versions), kept) if kept else None
        later = timedelta(seconds=dice.choice((0, 0, 0, 1, 3_600, dice.randrange(12 * 3_600))))
        stood, refused = disagreements(connection, desk, book, NOW + later)
    return stood, [f"example {number}: {key}: {said}" for key in refused]


def examples(
    database: Database, desk: Desk, book: Book, numbers: Iterable[int], **how: Any
) -> tuple[int, list[str]]:
    count, wrong = 0, []
    for number in numbers:
        stood, refused = an_example(database, desk, book, number, **how)
        count += stood
        wrong += refused
    return count, wrong


def test_whatever_changes_no_clearance_stands_that_the_whole_gate_would_not_give(
    database: Database, desk: Desk, book: Book
) -> None:
    count, wrong = examples(database, desk, book, range(EXAMPLES))
    print(f"\n{EXAMPLES} changes, {count} clearances stood, {len(wrong)} that the gate would not give")
    assert wrong == []
    assert count > 2 * EXAMPLES  # of six a change: what does not concern a person leaves them alone


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_the_versions_such_changes_would_be_missed(
    database: Database, desk: Desk, book: Book
) -> None:
    count, wrong = examples(database, desk, book, range(EXAMPLES), silent=RAISES)
    print(f"\nwithout versions: {EXAMPLES} changes, {count} clearances stood, {len(wrong)} wrongly")
    assert len(wrong) > EXAMPLES / 20


# Tables of which these examples could not tell: `tests/people/test_facts_versions.py` holds that they raise.
_UNTOLD = {
    "affordability": "no text of these has it",
    "arrangement_debts": "the arrangement itself is what changes here",
    "arrangement_parties": "who owes with whom is compared as it is",
    "consents": "no pack of this desk asks for one",
    "debt_parties": "who owes with whom is compared as it is",
    "humans": "who is one human is compared as it is",
    "instalments": "the arrangement itself is what changes here",
    "messages": "what was sent is compared as it is",
    "notices": "no pack of this desk asks for one",
}


@pytest.mark.deep
@pytest.mark.parametrize("table", sorted(set(CHANGED) - _UNTOLD.keys()))
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_table_that_raises_no_version_is_found(
    database: Database, desk: Desk, book: Book, table: str
) -> None:
    _, wrong = examples(database, desk, book, range(_OF_A_TABLE), tables=[table], silent=[table])
    print(f"\n{table}: {len(wrong)} wrongly")
    assert wrong


# ---- nothing that is read is forgotten

READ_AS_IT_IS = {
    "messages": "what was sent is compared as it is; the message itself is under the seal",
    "message_debts": "those of a message never change after it is planned, or raise",
    "follow_ups": "written with its message and never changed",
    "runs": "a replay is asked for beside the clearance",
    "contents": "bytes are held against their digest",
    "ledger_balances": "read beside an arrangement, of which no message's text tells it",
}


def test_every_table_that_the_second_gate_reads_raises_a_version_or_is_read_again(
    database: Database, desk: Desk, book: Book
) -> None:
    seen: set[str] = set()

    def hear(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.update(re.findall(r'(?:FROM|JOIN)\s+"?([a-z_]+)', statement))

    event.listen(database.reader, "before_cursor_execute", hear)
    with database.reading() as connection:
        desk.judged(connection, read(connection, book.cleared))
    event.remove(database.reader, "before_cursor_execute", hear)
    known = seen & metadata.tables.keys()
    assert {"holds", "debts", "opt_outs", "humans"} <= known
    assert known <= RAISES.keys() | READ_AS_IT_IS.keys(), known - RAISES.keys() - READ_AS_IT_IS.keys()
