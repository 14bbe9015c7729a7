"""Stops, holds, releases, cancellations and expiry: what a person or the clock does with waiting messages."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from channels.kind import ChannelKind
from channels.outcome import Unknown
from dispatcher.database.engine import Database
from dispatcher.database.tables.planning import ladder
from dispatcher.delivery.deliver_messages import deliver_messages
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.expire_messages import expire_messages
from dispatcher.delivery.intervene import (
    CannotIntervene,
    Intervention,
    cancel_messages,
    hold_messages,
    release_messages,
)
from dispatcher.delivery.stop_delivery import StopError, resume_delivery, stop_delivery, stops_in_force
from tests.delivery.builders import NOW, a_channel_delivery, events, hand_out, message, queued
from tests.doubles.fake_channel import FakeChannel

BY = Intervention(actor="ana", now=NOW, why="asked the client")


def test_a_held_message_waits_for_a_person_and_goes_on_when_released(database: Database) -> None:
    (key,) = queued(database)
    hold_messages(database, [key], BY)
    row = message(database, key)
    assert (row.state, row.held_owner, row.reasons[0]["detail"]) == ("held", "ana", "asked the client")
    release_messages(database, [key], BY)
    assert message(database, key).state == "queued"
    assert events(database, key) == ["held", "released"]


def test_a_message_that_is_gone_cannot_be_cancelled(database: Database) -> None:
    (key,) = queued(database)
    deliver_messages(a_channel_delivery(database), hand_out(database, [key]), [key])
    with pytest.raises(CannotIntervene, match="is accepted: only"):
        cancel_messages(database, [key], BY)
    with pytest.raises(CannotIntervene, match="no message nothing"):
        cancel_messages(database, ["nothing"], BY)


def test_a_cancelled_message_keeps_its_step_and_is_taken_from_its_batch(database: Database) -> None:
    (key,) = queued(database)
    owner = hand_out(database, [key])
    cancel_messages(database, [key], BY)
    delivery = a_channel_delivery(database)
    deliver_messages(delivery, owner, [key])
    assert (delivery.channel.attempts, message(database, key).state) == ([], "cancelled")
    with database.reading() as connection:
        assert len(connection.execute(select(ladder)).all()) == 1


def test_expired_messages_give_their_step_back(database: Database) -> None:
    key, fresh = queued(database)[0], queued(database)[0]
    with database.writing() as connection:
        from sqlalchemy import update

        from dispatcher.database.tables.messages import messages

        connection.execute(update(messages).where(messages.c.id == key).values(expires_at=NOW))
    assert expire_messages(database, now=NOW, real_now=NOW) == 1
    assert (message(database, key).state, message(database, fresh).state) == ("expired", "queued")
    with database.reading() as connection:
        assert connection.scalars(select(ladder.c.message_id)).all() == [fresh]


def test_a_doubtful_message_becomes_unknown_instead_of_expired(database: Database) -> None:
    (key,) = queued(database)
    channel = FakeChannel(ChannelKind.LETTER, [Unknown(why="no answer")])
    deliver_messages(a_channel_delivery(database, channel), hand_out(database, [key]), [key])
    expire_messages(database, now=NOW + timedelta(days=4), real_now=NOW + timedelta(days=4))
    assert message(database, key).state == "unknown"


def test_stops_need_a_reason_are_logged_and_end_by_name(database: Database) -> None:
    stop = Stop(scope="channel", name="sms")
    with pytest.raises(StopError, match="say why"):
        stop_delivery(database, stop, why="", by="ana", now=NOW)
    assert stop_delivery(database, stop, why="wrong text", by="ana", now=NOW)
    assert not stop_delivery(database, stop, why="again", by="ben", now=NOW)
    assert [(row.stop, row.why, row.stopped_by) for row in stops_in_force(database)] == [
        (stop, "wrong text", "ana")
    ]
    resume_delivery(database, stop, why="corrected", by="ben", now=NOW)
    assert (stops_in_force(database), events(database)) == ([], ["stopped", "resumed"])
    with pytest.raises(StopError, match="nothing is"):
        resume_delivery(database, stop, why="", by="ben", now=NOW)


@pytest.mark.parametrize(("scope", "name"), [("all", "x"), ("creditor", ""), ("debtor", "x")])
def test_a_stop_that_says_nothing_is_refused(scope: str, name: str) -> None:
    with pytest.raises(ValueError, match="stop"):
        Stop(scope=scope, name=name)
