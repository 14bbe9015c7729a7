"""Segments: the first whose conditions are met, by facts that the database knows; what hangs on them follows."""

import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from dispatcher.agreements.domain.offer_terms import OfferMatch, OfferTerms, PromiseTerms
from dispatcher.agreements.find_offers import offers_of
from dispatcher.database.engine import Database
from dispatcher.database.tables.agreements import arrangement_parties, arrangements
from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.portfolio import debtors, debts, payments
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.planning.domain.strategy import Match
from dispatcher.planning.explain_debtor import explain_debtor
from dispatcher.rulebook.segments import load_segments
from dispatcher.rulebook.strategies import load_strategies
from dispatcher.rulebook.yaml_file import ConfigError
from dispatcher.treatment.domain.facts import Fact
from dispatcher.treatment.domain.segments import ANY, ByHand, Condition, Limit, Segment
from dispatcher.treatment.find_segments import segments_on, with_segments
from dispatcher.treatment.note_by_hand import note_by_hand, unworked_by_hand
from tests.builders import (
    TODAY,
    a_debt,
    a_debtor,
    a_desk,
    a_ladder,
    a_step,
    at,
    mark_sent,
    plan,
    planned,
    rows_of,
)


def at_least(fact: Fact, least: int, within_days: int | None = None) -> Condition:
    return Condition(fact=fact, limit=Limit(least={ANY: Decimal(least)}), within_days=within_days)


def at_most(fact: Fact, most: int, within_days: int | None = None) -> Condition:
    return Condition(fact=fact, limit=Limit(most={ANY: Decimal(most)}), within_days=within_days)


LONG = Segment(name="long overdue", conditions=(at_least(Fact.DAYS_PAST_DUE, 60),))
LATE = Segment(name="just late", conditions=(at_least(Fact.DAYS_PAST_DUE, 1),))
KEY = Segment(
    name="key account",
    equals={"debtor_kind": ("company",)},
    conditions=(at_least(Fact.SHARE_OF_BOOK, 50), at_least(Fact.OWED, 1000)),
    by_hand=ByHand(owner="Dana Fox", within_days=5),
)


def found(database: Database, *segments: Segment, on: date = TODAY) -> dict[str, str | None]:
    with database.reading() as connection:
        return dict(segments_on(connection, segments, on))


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def test_the_first_segment_whose_conditions_are_met_takes_the_debt(database: Database) -> None:
    debtor = a_debtor(database)
    for days in (-1, 1, 59, 60):
        a_debt(database, debtor, days_ago(days), reference=f"R{days}")
    segments = found(database, LONG, LATE)
    assert segments == {
        "acme/R-1": None,
        "acme/R1": "just late",
        "acme/R59": "just late",
        "acme/R60": "long overdue",
    }
    assert found(database, LATE, LONG)["acme/R60"] == "just late"


@pytest.mark.parametrize("seed", range(3))
def test_every_fact_is_what_plain_arithmetic_says(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    world = _a_world(database, chance)
    for fact in WORKED_OUT:
        window = chance.choice([30, 90, None]) if fact in WINDOWED else None
        for edge in (1, 2, 30, 400):
            least = Segment(name="it is", conditions=(at_least(fact, edge, window),))
            most = Segment(name="it is", conditions=(at_most(fact, edge, window),))
            values = {name: _fact(world, name, fact, window) for name in found(database)}
            assert found(database, least) == {
                n: "it is" if v is not None and v >= edge else None for n, v in values.items()
            }, (fact, edge, window)
            assert found(database, most) == {
                n: "it is" if v is not None and v <= edge else None for n, v in values.items()
            }, (fact, edge, window)


WORKED_OUT = [fact for fact in Fact if fact is not Fact.SCORE]  # a score has tests of its own
WINDOWED = {
    Fact.PAYMENTS,
    Fact.PAID_LATE,
    Fact.PAID_ON_TIME,
    Fact.LATE_SHARE,
    Fact.ARRANGEMENTS_KEPT,
    Fact.ARRANGEMENTS_BROKEN,
    Fact.BOUNCES,
}


def _a_world(database: Database, chance: random.Random) -> dict[str, dict]:
    """People with debts, payments, arrangements and messages that came back; returned as plain values."""
    world: dict[str, dict] = {}
    for _ in range(8):
        debtor = a_debtor(database, creditor=chance.choice(["acme", "other"]))
        person = {"debts": {}, "payments": [], "kept": [], "broken": [], "bounces": []}
        with database.reading() as connection:
            row = connection.execute(select(debtors).where(debtors.c.id == debtor)).one()
            creditor = "acme" if row.creditor_id == _creditor_id(connection, "acme") else "other"
        for _ in range(chance.randint(1, 4)):
            due = days_ago(chance.randint(-40, 120))
            columns = {
                "balance_minor": chance.choice([-500, 100, 3000, 40_000]),
                "settled_on": chance.choice([None, None, due + timedelta(days=chance.randint(-5, 60))]),
                "issued_on": due - timedelta(days=30),
            }
            key = a_debt(database, debtor, due, **columns)
            with database.reading() as connection:
                name = connection.scalar(select(debts.c.reference).where(debts.c.id == key))
            person["debts"][name] = {"due": due, **columns}
            for _ in range(chance.randint(0, 2)):
                paid, reversed_ = days_ago(chance.randint(-5, 100)), chance.random() < 0.3
                with database.writing() as connection:
                    connection.execute(
                        insert(payments).values(
                            debt_id=key,
                            amount_minor=100,
                            paid_on=paid,
                            recorded_at=at(TODAY),
                            reversed_at=at(TODAY) if reversed_ else None,
                        )
                    )
                person["payments"] += [] if reversed_ else [paid]
        for state in ("kept", "broken", "active"):
            for _ in range(chance.randint(0, 2)):
                since = days_ago(chance.randint(-5, 100))
                _an_arrangement(database, row, state, since)
                if state != "active":
                    person[state].append(since)
        for name in person["debts"]:
            world[f"{creditor}/{name}"] = person | {"creditor": creditor, "name": name}
    return world


def _creditor_id(connection, key: str) -> int | None:
    from dispatcher.database.tables.portfolio import creditors

    return connection.scalar(select(creditors.c.id).where(creditors.c.key == key))


def _an_arrangement(database: Database, debtor, state: str, since: date) -> None:
    with database.writing() as connection:
        key = connection.scalar(
            insert(arrangements)
            .values(
                creditor_id=debtor.creditor_id, debtor_id=debtor.id, kind="promise", state=state, since=since, currency="USD",
                total_minor=1, agreed_on=since, agreed_at=at(since), recorded_at=at(since),
            )
            .returning(arrangements.c.id)
        )  # fmt: skip
        connection.execute(insert(arrangement_parties).values(arrangement_id=key, debtor_id=debtor.id))


def _fact(world: dict[str, dict], full_name: str, fact: Fact, window: int | None):
    person = world[full_name]
    mine = person["debts"][person["name"]]
    theirs = list(person["debts"].values())
    open_ = [d for d in theirs if _is_open(d)]
    owed = sum(d["balance_minor"] for d in open_)
    book = [w["debts"][w["name"]] for w in world.values() if w["creditor"] == person["creditor"]]
    whole = sum(d["balance_minor"] for d in book if _is_open(d) and d["balance_minor"] > 0)
    late = [d["settled_on"] for d in theirs if d["settled_on"] and d["settled_on"] > d["due"]]
    in_time = [d["settled_on"] for d in theirs if d["settled_on"] and d["settled_on"] <= d["due"]]

    def within(days: list[date]) -> int:
        return sum(day <= TODAY and (window is None or day > days_ago(window)) for day in days)

    return {
        Fact.DAYS_PAST_DUE: (TODAY - mine["due"]).days,
        Fact.BALANCE: Decimal(mine["balance_minor"]) / 100,
        Fact.OWED: Decimal(owed) / 100,
        Fact.OLDEST_DAYS_PAST_DUE: max(
            ((TODAY - d["due"]).days for d in open_ if d["balance_minor"] > 0), default=None
        ),
        Fact.OVERDUE_DEBTS: sum(d["balance_minor"] > 0 and d["due"] < TODAY for d in open_),
        Fact.SHARE_OF_BOOK: Decimal(owed) * 100 / whole if whole else None,
        Fact.PAYMENTS: within(person["payments"]),
        Fact.PAID_LATE: within(late),
        Fact.PAID_ON_TIME: within(in_time),
        Fact.LATE_SHARE: 100 * within(late) // (within(late) + within(in_time))
        if within(late + in_time)
        else None,
        Fact.ARRANGEMENTS_KEPT: within(person["kept"]),
        Fact.ARRANGEMENTS_BROKEN: within(person["broken"]),
        Fact.BOUNCES: within(person["bounces"]),
    }[fact]


def _is_open(debt: dict) -> bool:
    return debt["issued_on"] <= TODAY and (debt["settled_on"] is None or debt["settled_on"] > TODAY)


def test_messages_that_came_back_count_by_their_day(database: Database) -> None:
    debtor, desk = a_debtor(database), a_desk(a_ladder(1))
    a_debt(database, debtor, days_ago(2), reference="B1")
    plan(database, TODAY, desk)
    came_back = Segment(name="unreachable", conditions=(at_least(Fact.BOUNCES, 1, 10),))
    assert found(database, came_back) == {"acme/B1": None}
    with database.writing() as connection:
        connection.execute(update(messages).values(state="bounced"))
    assert found(database, came_back) == {"acme/B1": "unreachable"}
    assert found(database, came_back, on=TODAY + timedelta(days=10)) == {"acme/B1": None}


def test_a_limit_in_a_currency_says_nothing_of_others(database: Database) -> None:
    debtor = a_debtor(database)
    a_debt(database, debtor, days_ago(2), reference="USD", balance_minor=10_000)
    a_debt(database, debtor, days_ago(2), reference="EUR", balance_minor=10_000, currency="EUR")
    a_debt(database, debtor, days_ago(2), reference="JPY", balance_minor=10_000, currency="JPY")
    large = Limit(least={"USD": Decimal(100), "JPY": Decimal(10_000)})
    segment = Segment(name="large", conditions=(Condition(fact=Fact.BALANCE, limit=large),))
    assert found(database, segment) == {"acme/USD": "large", "acme/EUR": None, "acme/JPY": "large"}


def test_a_debtor_who_changes_segment_keeps_the_ladders_place(database: Database) -> None:
    mild = a_ladder(
        name="mild",
        match=Match(equals={"segment": ("just late",)}),
        steps=(a_step("first", 1), a_step("second", 9)),
    )
    firm = a_ladder(
        name="firm",
        match=Match(equals={"segment": ("long overdue",)}),
        steps=(a_step("first", 1), a_step("second", 9), a_step("third", 20)),
    )
    desk = a_desk(mild, firm, segments=(LONG, LATE))
    key = a_debt(database, a_debtor(database), days_ago(55))
    for day in range(40):
        today = TODAY + timedelta(days=day)
        plan(database, today, desk)
        mark_sent(database, at=at(today))
    steps = [(day - TODAY, step) for day, debt, step, _ in planned(database) if debt == key]
    assert steps == [
        (timedelta(days=0), "first"),
        (timedelta(days=8), "second"),
        (timedelta(days=19), "third"),
    ]
    assert [row.strategy for row in rows_of(database)] == ["mild", "firm", "firm"]


def test_log_message_and_explanation_say_which_segment_and_why(database: Database) -> None:
    debtor, desk = a_debtor(database), a_desk(a_ladder(1), segments=(LONG, LATE))
    a_debt(database, debtor, days_ago(75), reference="W1")
    answer = explain_debtor(database, desk, _name(database, debtor), as_of=TODAY, now=at(TODAY))
    assert [(d.segment, d.segment_because) for d in answer.debts] == [
        ("long overdue", "at least 60 days past due (75)")
    ]
    plan(database, TODAY, desk)
    assert [row.segment for row in rows_of(database)] == ["long overdue"]
    with database.reading() as connection:
        entry = connection.scalar(select(log_entries.c.entry).where(log_entries.c.event == "planned"))
    assert '"segment":"long overdue","segment_because":"at least 60 days past due"' in entry


def test_offers_ask_for_a_segment(database: Database) -> None:
    debtor = a_debtor(database)
    a_debt(database, debtor, days_ago(75))
    terms = tuple(
        OfferTerms(
            name=name, match=OfferMatch(equals={"segment": (name,)}), promises=PromiseTerms(most_days=9)
        )
        for name in ("just late", "long overdue")
    )
    for segments, expected in (((LONG, LATE), "long overdue"), ((LATE,), "just late"), ((), "")):
        offered = offers_of(
            database, terms, _name(database, debtor), on=TODAY, now=at(TODAY), segments=segments
        )
        assert offered.offers.terms == expected


def test_what_is_worked_by_hand_gets_no_reminder_and_still_gets_notices_of_law(database: Database) -> None:
    debtor = a_debtor(database, kind="company")
    a_debt(database, debtor, days_ago(5), reference="K1", balance_minor=500_000)
    other = a_debt(database, a_debtor(database, kind="company"), days_ago(5), balance_minor=90_000)
    desk = a_desk(a_ladder(1), segments=(KEY, LATE))
    plan(database, TODAY, desk)
    assert [debt for _, debt, _, _ in planned(database)] == [other]
    with database.reading() as connection:
        said = connection.scalar(select(log_entries.c.entry).where(log_entries.c.event == "blocked"))
    assert "worked-by-hand" in said
    assert "Dana Fox" in said
    notice = a_desk(a_ladder(steps=(a_step("notice", 1, kind="notice"),)), segments=(KEY, LATE))
    assert plan(database, TODAY + timedelta(days=1), notice).due


def test_work_by_hand_is_a_task_that_the_summary_names_once_its_days_have_passed(database: Database) -> None:
    debtor = a_debtor(database, kind="company")
    key = a_debt(database, debtor, days_ago(5), reference="K1", balance_minor=500_000)

    def note(day: int) -> tuple[int, list[str]]:
        today = TODAY + timedelta(days=day)
        new = note_by_hand(database, (KEY, LATE), as_of=today, now=at(today))
        with database.reading() as connection:
            return new, unworked_by_hand(connection, today)

    assert note(0) == (1, [])
    assert note(4) == (0, [])
    new, [said] = note(5)
    assert (new, said.partition(" should")[0]) == (0, "1 of Dana Fox")
    with database.writing() as connection:
        connection.execute(update(tasks).values(done_at=at(TODAY), done_by="dana", outcome="called"))
    assert note(6) == (1, []), "it is open still, and its days have passed: it comes again"
    with database.writing() as connection:
        connection.execute(update(debts).where(debts.c.id == key).values(paid_minor=500_000))
    assert note(7) == (0, [])
    with database.reading() as connection:
        assert connection.scalars(select(tasks.c.done_by).order_by(tasks.c.id)).all() == [
            "dana",
            "dispatcher",
        ]


def test_what_became_a_key_account_after_planning_is_not_sent(database: Database) -> None:
    from dispatcher.delivery.judge_messages import refused_now
    from dispatcher.messages.storage import outbox
    from dispatcher.writing.message_files import gather

    debtor = a_debtor(database, kind="company")
    key = a_debt(database, debtor, days_ago(5), balance_minor=500)
    a_debt(database, a_debtor(database), days_ago(5), balance_minor=100_000)
    desk = a_desk(a_ladder(1), segments=(KEY,))
    plan(database, TODAY, desk)
    with database.writing() as connection:
        connection.execute(update(debts).where(debts.c.id == key).values(balance_minor=900_000))
        ids = connection.scalars(select(messages.c.id).where(messages.c.recipient_id == debtor)).all()
        written = outbox.read(connection, ids)
        files = gather(connection, written, now=at(TODAY), segments=desk.segments)
    assert [r.rule for r in refused_now(written[0], files, desk, at(TODAY))] == ["worked-by-hand"]


def test_the_files_of_a_chunk_of_debts_take_one_statement(sqlite_database: Database, monkeypatch) -> None:
    debtor = a_debtor(sqlite_database)
    ids = [a_debt(sqlite_database, debtor, days_ago(n)) for n in range(1, 80)]
    with sqlite_database.reading() as connection:
        files = load_debts(connection, ids, as_of=TODAY)
        statements = []
        execute = type(connection).execute
        monkeypatch.setattr(
            type(connection), "execute", lambda self, *words: (statements.append(1), execute(self, *words))[1]
        )
        segmented = with_segments(connection, files, (LONG, LATE), TODAY)
    assert len(statements) == 1
    assert {d.segment for d in segmented.values()} == {"long overdue", "just late"}


def test_a_strategy_that_asks_for_a_segment_nobody_works_out_is_refused(tmp_path: Path) -> None:
    step = "steps: [{name: a, kind: collection, day: 1, channels: [email], template: t}]"
    (tmp_path / "s.yaml").write_text(f"name: s\nmatch: {{segment: [just lat]}}\n{step}\n")
    with pytest.raises(ConfigError, match=r's.yaml:2: match.segment: .*did you mean "just late"'):
        load_strategies(tmp_path, ["just late", "long overdue"])
    (tmp_path / "s.yaml").write_text(f"name: s\nmatch: {{ledger_segment: [gold]}}\n{step}\n")
    assert load_strategies(tmp_path, ["just late"])[0].match.equals == {"ledger_segment": ("gold",)}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("segments: [{name: A, match: {}}]", "name"),
        ("segments:\n- {name: a, match: {balence: {min: 1}}}", 'did you mean "balance"'),
        ("segments:\n- {name: a, match: {owed: {min: {XYZ: 1}}}}", "no currency"),
        ("segments:\n- {name: a, match: {bounces: {min: 3, max: 2}}}", "nothing is ever of this segment"),
        ("segments:\n- {name: a, match: {days_past_due: {min: 3, within_days: 2}}}", "within_days"),
        ("segments:\n- {name: a, match: {}}\n- {name: a, match: {}}", "earlier segment"),
        ("segments:\n- {name: a, match: {language: en}}", "language"),
    ],
)
def test_a_wrong_segment_is_refused_with_file_line_and_key(tmp_path: Path, written: str, said: str) -> None:
    path = tmp_path / "segments.yaml"
    path.write_text(written)
    with pytest.raises(ConfigError, match=said) as refused:
        load_segments(path)
    assert str(refused.value).startswith(f"{path}:")


def _name(database: Database, debtor: int) -> str:
    with database.reading() as connection:
        return "acme/" + connection.scalar(select(debtors.c.reference).where(debtors.c.id == debtor))
