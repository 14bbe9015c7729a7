"""Words of self-harm: nothing automatic goes to that person, somebody is called at once, and nobody else learns why."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from channels.event import InboundMessage
from dispatcher.database.engine import Database
from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.people import holds
from dispatcher.database.tables.portfolio import contact_points
from dispatcher.delivery.record_inbound import record_inbound
from dispatcher.people.domain.optout_words import classify_reply
from dispatcher.rulebook.optout_words import load_optout_words
from tests.builders import TODAY, a_debt, a_debtor, a_desk, a_ladder, at, plan

TABLE = load_optout_words(Path(__file__).parents[2] / "config" / "content" / "optout_words.yaml")
NUMBER = "+12125550199"


@pytest.mark.parametrize(
    "text",
    [
        "I can't pay this. I just want to die.",
        "STOP or I will kill myself",
        "no quiero vivir más con esto",
        "Quiero MORIR",
        "je veux mourir",
        "ich will sterben",
        "honestly i'd be better off dead",
    ],
)
def test_words_of_self_harm_are_heard_in_any_text(text: str) -> None:
    assert classify_reply(text, TABLE).care


@pytest.mark.parametrize(
    "text", ["STOP", "I will pay on Friday", "this bill is killing my budget", "muerto de risa", "dead line?"]
)
def test_other_words_are_none(text: str) -> None:
    assert classify_reply(text, TABLE).care is None


def test_such_a_text_holds_everything_calls_a_person_and_names_the_helpline(database: Database) -> None:
    debtor = a_debtor(database)
    a_debt(database, debtor, TODAY - timedelta(days=1))
    with database.writing() as connection:
        connection.execute(insert(contact_points).values(debtor_id=debtor, medium="phone", address=NUMBER))
    inbound = InboundMessage(
        provider="twilio",
        event_id="SM1",
        sender=NUMBER,
        to="+15005550006",
        text="I want to die",
        at=at(TODAY),
    )
    record_inbound(
        database, inbound, read=lambda text: classify_reply(text, TABLE), now=at(TODAY), random_bytes=bytes
    )
    with database.reading() as connection:
        task = connection.execute(select(tasks).where(tasks.c.kind == "care")).one()
        assert "care" in list(connection.scalars(select(holds.c.kind)))
    assert task.text.startswith("URGENT")
    assert "988" in task.text
    summary = plan(database, TODAY, a_desk(a_ladder(1)))
    assert (summary.due, summary.by_outcome) == (1, {"block": 1})
    assert "held" in {key[2] for key in summary.refused_reasons}
    with database.reading() as connection:
        said = [json.loads(entry) for entry in connection.scalars(select(log_entries.c.entry))]
    assert not any("care" in json.dumps(entry) or "die" in json.dumps(entry) for entry in said)
