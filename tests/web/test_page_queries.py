"""What a page reads does not grow with the house: no statement of it goes through a large table from end to end."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.web.house import ALL, Web, copy_home, open_home

LARGE = {
    "attempts", "contact_points", "contacts", "debtors", "debts", "ladder", "log_entries", "message_debts", "messages",
    "payments", "personal_values", "refusals",
}  # fmt: skip
# Partial indexes of what waits, and counts that an index alone answers.
SHORT = ("USING INDEX ix_messages_waiting", "USING COVERING INDEX ix_messages_waiting")

FEW_VALUES = {"ix_log_entries_facet"}  # as many in a large house as here: each then stands for many rows


@contextmanager
def plans() -> Iterator[dict[str, list[str]]]:
    """Statement -> the steps by which SQLite answers it, of all that is asked within."""
    found: dict[str, list[str]] = {}

    def explain(
        connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: Any
    ) -> None:
        del cursor, context, many
        if statement.startswith(("SELECT", "WITH")):
            steps = connection.connection.dbapi_connection.cursor().execute(
                f"EXPLAIN QUERY PLAN {statement}", parameters
            )
            found[statement] = [row[3] for row in steps]

    event.listen(Engine, "after_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(Engine, "after_cursor_execute", explain)


def read_whole(steps: list[str]) -> list[str]:
    return [
        step
        for step in steps
        if (scan := re.match(r"SCAN (\w+)", step)) and scan[1] in LARGE and not step.endswith(SHORT)
    ]


@pytest.fixture(params=["never counted", "counted"])
def web(request: pytest.FixtureRequest, finished_home: Path, tmp_path: Path) -> Iterator[Web]:
    """The site on a home whose tables SQLite takes for large: by its own guess, or since somebody had it count them."""
    home = copy_home(finished_home, tmp_path / "home")
    if request.param == "counted":
        count_as_large(home)
    house = open_home(home)
    yield Web(house)
    house.close()


def count_as_large(home: Path) -> None:
    """Write down counts as of a home with ten thousand times as many people, of each as much as here."""
    with closing(sqlite3.connect(home / "dispatcher.db")) as connection, connection:
        connection.execute("ANALYZE")
        known = connection.execute("SELECT rowid, idx, stat FROM sqlite_stat1").fetchall()
        for row, index, stat in known:
            grown = 2 if index in FEW_VALUES else 1
            counts = [int(n) * 10_000 if i < grown else int(n) for i, n in enumerate(stat.split())]
            connection.execute(
                "UPDATE sqlite_stat1 SET stat = ? WHERE rowid = ?", (" ".join(map(str, counts)), row)
            )


@pytest.mark.parametrize("path", ["/", "/people/acme/A-1", "/keeping", "/readyz"])
def test_a_page_goes_through_no_large_table(web: Web, path: str) -> None:
    desk = web.signed_in(ALL)
    with plans() as found:
        assert desk.client.get(path).status_code == 200
    assert found, "nothing was asked"
    whole = {statement: bad for statement, steps in found.items() if (bad := read_whole(steps))}
    assert whole == {}
