"""The database's shape: what the code expects, and that nobody pays for Alembic who does not change it."""

import subprocess
import sys

from alembic.script import ScriptDirectory

from dispatcher.database import migrate
from dispatcher.database.engine import Database, open_database


def test_the_revision_expected_is_the_newest_there_is() -> None:
    assert ScriptDirectory.from_config(migrate._config()).get_current_head() == migrate.HEAD


def test_a_database_says_its_revision_before_and_after(database: Database, tmp_path) -> None:
    empty = open_database(f"sqlite:///{tmp_path / 'empty.db'}")
    assert migrate.current(empty) == ("", migrate.HEAD)
    assert migrate.current(database) == (migrate.HEAD, migrate.HEAD)
    assert migrate.upgrade(database) == migrate.HEAD
    empty.close()


def test_opening_the_program_does_not_import_alembic() -> None:
    asked = "import sys, dispatcher.bootstrap; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
