"""Passing a debt to counsel: proposed, decided, announced with its true date, handed over, and silence."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from dispatcher.agreements import handover
from dispatcher.agreements.ledger import watch_ledger
from dispatcher.agreements.watch import AgreementRules, Watcher
from dispatcher.counsel.domain.case import Case
from dispatcher.counsel.list_cases import list_cases, note_final_notices, notes, with_tried
from dispatcher.database.engine import Database
from dispatcher.database.tables.agreements import handovers
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.portfolio import debts
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.recording import Said
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.planning.domain.strategy import HandoverRule, Match
from dispatcher.planning.policy import Policy
from tests.agreements.story import ROW, Desk, day, told
from tests.builders import LETTER, TODAY, a_debt, a_debtor, a_desk, a_ladder, a_step, at, mark_sent, plan

STEPS = (
    a_step("first", 1),
    a_step("second", 5),
    a_step("final", 30, channels=(LETTER,), template="final-notice", needs_handover_decision=True),
)
RULE = HandoverRule(after_days=10, before_time_barred_days=60)


def said(on: date, who: str = "cli:robin") -> Said:
    return Said(now=at(on), actor=who)


def cases(database: Database, desk: Policy, on: date = TODAY) -> list[Case]:
    with database.reading() as connection:
        return with_tried(connection, list_cases(connection, desk, on))


def read_ledger(database: Database, on: date, handover_decided_on: date | None) -> None:
    """A ledger that says so of every debt."""
    rules = AgreementRules(offers=(), strategy_of=lambda _connection, _ids: {})
    with database.writing() as connection:
        connection.execute(update(debts).values(handover_decided_on=handover_decided_on))
        watch_ledger(connection, ["acme"], rules, as_of=on, now=at(on), actor="import")


@pytest.fixture
def desk_of_two() -> Policy:
    """Two strategies, each with a rule for handing over."""
    return a_desk(
        a_ladder(name="one", steps=STEPS, handover=RULE, match=Match(equals={"language": ("es",)})),
        a_ladder(name="two", steps=STEPS, handover=RULE),
    )


def test_what_is_time_barred_next_stands_first_over_all_strategies(
    database: Database, desk_of_two: Policy
) -> None:
    for days, language in ((50, "en"), (20, "es"), (-3, "en"), (40, "es"), (61, "en")):
        a_debt(
            database,
            a_debtor(database, language=language),
            TODAY - timedelta(days=400),
            reference=f"B{days}",
            time_barred_on=TODAY + timedelta(days=days),
        )
    assert [case.debt for case in cases(database, desk_of_two)] == [
        "acme/B-3", "acme/B20", "acme/B40", "acme/B50",
    ]  # fmt: skip
    with database.reading() as connection:
        too_late, waiting = notes(connection, desk_of_two, TODAY)
    assert too_late.startswith("1 debt is time-barred and nobody had decided")
    assert f"acme/B-3 since {TODAY - timedelta(days=3)}: no court takes it" in too_late
    assert waiting.startswith("3 debts wait for a decision")
    assert "acme/B20" in waiting


def test_a_final_notice_that_waits_for_the_decision_is_not_waited_for(database: Database) -> None:
    desk = a_desk(a_ladder(steps=STEPS, handover=RULE))
    a_debt(database, a_debtor(database), TODAY - timedelta(days=1), reference="E1")
    proposed_on = []
    for number in range(20):
        on = TODAY + timedelta(days=number)
        plan(database, on, desk)
        mark_sent(database, at=at(on))
        proposed_on += [(number, case.debt) for case in cases(database, desk, on)]
    assert proposed_on[0] == (14, "acme/E1")  # ten days after the second, of day 4
    [case] = cases(database, desk, TODAY + timedelta(days=19))
    assert case.why == f"second went out on {TODAY + timedelta(days=4)}"
    assert case.tried.sentences() == [
        f"2 messages went out from {TODAY} to {TODAY + timedelta(days=4)}: 2 by email",
        "nothing was heard from them",
        "no payment was recorded",
    ]


def test_a_debt_is_announced_with_its_true_date_and_goes_on_that_day_and_not_before(
    database: Database,
) -> None:
    desk = a_desk(a_ladder(steps=STEPS, handover=RULE))
    debtor = a_debtor(database, address_lines=["1 Main St"], city="New York", postal_code="10001")
    debt = a_debt(database, debtor, TODAY - timedelta(days=60), reference="E1", balance_minor=9_000)
    with database.reading() as connection:
        who = connection.execute(select(debts.c.reference, debts.c.debtor_id)).one()
    assert who.debtor_id == debtor
    name = cases_name(database, debtor)
    handover.decide(database, name, "E1", said(TODAY), needs_second=False)
    gone_out = notice(database, debt, TODAY + timedelta(days=3))
    changed = note_final_notices(database, desk, watcher(TODAY + timedelta(days=3)))
    [case] = cases(database, desk, TODAY + timedelta(days=3))
    days = desk.senders["acme"].handover_days
    true_day = TODAY + timedelta(days=3 + days)
    assert (changed, case.state, case.hand_over_on) == (1, "notified", true_day)
    with database.reading() as connection, pytest.raises(RecordError, match=f"names {true_day}"):
        check(connection, debt, true_day - timedelta(days=1))
    with database.reading() as connection:
        check(connection, debt, true_day)
        [line] = notes(connection, desk, true_day)
    assert line.startswith("1 debt may go to counsel now")
    with database.writing() as connection:  # the letter comes back: nothing was announced
        connection.execute(update(messages).where(messages.c.id == gone_out).values(state="returned"))
    note_final_notices(database, desk, watcher(true_day))
    [case] = cases(database, desk, true_day)
    assert (case.state, case.hand_over_on) == ("decided", None)
    with database.reading() as connection, pytest.raises(RecordError, match="final notice has not gone out"):
        check(connection, debt, true_day)


def test_two_decide_where_the_strategy_wants_two_and_nobody_twice(database: Database) -> None:
    debtor = a_debtor(database)
    a_debt(database, debtor, TODAY - timedelta(days=60), reference="E1")
    name = cases_name(database, debtor)
    first = handover.decide(database, name, "E1", said(TODAY), needs_second=True, why="too old")
    assert first.details["state"] == "proposed"
    with pytest.raises(RecordError, match="a second person must"):
        handover.decide(database, name, "E1", said(TODAY), needs_second=True)
    second = handover.decide(database, name, "E1", said(TODAY, "cli:alex"), needs_second=True)
    assert second.details["state"] == "decided"


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"time_barred_on": TODAY}, "no court takes it"),
        ({"disputed_on": TODAY}, "is disputed"),
        ({"balance_minor": 0}, "nothing is owed"),
    ],
)
def test_what_must_stay_cannot_be_decided(database: Database, columns: dict[str, Any], why: str) -> None:
    debtor = a_debtor(database)
    a_debt(database, debtor, TODAY - timedelta(days=60), reference="E1", **columns)
    with pytest.raises(RecordError, match=why):
        handover.decide(database, cases_name(database, debtor), "E1", said(TODAY), needs_second=False)


def test_the_ledger_s_decision_is_one_and_ends_where_it_says_so_no_longer(database: Database) -> None:
    desk = a_desk(a_ladder(steps=STEPS, handover=RULE))
    debtor = a_debtor(database)
    debt = a_debt(database, debtor, TODAY - timedelta(days=60), reference="E1")
    read_ledger(database, TODAY, TODAY)
    read_ledger(database, TODAY + timedelta(days=1), TODAY)
    [case] = cases(database, desk)
    assert (case.state, case.decided_by, case.decided_on) == ("decided", ("ledger",), TODAY)
    read_ledger(database, TODAY + timedelta(days=2), None)
    assert [case.state for case in cases(database, desk)] == ["withdrawn"]
    assert decided_on(database, debt) is None


def test_what_a_person_took_back_stays_so_though_the_ledger_goes_on_saying_it(database: Database) -> None:
    debtor = a_debtor(database)
    debt = a_debt(database, debtor, TODAY - timedelta(days=60), reference="E1")
    read_ledger(database, TODAY, TODAY - timedelta(days=1))
    handover.withdraw(database, cases_name(database, debtor), "E1", said(TODAY), why="they called")
    read_ledger(database, TODAY + timedelta(days=1), TODAY - timedelta(days=1))
    assert decided_on(database, debt) is None
    with database.reading() as connection:
        assert list(connection.scalars(select(handovers.c.state))) == ["withdrawn"]
    read_ledger(database, TODAY + timedelta(days=9), TODAY + timedelta(days=8))  # decided anew
    assert decided_on(database, debt) == TODAY + timedelta(days=8)


def test_a_debt_goes_its_whole_way_through_the_commands(
    desk: Desk, ledger: Callable[..., None], tmp_path: Path
) -> None:
    ledger("2026-01-13", "120.00", time_barred_on="2028-01-12")
    for on in ("2026-01-13", "2026-01-22", "2026-02-01"):
        day(desk, on)
    assert desk("handover", "list", "--as-of", "2026-02-10").startswith("nothing waits")
    [waiting] = json.loads(desk("handover", "list", "--as-of", "2026-02-11", "--json"))
    assert (waiting["state"], waiting["age_days"], waiting["owed"]) == ("proposed", 30, "120.00")
    assert waiting["tried"][0] == "3 messages went out from 2026-01-13 to 2026-02-01: 3 by email"
    assert "1 debt waits for a decision" in desk(
        "run", "--as-of", "2026-02-11", "--now", "2026-02-11T18:00:00Z"
    )
    one = ("acme/A1", "--debt", "R1")
    desk("handover", "refuse", *one, "--why", " ", "--now", "2026-02-12T12:00:00Z", code=2)
    desk("handover", "decide", *one, "--now", "2026-02-12T12:00:00Z")
    out = tmp_path / "counsel"
    early = desk("handover", "export", "--out", str(out), "--now", "2026-02-12T13:00:00Z", "--json")
    assert json.loads(early) == []
    assert not out.exists()
    for on in ("2026-02-25", "2026-02-26"):
        day(desk, on)
    assert told(desk)[-1] == ("2026-02-26", "final-notice")
    [case] = json.loads(desk("handover", "list", "--as-of", "2026-02-27", "--json"))
    assert (case["state"], case["hand_over_on"]) == ("notified", "2026-03-12")
    desk(
        "handover", "export", "--out", str(out), "--debt", "acme/R1", "--now", "2026-03-11T12:00:00Z", code=2
    )
    [written] = json.loads(
        desk("handover", "export", "--out", str(out), "--now", "2026-03-12T12:00:00Z", "--json")
    )
    folder = Path(written["folder"])
    assert {file.name for file in folder.iterdir()} == {
        "statement.csv", "case.json", "arrangements.json", "contacts.json", "addresses.json", "evidence.zip",
    }  # fmt: skip
    case = json.loads((folder / "case.json").read_text())
    assert (case["state"], case["exported_at"][:16]) == ("handed_over", "2026-03-12T12:00")
    assert (case["debtor_name"], case["last_step_on"]) == ("Ana Perez", "2026-02-26")
    sent = json.loads((folder / "contacts.json").read_text())["messages"]
    assert [(one["day"], one["template"]) for one in sent][-1] == ("2026-02-26", "final-notice")
    addresses = json.loads((folder / "addresses.json").read_text())
    assert (addresses[0]["address_lines"], addresses[0]["city"]) == (["1 Main St"], "New York")
    assert "owed,2026-03-12,120.00,USD" in (folder / "statement.csv").read_text(encoding="utf-8-sig")
    [gone] = json.loads(desk("handover", "list", "--as-of", "2026-03-12", "--json"))
    assert gone["state"] == "handed_over"
    before = told(desk)
    day(desk, "2026-03-20")
    assert told(desk) == before  # silence
    desk("handover", "withdraw", *one, "--why", "counsel sent it back", "--now", "2026-03-21T12:00:00Z")


def test_explain_knows_a_decision_that_was_made_after_the_final_notice_s_own_day(
    desk: Desk, ledger: Callable[..., None]
) -> None:
    ledger("2026-03-25", "120.00", handover_decided_on="2026-03-20")
    day(desk, "2026-03-25")
    said = desk("explain", "acme/A1", "--as-of", "2026-03-26", "--now", "2026-03-26T15:00:00Z")
    assert "final-notice" in said
    assert "no-handover-decision" not in said


def test_of_debts_that_were_named_all_go_to_counsel_or_none(
    desk: Desk, ledger: Callable[..., None], tmp_path: Path
) -> None:
    ledger("2026-01-13", "120.00", also=[ROW | {"debt_reference": "R2", "time_barred_on": "2026-02-20"}])
    for debt in ("R1", "R2"):
        desk("handover", "decide", "acme/A1", "--debt", debt, "--now", "2026-02-12T12:00:00Z")
    named, out = ("--debt", "acme/R1", "--debt", "acme/R2"), tmp_path / "counsel"
    at_once = ("--without-notice", "limitation is near", "--now", "2026-02-26T12:00:00Z")
    desk("handover", "export", "--out", str(out), *named, *at_once, code=2)
    assert not out.exists()
    assert {case["state"] for case in json.loads(desk("handover", "list", "--json"))} == {"decided"}
    desk("handover", "export", "--out", str(out), *named[:2], *at_once)
    assert json.loads((out / "acme_R1" / "case.json").read_text())["without_notice"] == "limitation is near"


def watcher(on: date) -> Watcher:
    return Watcher(now=at(on), actor="test", as_of=on)


def check(connection: Any, debt: int, on: date) -> None:
    handover.check_hand_over(connection, debt, "E1", on, needs_notice=True)


def decided_on(database: Database, debt: int) -> date | None:
    with database.reading() as connection:
        return load_debts(connection, [debt], as_of=TODAY)[debt].handover_decided_on


def cases_name(database: Database, debtor: int) -> str:
    from dispatcher.database.tables.portfolio import debtors

    with database.reading() as connection:
        return f"acme/{connection.scalar(select(debtors.c.reference).where(debtors.c.id == debtor))}"


def notice(database: Database, debt: int, on: date) -> str:
    """A final notice about a debt that went out on a day; its message's id."""
    desk = a_desk(a_ladder(steps=(a_step("final", 30, needs_handover_decision=True),)))
    plan(database, on, desk)
    mark_sent(database, at=at(on))
    with database.reading() as connection:
        return str(connection.scalar(select(messages.c.id)))
