"""Who gets which message: joined debts, joint debtors, guarantors; one invoice never hides another."""

from datetime import timedelta

from sqlalchemy import update

from dispatcher.database.engine import Database
from dispatcher.database.tables.portfolio import debts
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
    planned,
    rows_of,
)
from tests.builders import at as hour_of

DUE = TODAY - timedelta(days=3)


def tables(database: Database) -> list[set[int]]:
    """The debts of each message."""
    by_message: dict[str, set[int]] = {}
    from sqlalchemy import select

    from dispatcher.database.tables.messages import message_debts

    with database.reading() as connection:
        for row in connection.execute(select(message_debts).order_by(message_debts.c.message_id)):
            by_message.setdefault(row.message_id, set()).add(row.debt_id)
    return list(by_message.values())


def test_join_none_writes_a_message_a_debt(database: Database) -> None:
    debtor = a_debtor(database)
    ids = [a_debt(database, debtor, DUE), a_debt(database, debtor, DUE)]
    plan(database, TODAY, a_desk())
    assert sorted(map(sorted, tables(database))) == [[key] for key in ids]


def test_join_debtor_writes_one_message_a_person_and_currency(database: Database) -> None:
    ana, ben = a_debtor(database), a_debtor(database)
    first, second = a_debt(database, ana, DUE), a_debt(database, ana, DUE - timedelta(days=9))
    euros, bens = a_debt(database, ana, DUE, currency="EUR"), a_debt(database, ben, DUE)
    plan(database, TODAY, a_desk(a_ladder(3, 10, join="debtor")))
    assert sorted(map(sorted, tables(database))) == [[first, second], [euros], [bens]]


def test_join_debtor_keeps_a_courtesy_apart_from_a_reminder(database: Database) -> None:
    debtor = a_debtor(database)
    late, soon = a_debt(database, debtor, DUE), a_debt(database, debtor, TODAY + timedelta(days=3))
    plan(database, TODAY, a_desk(a_ladder(-3, 3, join="debtor")))
    assert sorted(map(sorted, tables(database))) == [[late], [soon]]


def test_a_joined_message_speaks_under_the_furthest_step_and_each_debt_keeps_its_own_ladder(
    database: Database,
) -> None:
    debtor = a_debtor(database)
    old = a_debt(database, debtor, DUE - timedelta(days=7))
    desk = a_desk(a_ladder(3, 10, join="debtor"))
    plan(database, TODAY - timedelta(days=7), desk)
    mark_sent(database, at=hour_of(TODAY - timedelta(days=7)))
    new = a_debt(database, debtor, DUE)
    summary = plan(database, TODAY, desk)
    assert [row.step for row in rows_of(database, summary.run_id)] == ["day10"]
    assert [(debt, step) for _, debt, step, _ in planned(database, run_id=summary.run_id)] == [
        (old, "day10"),
        (new, "day3"),
    ]


def test_an_invoice_that_stays_out_does_not_hide_the_others_of_the_same_person(database: Database) -> None:
    debtor = a_debtor(database)
    disputed, paid_promise = (
        a_debt(database, debtor, DUE, disputed_on=DUE),
        a_debt(database, debtor, DUE, promise_date=TODAY),
    )
    asked = a_debt(database, debtor, DUE)
    summary = plan(database, TODAY, a_desk(a_ladder(3, join="debtor")))
    assert tables(database) == [{asked}]
    assert summary.by_outcome == {"allow": 1, "block": 2}
    assert {disputed, paid_promise}.isdisjoint(*tables(database))


def test_an_invoice_that_falls_due_after_a_joined_message_gets_its_own_first_reminder(
    database: Database,
) -> None:
    debtor = a_debtor(database)
    a_debt(database, debtor, DUE)
    later = a_debt(database, debtor, DUE + timedelta(days=2))
    desk = a_desk(a_ladder(3, 10, join="debtor"))
    plan(database, TODAY, desk)
    plan(database, TODAY + timedelta(days=2), desk)
    assert tables(database)[-1] == {later}


def test_parties_all_writes_to_joint_debtors_by_their_own_address_and_to_guarantors_only_where_named(
    database: Database,
) -> None:
    owner, joint, guarantor = (
        a_debtor(database),
        a_debtor(database, email="joint@debtors.example"),
        a_debtor(database),
    )
    debt = a_debt(database, owner, DUE)
    a_party(database, debt, joint)
    a_party(database, debt, guarantor, "guarantor")
    recipients = {}
    for parties, guarantors in (("debtor", False), ("all", False), ("all", True)):
        strategy = a_ladder(
            3, name=f"s-{parties}-{guarantors}".lower(), parties=parties, guarantors=guarantors
        )
        summary = plan(database, TODAY, a_desk(strategy))
        recipients[parties, guarantors] = {
            (row.recipient_id, row.relation) for row in rows_of(database, summary.run_id)
        }
    assert recipients == {
        ("debtor", False): {(owner, "debtor")},
        ("all", False): {(joint, "joint_debtor")},
        ("all", True): {(guarantor, "guarantor")},
    }
    assert {row.address for row in rows_of(database) if row.recipient_id == joint} == {
        "joint@debtors.example"
    }


def test_join_debtor_puts_own_and_joint_debts_in_one_table_and_guaranteed_ones_in_another(
    database: Database,
) -> None:
    ana, ben = a_debtor(database), a_debtor(database)
    own, shared, vouched = a_debt(database, ana, DUE), a_debt(database, ben, DUE), a_debt(database, ben, DUE)
    a_party(database, shared, ana)
    a_party(database, vouched, ana, "guarantor")
    plan(database, TODAY, a_desk(a_ladder(3, join="debtor", parties="all", guarantors=True)))
    assert sorted(map(sorted, tables(database))) == [[own, shared], [shared, vouched], [vouched]]


def test_each_recipient_climbs_a_ladder_of_their_own(database: Database) -> None:
    owner, joint = a_debtor(database), a_debtor(database, email="")
    debt = a_debt(database, owner, DUE)
    a_party(database, debt, joint)
    desk = a_desk(a_ladder(3, 10, parties="all"))
    plan(database, TODAY, desk)
    week_later = TODAY + timedelta(days=7)
    a_party_reachable(database, joint)
    plan(database, week_later, desk)
    assert [(step, who) for _, _, step, who in planned(database)] == [
        ("day3", owner),
        ("day10", owner),
        ("day3", joint),
    ]


def a_party_reachable(database: Database, debtor: int) -> None:
    from sqlalchemy import insert

    from dispatcher.database.tables.portfolio import contact_points

    with database.writing() as connection:
        connection.execute(
            insert(contact_points).values(debtor_id=debtor, medium="email", address="late@debtors.example")
        )


def test_a_credit_note_reduces_the_oldest_debt_and_stays_out_when_it_covers_it(database: Database) -> None:
    debtor = a_debtor(database)
    old, new = a_debt(database, debtor, DUE - timedelta(days=1)), a_debt(database, debtor, DUE)
    a_debt(database, debtor, DUE, balance_minor=-12_500)
    summary = plan(database, TODAY, a_desk())
    assert [(row.balance_minor) for row in rows_of(database)] == [7_500]
    assert [debt for _, debt, _, _ in planned(database)] == [new]
    assert {key[2] for key in summary.refused_reasons} == {"covered-by-credit"}
    with database.writing() as connection:
        connection.execute(update(debts).where(debts.c.balance_minor < 0).values(settled_on=TODAY))
    plan(database, TODAY, a_desk())
    assert [debt for _, debt, _, _ in planned(database)] == [old, new]


def test_of_two_debts_due_on_one_day_the_first_reference_takes_the_credit_whichever_row_came_first(
    database: Database,
) -> None:
    debtor = a_debtor(database)
    later = a_debt(database, debtor, DUE, reference="B")
    a_debt(database, debtor, DUE, reference="A")
    a_debt(database, debtor, DUE, reference="C", balance_minor=-12_500)
    plan(database, TODAY, a_desk())
    assert [debt for _, debt, _, _ in planned(database)] == [later]
    assert [row.balance_minor for row in rows_of(database)] == [7_500]


def test_credit_in_another_currency_or_of_another_person_changes_nothing(database: Database) -> None:
    debtor = a_debtor(database)
    a_debt(database, debtor, DUE)
    a_debt(database, debtor, DUE, balance_minor=-10_000, currency="EUR")
    a_debt(database, a_debtor(database), DUE, balance_minor=-10_000)
    plan(database, TODAY, a_desk())
    assert [row.balance_minor for row in rows_of(database)] == [10_000]


def test_a_debt_below_the_minimum_stays_out_and_is_counted(database: Database) -> None:
    from decimal import Decimal

    from dispatcher.planning.domain.strategy import Match

    debtor = a_debtor(database)
    a_debt(database, debtor, DUE, balance_minor=499)
    a_debt(database, debtor, DUE, balance_minor=500)
    a_debt(database, debtor, DUE, balance_minor=499, currency="JPY")
    strategy = a_ladder(steps=(a_step("first", 3),), match=Match(balance_min=Decimal("5.00")))
    summary = plan(database, TODAY, a_desk(strategy))
    assert sorted((row.balance_minor, row.currency) for row in rows_of(database)) == [
        (499, "JPY"),
        (500, "USD"),
    ]
    assert summary.others["below the minimum"] == 1


def test_the_first_strategy_that_matches_takes_the_debt(database: Database) -> None:
    from dispatcher.planning.domain.strategy import Match

    business, anybody = (
        a_ladder(3, name="business", match=Match(equals={"debtor_kind": ("company",)})),
        a_ladder(1, name="rest"),
    )
    a_debt(database, a_debtor(database, kind="company"), DUE + timedelta(days=1))
    person = a_debt(database, a_debtor(database), DUE + timedelta(days=1))
    plan(database, TODAY, a_desk(business, anybody))
    assert [(debt, step) for _, debt, step, _ in planned(database)] == [(person, "day1")]
