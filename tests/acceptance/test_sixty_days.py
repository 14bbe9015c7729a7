"""Sixty days of people with many debts at several creditors: one message a day, nothing untrue, nobody forgotten."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from dispatcher.bootstrap import Dispatcher
from dispatcher.database.tables.log import log_entries, personal_values
from dispatcher.database.tables.messages import contents, messages
from dispatcher.database.tables.planning import refusals, runs
from dispatcher.database.tables.portfolio import creditors, debtors, debts
from tests.acceptance.reading_texts import Row, Said, read
from tests.acceptance.sixty_days import FIRST, WEEK, Human, Owed, World, made_up, open_house, replayed
from tests.conftest import DEEP

PEOPLE, LASTS = (2_000, 60) if DEEP else (30, 17)
LAST = FIRST + timedelta(days=LASTS - 1)
CAPPED = ("collection", "courtesy")
WITH_ROWS = ("first-reminder", "second-reminder")  # the texts that show each debt by itself
COURTESY_ENDS = {"courtesy-crowded-out", "courtesy-window"}  # it is not put off any more, it is dropped
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A message as the log tells it: to whom, when by their clock, of which debts and how, and its words."""

    human: int
    creditor: str
    as_of: date
    day: date  # of the reader's clock
    kind: str
    step: str
    channel: str
    hows: dict[str, str]  # debt -> how it was spoken of
    said: Said
    text: str


@dataclass(kw_only=True)
class Story:
    """What became of the world. `put_off`: by (debt, step, person) the days on which another message had the day."""

    world: World
    sent: list[Sent] = field(default_factory=list)
    put_off: dict[tuple[str, str, int], list[date]] = field(default_factory=lambda: defaultdict(list))
    told: dict[tuple[int, str], list[Sent]] = field(default_factory=lambda: defaultdict(list))  # person, debt
    refused: dict[date, dict[str, list[str]]] = field(default_factory=dict)  # day -> debt -> rules


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The whole replay."""
    house = open_house(tmp_path_factory.mktemp("sixty"))
    found = Story(world=made_up(8, PEOPLE))
    replayed(house, found.world, lambda day: _look(house, found, day), days=LASTS)
    found.sent = list(_sent(house))
    for one in found.sent:
        for debt, how in one.hows.items():
            if asks(one) and how != "disputed":
                found.told[one.human, debt].append(one)
    yield found
    house.close()


def _look(house: Dispatcher, story: Story, day: date) -> None:
    """What this day's run kept back, and why."""
    kept: dict[str, list[str]] = defaultdict(list)
    with house.database.reading() as connection:
        run_id = connection.scalar(select(runs.c.id).order_by(runs.c.id.desc()).limit(1))
        query = (
            select(refusals, creditors.c.key, debts.c.reference)
            .join(debts, debts.c.id == refusals.c.debt_id)
            .join(creditors, creditors.c.id == debts.c.creditor_id)
            .where(refusals.c.last_run_id == run_id)
        )
        for row in connection.execute(query):
            name = f"{row.key}/{row.reference}"
            rules = [reason["rule"] for reason in row.reasons]
            kept[name] += rules
            if {"one-message-a-day", "not-now"} & set(rules) and not set(rules) & COURTESY_ENDS:
                story.put_off[name, row.step, row.recipient_id].append(day)
    story.refused[day] = kept


def _sent(house: Dispatcher) -> Iterator[Sent]:
    with house.database.reading() as connection:
        planned = {
            row.message_id: row.values
            for row in connection.execute(
                select(log_entries.c.message_id, personal_values.c["values"].label("values"))
                .join(personal_values, personal_values.c.id == log_entries.c.personal_id)
                .where(log_entries.c.event == "planned")
            )
        }
        accepted = select(
            log_entries.c.message_id, log_entries.c.at, log_entries.c.creditor, log_entries.c.entry
        ).where(log_entries.c.event == "accepted")
        rows = connection.execute(accepted.order_by(log_entries.c.at, log_entries.c.id)).all()
        made = {
            row.id: row
            for row in connection.execute(
                select(messages, contents.c.text, debtors.c.reference)
                .join(contents, contents.c.sha256 == messages.c.content_sha256)
                .join(debtors, debtors.c.id == messages.c.recipient_id)
            )
        }
    for row in rows:
        message, values, entry = made[row.message_id], planned[row.message_id], json.loads(row.entry)
        spoken = values.get("spoken") or {debt: {"how": "alone"} for debt in values["debts"]}
        yield Sent(
            human=int(message.reference[1:]),
            creditor=row.creditor,
            as_of=date.fromisoformat(entry["as_of"]),
            day=row.at.astimezone(ZoneInfo(entry["zones"][0])).date(),
            kind=message.kind,
            step=message.step,
            channel=message.channel,
            hows={debt: each["how"] for debt, each in spoken.items()},
            said=read(message.text),
            text=message.text,
        )


def capped(story: Story) -> list[Sent]:
    return [one for one in story.sent if one.kind in CAPPED]


def asks(one: Sent) -> bool:
    return one.kind == "collection"


def earlier(story: Story, one: Sent, debt: str) -> list[Sent]:
    """What asked the same person for a debt before."""
    return [other for other in story.told[one.human, debt] if other.as_of < one.as_of]


def test_the_world_is_what_it_should_be(story: Story) -> None:
    assert len(story.world.humans) == PEOPLE
    owed = Counter(debt.human.number for debt in story.world.debts)
    assert min(owed.values()) >= 1
    assert max(owed.values()) in (14, 15)
    assert {len(human.creditors) for human in story.world.humans} == {1, 2, 3}
    assert len(capped(story)) > PEOPLE
    assert len({one.step for one in story.sent}) >= 3


def test_nobody_gets_two_messages_in_a_day_whoever_the_creditors_are(story: Story) -> None:
    by_day = Counter((one.human, one.day) for one in capped(story))
    assert [key for key, count in by_day.items() if count > 1] == []


def test_somebody_is_written_to_by_several_creditors(story: Story) -> None:
    """Else the test before says nothing of them."""
    by_human = defaultdict(set)
    for one in capped(story):
        by_human[one.human].add(one.creditor)
    assert {len(names) for names in by_human.values()} >= {1, 2}


def test_we_wrote_to_you_on_a_day_on_which_we_did_about_those_debts(story: Story) -> None:
    told = [one for one in story.sent if one.said.wrote_on]
    assert told
    for one in told:
        main = [f"{one.creditor}/{row.reference}" for row in one.said.rows]
        assert main, one.text
        days = {debt: [other.day for other in earlier(story, one, debt)] for debt in main}
        assert all(days.values()), (one.text, days)
        assert any(one.said.wrote_on in each for each in days.values()), (one.text, days)
        assert all(min(each) <= one.said.wrote_on for each in days.values()), (one.text, days)


def test_the_first_time_is_the_first_time_and_before_is_before(story: Story) -> None:
    for one in story.sent:
        for row in one.said.first_time:
            assert earlier(story, one, f"{one.creditor}/{row.reference}") == [], one.text
        for row in one.said.told_before:
            assert earlier(story, one, f"{one.creditor}/{row.reference}"), one.text
    assert any(one.said.first_time for one in story.sent)
    assert any(one.said.told_before for one in story.sent)


def test_a_first_reminder_says_slipped_by_of_the_new_alone_and_comes_back_to_what_was_asked_for(
    story: Story,
) -> None:
    """A promise was broken, or the debt stood in another's message, before its first step came."""
    for one in story.sent:
        if one.step == "first-reminder" and one.said.rows:
            asked = {bool(earlier(story, one, f"{one.creditor}/{row.reference}")) for row in one.said.rows}
            assert asked == {one.said.again}, one.text


def test_rows_amounts_and_dates_are_the_ledgers(story: Story) -> None:
    owed = {debt.key: debt for debt in story.world.debts}
    for one in story.sent:
        if one.step not in WITH_ROWS:
            continue
        week = (one.as_of - FIRST) // WEEK
        rows = (*one.said.rows, *one.said.first_time, *one.said.told_before)
        named = {f"{one.creditor}/{row.reference}" for row in rows}
        assert named == {debt for debt, how in one.hows.items() if how != "disputed"}, one.text
        for row in rows:
            assert _is_true(row, owed[f"{one.creditor}/{row.reference}"], week), (row, one.text)
        balances: dict[str, Decimal] = {key: owed[key].balance(week) for key in named}
        assert set(one.said.totals) <= {sum(balances.values())}, one.text
        assert one.said.days == {one.as_of}, one.text


def _is_true(row: Row, debt: Owed, week: int) -> bool:
    return row.due in (None, debt.due) and row.balance in (None, debt.balance(week))


def test_nothing_that_is_settled_disputed_or_promised_is_asked_for(story: Story) -> None:
    owed = {debt.key: debt for debt in story.world.debts}
    for one in story.sent:
        if asks(one):
            monday = FIRST + (one.as_of - FIRST) // WEEK * WEEK
            for key, how in one.hows.items():
                debt = owed[key]
                assert not (debt.settled and debt.settled <= monday), one.text
                assert how == "disputed" or not (debt.disputed and debt.disputed <= monday), one.text


def test_no_step_is_put_off_for_more_than_three_days(story: Story) -> None:
    """But for the days that broken arrangements took: they are told at once, by every creditor, and go first."""
    assert story.put_off
    humans = {debt.key: debt.human.number for debt in story.world.debts}
    broken = Counter((one.human, one.day) for one in story.sent if one.step == "arrangement-broken")
    late = {
        key: days
        for key, days in story.put_off.items()
        if len(days) > 3 + sum(broken[humans[key[0]], day] for day in days)
    }
    assert late == {}


def reachable(human: Human) -> bool:
    return not human.protected


def begins(debt: Owed) -> date:
    """The first day on which its first reminder may come."""
    return max(debt.due + DAY, FIRST + debt.known_from * WEEK)


def rests(debt: Owed, day: date) -> bool:
    ended = [each for each in (debt.settled, debt.disputed) if each]
    promised = debt.promised is not None and debt.promised - timedelta(days=6) <= day
    return promised or any(each <= day + WEEK for each in ended)


def test_first_contact_is_on_day_one_wherever_the_gate_allows_it(story: Story) -> None:
    """It is that day, or the person had another message, or the gate said why not."""
    that_day: dict[tuple[int, date], list[Sent]] = defaultdict(list)
    for one in capped(story):
        that_day[one.human, one.as_of].append(one)
    on_time = 0
    for debt in story.world.debts:
        day = begins(debt)
        if day > LAST or rests(debt, day) or not reachable(debt.human):
            continue
        got = that_day[debt.human.number, day]
        if any(debt.key in one.hows for one in got):
            on_time += 1
            continue
        rules = story.refused[day].get(debt.key, [])
        assert rules, (debt, day)
        if {"one-message-a-day", "not-now"} & set(rules):
            assert any(
                one.human == debt.human.number and one.as_of in (day - DAY, day) for one in capped(story)
            ), (debt, day)
    assert on_time > PEOPLE


def test_no_debt_starves(story: Story) -> None:
    """Within three days of its first, each is spoken of, however many others come."""
    told: dict[str, date] = {}
    for one in capped(story):
        if asks(one):
            for debt in one.hows:
                told.setdefault(debt, one.as_of)
    late = [
        debt.key
        for debt in story.world.debts
        if begins(debt) + timedelta(days=3) <= LAST
        and not rests(debt, begins(debt) + timedelta(days=3))
        and reachable(debt.human)
        and told.get(debt.key, date.max) > begins(debt) + timedelta(days=3)
    ]
    unexplained = [key for key in late if not _explained(story, key)]
    assert unexplained == []


def _explained(story: Story, key: str) -> bool:
    """Whether the gate, and not the queue, kept it back."""
    mine = [rules for kept in story.refused.values() for name, rules in kept.items() if name == key]
    others: list[Any] = [
        rule for rules in mine for rule in rules if rule not in ("one-message-a-day", "not-now")
    ]
    return bool(others)


def test_the_protected_are_left_alone(story: Story) -> None:
    protected = {human.number for human in story.world.humans if human.protected}
    assert protected
    assert {one.human for one in capped(story)} & protected == set()
