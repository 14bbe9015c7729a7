"""Inbound texts: STOP at once with one confirmation, START, and what is not clear."""

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from channels.event import InboundMessage
from dispatcher.database.engine import Database
from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import contacts, holds, opt_outs
from dispatcher.database.tables.portfolio import contact_points, creditors, debtors
from dispatcher.delivery.record_inbound import record_inbound
from dispatcher.people.domain.optout_words import classify_reply
from dispatcher.rulebook.optout_words import load_optout_words
from tests.delivery.builders import NOW, a_creditor, events

NUMBER = "+12125550123"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def read():
    table = load_optout_words(ROOT / "config" / "content" / "optout_words.yaml")
    return lambda text: classify_reply(text, table)


@pytest.fixture
def people(database: Database) -> list[int]:
    """Two people who share a number."""
    creditor = a_creditor(database)
    with database.writing() as connection:
        ids = [
            connection.scalar(
                insert(debtors)
                .values(person=f"p{i}", creditor_id=creditor, reference=f"D{i}")
                .returning(debtors.c.id)
            )
            for i in range(2)
        ]
        for key in ids:
            connection.execute(insert(contact_points).values(debtor_id=key, medium="phone", address=NUMBER))
    return ids


def text_in(database, read, text, event_id="SM1", at=NOW):
    inbound = InboundMessage(
        provider="twilio", event_id=event_id, at=at, sender=NUMBER, to="+15005550006", text=text
    )
    return record_inbound(database, inbound, read=read, now=at, random_bytes=partial(bytes.__mul__, b"\7"))


def rows(database, table):
    with database.reading() as connection:
        return connection.execute(select(table)).all()


@pytest.mark.parametrize("word", ["STOP", "stop!", "ALTO", "Baja"])
def test_stop_binds_everyone_at_the_number_and_is_confirmed_once(
    database: Database, read, people, word: str
) -> None:
    heard = text_in(database, read, word)
    assert (heard.kind, heard.people) == ("stop", 2)
    assert {(row.debtor_id, row.address, row.medium) for row in rows(database, opt_outs)} == {
        (key, NUMBER, "") for key in people
    }
    (confirmation,) = rows(database, messages)
    assert (confirmation.kind, confirmation.template, confirmation.address, confirmation.state) == (
        "optout_confirmation", "opt-out-confirmation", NUMBER, "planned",
    )  # fmt: skip
    assert confirmation.expires_at == NOW + timedelta(minutes=5)
    assert events(database).count("opted_out") == 2


def test_a_second_stop_gets_no_second_confirmation(database: Database, read, people) -> None:
    text_in(database, read, "STOP")
    assert text_in(database, read, "STOP", "SM2").confirmation == ""
    assert len(rows(database, messages)) == 1


def test_the_same_text_heard_twice_changes_nothing(database: Database, read, people) -> None:
    text_in(database, read, "STOP")
    before = events(database)
    assert not text_in(database, read, "STOP").new
    assert (events(database), len(rows(database, contacts))) == (before, 2)


def test_start_reopens_only_what_stop_closed(database: Database, read, people) -> None:
    with database.writing() as connection:
        connection.execute(
            insert(opt_outs).values(
                debtor_id=people[0], address=NUMBER, medium="sms", at=NOW, source="letter"
            )
        )
    text_in(database, read, "STOP")
    text_in(database, read, "START", "SM2")
    assert [(row.source, row.revoked_at is None) for row in rows(database, opt_outs)] == [
        ("letter", True), ("inbound sms", False), ("inbound sms", False),
    ]  # fmt: skip


def test_what_is_not_clear_quiets_the_people_and_becomes_a_task(database: Database, read, people) -> None:
    heard = text_in(database, read, "who is this and why do you write me")
    assert heard.kind == "unclear"
    assert {(row.debtor_id, row.kind) for row in rows(database, holds)} == {
        (key, "unclear_reply") for key in people
    }
    assert {row.kind for row in rows(database, tasks)} == {"unclear_reply"}
    assert rows(database, opt_outs) == []


def test_a_stop_from_a_number_we_do_not_know_is_kept(database: Database, read) -> None:
    heard = text_in(database, read, "STOP")
    assert (heard.people, heard.confirmation) == (0, "")
    (row,) = rows(database, opt_outs)
    assert (row.debtor_id, row.address) == (None, NUMBER)


def test_what_the_debtor_wrote_stands_aside_where_it_can_be_erased(database: Database, read, people) -> None:
    text_in(database, read, "STOP, my name is Ana")
    with database.reading() as connection:
        from dispatcher.database.tables.log import log_entries

        assert all(
            "Ana" not in entry and NUMBER not in entry
            for entry in connection.scalars(select(log_entries.c.entry))
        )
        assert connection.scalar(select(creditors.c.key)) == "acme"


def test_a_certain_wrong_number_closes_that_address_alone_with_a_task(
    database: Database, read, people
) -> None:
    assert text_in(database, read, "wrong number").kind == "wrong_number"

    assert {(row.debtor_id, row.address, row.medium) for row in rows(database, opt_outs)} == {
        (key, NUMBER, "") for key in people
    }
    assert [row.kind for row in rows(database, tasks)] == ["wrong_number", "wrong_number"]
    assert (rows(database, messages), rows(database, holds)) == ([], [])


def test_help_gets_its_one_answer_a_day_and_a_task(database: Database, read, people) -> None:
    heard = text_in(database, read, "HELP")
    again = text_in(database, read, "HELP", "SM2", NOW + timedelta(hours=1))
    later = text_in(database, read, "HELP", "SM3", NOW + timedelta(days=2))

    assert [bool(one.confirmation) for one in (heard, again, later)] == [True, False, True]
    found = rows(database, messages)
    assert {(row.kind, row.template, row.address) for row in found} == {
        ("reply_to_consumer", "reply-help", NUMBER)
    }
    assert {row.kind for row in rows(database, tasks)} == {"help_wanted"}
