"""One human at two creditors is one: surely by what cannot agree by chance, else when a person has said so."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from dispatcher.database.engine import Database
from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.people import humans, person_links
from dispatcher.database.tables.portfolio import contact_points, debtors
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.domain.same_human import (
    MOST_ALIKE,
    Alike,
    Identity,
    alike,
    normal_address,
    normal_name,
    together,
)
from dispatcher.people.link_people import decide_link, link_people, list_links, relink_people
from dispatcher.record.erase_person import Erasure, erase_person
from tests.builders import TODAY, a_debtor, at

BORN, LATER = date(1980, 5, 1), date(2004, 5, 1)
HOME = {"address_lines": ["12 High Street"], "postal_code": "12201", "city": "Albany"}


def one(key: int, creditor: int, **changes) -> Identity:
    fields = {"name": "ana example", "address": "12 high street|12201|US"} | changes
    return Identity(id=key, creditor_id=creditor, **fields)


@pytest.mark.parametrize(
    ("first", "second", "sure"),
    [
        ({"reached_at": {"a@b.example"}}, {"reached_at": {"a@b.example"}}, True),
        ({"reached_at": {"+14045550123"}}, {"reached_at": {"+14045550123"}}, True),
        ({"birth_date": BORN}, {"birth_date": BORN}, True),
        ({}, {}, False),
        ({"birth_date": BORN}, {"reached_at": {"a@b.example"}}, False),
        ({"birth_date": BORN, "address": "elsewhere"}, {"birth_date": BORN}, False),
        ({"reached_at": {"a@b.example"}, "address": ""}, {"reached_at": {"a@b.example"}}, False),
        ({"birth_date": BORN}, {"birth_date": LATER}, None),
        ({"birth_date": BORN, "reached_at": {"a@b.example"}}, {"birth_date": LATER, "reached_at": {"a@b.example"}}, None),
        ({"name": "ben example", "birth_date": BORN}, {"birth_date": BORN}, None),
        ({"name": "", "birth_date": BORN}, {"name": "", "birth_date": BORN}, None),
        ({"address": "", "reached_at": set()}, {}, None),
    ],
)  # fmt: skip
def test_what_agrees_makes_two_records_one_human_or_maybe(first, second, sure) -> None:
    frozen = [
        {k: frozenset(v) if isinstance(v, set) else v for k, v in each.items()} for each in (first, second)
    ]
    found = alike([one(1, 1, **frozen[0]), one(2, 2, **frozen[1])])
    assert [pair.sure for pair in found] == ([] if sure is None else [sure])


def test_records_of_one_creditor_are_as_many_people_as_it_says() -> None:
    assert alike([one(1, 1, birth_date=BORN), one(2, 1, birth_date=BORN)]) == []


def test_father_and_son_of_one_name_and_mailbox_are_asked_about_and_not_joined() -> None:
    shared = frozenset({"family@mail.example"})
    father, son = (
        one(1, 1, birth_date=BORN, reached_at=shared),
        one(2, 2, birth_date=LATER, reached_at=shared),
    )
    nobody_knows = one(3, 2, reached_at=shared)
    found = alike([father, son, nobody_knows])
    assert [(pair.older, pair.newer, pair.sure) for pair in found] == [(1, 3, False)]


def test_what_others_make_one_already_is_no_question() -> None:
    chain = [
        one(1, 1, birth_date=BORN),
        one(2, 2, birth_date=BORN, reached_at=frozenset({"a@b.example"})),
        one(3, 3, reached_at=frozenset({"a@b.example"})),
    ]
    assert alike(chain) == [
        Alike(older=1, newer=2, sure=True, agrees=("name", "address", "birth date")),
        Alike(older=2, newer=3, sure=True, agrees=("name", "address", "mailbox")),
    ]


def test_a_sign_that_many_share_is_a_sign_of_nobody() -> None:
    crowd = [one(n, n % 2, address=f"{n}", birth_date=BORN) for n in range(1, MOST_ALIKE + 2)]
    assert len(alike(crowd[:MOST_ALIKE])) == MOST_ALIKE // 2
    assert alike(crowd) == []


def test_pairs_grow_with_the_records_and_not_with_their_pairs() -> None:
    assert len(alike([one(n, n % 2, birth_date=BORN) for n in range(1, 501)])) == 499


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Ana María Ruiz", "RUIZ, ANA MARIA"),
        ("Jürgen  Groß", "juergen gross"),
        ("O'Neill, Sean", "sean o neill"),
    ],
)
def test_a_name_is_compared_without_case_accents_order_and_marks(first: str, second: str) -> None:
    same = normal_name(first) == normal_name(second)
    assert same or "ü" in first  # ue for ü is another spelling, which a person may confirm


def test_an_address_is_compared_by_street_code_and_country() -> None:
    first = normal_address(["12 High St.", "Flat 3"], "SW1A 1AA", "London", "GB")
    assert first == normal_address(["12 HIGH ST", "Flat 3"], "sw1a1aa", "LONDON SW1", "GB")
    assert first != normal_address(["12 High St.", "Flat 4"], "SW1A 1AA", "London", "GB")
    assert normal_address([], "SW1A 1AA", "London", "GB") == normal_address(["x"], "1", "Y", "") == ""


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), max_size=20))
def test_humans_are_what_the_pairs_hold_together(pairs) -> None:
    found = together(pairs)
    assert all(found[a] == found[b] for a, b in pairs)
    reached = {key: {key} for pair in pairs for key in pair}
    for _ in pairs:  # by walking, another way
        for a, b in pairs:
            reached[a] = reached[b] = reached[a] | reached[b]
        reached = {key: set().union(*(reached[other] for other in others)) for key, others in reached.items()}
    assert {key: min(others) for key, others in reached.items()} == found


def a_pair(database: Database, *, likely: bool = False) -> tuple[int, int]:
    """Ana at two creditors: by mailbox surely she, else by her name and address alone."""
    mail = "Ana@mail.example"
    first = a_debtor(database, email=mail, **HOME)
    second = a_debtor(database, creditor="northwind", email="auto" if likely else mail.lower(), **HOME)
    link(database)
    return first, second


def link(database: Database, *, on: bool = True) -> None:
    with database.writing() as connection:
        link_people(connection, on=on, now=at(TODAY), actor="import")


def rows(database: Database, table) -> list:
    with database.reading() as connection:
        return list(connection.execute(select(table)))


def together_in(database: Database) -> dict[int, int]:
    return {row.debtor_id: row.human for row in rows(database, humans)}


def test_sure_records_are_linked_without_a_question(database: Database) -> None:
    first, second = a_pair(database)
    assert together_in(database) == {first: first, second: first}
    assert rows(database, tasks) == []


def test_a_likely_pair_is_a_task_that_names_nobody(database: Database) -> None:
    a_pair(database, likely=True)
    assert together_in(database) == {}
    [task] = rows(database, tasks)
    assert (task.kind, task.debtor_id) == ("same_person", None)
    assert not {"Ana", "acme", "northwind"} & set(task.text.split())
    link(database)
    assert len(rows(database, tasks)) == 1


@pytest.mark.parametrize("same", [True, False])
def test_what_a_person_says_of_a_likely_pair_stands_and_is_in_the_log(database: Database, same: bool) -> None:
    first, second = a_pair(database, likely=True)
    [waiting] = list_links(database)
    decide_link(database, waiting.id, same=same, on=True, now=at(TODAY), actor="user:olga")
    link(database)
    assert together_in(database) == ({first: first, second: first} if same else {})
    [task] = rows(database, tasks)
    assert (task.done_by, task.outcome) == ("user:olga", "confirmed" if same else "refused")
    entry = rows(database, log_entries)[-1]
    assert (entry.event, entry.person, entry.creditor) == (f"link_{task.outcome}", None, None)
    assert list_links(database) == []


def test_a_person_parts_what_the_program_was_sure_of_for_good(database: Database) -> None:
    a_pair(database)
    [sure] = list_links(database, state="sure")
    decide_link(database, sure.id, same=False, on=True, now=at(TODAY), actor="user:olga")
    link(database)
    assert together_in(database) == {}


def test_a_link_that_nobody_knows_says_where_they_are_listed(database: Database) -> None:
    with pytest.raises(RecordError, match="links list"):
        decide_link(database, 7, same=True, on=True, now=at(TODAY), actor="user:olga")


def test_a_link_ends_when_the_records_no_longer_agree_and_its_task_with_it(database: Database) -> None:
    first, _ = a_pair(database, likely=True)
    with database.writing() as connection:
        connection.execute(update(debtors).where(debtors.c.id == first).values(name="Eva Other"))
    link(database)
    assert rows(database, person_links) == []
    assert [task.done_at is None for task in rows(database, tasks)] == [False]


def test_a_likely_link_that_becomes_sure_needs_nobody(database: Database) -> None:
    first, second = a_pair(database, likely=True)
    with database.writing() as connection:
        connection.execute(update(debtors).values(birth_date=BORN))
    link(database)
    assert together_in(database) == {first: first, second: first}
    assert [task.done_at is None for task in rows(database, tasks)] == [False]


def test_a_mailbox_that_is_nobodys_own_tells_nothing(database: Database) -> None:
    for creditor in ("acme", "northwind"):
        a_debtor(database, creditor=creditor, email="", reference=f"{creditor}1", **HOME)
    with database.writing() as connection:
        for key in connection.scalars(select(debtors.c.id)).all():
            values = {
                "debtor_id": key,
                "medium": "email",
                "address": "noemail@x.example",
                "stand_in": "no address",
            }
            connection.execute(insert(contact_points).values(**values))
    link(database)
    assert together_in(database) == {}


def test_businesses_are_not_compared(database: Database) -> None:
    first, _ = a_pair(database)
    with database.writing() as connection:
        connection.execute(update(debtors).where(debtors.c.id == first).values(kind="business"))
    link(database)
    assert together_in(database) == {}
    assert rows(database, person_links) == []


def test_with_linking_off_everybody_is_who_their_creditor_says_and_on_again_the_links_are_back(
    database: Database,
) -> None:
    first, second = a_pair(database)
    relink_people(database, on=False, now=at(TODAY), actor="run")
    assert together_in(database) == {}
    relink_people(database, on=True, now=at(TODAY), actor="run")
    assert together_in(database) == {first: first, second: first}


def test_erasure_keeps_what_binds_the_living_record_and_nothing_that_tells_who(database: Database) -> None:
    first, second = a_pair(database)
    [person] = [row.person for row in rows(database, debtors) if row.id == first]
    erase_person(database, person, Erasure(actor="test", now=at(TODAY), why="asked"))
    assert together_in(database) == {first: first, second: first}
    link(database)
    assert together_in(database) == {first: first, second: first}
