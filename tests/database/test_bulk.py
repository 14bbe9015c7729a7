"""Rows written many at once are the rows that were given, on both databases and in their order."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select

from dispatcher.database.bulk import insert_columns, insert_rows, update_rows, upsert_rows
from dispatcher.database.engine import Database
from dispatcher.database.tables.delivery import stops
from dispatcher.database.tables.log import log_facets, personal_values
from dispatcher.database.tables.people import opt_outs
from dispatcher.database.tables.portfolio import creditors
from dispatcher.values.canonical import canonical_json

TEXTS = [
    "",
    "plain",
    "two\nlines\ttab",
    'a "quote" and \\ back',
    "'; --",
    "ñandú 你好 🙂",
    "%s ? :x",
    "null",
    "{}",
    "\u2028",
]
INSTANTS = [
    datetime(2026, 3, 4, 17, 0, 0, 1, tzinfo=UTC),
    datetime(2026, 3, 4, 17, tzinfo=timezone(timedelta(hours=-5))),
    datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
]


def test_texts_and_instants_come_back_as_they_were_given(database: Database) -> None:
    rows = [
        {"scope": "all", "name": text[:100], "why": text, "stopped_by": "x", "stopped_at": at}
        for text in TEXTS
        for at in INSTANTS
    ]
    with database.writing() as connection:
        insert_rows(connection, stops, rows)
        found = connection.execute(select(stops).order_by(stops.c.id)).mappings().all()
    assert [{name: one[name] for name in rows[0]} for one in found] == rows
    assert all(one["resumed_at"] is None and one["resumed_by"] == "" for one in found)


def test_large_numbers_truths_lists_and_nothing_come_back(database: Database) -> None:
    row: dict[str, Any] = {
        "facet": 2**63 - 1, "event": "queued", "channel": None, "creditor": "acme", "template": None,
        "template_version": -1, "of_message": True, "with_body": False, "terms": ["rule:a/b", "ñ", '"{}'],
    }  # fmt: skip
    with database.writing() as connection:
        insert_rows(connection, log_facets, [row, {**row, "facet": 0, "of_message": False, "terms": []}])
        found = connection.execute(select(log_facets).order_by(log_facets.c.id)).mappings().all()
    assert {name: found[0][name] for name in row} == row
    assert (found[1]["facet"], found[1]["of_message"], found[1]["terms"]) == (0, False, [])


def test_ids_follow_the_order_in_which_the_rows_were_given(database: Database) -> None:
    names = [f"{(7 * i) % 500:03}" for i in range(500)]
    with database.writing() as connection:
        insert_rows(connection, creditors, [{"key": name} for name in names])
        assert connection.scalars(select(creditors.c.key).order_by(creditors.c.id)).all() == names


def test_an_update_writes_each_row_its_own_values_and_leaves_the_others(database: Database) -> None:
    days = [date(2026, 1, 1) + timedelta(days=i) for i in range(5)]
    with database.writing() as connection:
        insert_rows(connection, creditors, [{"key": f"c{i}", "ledger_as_of": days[0]} for i in range(5)])
        changed = [{"key": f"c{i}", "ledger_as_of": days[i]} for i in (1, 3)]
        update_rows(
            connection, creditors, [*changed, {"key": "nobody", "ledger_as_of": days[4]}], key=("key",)
        )
        found = connection.execute(select(creditors.c.key, creditors.c.ledger_as_of).order_by(creditors.c.id))
        assert [tuple(row) for row in found] == [
            ("c0", days[0]), ("c1", days[1]), ("c2", days[0]), ("c3", days[3]), ("c4", days[0]),
        ]  # fmt: skip


def test_a_row_whose_key_is_there_is_replaced_and_of_two_the_last_counts(database: Database) -> None:
    days = [date(2026, 1, 1) + timedelta(days=i) for i in range(4)]
    with database.writing() as connection:
        insert_rows(connection, creditors, [{"key": "a", "ledger_as_of": days[0]}])
        rows = [("a", days[1]), ("b", days[1]), ("b", days[2]), ("c", days[3])]
        given = [{"key": key, "ledger_as_of": day} for key, day in rows]
        upsert_rows(connection, creditors, given, key=("key",))
        upsert_rows(connection, creditors, [], key=("key",))
        found = connection.execute(
            select(creditors.c.key, creditors.c.ledger_as_of).order_by(creditors.c.key)
        )
        assert [tuple(row) for row in found] == [("a", days[1]), ("b", days[2]), ("c", days[3])]


def test_an_update_can_empty_a_column(database: Database) -> None:
    with database.writing() as connection:
        insert_rows(connection, creditors, [{"key": "c", "ledger_imported_at": INSTANTS[0]}])
        update_rows(connection, creditors, [{"key": "c", "ledger_imported_at": None}], key=("key",))
        assert connection.scalar(select(creditors.c.ledger_imported_at)) is None


@pytest.mark.parametrize("at", [datetime(2026, 3, 4, 17), datetime(2026, 3, 4)])  # noqa: DTZ001 that is the fault
def test_an_instant_without_a_zone_is_refused(database: Database, at: datetime) -> None:
    row = {"address": "a", "medium": "email", "at": at}
    with pytest.raises(ValueError, match="no time zone"), database.writing() as connection:
        insert_rows(connection, opt_outs, [row])


def test_no_rows_are_no_statement(database: Database) -> None:
    with database.writing() as connection:
        insert_rows(connection, creditors, [])
        update_rows(connection, creditors, [], key=("key",))
        assert connection.scalars(select(creditors.c.key)).all() == []


def test_rows_given_by_column_are_the_same_rows_and_what_is_stored_already_is_not_encoded_again(
    database: Database,
) -> None:
    ids, values = [7, 8], {"debts": ["a/1"], "debtor": "ñ"}
    shared = {"salt": ["s", "t"], "address": [None, "x"]}
    with database.writing() as connection:
        insert_rows(connection, personal_values, [
            {"id": key, "person": "p", "salt": salt, "address": address, "values": values}
            for key, salt, address in zip(ids, shared["salt"], shared["address"], strict=True)
        ])  # fmt: skip
        columns = {"id": [9, 10], "person": ["p", "p"], **shared, "values": [canonical_json(values)] * 2}
        insert_columns(connection, personal_values, columns, as_stored={"values"})
        insert_columns(connection, personal_values, {name: [] for name in columns})
    with database.reading() as connection:
        rows = connection.execute(select(personal_values).order_by(personal_values.c.id)).all()
    by_row, by_column = rows[:2], rows[2:]
    assert [row.id for row in rows] == [7, 8, 9, 10]
    assert [tuple(row)[1:] for row in by_column] == [tuple(row)[1:] for row in by_row]
    assert [row._mapping["values"] for row in by_column] == [values, values]
