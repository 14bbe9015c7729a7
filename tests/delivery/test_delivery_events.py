"""Provider events: once each, in any order, with what follows from them."""

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import select

from channels.event import DeliveryEvent, EventKind
from dispatcher.database.engine import Database
from dispatcher.database.tables.people import opt_outs
from dispatcher.database.tables.planning import ladder
from dispatcher.database.tables.portfolio import contact_points
from dispatcher.delivery.deliver_messages import deliver_messages
from dispatcher.delivery.record_delivery_events import record_delivery_events
from dispatcher.messages.domain.message import State, fold
from dispatcher.planning.domain.strategy import Step, Strategy
from tests.delivery.builders import NOW, a_channel_delivery, events, hand_out, message, queued


def accepted(database: Database) -> str:
    (key,) = queued(database)
    deliver_messages(a_channel_delivery(database), hand_out(database, [key]), [key])
    return key


def event(key: str, kind: EventKind, number: int = 1, **fields) -> DeliveryEvent:
    at = fields.pop("at", NOW + timedelta(minutes=number))
    return DeliveryEvent(
        provider="fake", event_id=f"{key}-{kind}-{number}", kind=kind, at=at, message_id=key, **fields
    )


def test_an_event_that_comes_twice_is_recorded_once(database: Database) -> None:
    key = accepted(database)
    delivered = event(key, EventKind.DELIVERED)
    assert record_delivery_events(database, [delivered, delivered], now=NOW) == {
        "delivered": 1,
        "repeated": 1,
    }
    assert record_delivery_events(database, [delivered], now=NOW) == {"repeated": 1}
    assert events(database, key).count("delivered") == 1


@pytest.mark.parametrize(
    "order", list(itertools.permutations([EventKind.SENT, EventKind.DELIVERED, EventKind.BOUNCED]))
)
def test_whatever_the_order_of_arrival_a_bounce_counts_and_sent_never_goes_back(
    database: Database, order
) -> None:
    key = accepted(database)
    for number, kind in enumerate(order):
        record_delivery_events(
            database, [event(key, kind, number, permanent=kind is EventKind.BOUNCED)], now=NOW
        )
    assert message(database, key).state == "bounced"


def test_sent_after_delivered_does_not_go_back(database: Database) -> None:
    key = accepted(database)
    record_delivery_events(database, [event(key, EventKind.DELIVERED)], now=NOW)
    record_delivery_events(database, [event(key, EventKind.SENT, 2)], now=NOW)
    assert message(database, key).state == "delivered"


def test_a_hard_bounce_closes_the_address_and_a_soft_one_does_not(database: Database) -> None:
    soft, hard = accepted(database), accepted(database)
    record_delivery_events(
        database,
        [
            event(soft, EventKind.DEFERRED),
            event(hard, EventKind.BOUNCED, permanent=True, code="5.1.1", reason="no such user"),
        ],
        now=NOW,
    )
    with database.reading() as connection:
        rows = connection.execute(select(contact_points)).all()
    assert [(row.address, row.closed_reason) for row in rows] == [
        (message(database, hard).address, "bounced 5.1.1 no such user")
    ]


def test_a_complaint_is_an_opt_out_for_that_address(database: Database) -> None:
    key = accepted(database)
    record_delivery_events(database, [event(key, EventKind.COMPLAINED)], now=NOW)
    with database.reading() as connection:
        row = connection.execute(select(opt_outs)).one()
    assert (row.address, row.medium, row.source) == (message(database, key).address, "email", "fake")
    assert message(database, key).state == "delivered"


@pytest.mark.parametrize(("wanted", "rungs"), [(True, 0), (False, 1)])
def test_a_hard_bounce_frees_the_next_channel_where_the_step_says_so(
    database: Database, wanted: bool, rungs: int
) -> None:
    key = accepted(database)
    step = Step(
        name="first-reminder",
        kind="collection",
        day=1,
        channels=(),
        template="t",
        next_channel_on_bounce=wanted,
    )
    strategy = Strategy(name="consumer", steps=(step,))
    record_delivery_events(
        database, [event(key, EventKind.BOUNCED, permanent=True)], now=NOW, strategies=[strategy]
    )
    with database.reading() as connection:
        assert len(connection.execute(select(ladder)).all()) == rungs


def test_an_event_is_found_by_the_providers_id_too(database: Database) -> None:
    key = accepted(database)
    seen = DeliveryEvent(
        provider="fake", event_id="x", kind=EventKind.DELIVERED, at=NOW, provider_id=f"fake-{key}"
    )
    record_delivery_events(database, [seen], now=NOW)
    assert message(database, key).state == "delivered"


def test_an_event_of_no_message_of_ours_is_kept_and_logged(database: Database) -> None:
    counts = record_delivery_events(database, [event("0193-unknown", EventKind.DELIVERED)], now=NOW)
    assert counts == {"unmatched": 1}
    assert events(database) == ["unmatched_event"]


def test_the_state_column_is_the_fold_of_the_log(database: Database) -> None:
    key = accepted(database)
    for number, kind in enumerate([EventKind.SENT, EventKind.DELIVERED, EventKind.BOUNCED, EventKind.OPENED]):
        record_delivery_events(database, [event(key, kind, number)], now=NOW)
        assert fold((word, None) for word in events(database, key)) == State(message(database, key).state)
