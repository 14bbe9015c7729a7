"""The database's shape: a home of any revision comes to what a new one gets, with all that is in it.

A new revision needs nothing written here: every test goes over all there are.
"""

import json
import subprocess
import sys
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import MetaData, text
from sqlalchemy.exc import DatabaseError

from dispatcher.database import migrate
from dispatcher.database.engine import Database, open_database
from dispatcher.database.facts_versions import version_statements
from dispatcher.database.tables.metadata import metadata
from dispatcher.log.storage.append_only import TABLES, append_only_statements
from tests.database.shapes import fill, shape, tables_of, values
from tests.database.stairs import Stairs

EARLIER = migrate.REVISIONS[:-1]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path, open_url) -> Database:
    """A database without a table."""
    if request.param == "sqlite":
        return open_url(f"sqlite:///{tmp_path / 'empty.db'}")
    return open_url(request.getfixturevalue("empty_postgres_url"))


@pytest.fixture
def new(request: pytest.FixtureRequest, empty: Database, open_url) -> Database:
    """A new installation's, of the same kind."""
    return open_url(request.getfixturevalue("sqlite_url" if empty.is_sqlite else "postgres_url"))


def test_a_new_database_is_what_the_tables_say(empty: Database, new: Database) -> None:
    with empty.writing() as connection:
        metadata.create_all(connection)
        dialect = connection.dialect.name
        for statement in (
            *append_only_statements(dialect, TABLES),
            *version_statements(dialect, metadata.tables),
        ):
            connection.exec_driver_sql(statement)
    assert shape(new) == shape(empty)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stairs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Stairs:
    """Databases of every revision."""
    if request.param == "sqlite":
        return Stairs(tmp_path_factory.mktemp("stairs"))
    return Stairs(request.getfixturevalue("postgres_server"))


@pytest.fixture(scope="module")
def new_one(stairs: Stairs) -> tuple[dict[str, Any], MetaData]:
    """What a new installation gets: its shape, and its tables."""
    with stairs.copy(migrate.HEAD) as database:
        return shape(database), tables_of(database)


@pytest.mark.parametrize("revision", EARLIER)
def test_a_filled_database_of_any_revision_comes_to_the_shape_of_a_new_one_and_keeps_its_values_and_its_log(
    revision: str, stairs: Stairs, new_one: tuple[dict[str, Any], MetaData]
) -> None:
    shape_of_new, tables_of_new = new_one
    with stairs.copy(revision) as database:
        before = values(database, fill(database))
        assert migrate.upgrade(database) == migrate.HEAD
        assert shape(database) == shape_of_new
        after = values(database, tables_of_new)
        kept = (before.keys() & after.keys()) - _rewritten_after(revision)
        assert {place: after[place] for place in kept} == {place: before[place] for place in kept}
        for table in TABLES:
            for change in (
                f"UPDATE {table} SET {next(iter(metadata.tables[table].c)).name} = 9",
                f"DELETE FROM {table}",
            ):
                with pytest.raises(DatabaseError, match="append-only"), database.writing() as connection:
                    connection.execute(text(change))


def test_rebuilding_a_table_of_the_log_costs_it_no_trigger_and_no_row(
    empty: Database, monkeypatch, tmp_path
) -> None:
    migrate.upgrade(empty)
    fill(empty)
    before, triggers = values(empty), _triggers(empty)
    _one_more_revision(
        monkeypatch,
        tmp_path,
        'with op.batch_alter_table("log_entries") as batch: batch.alter_column("event", nullable=True)',
    )
    assert migrate.upgrade(empty) == "9999"
    assert _triggers(empty) == triggers != {}
    assert values(empty) == {**before, CLEARANCES: values(empty)[CLEARANCES]}


def test_a_row_that_an_upgrade_leaves_pointing_nowhere_undoes_it(
    sqlite_database: Database, monkeypatch, tmp_path
) -> None:
    fill(sqlite_database)
    _one_more_revision(monkeypatch, tmp_path, 'op.execute("DELETE FROM creditors")')
    with pytest.raises(migrate.MigrationError, match="points at no row of creditors"):
        migrate.upgrade(sqlite_database)
    assert migrate.current(sqlite_database)[0] == migrate.REVISIONS[-1]
    assert values(sqlite_database)["creditors", "id"]


def test_who_was_written_to_is_still_so_under_the_new_name(empty: Database) -> None:
    migrate.upgrade(empty, "0001")
    fill(empty)
    migrate.upgrade(empty, "0002")
    after = values(empty)
    for table in ("messages", "message_debts", "ladder", "refusals"):
        assert after[table, "recipient_id"] == ["1", "2", "3"]
        assert (table, "debtor_id") not in after


def test_what_somebody_in_need_wrote_moves_out_of_the_task(empty: Database) -> None:
    migrate.upgrade(empty, "0016")
    fill(empty)
    with empty.writing() as connection:
        connection.execute(
            text("UPDATE tasks SET kind = 'care', text = :text, details = :details WHERE id = 1"),
            {
                "text": "URGENT: call them. Helpline: 988. They wrote: goodbye",
                "details": '{"helpline": "988", "text": "goodbye"}',
            },
        )
        others = connection.execute(text("SELECT text, details FROM tasks WHERE id > 1")).all()
    migrate.upgrade(empty)
    with empty.reading() as connection:
        note = connection.execute(text("SELECT * FROM care_notes")).one()
        task = connection.execute(text("SELECT text, details FROM tasks WHERE id = 1")).one()
        assert connection.execute(text("SELECT text, details FROM tasks WHERE id > 1")).all() == others
    assert (note.words, note.category) == ("goodbye", "self_harm")
    assert task.text == "URGENT: call them. Helpline: 988."
    assert json.loads(task.details) == {"helpline": "988", "note": note.id}


@pytest.mark.parametrize("lost", ["log_facets", "refusals", "jobs"])
def test_a_home_made_before_a_table_existed_is_told_what_to_do(lost: str, empty: Database) -> None:
    migrate.upgrade(empty, "0001")
    with empty.writing() as connection:
        connection.execute(text(f"DROP TABLE {lost}"))
    with pytest.raises(migrate.MigrationError, match=rf"{lost}.* set DISPATCHER_HOME to a new folder"):
        migrate.upgrade(empty)
    assert migrate.current(empty)[0] == "0001"


def test_a_home_that_lacks_a_column_is_told_so_even_where_no_revision_is_missing(new: Database) -> None:
    with new.writing() as connection:
        connection.execute(text("ALTER TABLE jobs DROP COLUMN host"))
    with pytest.raises(migrate.MigrationError, match=r"no column jobs\.host"):
        migrate.upgrade(new)


def test_a_database_of_a_newer_program_is_refused_and_left_alone(new: Database) -> None:
    with new.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '8000'"))
    with pytest.raises(
        migrate.MigrationError, match=r"revision 8000, which this program does not know.* Use that version"
    ):
        migrate.upgrade(new)
    assert migrate.current(new) == ("8000", migrate.HEAD)


def test_a_database_says_its_revision_before_and_after(database: Database, tmp_path) -> None:
    unmade = open_database(f"sqlite:///{tmp_path / 'unmade.db'}")
    assert migrate.current(unmade) == ("", migrate.HEAD)
    assert migrate.current(database) == (migrate.HEAD, migrate.HEAD)
    assert migrate.upgrade(database) == migrate.HEAD
    unmade.close()


def test_opening_the_program_does_not_import_alembic() -> None:
    asked = "import sys, dispatcher.bootstrap; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0


CLEARANCES = ("messages", "clearance")  # no upgrade leaves one


def _triggers(database: Database) -> dict[str, str]:
    return {name: made for name, made in shape(database).items() if "CREATE TRIGGER" in str(made)}


def _rewritten_after(revision: str) -> set[tuple[str, str]]:
    """Columns whose values a later revision says it changes: REWRITES in its file, as `table.column`."""
    later = [path.stem for path in migrate.VERSIONS.glob("[0-9]*.py") if path.name[:4] > revision]
    modules = [import_module(f"dispatcher.migrations.versions.{stem}") for stem in later]
    places = {place for module in modules for place in getattr(module, "REWRITES", ())}
    return {tuple(place.split(".")) for place in places} | {CLEARANCES}


def _one_more_revision(monkeypatch, folder, change: str) -> None:
    """A revision that is none of ours, after all of ours."""
    revision = f'from alembic import op\nrevision = "9999"\ndown_revision = "{migrate.HEAD}"\n\n\ndef upgrade():\n    {change}\n'
    (folder / "9999_one_more.py").write_text(revision)
    ours = migrate._config

    def config():
        made = ours()
        made.set_main_option("path_separator", "newline")
        made.set_main_option("version_locations", f"{migrate.VERSIONS}\n{folder}")
        return made

    monkeypatch.setattr(migrate, "_config", config)
