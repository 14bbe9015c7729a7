"""Who delivers and hands out is known while it lives, and a set clock beside a real one is refused."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from dispatcher.bootstrap import open_dispatcher
from dispatcher.database.engine import Database
from dispatcher.database.tables.operations import leases
from dispatcher.delivery.who_delivers import living_processes
from dispatcher.planning.plan_reminders import RunRefused
from dispatcher.settings import load_settings
from dispatcher.worker.daily_run import nobody_hands_out, refuse_two_clocks
from dispatcher.worker.signs_of_life import sign_of_life
from tests.delivery.builders import NOW


def alive(database: Database, part: str, *, clock_is_set: bool = False):
    return sign_of_life(database, part, real_now=lambda: NOW, clock_is_set=clock_is_set)


def test_a_process_is_known_while_it_lives_and_not_after(database: Database) -> None:
    with alive(database, "worker"), alive(database, "scheduler", clock_is_set=True):
        found = living_processes(database, real_now=NOW)
        assert [(each.part, each.clock_is_set, each.hands_out) for each in found] == [
            ("scheduler", True, True),
            ("worker", False, False),
        ]
    assert living_processes(database, real_now=NOW) == []


def test_a_process_that_no_longer_renews_or_that_died_here_is_none(database: Database) -> None:
    with alive(database, "worker"):
        assert living_processes(database, real_now=NOW + timedelta(minutes=1)) == []
        with database.writing() as connection:
            owner = leases.c.owner.op("||")("9")  # of a process that was never here
            connection.execute(update(leases).values(owner=owner))
        assert living_processes(database, real_now=NOW) == []


def test_a_set_clock_beside_a_process_on_the_real_one_is_refused(tmp_path: Path) -> None:
    house = open_dispatcher(load_settings(home=tmp_path / "home"), now=NOW)
    with house.database.reading():
        refuse_two_clocks(house)
    ahead = sign_of_life(house.database, "worker", real_now=house.real_now, clock_is_set=False)
    with ahead, pytest.raises(RunRefused, match="worker delivers on the real one"):
        refuse_two_clocks(house)
    with sign_of_life(house.database, "worker", real_now=house.real_now, clock_is_set=True):
        refuse_two_clocks(house)
    house.close()


def test_without_a_scheduler_nobody_hands_out(tmp_path: Path) -> None:
    house = open_dispatcher(load_settings(home=tmp_path / "home"), now=NOW)
    with sign_of_life(house.database, "worker", real_now=house.real_now, clock_is_set=True):
        assert nobody_hands_out(house)
    with sign_of_life(house.database, "up", real_now=house.real_now, clock_is_set=True):
        assert not nobody_hands_out(house)
    house.close()
