"""A page of a creditor's list costs the same wherever it stands and however long the list is: counted, not timed."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, text
from starlette.testclient import TestClient

from tests.web.house import Web
from tests.web.test_wire import ROW, account

FEW, MANY = 400, 30_000
STEP = 50  # instructions of SQLite's machine between two counts


@contextmanager
def counted(web: Web) -> Iterator[list[int]]:
    """How many steps SQLite takes in reads meanwhile."""
    steps = [0]

    def count() -> int:
        steps[0] += 1
        return 0

    def begin(connection: sqlite3.Connection, _record: Any, _proxy: Any) -> None:
        connection.set_progress_handler(count, STEP)

    def end(connection: sqlite3.Connection, _record: Any) -> None:
        connection.set_progress_handler(None, 0)

    reader = web.house.database.reader
    event.listen(reader, "checkout", begin)
    event.listen(reader, "checkin", end)
    yield steps
    event.remove(reader, "checkout", begin)
    event.remove(reader, "checkin", end)


def grow(web: Web, first: int, last: int) -> None:
    """Debts, payments, papers and parties up to a number, each the image of the first."""
    numbers = f"WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})"
    with web.house.database.writing() as connection:
        for table, own in (
            ("debts", {"id": "100000 + i", "reference": "'S' || i"}),
            ("payments", {"id": "100000 + i", "debt_id": "100000 + i", "external_id": "'X' || i"}),
            ("debt_documents", {"id": "100000 + i", "debt_id": "100000 + i", "external_id": "'X' || i"}),
            ("debt_parties", {"debt_id": "100000 + i"}),
        ):
            rows = connection.execute(text(f"PRAGMA table_info({table})")).all()
            columns = [row[1] for row in rows]
            values = ", ".join(own.get(name, f"o.{name}") for name in columns)
            source = f"(SELECT * FROM {table} WHERE {'debt_id' if table != 'debts' else 'id'} = {debt(connection)} LIMIT 1)"
            connection.execute(
                text(
                    f"{numbers} INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM n, {source} AS o"
                )
            )


def debt(connection: Any) -> int:
    return int(connection.scalar(text("SELECT id FROM debts WHERE reference = 'W1'")))


def cost(web: Web, client: TestClient, path: str, cursor: str) -> int:
    """Steps of one page."""
    with counted(web) as steps:
        answer = client.get(f"/api/v1/{path}", params={"limit": 20, **({"cursor": cursor} if cursor else {})})
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["items"]) == 20, path
    return steps[0]


@pytest.fixture
def long(web: Web) -> tuple[Web, TestClient]:
    """A debt with a payment, a paper and a party, to be copied."""
    client = account(web)
    other = {
        **ROW,
        "debt_reference": "W2",
        "debtor": {**ROW["debtor"], "reference": "P2", "email": "p2@d.example"},
    }
    client.post("/api/v1/debts", json=[other])
    assert client.post("/api/v1/debts", json=[{**ROW, "joint_debtors": "P2"}]).json()["errors"] == []
    client.post("/api/v1/payments", json={"debt": "W1", "amount": "1.00", "external_id": "first"})
    paper = {"debt": "W1", "title": "Invoice", "url": "https://erp.example/1", "external_id": "first"}
    assert client.post("/api/v1/documents", json=paper).status_code == 201
    return web, client


def test_no_page_grows_with_the_list_or_with_its_place(long: tuple[Web, TestClient]) -> None:
    web, client = long
    grow(web, 1, FEW)
    lists = {"debts": "{}", "payments": "{}", "documents": "{}", "parties": "{}-0"}
    small = {path: cost(web, client, path, "") for path in lists}
    grow(web, FEW + 1, MANY)
    with web.house.database.writing() as connection:
        connection.execute(text("ANALYZE"))  # a planner that knows how much there is chooses anew
    for path, form in lists.items():
        for place in (0, MANY // 2, MANY - 100):
            cursor = form.format(100_000 + place) if place else ""
            found = cost(web, client, path, cursor)
            assert found <= 3 * small[path] + 40, (path, place, found, small[path])


@pytest.mark.parametrize(
    ("path", "wanted", "count"),
    [
        ("debts", {"debtor": "acme/A-9"}, 3),
        ("payments", {"external_id": "first"}, 1),
        ("documents", {"debt": "acme/W1"}, 1),
        ("parties", {"debt": "W1"}, 1),
    ],
)
def test_what_is_filtered_is_found_without_walking_past_all_others(
    long: tuple[Web, TestClient], path: str, wanted: dict[str, str], count: int
) -> None:
    web, client = long
    grow(web, 1, MANY)
    with web.house.database.writing() as connection:
        connection.execute(text("ANALYZE"))
    with counted(web) as steps:
        found = client.get(f"/api/v1/{path}", params=wanted).json()["items"]
    assert len(found) == count
    assert steps[0] < MANY / STEP / 2
