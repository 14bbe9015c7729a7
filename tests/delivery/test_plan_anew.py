"""A held message has a way on: its step is decided anew, by another channel where a person says so."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from channels.kind import ChannelKind
from dispatcher.database.engine import Database
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.portfolio import contact_points
from dispatcher.delivery.intervene import CannotIntervene, Intervention, cancel_messages, hold_messages
from dispatcher.delivery.plan_anew import plan_anew, ways_on
from dispatcher.messages.hold_for_guard import VOLUME, guard_reason, hold_for_guard
from dispatcher.planning.explain_debtor import explain_debtor
from dispatcher.planning.storage.given_up import HOLDS_FOR
from tests.builders import (
    EMAIL,
    LETTER,
    SMS,
    TODAY,
    a_debt,
    a_debtor,
    a_desk,
    a_ladder,
    a_step,
    at,
    plan,
    rows_of,
)

DUE = TODAY - timedelta(days=3)
TOMORROW = TODAY + timedelta(days=1)
BY = Intervention(actor="user:olga", now=at(TODAY), why="her name does not fit")
ADDRESS = {"address_lines": ("1 High Street",), "city": "New York", "postal_code": "10001"}


def a_desk_of(*channels: ChannelKind):
    return a_desk(a_ladder(steps=(a_step("first-reminder", 3, channels=channels),)))


def held_message(database: Database, desk) -> str:
    plan(database, TODAY, desk)
    key = the_one_left(database).id
    hold_messages(database, [key], BY)
    return key


def the_one_left(database: Database):
    """The message that was not cancelled: ids of one instant are in no order."""
    with database.reading() as connection:
        return connection.execute(select(messages).where(messages.c.state != "cancelled")).one()


def test_another_channel_takes_the_step_on_the_next_run_and_the_old_one_does_not(database: Database) -> None:
    debtor = a_debtor(database, **ADDRESS)
    a_debt(database, debtor, DUE)
    desk = a_desk_of(EMAIL, SMS, LETTER)
    key = held_message(database, desk)
    assert ways_on(database, desk, [key], BY) == {key: [LETTER]}  # no number is on file
    assert plan_anew(database, desk, [key], BY, other_channel=True) == [key]
    plan(database, TODAY, desk)
    assert (the_one_left(database).channel, the_one_left(database).step) == ("letter", "first-reminder")
    plan(database, TOMORROW, desk)
    assert sorted(row.channel for row in rows_of(database)) == ["email", "letter"]


def test_a_mended_address_is_taken_by_the_next_run_on_the_same_channel(database: Database) -> None:
    debtor = a_debtor(database, email="wrong@debtors.example")
    a_debt(database, debtor, DUE)
    desk = a_desk_of(EMAIL)
    key = held_message(database, desk)
    with database.writing() as connection:
        connection.execute(update(contact_points).values(closed_reason="replaced", closed_at=at(TODAY)))
        connection.execute(
            insert(contact_points).values(debtor_id=debtor, medium="email", address="right@debtors.example")
        )
    plan_anew(database, desk, [key], BY, other_channel=False)
    plan(database, TODAY, desk)
    assert the_one_left(database).address == "right@debtors.example"


def test_who_ended_it_and_why_stands_in_the_log_and_on_the_message(database: Database) -> None:
    a_debt(database, a_debtor(database, **ADDRESS), DUE)
    desk = a_desk_of(EMAIL, LETTER)
    key = held_message(database, desk)
    plan_anew(database, desk, [key], BY, other_channel=True)
    with database.reading() as connection:
        entry = json.loads(
            connection.scalar(select(log_entries.c.entry).order_by(log_entries.c.id.desc()).limit(1))
        )
        row = connection.execute(select(messages).where(messages.c.id == key)).one()
    assert (entry["event"], entry["actor"], row.state) == ("cancelled", "user:olga", "cancelled")
    assert (row.reasons[0]["rule"], row.reasons[0]["detail"]) == ("planned-anew", BY.why)


def test_explain_says_which_channel_a_person_gave_up(database: Database) -> None:
    a_debt(database, a_debtor(database, reference="D9", **ADDRESS), DUE)
    desk = a_desk_of(EMAIL, LETTER)
    plan_anew(database, desk, [held_message(database, desk)], BY, other_channel=True)
    step = explain_debtor(database, desk, "acme/D9", as_of=TODAY, now=at(TODAY)).debts[0].steps[0]
    assert [(each.channel, each.decision) for each in step.channels] == [
        ("email", "block"),
        ("letter", "allow"),
    ]
    assert step.channels[0].reasons[0].rule == "channel-given-up"


def test_where_no_other_channel_would_take_it_nothing_is_changed(database: Database) -> None:
    a_debt(database, a_debtor(database), DUE)
    desk = a_desk_of(EMAIL, LETTER)  # no postal address is on file
    key = held_message(database, desk)
    with pytest.raises(CannotIntervene, match="by no other channel"):
        plan_anew(database, desk, [key], BY, other_channel=True)
    assert the_one_left(database).state == "held"
    assert ways_on(database, desk, [key], BY) == {key: []}


def test_a_message_that_is_not_held_is_left_where_it_is(database: Database) -> None:
    a_debt(database, a_debtor(database, **ADDRESS), DUE)
    desk = a_desk_of(EMAIL, LETTER)
    key = held_message(database, desk)
    cancel_messages(database, [key], BY)
    with pytest.raises(CannotIntervene, match="only held ones can be planned anew"):
        plan_anew(database, desk, [key], BY, other_channel=True)


def test_a_message_that_waits_for_a_guard_of_its_run_is_not_slipped_past_it(database: Database) -> None:
    a_debt(database, a_debtor(database, **ADDRESS), DUE)
    desk = a_desk_of(EMAIL, LETTER)
    plan(database, TODAY, desk)
    key = the_one_left(database).id
    with database.writing() as connection:
        hold_for_guard(connection, [key], guard_reason(VOLUME, "the guards", "unusual"), now=BY.now)
    with pytest.raises(CannotIntervene, match="guard of its whole run"):
        plan_anew(database, desk, [key], BY, other_channel=False)


def test_what_may_have_gone_out_is_not_written_a_second_time(database: Database) -> None:
    a_debt(database, a_debtor(database, **ADDRESS), DUE)
    desk = a_desk_of(EMAIL, LETTER)
    key = held_message(database, desk)
    with database.writing() as connection:
        connection.execute(update(messages).values(sent_at=at(TODAY)))
    with pytest.raises(CannotIntervene, match="may have gone out"):
        plan_anew(database, desk, [key], BY, other_channel=True)


def test_a_channel_that_was_given_up_comes_back_for_a_later_round(database: Database) -> None:
    a_debt(database, a_debtor(database, **ADDRESS), DUE)
    desk = a_desk_of(EMAIL, LETTER)
    plan_anew(database, desk, [held_message(database, desk)], BY, other_channel=True)
    plan(database, TODAY + HOLDS_FOR, desk)
    assert the_one_left(database).channel == "email"
