"""An import takes little of SQLite's memory, and leaves its connection as it found it."""

from pathlib import Path

from dispatcher.database.engine import Connection, Database
from dispatcher.portfolio.import_portfolio import ImportRequest, import_portfolio
from tests.portfolio.books import LEDGER_DAY, NOW, a_file, a_row

PRAGMAS = ("cache_size", "temp_store")


def standing(connection: Connection) -> dict[str, int]:
    return {
        name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in PRAGMAS
    }  # cache_size below 0: KiB


def test_an_import_keeps_fewer_pages_in_memory_and_gives_the_connection_back_as_it_was(
    sqlite_database: Database, tmp_path: Path
) -> None:
    during: list[dict[str, int]] = []
    with sqlite_database.writing() as connection:
        before = standing(connection)
    request = ImportRequest(
        file=a_file(tmp_path, a_row()), as_of=LEDGER_DAY, now=NOW, actor="test",
        rejects=tmp_path / "rejects.csv", warnings=tmp_path / "warnings.csv",
    )  # fmt: skip

    import_portfolio(sqlite_database, request, watch=lambda merging, *_: during.append(standing(merging)))

    assert 0 > during[0]["cache_size"] > before["cache_size"]
    with sqlite_database.writing() as connection:
        assert standing(connection) == before
