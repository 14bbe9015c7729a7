"""What the last run worked with and is gone now stops the next one, until somebody says that it is meant."""

import pytest

from dispatcher.planning.guard_absence import accept_gone, gone, refuse_what_is_gone
from dispatcher.planning.plan_reminders import RunRefused
from tests.builders import TODAY, at

FULL = {"rule pack": ["DEFAULT", "US-REGF"], "sender": ["acme"], "content language": ["en", "es"]}


def test_a_pack_that_is_gone_stops_the_run_and_is_named(sqlite_database):
    refuse_what_is_gone(sqlite_database, FULL)
    less = FULL | {"rule pack": ["DEFAULT"], "content language": ["en"]}
    for _ in range(2):  # a refusal forgets nothing
        with pytest.raises(
            RunRefused, match=r"rule pack US-REGF; content language es.*--accept us-regf --accept es"
        ):
            refuse_what_is_gone(sqlite_database, less)
    assert gone(sqlite_database, less) == {"rule pack": ["US-REGF"], "content language": ["es"]}


def test_it_goes_on_when_somebody_says_why_and_asks_again_for_the_next(sqlite_database):
    refuse_what_is_gone(sqlite_database, FULL)
    less = FULL | {"rule pack": ["DEFAULT"]}
    assert accept_gone(
        sqlite_database, ["us-regf"], why="no Americans any more", now=at(TODAY), actor="ana"
    ) == ["US-REGF"]
    refuse_what_is_gone(sqlite_database, less)
    with pytest.raises(RunRefused, match="sender acme"):
        refuse_what_is_gone(sqlite_database, less | {"sender": []})


def test_what_is_back_is_in_force_again_and_packs_named_by_a_person_are_not_asked_for(sqlite_database):
    refuse_what_is_gone(sqlite_database, FULL)
    refuse_what_is_gone(sqlite_database, {"sender": ["acme"]})  # DISPATCHER_RULES__ONLY
    with pytest.raises(RunRefused, match="US-REGF"):
        refuse_what_is_gone(sqlite_database, FULL | {"rule pack": ["DEFAULT"]})
    refuse_what_is_gone(sqlite_database, FULL)
