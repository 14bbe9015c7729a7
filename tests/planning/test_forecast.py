"""A forecast says what the days then bring, when they bring nothing new; and stores nothing."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select

from dispatcher.database.engine import Database
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import humans
from dispatcher.database.tables.planning import runs
from dispatcher.planning.domain.strategy import Ending
from dispatcher.planning.forecast_days import ForecastRequest, forecast_days, forecast_table
from dispatcher.planning.storage.candidates import find_candidates
from tests.builders import TODAY, a_debt, a_debtor, a_desk, a_ladder, a_party, days, mark_sent, plan, rows_of
from tests.builders import at as hour_of

DAYS = 40


def a_book(database: Database) -> None:
    ana, ben = a_debtor(database), a_debtor(database, phone="+12125550100")
    for distance in (-60, -9, -4, 0, 2, 11, 28):
        a_debt(database, ana, TODAY + timedelta(days=distance))
    shared = a_debt(database, ben, TODAY - timedelta(days=3), settled_on=TODAY + timedelta(days=9))
    a_party(database, shared, ana)
    a_debt(database, ben, TODAY, issued_on=TODAY + timedelta(days=5))
    a_debt(database, ben, TODAY - timedelta(days=30), disputed_on=TODAY)


def rows(database: Database) -> list[int]:
    with database.reading() as connection:
        return [
            connection.scalar(select(func.count()).select_from(table))
            for table in (messages, runs, log_entries)
        ]


@pytest.mark.parametrize(
    "ending", [Ending(), Ending(after_days=2, rounds=2, begins="day10")], ids=["", "rounds"]
)
def test_a_forecast_is_what_the_days_then_bring(database: Database, ending: Ending) -> None:
    a_book(database)
    a_debt(database, a_debtor(database), TODAY - timedelta(days=9), time_barred_on=TODAY + timedelta(days=20))
    desk = a_desk(a_ladder(-3, 3, 10, 21, parties="all", ending=ending))
    before = rows(database)
    forecast = forecast_days(database, desk, ForecastRequest(as_of=TODAY, now=hour_of(TODAY), days=DAYS))
    assert rows(database) == before
    for day in days(TODAY, DAYS):
        plan(database, day, desk)
        mark_sent(database, at=hour_of(day))
    assert forecast.going == Counter((row.as_of, row.channel, row.step) for row in rows_of(database))


def test_a_forecast_goes_on_from_what_has_been_sent(database: Database) -> None:
    a_debt(database, a_debtor(database), TODAY - timedelta(days=3))
    desk = a_desk()
    plan(database, TODAY, desk)
    request = ForecastRequest(as_of=TODAY + timedelta(days=1), now=hour_of(TODAY + timedelta(days=1)), days=8)
    assert forecast_days(database, desk, request).going == {(TODAY + timedelta(days=7), "email", "day10"): 1}


def test_a_message_that_waits_for_the_morning_is_counted_on_the_day_it_goes_out(database: Database) -> None:
    a_debt(database, a_debtor(database, country="ES", region=""), TODAY - timedelta(days=3))
    night = hour_of(TODAY, 22)  # 23:00 in Madrid
    forecast = forecast_days(database, a_desk(), ForecastRequest(as_of=TODAY, now=night, days=3))
    assert forecast.going == {(TODAY + timedelta(days=1), "email", "day3"): 1}


def test_what_is_kept_back_is_counted_apart(database: Database) -> None:
    a_debt(database, a_debtor(database), TODAY - timedelta(days=3), promise_date=TODAY + timedelta(days=1))
    forecast = forecast_days(database, a_desk(), ForecastRequest(as_of=TODAY, now=hour_of(TODAY), days=3))
    assert forecast.kept_back == {
        (TODAY, "block", "ledger/promised"): 1,
        (TODAY + timedelta(days=1), "block", "ledger/promised"): 1,
    }
    assert forecast.going == {(TODAY + timedelta(days=2), "email", "day3"): 1}


def test_a_sample_of_people_gives_what_all_give_within_the_margin_that_it_names(
    sqlite_database: Database,
) -> None:
    for n in range(300):
        a_debt(sqlite_database, a_debtor(sqlite_database), TODAY - timedelta(days=n % 5))
    desk = a_desk(a_ladder(3, 10))
    request = ForecastRequest(as_of=TODAY, now=hour_of(TODAY), days=14)
    exact = forecast_days(sqlite_database, desk, request)
    sampled = forecast_days(sqlite_database, desk, replace(request, one_in=3))
    assert exact.margin(sum(exact.going.values())) == 0
    assert set(sampled.going.values()) <= {3 * n for n in range(301)}
    total, guess = sum(exact.going.values()), sum(sampled.going.values())
    assert total == 600
    assert abs(total - guess) <= sampled.margin(total)
    near = [
        abs(exact.going[key] - sampled.going[key]) <= sampled.margin(exact.going[key]) for key in exact.going
    ]
    assert sum(near) >= 0.9 * len(near)


def test_of_a_sample_one_human_is_looked_at_wholly_or_not_at_all(sqlite_database: Database) -> None:
    ids = [a_debtor(sqlite_database, creditor=name) for name in ("acme", "ibm") for _ in range(40)]
    with sqlite_database.writing() as connection:
        pairs = [{"debtor_id": key, "human": ids[i % 40]} for i, key in enumerate(ids)]
        connection.execute(insert(humans), pairs)
    for key in ids:
        a_debt(sqlite_database, key, TODAY - timedelta(days=3))
    desk = a_desk(a_ladder(3))
    with sqlite_database.reading() as connection:
        found = {c.recipient_id for c in find_candidates(connection, desk.strategies, TODAY, one_in=4)}
    assert 0 < len(found) < 80
    assert all((ids[i] in found) == (ids[i + 40] in found) for i in range(40))


def test_the_table_of_a_forecast_holds_what_goes_and_what_is_kept_back(sqlite_database: Database) -> None:
    a_debt(sqlite_database, a_debtor(sqlite_database), TODAY - timedelta(days=3))
    a_debt(sqlite_database, a_debtor(sqlite_database), TODAY - timedelta(days=3), disputed_on=TODAY)
    forecast = forecast_days(
        sqlite_database, a_desk(), ForecastRequest(as_of=TODAY, now=hour_of(TODAY), days=1)
    )
    assert list(forecast_table(forecast)) == [
        ["day", "channel", "step", "decision", "rule", "count", "may_be_off_by"],
        ["2026-03-04", "email", "day3", "goes", "", "1", "0"],
        ["2026-03-04", "", "", "block", "ledger/disputed", "1", "0"],
    ]
