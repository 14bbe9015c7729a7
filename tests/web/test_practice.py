"""A desk to practise at: invented people write, a clerk works on their words, the page says what a good one does."""

from pathlib import Path

import pytest

from dispatcher.bootstrap import open_dispatcher
from dispatcher.practice.domain.exercise import Work, judge
from dispatcher.rulebook.exercises import load_exercises
from dispatcher.settings import SettingsError, load_settings
from tests.command import dispatcher as command
from tests.shared import ROOT
from tests.web.house import NOW, Desk, Web

EXERCISES = {one.name: one for one in load_exercises(ROOT / "config" / "practice" / "exercises.yaml")}


def test_a_clerk_works_on_what_invented_people_write(practised: Web) -> None:
    desk = practised.signed_in("anna")
    page = desk.page("/practice")
    assert "Practice desk: everybody here is invented, and" in page
    assert page.count(">what they wrote<") == len(EXERCISES)
    assert "0 of 8" in page

    confirm(desk, "already-paid", "paid")
    assert "Answer them" in desk.page("/practice")
    desk.post(words_of(desk, "already-paid"), {"do": "reply"})
    confirm(desk, "stranger", "dispute")

    page = " ".join(desk.page("/practice").split())
    assert "as a good clerk would" in page
    assert "it was read as dispute; a good clerk reads it as not mine".capitalize() in page
    assert EXERCISES["already-paid"].why in page
    assert "2 of 8" in page


def confirm(desk: Desk, exercise: str, reading: str) -> None:
    answer = desk.post(words_of(desk, exercise), {"reading": reading})
    assert answer.status_code == 303, answer.text


def words_of(desk: Desk, exercise: str) -> str:
    found = [row for row in desk.get("/inbox?format=json").json() if row["debtor"] == f"acme/anna-{exercise}"]
    found += [
        row
        for row in desk.get("/inbox?done=1&format=json").json()
        if row["debtor"] == f"acme/anna-{exercise}"
    ]
    return f"/inbox/{found[0]['id']}"


def test_nothing_leaves_a_practice_home_and_no_other_home_is_played(tmp_path: Path, web: Web) -> None:
    home = tmp_path / "practice"
    command("practice", "begin", home=home)
    for name, value in (
        ("DISPATCHER_CHANNELS__EMAIL__PROVIDER", "smtp"),
        ("DISPATCHER_MAILBOX__HOST", "mail.example"),
        ("DISPATCHER_NOTIFY__PING_URL", "https://ping.example"),
    ):
        done = command("run", home=home, **{name: value})
        assert done.returncode == 2
        assert name in done.stderr
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        open_dispatcher(load_settings(home=home, database_url="sqlite:///elsewhere.db"))

    assert web.signed_in("operator").get("/practice").status_code == 404
    web.house.close()
    assert "is a desk at work" in command("practice", "play", home=web.house.home).stderr
    assert "is in use" in command("practice", "begin", home=web.house.home).stderr


@pytest.mark.parametrize("name", EXERCISES)
def test_each_exercise_can_be_done_as_a_good_clerk_would_and_otherwise(name: str) -> None:
    exercise = EXERCISES[name]
    good = exercise.good
    work = Work(
        wrote=True,
        item=1,
        reading=good.reading,
        read_at=NOW,
        replied=good.reply,
        arrangements=(good.arrangement,) if good.arrangement else (),
    )

    assert judge(exercise, work).state == "good"
    assert judge(exercise, Work(wrote=True, item=1, reading="", read_at=NOW)).state == "otherwise"
    assert judge(exercise, Work(wrote=True, item=1)).state == "open"
    assert judge(exercise, Work()).state == "waits"
