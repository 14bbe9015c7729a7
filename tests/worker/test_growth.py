"""What a batch costs the database does not depend on how much else waits: a day's cost grows with its messages alone.

SQLite's own instructions are counted, so that no clock is looked at.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from dispatcher.database.engine import Connection, Database
from dispatcher.delivery.storage import attempts, due
from dispatcher.messages.storage import outbox, planned
from tests.delivery.builders import NOW, a_run, queued

REAL_NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
UNTIL = REAL_NOW + timedelta(seconds=90)
EVERY = 50  # instructions between two calls of the counter
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@contextmanager
def counting(database: Database) -> Iterator[list[int]]:
    """One number in a list: how often EVERY instructions were run."""
    count = [0]

    def tick() -> int:
        count[0] += 1
        return 0

    def watch(connection: Any, *_: object) -> None:
        connection.set_progress_handler(tick, EVERY)

    event.listen(database.writer, "checkout", watch)
    try:
        yield count
    finally:
        event.remove(database.writer, "checkout", watch)
        with database.writing() as connection:
            connection.connection.dbapi_connection.set_progress_handler(None, 0)


def cost(database: Database, work: Callable[[Connection], object]) -> int:
    """Instructions, in units of EVERY."""
    with counting(database) as count, database.writing() as connection:
        work(connection)
    return count[0]


def hand_out_and_claim(ids: list[str]) -> Callable[[Connection], None]:
    def work(connection: Connection) -> None:
        assert outbox.hand_out(connection, ids, owner="me", until=UNTIL, real_now=REAL_NOW) == ids
        assert [m.id for m in outbox.claim(connection, ids, owner="me")] == ids
        attempts.standings(connection, ids)
        outbox.give_back(connection, ids[:4], owner="me")
        assert outbox.free(connection, owner="me") == len(ids) - 4

    return work


def test_handing_out_and_claiming(database: Database) -> None:
    ids = queued(database, 32)
    alone = cost(database, hand_out_and_claim(ids))
    queued(database, 3000)
    assert cost(database, hand_out_and_claim(ids)) < 2 * alone


def test_finding_the_next_to_hand_out(database: Database) -> None:
    run_id = a_run(database)
    ids = queued(database, 100, run_id=run_id)
    with database.reading() as connection:
        [group] = due.due_groups(connection, now=NOW, real_now=REAL_NOW)

    def work(connection: Connection) -> None:
        assert due.due_ids(connection, group, now=NOW, real_now=REAL_NOW, limit=32) == ids[:32]

    alone = cost(database, work)
    queued(database, 3000, run_id=run_id)
    assert cost(database, work) < 2 * alone


def test_counting_what_is_on_its_way(database: Database) -> None:
    ids = queued(database, 32)
    with database.writing() as connection:
        outbox.hand_out(connection, ids, owner="me", until=UNTIL, real_now=REAL_NOW)

    def work(connection: Connection) -> None:
        assert sum(due.on_the_way(connection, real_now=REAL_NOW).values()) == 32

    alone = cost(database, work)
    queued(database, 3000)
    assert cost(database, work) < 2 * alone


def test_reading_a_plan_page_by_page(database: Database) -> None:
    run_id = a_run(database)
    ids = queued(database, 100, run_id=run_id, state="planned")

    def work(connection: Connection) -> None:
        page = planned.planned_ids(connection, run_id, after=ids[9], limit=32)
        assert page == ids[10:42]
        assert planned.still_planned(connection, page) == set(page)
        planned.planned_reasons(connection, page)

    alone = cost(database, work)
    queued(database, 3000, run_id=run_id, state="planned")
    assert cost(database, work) < 2 * alone
