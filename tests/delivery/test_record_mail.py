"""Answers by e-mail: whose they are, what they stop, what came back, and what nobody wrote."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import insert, select

from channels.email.incoming import Incoming, IncomingKind
from dispatcher.database.engine import Database
from dispatcher.database.tables.delivery import provider_events, tasks
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import contacts, holds, opt_outs
from dispatcher.database.tables.portfolio import contact_points, debtors
from dispatcher.delivery.record_mail import record_mail
from tests.delivery.builders import NOW, queued
from tests.delivery.test_inbound import read, rows  # noqa: F401 a fixture

MAIL = Incoming(
    kind=IncomingKind.WORDS,
    event_id="e1",
    at=NOW,
    sender="ana@debtors.example",
    to="hello@acme.example",
    text="",
)


@pytest.fixture
def sent(database: Database) -> tuple[str, int]:
    """A message to ana@debtors.example: (its id, its debtor)."""
    [key] = queued(database, address="ana@debtors.example")
    with database.writing() as connection:
        debtor = connection.scalar(select(messages.c.recipient_id).where(messages.c.id == key))
        point = {"debtor_id": debtor, "medium": "email", "address": "ana@debtors.example"}
        connection.execute(insert(contact_points).values(point))
    return key, debtor


@pytest.fixture
def hear(database: Database, read):  # noqa: F811 the fixture
    def hear_(**changes):
        mail = replace(MAIL, **changes)
        chance = partial(bytes.__mul__, b"\7")
        return record_mail(database, mail, read=read, now=NOW, random_bytes=chance)

    return hear_


def test_a_stop_closes_the_address_and_is_confirmed_there(database: Database, hear, sent) -> None:
    assert hear(text="STOP") == "stop"

    [stop] = rows(database, opt_outs)
    assert (stop.debtor_id, stop.address, stop.source) == (sent[1], "ana@debtors.example", "inbound email")
    [confirmation] = [row for row in rows(database, messages) if row.kind == "optout_confirmation"]
    assert (confirmation.channel, confirmation.address) == ("email", "ana@debtors.example")
    assert confirmation.expires_at == NOW + timedelta(days=1)


def test_an_answer_from_another_address_stops_the_one_that_we_wrote_to(
    database: Database, hear, sent
) -> None:
    assert hear(text="STOP", sender="ana.at.work@firm.example", ours=(sent[0],)) == "stop"

    assert {(row.debtor_id, row.address) for row in rows(database, opt_outs)} == {
        (sent[1], "ana@debtors.example")
    }


def test_words_quiet_the_person_and_wait_to_be_read(database: Database, hear, sent) -> None:
    assert hear(text="I can pay on Friday") == "unclear"

    assert [(row.debtor_id, row.kind) for row in rows(database, holds)] == [(sent[1], "unclear_reply")]
    [task] = rows(database, tasks)
    assert (task.debtor_id, task.details["channel"], task.details["text"]) == (
        sent[1], "email", "I can pay on Friday",
    )  # fmt: skip
    [contact] = rows(database, contacts)
    assert (contact.channel, contact.direction) == ("email", "inbound")


def test_who_names_a_reference_is_that_person_whatever_the_address(database: Database, hear, sent) -> None:
    with database.writing() as connection:
        connection.execute(debtors.update().where(debtors.c.id == sent[1]).values(reference="KD-10042"))
    hear(text="about KD-10042: I have paid", sender="somebody@else.example")
    hear(text="about KD-100422: I have paid", sender="somebody@else.example", event_id="e2")

    assert [task.debtor_id for task in rows(database, tasks)] == [sent[1], None]


def test_words_of_nobody_we_know_are_a_task_without_a_person(database: Database, hear, sent) -> None:
    hear(text="hello?", sender="somebody@else.example")

    [task] = rows(database, tasks)
    assert task.debtor_id is None
    assert rows(database, holds) == []


def test_what_came_back_for_good_closes_the_address(database: Database, hear, sent) -> None:
    with database.writing() as connection:
        connection.execute(messages.update().values(state="accepted", sent_at=NOW))
    bounce = {
        "kind": IncomingKind.BOUNCE,
        "ours": (sent[0],),
        "failed": ("ana@debtors.example",),
        "code": "5.1.1",
    }
    assert hear(**bounce) == "bounced"
    assert hear(**bounce) == "repeated"

    [point] = rows(database, contact_points)
    assert point.closed_reason == "bounced 5.1.1"
    assert [row.state for row in rows(database, messages)] == ["bounced"]


def test_a_passing_failure_closes_nothing(database: Database, hear, sent) -> None:
    delayed = {"kind": IncomingKind.BOUNCE, "ours": (sent[0],), "delayed": ("ana@debtors.example",)}
    assert hear(**delayed) == "deferred"

    assert [row.closed_at for row in rows(database, contact_points)] == [None]


def test_a_machine_stops_nothing_and_quiets_nobody(database: Database, hear, sent) -> None:
    assert hear(kind=IncomingKind.AUTOMATIC) == "automatic"
    assert hear(kind=IncomingKind.AUTOMATIC) == "repeated"

    assert (rows(database, holds), rows(database, tasks), rows(database, opt_outs)) == ([], [], [])
    assert [row.kind for row in rows(database, provider_events)] == ["automatic"]


def test_the_same_mail_read_twice_changes_nothing(database: Database, hear, sent) -> None:
    assert [hear(text="I can pay on Friday"), hear(text="I can pay on Friday")] == ["unclear", "repeated"]
    assert len(rows(database, tasks)) == 1
