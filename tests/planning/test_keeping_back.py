"""What is kept back, with its reason; refusals that repeat are one entry; what reached nobody is planned again."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from channels.event import DeliveryEvent, EventKind
from dispatcher.database.engine import Database
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.people import holds, opt_outs
from dispatcher.database.tables.planning import refusals
from dispatcher.database.tables.portfolio import creditors, debtors, debts
from dispatcher.delivery.intervene import Intervention, cancel_messages
from dispatcher.delivery.record_delivery_events import record_delivery_events
from dispatcher.people.storage import addresses
from dispatcher.people.storage.people import load_people
from dispatcher.record.search_log import search_log
from dispatcher.record.storage.log_query import LogQuery
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
    mark_sent,
    mark_unsent,
    plan,
    planned,
    rows_of,
)
from tests.builders import at as hour_of

DUE = TODAY - timedelta(days=3)
TOMORROW = TODAY + timedelta(days=1)


def events(database: Database) -> list[str]:
    query = select(log_entries.c.event).where(log_entries.c.event != "run_planned").order_by(log_entries.c.id)
    with database.reading() as connection:
        return list(connection.scalars(query))


def a_hold(database: Database, debtor: int, kind: str, **columns: object) -> None:
    fields = {"starts_on": DUE, "recorded_at": hour_of(DUE)} | columns
    with database.writing() as connection:
        connection.execute(insert(holds).values(debtor_id=debtor, kind=kind, **fields))


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"disputed_on": DUE}, "disputed"),
        ({"promise_date": TODAY}, "promised"),
        ({"in_ledger": False}, "not-in-ledger"),
    ],
)
def test_a_debt_with_such_a_mark_stays_out_with_that_reason(database: Database, columns, rule) -> None:
    a_debt(database, a_debtor(database), DUE, **columns)
    summary = plan(database, TODAY, a_desk())
    assert [(key[2], count) for key, count in summary.refused_reasons.items()] == [(rule, 1)]
    assert events(database) == ["blocked"]


@pytest.mark.parametrize(
    "kind", ["dispute", "promise", "manual", "complaint", "unclear_reply", "not_in_ledger"]
)
def test_a_hold_keeps_a_debt_out_until_it_ends(database: Database, kind: str) -> None:
    debtor = a_debtor(database)
    a_debt(database, debtor, DUE)
    a_hold(database, debtor, kind, until=TODAY)
    assert plan(database, TODAY, a_desk()).by_outcome == {"block": 1}
    assert plan(database, TOMORROW, a_desk()).by_outcome == {"allow": 1}


def test_a_hold_on_one_debt_leaves_the_persons_other_debts(database: Database) -> None:
    debtor = a_debtor(database)
    held, free = a_debt(database, debtor, DUE), a_debt(database, debtor, DUE)
    a_hold(database, debtor, "manual", debt_id=held)
    plan(database, TODAY, a_desk())
    assert [debt for _, debt, _, _ in planned(database)] == [free]


def test_a_legal_hold_does_not_silence(database: Database) -> None:
    debtor = a_debtor(database)
    a_debt(database, debtor, DUE)
    a_hold(database, debtor, "legal")
    assert plan(database, TODAY, a_desk()).by_outcome == {"allow": 1}


def test_settled_and_not_yet_issued_debts_are_no_candidates_and_are_counted(database: Database) -> None:
    debtor = a_debtor(database)
    a_debt(database, debtor, DUE, settled_on=TODAY)
    a_debt(database, debtor, DUE, issued_on=TOMORROW)
    a_debt(database, debtor, DUE, paid_minor=10_000)
    a_debt(database, debtor, DUE, balance_minor=-1)
    summary = plan(database, TODAY, a_desk())
    assert (summary.due, summary.others) == (0, {"settled": 1, "not yet issued": 1, "paid": 1, "credit": 1})


def test_a_final_notice_needs_a_recorded_decision_to_hand_over(database: Database) -> None:
    a_debt(database, a_debtor(database), DUE)
    decided = a_debt(database, a_debtor(database), DUE, handover_decided_on=DUE)
    strategy = a_ladder(steps=(a_step("final", 3, needs_handover_decision=True),))
    summary = plan(database, TODAY, a_desk(strategy))
    assert [debt for _, debt, _, _ in planned(database)] == [decided]
    assert {key[2] for key in summary.refused_reasons} == {"no-handover-decision"}


def test_a_creditor_without_a_sender_is_held_because_nobody_writes_unnamed(database: Database) -> None:
    a_debt(database, a_debtor(database, creditor="stranger"), DUE)
    summary = plan(database, TODAY, a_desk())
    assert (summary.by_outcome, rows_of(database)) == ({"hold": 1}, [])
    assert {key[2] for key in summary.refused_reasons} == {"no-sender"}


def test_a_refusal_that_repeats_is_one_entry_until_its_reasons_change(database: Database) -> None:
    debt = a_debt(database, a_debtor(database), DUE, disputed_on=DUE)
    for day in range(4):
        plan(database, TODAY + timedelta(days=day), a_desk())
    assert events(database) == ["blocked"]
    with database.writing() as connection:
        assert connection.execute(select(refusals.c.count)).scalars().all() == [4]
        connection.execute(
            update(debts).where(debts.c.id == debt).values(promise_date=TODAY + timedelta(days=30))
        )
    plan(database, TODAY + timedelta(days=4), a_desk())
    assert events(database) == ["blocked", "blocked"]
    with database.writing() as connection:
        connection.execute(update(debts).values(promise_date=None, disputed_on=None))
    plan(database, TODAY + timedelta(days=5), a_desk())
    assert events(database) == ["blocked", "blocked", "planned"]
    with database.reading() as connection:
        assert connection.execute(select(refusals)).all() == []


def test_channels_are_tried_in_order_and_what_was_passed_over_is_logged(database: Database) -> None:
    strategy = a_ladder(steps=(a_step("first", 3, channels=(SMS, EMAIL, LETTER)),))
    debtor = a_debtor(database)
    a_debt(database, debtor, DUE)
    plan(database, TODAY, a_desk(strategy))
    assert [row.channel for row in rows_of(database)] == ["email"]
    with database.reading() as connection:
        assert '"no-sms-address"' in connection.scalar(
            select(log_entries.c.entry).where(log_entries.c.event == "planned")
        )


def test_a_blocked_channel_gives_way_to_the_next(database: Database) -> None:
    strategy = a_ladder(steps=(a_step("first", 3, channels=(EMAIL, LETTER)),))
    debtor = a_debtor(database, address_lines=["1 Main Street"], city="New York", postal_code="10001")
    a_debt(database, debtor, DUE)
    with database.writing() as connection:
        connection.execute(
            insert(opt_outs).values(debtor_id=debtor, address="", medium="email", scope="", at=hour_of(DUE))
        )
    plan(database, TODAY, a_desk(strategy))
    assert [row.channel for row in rows_of(database)] == ["letter"]


def test_a_preferred_channel_only_reorders(database: Database) -> None:
    strategy = a_ladder(steps=(a_step("first", 3, channels=(EMAIL, SMS)),))
    for preferred in ("sms", "letter"):
        a_debt(database, a_debtor(database, phone="+12125550100", preferred_channel=preferred), DUE)
    plan(database, TODAY, a_desk(strategy))
    assert sorted(row.channel for row in rows_of(database)) == ["email", "sms"]


def test_nobody_reachable_is_a_refusal_with_a_reason_a_channel(database: Database) -> None:
    strategy = a_ladder(steps=(a_step("first", 3, channels=(EMAIL, SMS, LETTER)),))
    a_debt(database, a_debtor(database, email=""), DUE)
    summary = plan(database, TODAY, a_desk(strategy))
    assert {key[2] for key in summary.refused_reasons} == {
        "no-email-address",
        "no-sms-address",
        "no-letter-address",
    }
    [entry] = blocked(database)
    assert {reason["rule"]: reason["channels"] for reason in entry["reasons"]} == {
        "no-email-address": ["email"],
        "no-sms-address": ["sms"],
        "no-letter-address": ["letter"],
    }


def test_a_refusal_says_on_which_channels_under_which_packs_and_at_what_local_time(
    database: Database,
) -> None:
    strategy = a_ladder(steps=(a_step("first", 3, channels=(EMAIL, SMS)),))
    debtor = a_debtor(database, phone="+12125550100")
    a_debt(database, debtor, DUE)
    a_hold(database, debtor, "attorney")
    plan(database, TODAY, a_desk(strategy))
    [entry] = blocked(database)
    [channels] = [reason["channels"] for reason in entry["reasons"] if reason["rule"] == "attorney"]
    assert channels == ["email", "sms"]
    assert [stamp.partition("@")[0] for stamp in entry["rule_packs"]] == ["default"]
    assert entry["zones"] == ["America/New_York"]
    assert entry["local_time"].endswith("-05:00")
    assert [found.document["event"] for found in search_log(database, LogQuery(channel="sms")).entries] == [
        "blocked"
    ]
    assert search_log(database, LogQuery(channel="letter")).entries == ()


def test_a_debt_that_stays_out_whatever_the_channel_has_its_local_time_too(database: Database) -> None:
    a_debt(database, a_debtor(database), DUE, disputed_on=DUE)
    plan(database, TODAY, a_desk())
    [entry] = blocked(database)
    assert (entry["zones"], "channels" in entry["reasons"][0]) == (["America/New_York"], False)


def blocked(database: Database) -> list[dict[str, Any]]:
    query = select(log_entries.c.entry).where(log_entries.c.event == "blocked").order_by(log_entries.c.id)
    with database.reading() as connection:
        return [json.loads(entry) for entry in connection.scalars(query)]


def test_outside_the_hours_a_message_is_deferred_to_the_opening(database: Database) -> None:
    a_debt(database, a_debtor(database), DUE)
    summary = plan(database, TODAY, a_desk(), now=hour_of(TODAY, 11))  # 06:00 in New York
    assert summary.by_outcome == {"defer": 1}
    assert [row.not_before for row in rows_of(database)] == [hour_of(TODAY, 12)]


@pytest.mark.parametrize("state", ["failed", "expired", "cancelled"])
def test_a_step_that_reached_nobody_is_planned_again_as_the_next_try(database: Database, state: str) -> None:
    a_debt(database, a_debtor(database), DUE)
    desk = a_desk()
    plan(database, TODAY, desk)
    mark_unsent(database, [rows_of(database)[0].id], state=state)
    plan(database, TOMORROW, desk)
    with database.reading() as connection:
        tries = connection.execute(
            select(message_debts.c.step, message_debts.c.occurrence).order_by(message_debts.c.occurrence)
        )
        assert tries.all() == [("day3", 1), ("day3", 2)]


def test_after_five_vain_tries_a_person_must_look(database: Database) -> None:
    a_debt(database, a_debtor(database), DUE)
    desk = a_desk()
    for day in range(5):
        plan(database, TODAY + timedelta(days=day), desk)
        mark_unsent(database, [row.id for row in rows_of(database)])
    assert plan(database, TODAY + timedelta(days=5), desk).refused_reasons.keys() == {
        ("hold", "ledger", "too-many-tries", "the strategy and the portfolio")
    }


def test_a_message_that_a_person_cancelled_does_not_come_back_even_when_a_later_step_does(
    database: Database,
) -> None:
    a_debt(database, a_debtor(database), DUE)
    desk = a_desk()
    plan(database, TODAY, desk)
    cancel_messages(
        database, [rows_of(database)[0].id], Intervention(actor="ana", now=hour_of(TODAY), why="they called")
    )
    assert plan(database, TOMORROW, desk).due == 0
    week = TODAY + timedelta(days=7)
    plan(database, week, desk)
    mark_unsent(database, [rows_of(database)[-1].id], state="expired")
    plan(database, week + timedelta(days=1), desk)
    assert [step for _, _, step, _ in planned(database)] == ["day3", "day10", "day10"]


def test_a_step_given_back_counts_again_when_the_provider_says_late_that_it_arrived(
    database: Database,
) -> None:
    a_debt(database, a_debtor(database), DUE)
    desk = a_desk()
    plan(database, TODAY, desk)
    (key,) = [row.id for row in rows_of(database)]
    mark_unsent(database, [key], state="expired")
    delivered = DeliveryEvent(
        provider="fake", event_id="1", kind=EventKind.DELIVERED, at=hour_of(TODAY), message_id=key
    )
    record_delivery_events(database, [delivered], now=hour_of(TODAY))
    assert plan(database, TOMORROW, desk).due == 0
    assert plan(database, TODAY + timedelta(days=7), desk).by_step.keys() == {"day10"}


def test_the_database_refuses_the_same_try_twice(database: Database) -> None:
    debtor = a_debtor(database)
    debt = a_debt(database, debtor, DUE)
    plan(database, TODAY, a_desk())
    with database.reading() as connection:
        first = connection.execute(select(messages)).one()
    again = dict(first._mapping) | {"id": "another"}
    row = {
        "message_id": "another",
        "debt_id": debt,
        "strategy": "test",
        "step": "day3",
        "day": 3,
        "recipient_id": debtor,
    }
    with database.writing() as connection:
        connection.execute(insert(messages).values(again))
    with pytest.raises(IntegrityError), database.writing() as connection:
        connection.execute(insert(message_debts).values(row))


def test_a_creditor_left_out_is_not_planned(database: Database) -> None:
    a_debt(database, a_debtor(database), DUE)
    ibm = a_debt(database, a_debtor(database, creditor="ibm"), DUE)
    plan(database, TODAY, a_desk(), without=("acme",))
    mark_sent(database, at=hour_of(TODAY))
    assert [debt for _, debt, _, _ in planned(database)] == [ibm]
    with database.reading() as connection:
        assert connection.scalars(select(creditors.c.key).order_by(creditors.c.id)).all() == ["acme", "ibm"]


def came_back(database: Database, debtor: int) -> None:
    """The letter is returned, and its address closed."""
    with database.writing() as connection:
        person = load_people(connection, [debtor], now=hour_of(TODAY))[debtor]
        connection.execute(update(messages).values(state="returned"))
        addresses.close(
            connection, debtor, "letter", person.postal_text, at=hour_of(TODAY), reason="returned: unknown"
        )


def moved(database: Database, **columns: Any) -> None:
    """Somebody enters another address."""
    with database.writing() as connection:
        connection.execute(update(debtors).values(**columns))


HOME = {"address_lines": ["1 Elm Street"], "city": "Albany", "postal_code": "12201", "region": "NY"}
BY_LETTER = a_ladder(
    join="debtor",
    steps=tuple(a_step(name, day, channels=(LETTER,)) for name, day in (("first", 3), ("second", 10))),
)


def test_what_a_returned_letter_did_not_tell_is_told_first_at_the_new_address(database: Database) -> None:
    desk = a_desk(BY_LETTER, packs=("default", "house"))
    debtor = a_debtor(database, email="", **HOME)
    a_debt(database, debtor, DUE)
    plan(database, TODAY, desk)
    mark_sent(database, at=hour_of(TODAY))
    came_back(database, debtor)
    later = TODAY + timedelta(days=7)
    assert plan(database, later, desk).by_outcome == {"block": 1}
    moved(database, address_lines=["9 Oak Street"])
    plan(database, later + timedelta(days=1), desk)
    assert [row.step for row in rows_of(database)] == ["first", "first"]
    mark_sent(database, at=hour_of(later + timedelta(days=1)))
    plan(database, later + timedelta(days=7), desk)
    plan(database, later + timedelta(days=8), desk)
    assert [row.step for row in rows_of(database)] == ["first", "first", "second"]
