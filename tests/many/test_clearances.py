"""What was cleared in one home and goes from another, from a copy, or after the configuration has changed."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest

from dispatcher.bootstrap import CONFIGURED, open_dispatcher
from dispatcher.database import migrate
from dispatcher.database.engine import open_database
from dispatcher.planning.policy import Policy
from dispatcher.resources import digest_of_code
from dispatcher.settings import load_settings
from tests.many.conftest import MakeHome
from tests.many.homes import NOW, Home
from tests.shared import ROOT

LATER = "2026-11-16T18:30:00Z"
COUNT = 3


def cleared(home: Home) -> int:
    """How many attempts were made by a clearance, by the log."""
    with closing(sqlite3.connect(home.folder / "dispatcher.db")) as connection:
        told = "SELECT count(*) FROM log_entries WHERE event = 'attempting' AND entry LIKE '%\"cleared\"%'"
        return int(connection.execute(told).fetchone()[0])


def clearances(home: Home) -> int:
    with closing(sqlite3.connect(home.folder / "dispatcher.db")) as connection:
        kept = "SELECT count(*) FROM messages WHERE clearance IS NOT NULL"
        return int(connection.execute(kept).fetchone()[0])


@pytest.fixture
def home(make_home: MakeHome) -> Home:
    """A home whose day is planned, written and cleared."""
    home = make_home("first")
    home.take_in(COUNT)
    assert home.run("2026-11-16", NOW, "--no-wait").code in {0, 1}
    assert clearances(home) == COUNT
    return home


def test_a_day_goes_by_its_clearances(home: Home) -> None:
    assert home("dispatch", "--now", LATER).code == 0
    assert (home.states(), home.sent_files(), cleared(home)) == ({"accepted": COUNT}, COUNT, COUNT)
    assert home("log", "verify").code == 0


def test_what_is_set_to_be_judged_is_judged_and_goes(home: Home) -> None:
    assert home("dispatch", "--now", LATER, DISPATCHER_CLEARANCE="false").code == 0
    assert (home.states(), cleared(home)) == ({"accepted": COUNT}, 0)


def test_a_further_home_delivers_by_them_only_where_it_decides_by_the_same(
    home: Home, make_home: MakeHome, tmp_path: Path
) -> None:
    url = f"sqlite:///{home.folder / 'dispatcher.db'}"
    second = make_home("second", DISPATCHER_DATABASE_URL=url)
    shutil.copytree(home.folder / "keys", second.folder / "keys")
    assert second("adopt", "--why", "a further machine").code == 0
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config)
    with (config / "rules" / "house.yaml").open("a") as file:
        file.write("# read on another machine\n")
    assert second("dispatch", "--now", LATER, DISPATCHER_CONFIG_DIR=str(config)).code == 0
    assert (home.states(), cleared(home)) == ({"accepted": COUNT}, 0)
    home.take_in(COUNT + 1)
    assert home.run("2026-11-16", LATER, "--no-wait").code in {0, 1}
    assert second("dispatch", "--now", "2026-11-16T19:00:00Z").code == 0
    assert (home.states(), cleared(home)) == ({"accepted": COUNT + 1}, 1)


def test_nothing_outlives_that_its_database_is_adopted_as_a_copy(
    home: Home, make_home: MakeHome, tmp_path: Path
) -> None:
    assert home("backup", "--out", tmp_path / "b" / "dispatcher.db").code == 0
    restored = make_home("restored")
    restored.restore_from(tmp_path / "b" / "dispatcher.db", home)
    assert clearances(restored) == COUNT
    assert restored("adopt", "--why", "the disk broke", "--now", NOW).code == 0
    assert clearances(restored) == 0
    ids = [message["id"] for message in restored("messages", "list", "--json").json]
    assert restored("messages", "resolve", *ids, "--not-sent", "--why", "not there", "--now", NOW).code == 0
    assert restored("dispatch", "--now", LATER).code == 0
    assert (restored.states(), cleared(restored)) == ({"accepted": COUNT}, 0)


def test_nothing_outlives_an_upgrade(home: Home) -> None:
    database = open_database(f"sqlite:///{home.folder / 'dispatcher.db'}")
    migrate.upgrade(database)
    database.close()
    assert clearances(home) == 0
    assert home("dispatch", "--now", LATER).code == 0
    assert (home.states(), cleared(home)) == ({"accepted": COUNT}, 0)


# ---- what is under the seal of the configuration


@pytest.fixture
def digest(tmp_path: Path) -> Callable[..., str]:
    """The digest of what a home with these settings decides by; `config` and `templates` may be changed before."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copytree(ROOT / "templates", tmp_path / "templates")

    def of(**settings: object) -> str:
        given = {"config_dir": tmp_path / "config", "templates_dir": tmp_path / "templates", **settings}
        house = open_dispatcher(load_settings(home=tmp_path / "home", **given))
        try:
            return house.digest_of_configuration()
        finally:
            house.close()

    return of


def test_whatever_file_changes_it_is_another_configuration(
    digest: Callable[..., str], tmp_path: Path
) -> None:
    before = digest()
    assert digest() == before
    for part in (*(tmp_path / "config" / name for name in CONFIGURED), tmp_path / "templates" / "_layouts"):
        files = [path for path in sorted(part.rglob("*")) if path.is_file()] if part.is_dir() else [part]
        for path in {files[0], files[-1]}:
            text = path.read_bytes()
            path.write_bytes(text + b"\n")
            assert digest() != before, path
            path.write_bytes(text)
    (tmp_path / "config" / "rules" / "new.yaml").touch()
    assert digest() != before


def test_whatever_setting_changes_that_decides_it_is_another_configuration(
    digest: Callable[..., str],
) -> None:
    relay = {"email": {"provider": "smtp", "host": "relay.example"}}
    changes: list[dict[str, object]] = [
        {"rules": {"only": "house"}},
        {"rules": {"require_review": False}},
        {"rules": {"reviews": "pages"}},
        {"people": {"link": False}},
        {"public_url": "https://pay.example"},
        {"channels": relay},
    ]
    found = [digest(), *(digest(**change) for change in changes)]
    assert len(set(found)) == len(found)


# Each field of what is decided by -> what holds it under the seal.
_BOUND = {
    "files": {
        "rulebook", "places", "strategies", "senders", "coverage", "offers", "segments", "scorecard", "capacity",
        "timing", "config_digest",
    },
    "settings": {"real_channels", "require_review", "links_people", "public_url"},
    "the seal itself": {"reviews", "read_from", "make_token"},
}  # fmt: skip

# Of a message: when runs begin, how a ledger and a reply are read, what the debtors' own page and callers say.
_DECIDE_NOTHING = {"schedules.yaml", "mappings", "readings", "own_page", "calls"}


def test_no_part_of_what_is_decided_by_is_outside_of_the_seal(tmp_path: Path) -> None:
    """Who adds a field says here what ends a clearance when it changes."""
    assert {field.name for field in fields(Policy)} == set().union(*_BOUND.values())
    house = open_dispatcher(load_settings(home=tmp_path / "home"))
    read: set[str] = set()

    def note(name: str) -> Path:
        read.add(name)
        return house.config(name)

    house.read_policy(note)
    house.close()
    assert read - _DECIDE_NOTHING <= set(CONFIGURED)


def test_code_that_has_changed_since_it_was_loaded_is_no_known_program(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("VALUE = 1\n")
    at = (tmp_path / "module.py").stat().st_ctime
    known = digest_of_code(tmp_path, loaded_at=at + 1)
    assert known
    assert digest_of_code(tmp_path, loaded_at=at - 1) == ""
    (tmp_path / "module.py").write_text("VALUE = 2\n")
    assert digest_of_code(tmp_path, loaded_at=at + 3_600) not in {"", known}
