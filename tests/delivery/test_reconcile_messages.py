"""Unknown ends are found out by receipt, by look-up, or by a person."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from channels.event import DeliveryEvent, EventKind
from channels.kind import ChannelKind
from channels.outcome import Unknown
from dispatcher.database.engine import Database
from dispatcher.database.tables.delivery import tasks
from dispatcher.delivery.deliver_messages import deliver_messages
from dispatcher.delivery.intervene import CannotIntervene
from dispatcher.delivery.reconcile_messages import reconcile_messages
from dispatcher.delivery.record_delivery_events import record_delivery_events
from dispatcher.delivery.resolve_message import resolve_message
from tests.delivery.builders import NOW, a_channel_delivery, events, hand_out, message, queued
from tests.doubles.fake_channel import FakeChannel


class Silent(FakeChannel):
    """A provider that cannot be asked."""

    can_look_up = False


def unknown(database: Database, channel: FakeChannel, **columns) -> str:
    (key,) = queued(database, **columns)
    deliver_messages(a_channel_delivery(database, channel), hand_out(database, [key]), [key])
    assert message(database, key).state == "unknown"
    return key


def lost(kind=FakeChannel):
    return kind(ChannelKind.EMAIL, [Unknown(why="no answer")], repeat_is_safe=False)


def test_a_look_up_that_finds_the_message_makes_it_accepted(database: Database) -> None:
    channel = lost()
    key = unknown(database, channel)
    channel.sent[key] = None
    found = reconcile_messages(database, lambda kind, name: channel, now=NOW)
    assert (found.accepted, found.left) == (1, ())
    row = message(database, key)
    assert (row.state, row.provider_id) == ("accepted", f"fake-{key}")
    assert events(database, key)[-1] == "accepted"


def test_a_look_up_that_finds_nothing_lets_it_go_again(database: Database) -> None:
    channel = lost()
    key = unknown(database, channel)
    assert reconcile_messages(database, lambda kind, name: channel, now=NOW).not_sent == 1
    row = message(database, key)
    assert (row.state, row.sent_at) == ("queued", None)


def test_a_look_up_that_finds_nothing_too_late_expires_it(database: Database) -> None:
    channel = lost()
    key = unknown(database, channel, expires_at=NOW + timedelta(hours=1))
    reconcile_messages(database, lambda kind, name: channel, now=NOW + timedelta(hours=2))
    assert message(database, key).state == "expired"


def test_where_nobody_can_be_asked_a_person_gets_one_task(database: Database) -> None:
    channel = lost(Silent)
    key = unknown(database, channel)
    for _ in range(2):
        assert reconcile_messages(database, lambda kind, name: channel, now=NOW).left == (key,)
    with database.reading() as connection:
        (task,) = connection.execute(select(tasks)).all()
    assert (task.kind, task.message_id, task.done_at) == ("unknown_end", key, None)


def test_a_receipt_that_comes_later_settles_an_unknown_end(database: Database) -> None:
    channel = lost(Silent)
    key = unknown(database, channel)
    event = DeliveryEvent(
        provider="fake", event_id="e1", kind=EventKind.SENT, at=NOW, message_id=key, provider_id="p1"
    )
    record_delivery_events(database, [event], now=NOW)
    row = message(database, key)
    assert (row.state, row.provider_id) == ("accepted", "p1")
    assert events(database, key)[-2:] == ["accepted", "sent"]


@pytest.mark.parametrize(("sent", "state", "sent_at"), [(True, "accepted", NOW), (False, "queued", None)])
def test_a_person_resolves_an_unknown_end_with_a_reason(
    database: Database, sent: bool, state: str, sent_at
) -> None:
    channel = lost(Silent)
    key = unknown(database, channel)
    reconcile_messages(database, lambda kind, name: channel, now=NOW)
    resolve_message(database, key, sent=sent, why="asked the provider", actor="ana", now=NOW)
    row = message(database, key)
    assert (row.state, row.sent_at) == (state, sent_at)
    assert events(database, key)[-1] == "resolved"
    with database.reading() as connection:
        assert connection.scalar(select(tasks.c.done_by)) == "ana"


def test_only_unknown_messages_can_be_resolved_and_only_with_a_reason(database: Database) -> None:
    (key,) = queued(database)
    with pytest.raises(CannotIntervene, match="is queued: only unknown ones"):
        resolve_message(database, key, sent=True, why="x", actor="ana", now=NOW)
    with pytest.raises(CannotIntervene, match="say why"):
        resolve_message(database, key, sent=True, why=" ", actor="ana", now=NOW)
