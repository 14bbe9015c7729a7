"""What earlier runs left open is told until it is closed: in every later summary, on Today, in the daily mail."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from channels.kind import ChannelKind
from channels.outcome import Accepted, Outcome, Rejected, Scope, Unknown
from dispatcher.database.engine import Database
from dispatcher.delivery.acknowledge_messages import acknowledge_messages
from dispatcher.delivery.deliver_messages import deliver_messages
from dispatcher.delivery.intervene import CannotIntervene, Intervention, cancel_messages, hold_messages
from dispatcher.delivery.resolve_message import resolve_message
from dispatcher.runs.domain.left_open import LeftOpen
from dispatcher.runs.notify_day import day_notice
from dispatcher.runs.storage.day_counts import waiting_for_a_person
from dispatcher.runs.storage.left_open import left_open
from tests.builders import rows_of
from tests.delivery.builders import NOW, TODAY, a_channel_delivery, a_run, events, hand_out, queued, states
from tests.doubles.fake_channel import FakeChannel
from tests.many.conftest import MakeHome
from tests.many.homes import NOW as EVENING

ANA = Intervention(actor="ana", now=NOW, why="looked into it")


def open_of(database: Database) -> dict[str, int]:
    with database.reading() as connection:
        return {one.state: one.count for one in left_open(connection, mode="live")}


class Failing:
    """A provider of whose days each goes wrong: one refused, one lost, the rest taken."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, *_: object) -> Outcome:
        self.calls += 1
        ends: Sequence[Outcome] = (
            Rejected(reason="no such mailbox", scope=Scope.MESSAGE),
            Unknown(why="the line went dead"),
            Accepted(provider_id=f"p{self.calls}"),
        )
        return ends[(self.calls - 1) % 3]


def a_bad_day(database: Database, day: date) -> None:
    """A run of which one is refused, one lost, one sent, one held, and one expires."""
    run_id = a_run(database, as_of=day)
    ids = queued(database, 3, run_id=run_id, as_of=day)
    channel = FakeChannel(ChannelKind.EMAIL)
    channel.repeat_is_safe = False
    failing = Failing()
    channel.send = lambda message, *, now: failing()
    deliver_messages(a_channel_delivery(database, channel, chunk=1), hand_out(database, ids), ids)
    hold_messages(database, queued(database, run_id=run_id, as_of=day), ANA)
    queued(database, state="expired", run_id=run_id, as_of=day)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_month_of_failures_is_told_every_day_until_each_is_decided(database: Database) -> None:
    told: list[dict[str, int]] = []
    for number in range(30):
        day = TODAY + timedelta(days=number)
        a_bad_day(database, day)
        notice = day_notice(database, day, now=NOW + timedelta(days=number))
        told.append({name: one["count"] for name, one in notice.values["left_open"].items()})
        assert f"the oldest {number} day" in notice.text or number == 0
    assert told == [{"unknown": n, "held": n, "failed": n} for n in range(1, 31)]
    assert open_of(database) == {"unknown": 30, "held": 30, "failed": 30, "expired": 30}


def test_what_a_person_decides_is_told_no_longer(database: Database) -> None:
    a_bad_day(database, TODAY)
    by_state = {row.state: row.id for row in rows_of(database)}
    with pytest.raises(CannotIntervene, match="--why"):
        acknowledge_messages(database, [by_state["failed"]], Intervention(actor="ana", now=NOW))
    with pytest.raises(CannotIntervene, match="only expired, failed ones"):
        acknowledge_messages(database, [by_state["held"]], ANA)
    acknowledge_messages(database, [by_state["failed"]], ANA)
    resolve_message(database, by_state["unknown"], sent=True, why="receipt", actor="ana", now=NOW)
    cancel_messages(database, [by_state["held"]], ANA)
    assert open_of(database) == {"expired": 1}
    assert events(database, by_state["failed"])[-1] == "acknowledged"
    assert states(database)["failed"] == 1  # it stays what it is


def test_a_replay_is_no_business_of_a_live_run(database: Database) -> None:
    queued(database, state="failed", run_id=a_run(database, mode="simulated"))
    assert open_of(database) == {}
    with database.reading() as connection:
        assert [one.count for one in left_open(connection, mode="simulated")] == [1]


def test_today_shows_what_is_open_with_its_age(database: Database) -> None:
    a_bad_day(database, TODAY - timedelta(days=3))
    with database.reading() as connection:
        waiting = waiting_for_a_person(connection, now=NOW)
    assert [(one.state, one.count, one.age(TODAY)) for one in waiting.messages] == [
        ("unknown", 1, 3),
        ("held", 1, 3),
        ("failed", 1, 3),
    ]
    assert waiting.expired == 1


def test_a_sentence_says_how_many_how_old_and_what_to_do() -> None:
    one = LeftOpen(state="failed", count=2, oldest=date(2026, 3, 1))
    assert one.sentence(date(2026, 3, 1)).startswith("2 failed (of today): `dispatcher messages acknowledge")
    assert "(the oldest 1 day old)" in one.sentence(date(2026, 3, 2))
    assert one.as_json(date(2026, 3, 11)) == {"count": 2, "oldest": "2026-03-01", "age_days": 10}


def test_a_run_ends_with_1_for_what_an_earlier_one_left_and_tells_of_the_expired_once(
    make_home: MakeHome,
) -> None:
    home = make_home()
    home.take_in(4)
    home.run("2026-11-16", EVENING, "--no-wait")
    first, second, *_ = [message["id"] for message in home("messages", "list", "--json").json]
    home("messages", "hold", first, "--why", "asked the client")
    home("dispatch", "--now", EVENING)
    expire(home, second)
    following = home.run("2026-11-17", "2026-11-17T18:00:00Z")
    assert following.code == 1
    assert following.json["left_open"] == {
        "held": {"count": 1, "oldest": "2026-11-16", "age_days": 1},
        "expired": {"count": 1, "oldest": "2026-11-16", "age_days": 1},
    }
    later = home.run("2026-11-18", "2026-11-18T18:00:00Z")
    assert (later.code, set(later.json["left_open"])) == (1, {"held"})
    assert (
        "Left open: 1 held (the oldest 2 days old)"
        in home("run", "--as-of", "2026-11-18", "--now", "2026-11-18T19:00:00Z").out
    )
    home("messages", "cancel", first, "--why", "client withdrew it")
    assert home.run("2026-11-20", "2026-11-20T18:00:00Z").code == 0


def expire(home, message_id: str) -> None:
    """As if it had not gone out in time."""
    import sqlite3

    with sqlite3.connect(home.folder / "dispatcher.db") as connection:
        connection.execute("UPDATE messages SET state = 'expired' WHERE id = ?", (message_id,))
