"""The story of one debt through the commands, on its own days: offered, agreed by number, told, missed, broken, resumed."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import select

from dispatcher.database.engine import open_database
from dispatcher.database.tables.delivery import tasks
from tests.agreements.story import Desk, agreed, day, events, told


def test_a_debt_is_offered_a_plan_agreed_by_number_missed_and_resumed_each_message_on_its_own_day(
    desk: Desk, ledger: Callable[..., None], tmp_path: Path
) -> None:
    ledger("2026-01-13", "120.00")
    for on in ("2026-01-13", "2026-01-22", "2026-02-01"):
        day(desk, on)
    offered = json.loads(desk("offers", "acme/A1", "--as-of", "2026-02-01", "--json"))["plans"]
    desk("record", "plan", "acme/A1", "--debt", "R1", "--offer", "1", "--now", "2026-02-04T15:00:00Z")
    assert [one["due_on"] for one in agreed(desk)["instalments"]] == ["2026-02-15", "2026-03-15"]
    assert [(p["amount"], p["due_on"]) for p in agreed(desk)["instalments"]] == [
        (p["amount"], p["due_on"]) for p in offered[0]["instalments"]
    ]
    second = ("record", "promise", "acme/A1", "--debt", "R1", "--on", "2026-03-01")
    desk(*second, "--now", "2026-02-04T16:00:00Z", code=2)
    for on in ("2026-02-04", "2026-02-12", "2026-02-13"):
        day(desk, on)
    paid = json.loads(
        desk("record", "payment", "acme/A1", "59", "--debt", "R1", "--now", "2026-02-14T12:00:00Z", "--json")
    )
    first = agreed(desk)["instalments"][0]
    assert (first["state"], first["paid"]) == ("paid", "59.00")  # within the threshold
    desk("record", "payment", "acme/A1", "--reverse", str(paid["id"]), "--now", "2026-02-14T13:00:00Z")
    assert agreed(desk)["instalments"][0]["state"] == "due"
    desk("record", "payment", "acme/A1", "60", "--debt", "R1", "--now", "2026-02-15T12:00:00Z")
    ledger("2026-02-20", "60.00")
    assert agreed(desk)["instalments"][1]["paid"] == "0.00"  # the ledger shows the same payment once
    day(desk, "2026-03-12")
    day(desk, "2026-03-20")  # grace is over, but no ledger has said anything yet
    assert agreed(desk)["state"] == "active"
    ledger("2026-03-21", "60.00")
    assert agreed(desk)["instalments"][1]["state"] == "missed"
    day(desk, "2026-03-21")
    ledger("2026-03-31", "60.00")
    assert agreed(desk)["state"] == "broken"
    day(desk, "2026-03-31")
    assert told(desk) == [
        ("2026-01-13", "first-reminder"),
        ("2026-01-22", "second-reminder"),
        ("2026-02-01", "payment-plan-offer"),
        ("2026-02-04", "arrangement-confirmation"),
        ("2026-02-12", "instalment-due"),
        ("2026-03-12", "instalment-due"),
        ("2026-03-21", "instalment-missed"),
        ("2026-03-31", "arrangement-broken"),
    ]
    assert events(desk, tmp_path) == [
        "arrangement_offered",
        "arrangement_agreed",
        "instalment_paid",
        "instalment_missed",
        "arrangement_broken",
    ]


def test_a_promise_that_is_kept_is_told_once_and_one_of_the_ledger_is_an_arrangement(
    desk: Desk, ledger: Callable[..., None], tmp_path: Path
) -> None:
    ledger("2026-02-01", "120.00", promise_date="2026-02-10", promise_amount="120.00")
    assert (agreed(desk)["kind"], agreed(desk)["source"], agreed(desk)["total"]) == (
        "promise",
        "ledger",
        "120.00",
    )
    day(desk, "2026-02-09")
    desk("record", "payment", "acme/A1", "120", "--now", "2026-02-10T12:00:00Z")
    assert agreed(desk)["state"] == "kept"
    day(desk, "2026-02-10")
    day(desk, "2026-02-11")
    assert told(desk) == [
        ("2026-02-09", "arrangement-confirmation"),
        ("2026-02-09", "promise-due"),
        ("2026-02-10", "account-settled"),
    ]
    assert events(desk, tmp_path).count("arrangement_kept") == 1


def test_a_promise_that_the_first_ledger_names_late_stands_until_a_ledger_can_show_that_it_was_not_kept(
    desk: Desk, ledger: Callable[..., None]
) -> None:
    ledger("2026-02-01", "120.00", promise_date="2026-01-30")  # the grace of three days is not over
    day(desk, "2026-02-01")
    day(desk, "2026-02-04")  # nobody could have known: no ledger of a later day has been read
    assert told(desk) == []
    ledger("2026-02-05", "120.00", promise_date="2026-01-30")
    day(desk, "2026-02-05")
    assert agreed(desk)["state"] == "broken"
    assert ("2026-02-05", "arrangement-broken") in told(desk)


def test_a_promise_that_the_first_ledger_itself_shows_broken_pauses_nothing(
    desk: Desk, ledger: Callable[..., None]
) -> None:
    ledger("2026-02-05", "120.00", promise_date="2026-01-30")
    day(desk, "2026-02-05")
    assert json.loads(desk("arrangements", "list", "--json")) == []
    assert told(desk) == [("2026-02-05", "first-reminder")]


def test_after_a_promise_that_was_broken_before_any_reminder_the_first_one_keeps_its_distance_from_the_break(
    desk: Desk, ledger: Callable[..., None]
) -> None:
    ledger("2026-01-08", "120.00")
    desk(
        "record", "promise", "acme/A1", "--debt", "R1", "--on", "2026-01-15", "--now", "2026-01-10T15:00:00Z"
    )
    day(desk, "2026-01-14")
    ledger("2026-01-19", "120.00")  # a day after its grace, and nothing came in
    for on in ("2026-01-19", "2026-01-20", "2026-01-22", "2026-01-23", "2026-01-31", "2026-02-01"):
        day(desk, on)
    assert told(desk) == [
        ("2026-01-10", "arrangement-confirmation"),
        ("2026-01-14", "promise-due"),
        ("2026-01-19", "arrangement-broken"),
        ("2026-01-23", "first-reminder"),  # four days, as from the courtesy before it
        ("2026-02-01", "second-reminder"),
    ]


def test_who_prefers_none_gets_no_reminder_before_a_payment_and_all_else(
    desk: Desk, ledger: Callable[..., None]
) -> None:
    ledger("2026-02-01", "120.00")
    plan = ("--payments", "2", "--every", "month", "--first-on", "2026-02-15")
    desk("record", "plan", "acme/A1", *plan, "--now", "2026-02-01T12:00:00Z")
    desk("record", "wish", "acme/A1", "--no-due-notices", "--source", "call", "--now", "2026-02-01T13:00:00Z")
    for on in ("2026-02-01", "2026-02-12", "2026-02-14"):
        day(desk, on)
    ledger("2026-02-21", "120.00")
    day(desk, "2026-02-21")
    assert told(desk) == [
        ("2026-02-01", "arrangement-confirmation"),
        ("2026-02-21", "instalment-missed"),
    ]


def test_where_no_ledger_says_whether_a_payment_came_that_is_a_task_until_one_does(
    desk: Desk, ledger: Callable[..., None], tmp_path: Path
) -> None:
    def wanted() -> list[str]:
        database = open_database(f"sqlite:///{tmp_path / 'home' / 'dispatcher.db'}")
        with closing(database), database.reading() as connection:
            is_open = (tasks.c.kind == "ledger_wanted") & tasks.c.done_at.is_(None)
            return list(connection.scalars(select(tasks.c.text).where(is_open)))

    ledger("2026-02-01", "120.00")
    desk("record", "promise", "acme/A1", "--on", "2026-02-10", "--now", "2026-02-01T12:00:00Z")
    day(desk, "2026-02-16")  # three days of grace and three of patience
    assert wanted() == []
    for on in ("2026-02-17", "2026-02-18"):
        day(desk, on)
    [text] = wanted()
    assert "no ledger says yet whether an agreed payment came in, the first due on 2026-02-10" in text
    assert agreed(desk)["state"] == "active"  # nothing is missed while nobody could have known
    ledger("2026-02-19", "120.00")
    day(desk, "2026-02-19")
    assert agreed(desk)["state"] == "broken"
    assert wanted() == []


def test_what_lies_outside_the_limits_is_refused_and_leaves_nothing(
    desk: Desk, ledger: Callable[..., None]
) -> None:
    ledger("2026-02-01", "120.00")
    plan = ("record", "plan", "acme/A1", "--payments", "30", "--every", "week", "--first-on", "2026-02-10")
    desk(*plan, "--now", "2026-02-01T12:00:00Z", code=2)
    settle = ("record", "settlement", "acme/A1", "--amount", "10", "--by", "2026-02-10")
    desk(*settle, "--now", "2026-02-01T12:00:00Z", code=2)
    assert json.loads(desk("arrangements", "list", "--json")) == []
    approved = ("--approved-by", "Robin Ellis", "--why", "hardship")
    desk(*settle, *approved, "--now", "2026-02-01T12:00:00Z")
    day(desk, "2026-02-01")
    desk("record", "payment", "acme/A1", "10", "--now", "2026-02-09T12:00:00Z")
    assert agreed(desk)["state"] == "kept"
    day(desk, "2026-02-09")
    ledger("2026-02-20", "110.00")  # the creditor's ledger still shows the rest
    day(desk, "2026-02-20")
    assert [step for _, step in told(desk)] == ["arrangement-confirmation", "account-settled"]


def test_what_is_confirmed_as_it_is_recorded_is_told_in_the_days_summary_and_explained(
    desk: Desk, ledger: Callable[..., None]
) -> None:
    ledger("2026-01-13", "120.00")
    day(desk, "2026-01-13")
    desk("record", "promise", "acme/A1", "--on", "2026-01-20", "--now", "2026-01-14T15:00:00Z")
    planned = json.loads(desk("explain", "acme/A1", "--now", "2026-01-14T16:00:00Z", "--json"))["besides"]
    assert [(one["step"], one["state"]) for one in planned] == [("arrangement-confirmation", "planned")]

    told = desk("run", "--as-of", "2026-01-14", "--now", "2026-01-14T18:00:00Z")
    assert "Besides, as it was recorded: arrangement-confirmation: 1 sent" in told
    assert "arrangement-confirmation by email of 2026-01-14" in desk(
        "explain", "acme/A1", "--now", "2026-01-14T19:00:00Z"
    )
