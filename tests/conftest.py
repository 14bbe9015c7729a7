"""What every test may ask for: a fresh database on SQLite or PostgreSQL, a broker, the reference material."""

import gc
import itertools
import os
import resource
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis
from argon2 import PasswordHasher
from hypothesis import settings
from sqlalchemy import create_engine
from sqlalchemy.util import LRUCache

from dispatcher import bootstrap
from dispatcher.database import engine
from dispatcher.database.engine import Connection, Database, open_database
from dispatcher.database.migrate import upgrade
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.domain.vocabulary import word
from dispatcher.log.storage import delivery_log
from dispatcher.users import passwords
from tests import servers, tried_once
from tests.emptied import TEMPLATE, EmptiedDatabase, execute, named
from tests.forked_trials import ForkedTrial
from tests.migrated import begin, migrated_file
from tests.pace import is_within
from tests.shared import shared_folder

DEEP = os.environ.get("DEEP") == "1"
UMASK = os.umask(0o022)
os.umask(UMASK)


class CompiledByKind(LRUCache[Any, Any]):
    """Compiled statements, kept for the whole process and not for an engine: each test opens its own, of two kinds."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(self._of_kind(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(self._of_kind(key), value)

    @staticmethod
    def _of_kind(key: Any) -> Any:
        dialect, *statement = key
        return (dialect.name, *statement)


# Each sign-in would cost what a guess costs; `tests/web/test_sign_in.py` holds the price of the program itself.
passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
passwords._NOBODY = passwords._HASHER.hash("nobody has this password")
# No test cuts the power: waiting for the disk at each commit would show nothing.
sqlite_writer = engine._sqlite_writer
engine._sqlite_writer = lambda connection, record: (
    sqlite_writer(connection, record),
    connection.execute("PRAGMA synchronous=OFF"),
)
engine.create_engine = partial(create_engine, execution_options={"compiled_cache": CompiledByKind(4_000)})


@pytest.fixture(scope="session", autouse=True)
def shipped_texts_are_tried_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """It costs seconds a template."""
    tried_once.begin(tmp_path_factory)
    yield
    tried_once.end()


# A home of a test begins as a copy of a migrated file: the whole climb is `tests/database/test_migrate.py`'s.
bring_up_to_date = bootstrap._bring_up_to_date
bootstrap._bring_up_to_date = lambda database: (begin(database), bring_up_to_date(database))

settings.register_profile("house", deadline=None)  # a busy machine is no finding
settings.load_profile("house")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Look for garbage as seldom as the program does, and not among what lives to the end."""
    gc.set_threshold(50_000, 20, 100)
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the long forms to DEEP=1."""
    for item in items:
        if item.get_closest_marker("deep") and not DEEP:
            item.add_marker(pytest.mark.skip(reason="the long form: run with DEEP=1"))


MOST_SECONDS = 20.0  # of the processor, children's included: the wall's clock says only how busy a machine is


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Refuse a test that costs too much; the long form of one is for DEEP=1."""
    before = _processor_seconds()
    yield
    spent = _processor_seconds() - before
    if not DEEP and not is_within(spent, MOST_SECONDS):
        pytest.fail(
            f"it took {spent:.0f} s of the processor, more than {MOST_SECONDS:.0f}: mark what is long as deep"
        )


def _processor_seconds() -> float:
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used) + ForkedTrial.spent


@pytest.fixture(autouse=True)
def entries_have_the_shape_of_their_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the program writes to the log holds the details that its word knows: a sealed entry cannot be mended."""
    append = delivery_log.append

    def checked(connection: Connection, entries: Sequence[LogEntry]) -> None:
        made_up = sys._getframe(1).f_globals["__name__"].startswith("tests.")
        for entry in () if made_up else entries:
            meaning, said = word(entry.event), entry.details.keys()
            missing, strange = meaning.always - said, said - meaning.details
            assert meaning.is_report or not (missing or strange), (entry.event, missing, strange)
        append(connection, entries)

    monkeypatch.setattr(delivery_log, "append", checked)


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """A command in this process sets its own; what the tests start besides needs the one they came with."""
    os.umask(UMASK)  # a fixture of a whole module may have run a command before
    yield
    os.umask(UMASK)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """One PostgreSQL for this test process, holding the migrated database that others are copied from."""
    try:
        with servers.postgresql() as url:
            execute(named(url, "postgres"), f"CREATE DATABASE {TEMPLATE}")
            template = open_database(named(url, TEMPLATE))
            upgrade(template)
            template.close()
            yield url
    except servers.UnavailableError as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def _emptied(postgres_server: str) -> EmptiedDatabase:
    return EmptiedDatabase(postgres_server)


@pytest.fixture
def postgres_url(_emptied: EmptiedDatabase) -> Iterator[str]:
    """A fresh, migrated PostgreSQL database."""
    yield _emptied.take()
    _emptied.give_back()


_numbers = itertools.count(1)


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    """A fresh PostgreSQL database without any table, for migrations and restores."""
    name, admin = f"empty_{next(_numbers)}", named(postgres_server, "postgres")
    execute(admin, f"CREATE DATABASE {name}")
    yield named(postgres_server, name)
    execute(admin, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def sqlite_template() -> Path:
    """A migrated SQLite file to copy."""
    return migrated_file()


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh, migrated SQLite database."""
    shutil.copy(sqlite_template, tmp_path / "dispatcher.db")
    return f"sqlite:///{tmp_path / 'dispatcher.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh, migrated database; each test runs on both.

    One of them alone: `@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)`.
    """
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def database(database_url: str, open_url: Callable[[str], Database]) -> Database:
    """A fresh, migrated database, opened; each test runs on SQLite and on PostgreSQL."""
    return open_url(database_url)


@pytest.fixture
def sqlite_database(sqlite_url: str, open_url: Callable[[str], Database]) -> Database:
    """A fresh, migrated SQLite database, where the kind of database does not matter."""
    return open_url(sqlite_url)


@pytest.fixture
def open_url() -> Iterator[Callable[[str], Database]]:
    """Opens databases and closes them after the test."""
    opened: list[Database] = []

    def open_(url: str) -> Database:
        opened.append(open_database(url))
        return opened[-1]

    yield open_
    for database in opened:
        database.close()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """One Valkey for this test process."""
    try:
        with servers.valkey() as url:
            yield url
    except servers.UnavailableError as reason:
        pytest.skip(str(reason))


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """An empty Valkey database."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


@pytest.fixture
def shared() -> Path:
    """The reference material beside the checkout; skips, saying so, where there is none."""
    return shared_folder()
