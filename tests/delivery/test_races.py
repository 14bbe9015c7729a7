"""What a person says while a message is being claimed comes before it or after it, never beside it."""

import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, text

from dispatcher.database.engine import Connection, Database
from dispatcher.database.tables.people import opt_outs
from dispatcher.delivery.deliver_messages import deliver_messages
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.domain.verdict import Verdict, VerdictKind
from dispatcher.delivery.stop_delivery import stop_delivery
from dispatcher.gate.decision import Outcome, own_reason
from dispatcher.messages.domain.message import Message
from dispatcher.people.storage import addresses
from tests.delivery.builders import ALLOW, NOW, a_channel_delivery, hand_out, message, queued

PATIENCE = 20.0


def mind_opt_outs(
    connection: Connection, waiting: Sequence[Message], bodies: Mapping[str, bytes], now: datetime
) -> Mapping[str, Verdict]:
    """A gate that reads opt-outs in the transaction of the claim."""
    stopped = set(connection.scalars(select(opt_outs.c.address)))
    no = Verdict(kind=VerdictKind.CANCEL, reasons=(own_reason("test", "opt-out", Outcome.BLOCK, "", "no"),))
    return {m.id: no if m.address in stopped else ALLOW for m in waiting}


def wait_until_blocked(database: Database, thread: threading.Thread) -> None:
    """Until the other thread stands before the lock: PostgreSQL says so; SQLite's queue is the lock itself."""
    end = time.monotonic() + PATIENCE
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    while not database.is_sqlite:
        assert time.monotonic() < end, "the claim never came to the lock"
        with database.reading() as connection:
            if connection.scalar(waiting):
                return
    thread.join(0.2)
    assert thread.is_alive()


def test_an_opt_out_that_holds_the_person_first_prevents_the_send(database: Database) -> None:
    (key,) = queued(database)
    row = message(database, key)
    delivery = a_channel_delivery(database, judge=mind_opt_outs)
    hold = threading.Event()
    ready = threading.Barrier(2, timeout=PATIENCE)

    def say_stop() -> None:
        with database.writing() as connection:
            addresses.lock(connection, [row.recipient_id])
            addresses.opt_out(
                connection,
                debtor_id=row.recipient_id,
                address=row.address,
                medium="email",
                at=NOW,
                raw="stop",
                source="test",
            )
            ready.wait()
            assert hold.wait(PATIENCE)

    owner = hand_out(database, [key])
    writer = threading.Thread(target=say_stop)
    writer.start()
    ready.wait()
    claim = threading.Thread(target=deliver_messages, args=(delivery, owner, [key]))
    claim.start()
    wait_until_blocked(database, claim)
    hold.set()
    writer.join(PATIENCE)
    claim.join(PATIENCE)
    assert (delivery.channel.attempts, message(database, key).state) == ([], "cancelled")


def test_an_opt_out_between_two_chunks_prevents_the_second(database: Database) -> None:
    first, second = queued(database)[0], queued(database)[0]
    address = message(database, second).address

    def stop_after_the_first(outbound, *, now):
        if outbound.message_id == first:
            with database.writing() as connection:
                addresses.opt_out(
                    connection, debtor_id=None, address=address, medium="email", at=NOW, raw="", source="test"
                )

    delivery = a_channel_delivery(database, judge=mind_opt_outs, chunk=1)
    plain = delivery.channel.send
    delivery.channel.send = lambda outbound, *, now: (
        stop_after_the_first(outbound, now=now) or plain(outbound, now=now)
    )
    deliver_messages(delivery, hand_out(database, [first, second]), [first, second])
    assert [m.message_id for m in delivery.channel.attempts] == [first]
    assert message(database, second).state == "cancelled"


def test_a_stop_between_two_chunks_keeps_the_second(database: Database) -> None:
    first, second = queued(database)[0], queued(database)[0]
    delivery = a_channel_delivery(database, chunk=1)
    plain = delivery.channel.send

    def send(outbound, *, now):
        stop_delivery(database, Stop(scope="all"), why="wrong text", by="ana", now=NOW)
        return plain(outbound, now=now)

    delivery.channel.send = send
    deliver_messages(delivery, hand_out(database, [first, second]), [first, second])
    assert [m.message_id for m in delivery.channel.attempts] == [first]
    assert message(database, second).state == "queued"


def test_two_workers_never_send_the_same_message(database: Database) -> None:
    """Both hold the same batch, as after a queue that delivers twice."""
    ids = queued(database, 40)
    owner = hand_out(database, ids)
    deliveries = [a_channel_delivery(database) for _ in range(2)]
    deliveries[1] = a_channel_delivery(database, deliveries[0].channel)
    start = threading.Barrier(2, timeout=PATIENCE)

    def work(delivery) -> None:
        start.wait()
        deliver_messages(delivery, owner, ids)

    threads = [threading.Thread(target=work, args=(delivery,)) for delivery in deliveries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    tried = [m.message_id for m in deliveries[0].channel.attempts]
    assert len(tried) == len(set(tried))
    # What one had locked, the other passed over; whoever comes next takes it.
    left = [key for key in ids if message(database, key).state == "queued"]
    deliver_messages(deliveries[0], owner, left)
    assert sorted(m.message_id for m in deliveries[0].channel.attempts) == ids
