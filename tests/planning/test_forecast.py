"""A forecast says what the days then bring, when they bring nothing new; and stores nothing."""

from collections import Counter
from datetime import timedelta

from sqlalchemy import func, select

from dispatcher.database.engine import Database
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.planning import runs
from dispatcher.planning.forecast_days import ForecastRequest, forecast_days
from tests.builders import TODAY, a_debt, a_debtor, a_desk, a_ladder, a_party, days, mark_sent, plan, rows_of
from tests.builders import at as hour_of

DAYS = 30


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


def test_a_forecast_is_what_the_days_then_bring(database: Database) -> None:
    a_book(database)
    desk = a_desk(a_ladder(-3, 3, 10, 21, parties="all"))
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
    assert forecast.kept_back == {(TODAY, "block"): 1, (TODAY + timedelta(days=1), "block"): 1}
    assert forecast.going == {(TODAY + timedelta(days=2), "email", "day3"): 1}
