"""The person is the unit of contact: one message over all that is owed, and each debt with its own truth."""

import itertools
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from dispatcher.database.engine import Database
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.planning import refusals
from dispatcher.database.tables.portfolio import debtors, debts
from tests.builders import (
    TODAY,
    a_debt,
    a_debtor,
    a_desk,
    a_ladder,
    a_party,
    a_step,
    mark_sent,
    plan,
    rows_of,
)
from tests.builders import at as hour_of

HOUSE = ("default", "house")
_numbers = itertools.count()
LADDER = a_ladder(1, 10, 20, join="debtor")
FINAL = a_ladder(
    name="final",
    join="debtor",
    steps=(a_step("first", 1), a_step("second", 10), a_step("final", 20, needs_handover_decision=True)),
)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def spoken(database: Database, run_id: int | None = None) -> list[dict[int, tuple[str, str]]]:
    """Of each message, oldest first: debt -> how it was spoken of, at which step of its own."""
    query = select(message_debts, messages.c.run_id).join(
        messages, messages.c.id == message_debts.c.message_id
    )
    by_message: dict[str, dict[int, tuple[str, str]]] = {}
    with database.reading() as connection:
        for row in connection.execute(query.order_by(message_debts.c.message_id)):
            if run_id in (None, row.run_id):
                by_message.setdefault(row.message_id, {})[row.debt_id] = (row.how, row.step)
    return list(by_message.values())


def run(database: Database, day: date, desk: Any) -> list[dict[int, tuple[str, str]]]:
    """A day whose messages all arrive; what each of them spoke of."""
    summary = plan(database, day, desk)
    mark_sent(database, at=hour_of(day))
    return spoken(database, summary.run_id)


def test_twelve_debts_of_different_ages_give_one_message(database: Database) -> None:
    debtor = a_debtor(database)
    ids = [a_debt(database, debtor, ago(days)) for days in range(1, 13)]
    assert run(database, TODAY, a_desk(LADDER, packs=HOUSE)) == [dict.fromkeys(ids, ("new", "day1"))]


def test_a_debt_that_comes_later_stands_beside_the_known_one_and_is_new(database: Database) -> None:
    desk, debtor = a_desk(LADDER, packs=HOUSE), a_debtor(database)
    old = a_debt(database, debtor, ago(10))
    new = a_debt(database, debtor, ago(1))
    assert run(database, ago(9), desk) == [{old: ("new", "day1")}]
    assert run(database, TODAY, desk) == [{old: ("due", "day10"), new: ("new", "day1")}]
    assert [row.step for row in rows_of(database)] == ["day1", "day10"]
    assert run(database, TODAY + timedelta(days=9), desk) == [{old: ("listed", ""), new: ("due", "day10")}]


def test_a_listed_debt_climbs_no_ladder(database: Database) -> None:
    desk, debtor = a_desk(LADDER, packs=HOUSE), a_debtor(database)
    first, second = a_debt(database, debtor, ago(6)), a_debt(database, debtor, ago(1))
    run(database, ago(5), desk)
    assert run(database, TODAY, desk) == [{first: ("listed", ""), second: ("new", "day1")}]
    assert run(database, TODAY + timedelta(days=4), desk) == [
        {first: ("due", "day10"), second: ("listed", "")}
    ]


def test_what_is_not_yet_due_disputed_or_promised_is_not_listed(database: Database) -> None:
    desk, debtor = a_desk(LADDER, packs=HOUSE), a_debtor(database)
    asked = a_debt(database, debtor, ago(1))
    a_debt(database, debtor, TODAY)
    a_debt(database, debtor, TODAY + timedelta(days=1))
    a_debt(database, debtor, ago(5), disputed_on=ago(3))
    a_debt(database, debtor, ago(5), promise_date=TODAY)
    assert run(database, TODAY, desk) == [{asked: ("new", "day1")}]


def test_strategies_share_a_message_under_the_furthest_step(database: Database) -> None:
    from dispatcher.planning.domain.strategy import Match

    gentle = a_ladder(1, name="gentle", join="debtor", match=Match(equals={"debt_type": ("medical",)}))
    debtor = a_debtor(database)
    medical, other = a_debt(database, debtor, ago(3), debt_type="medical"), a_debt(database, debtor, ago(30))
    run(database, ago(20), a_desk(gentle, LADDER, packs=HOUSE))
    [message] = run(database, TODAY, a_desk(gentle, LADDER, packs=HOUSE))
    assert message == {other: ("due", "day10"), medical: ("new", "day1")}
    assert rows_of(database)[-1].strategy == "test"


def test_a_first_contact_never_stands_in_a_final_notice_which_goes_the_day_after(database: Database) -> None:
    desk, debtor = a_desk(FINAL, packs=HOUSE), a_debtor(database)
    old = a_debt(database, debtor, ago(20), handover_decided_on=ago(2))
    run(database, ago(19), desk)
    run(database, ago(10), desk)
    new = a_debt(database, debtor, ago(1))
    assert run(database, TODAY, desk) == [{new: ("new", "first"), old: ("listed", "")}]
    assert run(database, TODAY + timedelta(days=1), desk) == [{old: ("due", "final")}]


def test_where_the_law_wants_its_own_first_contact_the_known_debts_wait_a_day(database: Database) -> None:
    agency = {"acme": replace(a_desk().senders["acme"], role="third_party")}
    desk = a_desk(LADDER, packs=("default", "house", "mx-condusef"), senders=agency)
    debtor = a_debtor(
        database, country="MX", region="CMX", city="Ciudad de Mexico", postal_code="06600", language="es"
    )
    old = a_debt(database, debtor, ago(12), debt_type="consumer", currency="MXN", sender_role="third_party")
    new = a_debt(database, debtor, ago(2), debt_type="consumer", currency="MXN", sender_role="third_party")
    assert run(database, ago(11), desk) == [{old: ("new", "day1")}]
    both = [*run(database, ago(1), desk), *run(database, TODAY, desk)]
    assert both == [{new: ("new", "day1")}, {new: ("listed", ""), old: ("due", "day10")}]


def test_the_minimum_is_asked_of_what_a_message_asks_for_in_all(database: Database) -> None:
    ladder = a_ladder(1, join="debtor", minimum={"USD": Decimal(5)})
    ana, ben = a_debtor(database), a_debtor(database)
    small = [a_debt(database, ana, ago(1), balance_minor=minor) for minor in (400, 450)]
    a_debt(database, ben, ago(1), balance_minor=499)
    summary = plan(database, TODAY, a_desk(ladder))
    assert spoken(database) == [dict.fromkeys(small, ("new", "day1"))]
    assert {key[2] for key in summary.refused_reasons} == {"below-minimum"}


def test_one_debt_that_may_not_be_spoken_of_does_not_hide_the_others(database: Database) -> None:
    debtor = a_debtor(database)
    asked = a_debt(database, debtor, ago(1))
    bought = a_debt(database, debtor, ago(1), sender_role="third_party")
    a_party(database, bought, a_debtor(database))
    with database.writing() as connection:
        connection.execute(update(debtors).where(debtors.c.id == debtor).values(cease_received_on=None))
    assert [asked] in [sorted(message) for message in run(database, TODAY, a_desk(LADDER, packs=HOUSE))]


def test_two_currencies_are_two_messages_on_two_days(database: Database) -> None:
    desk, debtor = a_desk(LADDER, packs=HOUSE), a_debtor(database)
    dollars, euros = a_debt(database, debtor, ago(1)), a_debt(database, debtor, ago(1), currency="EUR")
    assert run(database, TODAY, desk) == [{dollars: ("new", "day1")}]
    assert run(database, TODAY + timedelta(days=1), desk) == [{euros: ("new", "day1")}]


def test_a_message_that_waits_for_its_hour_takes_the_day_too(database: Database) -> None:
    desk, debtor = a_desk(LADDER, packs=HOUSE), a_debtor(database)
    a_debt(database, debtor, ago(1))
    plan(database, TODAY, desk)
    a_debt(database, debtor, ago(1), currency="EUR")
    summary = plan(database, TODAY, desk)
    assert summary.by_outcome == {"defer": 1}
    with database.reading() as connection:
        [reasons] = connection.scalars(select(refusals.c.reasons))
    assert [(reason["pack"], reason["rule"]) for reason in reasons] == [("house", "one-message-a-day")]


arrivals = st.lists(
    st.tuples(
        st.integers(-25, 18),
        st.sampled_from(("USD", "USD", "EUR")),
        st.booleans(),
        st.sampled_from((None, None, 3, 9)),
    ),
    min_size=1,
    max_size=9,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(
    book=[(0, "EUR", False, None), (-1, "USD", False, None), (2, "EUR", False, None), (3, "USD", False, None)]
)
@given(book=arrivals)
def test_nobody_gets_two_messages_a_day_nothing_is_put_off_for_more_than_three_days_and_all_are_told(
    sqlite_database: Database, book: list[tuple[int, str, bool, int | None]]
) -> None:
    ladder = a_ladder(
        name="all",
        join="debtor",
        steps=(a_step("soon", -3), a_step("first", 1), a_step("second", 10), FINAL.steps[2]),
    )
    desk, database, debtor = a_desk(ladder, packs=HOUSE), sqlite_database, a_debtor(sqlite_database)
    start = TODAY + timedelta(days=200 * next(_numbers))
    ids = [
        a_debt(
            database,
            debtor,
            start + timedelta(days=due),
            currency=currency,
            handover_decided_on=start if handed else None,
            settled_on=start + timedelta(days=settled) if settled else None,
        )
        for due, currency, handed, settled in book
    ]
    put_off: dict[Any, int] = {}
    for day in (start + timedelta(days=n) for n in range(24)):
        summary = plan(database, day, desk, debtor_id=debtor)
        assert len(rows_of(database, summary.run_id)) <= 1
        mark_sent(database, at=hour_of(day))
        for key in _put_off(database, debtor, summary.run_id):
            put_off[key] = put_off.get(key, 0) + 1
    assert max(put_off.values(), default=0) <= 3
    told = {debt for message in spoken(database) for debt in message if debt in ids}
    open_until_the_end = {
        key for key, (due, _, _, settled) in zip(ids, book, strict=True) if settled is None and due < 18
    }
    assert open_until_the_end <= told


def _put_off(database: Database, debtor: int, run_id: int) -> list[Any]:
    query = select(refusals).where(refusals.c.recipient_id == debtor, refusals.c.last_run_id == run_id)
    with database.reading() as connection:
        rows = connection.execute(query.join(debts, debts.c.id == refusals.c.debt_id)).all()
    # on the day that a courtesy's due date takes the last of its turns it is refused for good, not put off once more
    return [
        (row.debt_id, row.step)
        for row in rows
        if any(r["rule"] == "one-message-a-day" for r in row.reasons)
        and not any(r["rule"] == "courtesy-window" for r in row.reasons)
    ]
