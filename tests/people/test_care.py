"""Words of self-harm: nothing automatic goes to that person, somebody is called at once, and nobody else learns why."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import insert, select

from channels.event import InboundMessage
from dispatcher.database.engine import Database
from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.metadata import metadata
from dispatcher.database.tables.people import care_notes, holds, opt_outs
from dispatcher.database.tables.portfolio import contact_points, debtors
from dispatcher.delivery.record_inbound import record_inbound
from dispatcher.people.domain.optout_words import classify_reply
from dispatcher.people.import_contacts import import_contacts
from dispatcher.people.record_contact import record_contact
from dispatcher.people.record_hold import record_hold
from dispatcher.people.record_wish import record_wish, statement
from dispatcher.people.recording import Said
from dispatcher.people.take_care import KEPT_FOR, forget_words
from dispatcher.record.erase_person import Erasure, erase_person
from dispatcher.rulebook.optout_words import load_optout_words
from dispatcher.runs.alert_care import alert_care
from dispatcher.runs.notify_day import NobodyToldError, NoticePorts
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


WORDS = "STOP. I want to die, zeta"


def heard(database: Database, text: str = WORDS, sender: str = NUMBER) -> None:
    inbound = InboundMessage(
        provider="twilio", event_id=f"SM{len(text)}{sender}", sender=sender, to="+15005550006", text=text, at=at(TODAY),
        raw={"Body": text},
    )  # fmt: skip
    record_inbound(
        database, inbound, read=lambda text: classify_reply(text, TABLE), now=at(TODAY), random_bytes=bytes
    )


def everything_but_notes(database: Database) -> str:
    """Whatever any table holds, the words that stand apart left out."""
    with database.reading() as connection:
        tables = [table for name, table in metadata.tables.items() if name != "care_notes"]
        return " ".join(str(row) for table in tables for row in connection.execute(select(table)))


def notes(database: Database) -> list[Any]:
    with database.reading() as connection:
        return list(connection.execute(select(care_notes)))


def a_known_number(database: Database) -> int:
    debtor = a_debtor(database, reference="D9")
    with database.writing() as connection:
        connection.execute(insert(contact_points).values(debtor_id=debtor, medium="phone", address=NUMBER))
    return debtor


def by_text(database: Database) -> None:
    heard(database)


def by_a_recorded_contact(database: Database) -> None:
    record_contact(
        database, "acme/D9", "email", Said(now=at(TODAY), actor="test"), read=read, direction="inbound",
        details={"text": WORDS},
    )  # fmt: skip


def by_a_call(database: Database) -> None:
    record_contact(
        database, "acme/D9", "call", Said(now=at(TODAY), actor="test"), read=read, outcome="conversation",
        details={"text": WORDS},
    )  # fmt: skip


def by_a_wish(database: Database) -> None:
    said = Said(now=at(TODAY), actor="test")
    record_wish(database, "acme/D9", said, [statement("I want to die, zeta")], read=read)


def by_a_file(database: Database) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "calls.csv"
        line = f'acme/D9,{at(TODAY).isoformat()},email,inbound,"{WORDS}"'
        file.write_text(f"debtor,at,channel,direction,text\n{line}\n", encoding="utf-8")
        said = Said(now=at(TODAY), actor="test", source="dialler")
        import_contacts(database, file, said, read=read, rejects=Path(folder) / "rejects.csv")


def read(text: str) -> Any:
    return classify_reply(text, TABLE)


@pytest.mark.parametrize("door", [by_text, by_a_recorded_contact, by_a_call, by_a_file, by_a_wish])
def test_the_words_stand_apart_whatever_door_they_come_by(
    database: Database, door: Callable[[Database], None]
) -> None:
    debtor = a_known_number(database)
    door(database)
    [note] = notes(database)
    assert (note.debtor_id, note.category) == (debtor, "self_harm")
    assert "zeta" in note.words
    assert (
        "zeta" not in everything_but_notes(database) or door is by_a_wish
    )  # a wish is written down by the desk, in its own words
    with database.reading() as connection:
        assert list(connection.scalars(select(holds.c.kind))) == ["care"]


def test_words_of_somebody_whom_nobody_knows_are_a_task_too(database: Database) -> None:
    heard(database, sender="+12125550111")
    with database.reading() as connection:
        task = connection.execute(select(tasks)).one()
    assert (task.kind, task.debtor_id) == ("care", None)
    assert [note.words for note in notes(database)] == [WORDS]


def test_a_stop_within_such_words_is_a_stop(database: Database) -> None:
    debtor = a_known_number(database)
    heard(database, "STOP")
    heard(database)
    with database.reading() as connection:
        assert debtor in set(connection.scalars(select(opt_outs.c.debtor_id)))


def test_why_a_person_put_somebody_into_care_stands_apart(database: Database) -> None:
    a_known_number(database)
    said = Said(now=at(TODAY), actor="test", note="lost a child, zeta")
    record_hold(database, "acme/D9", "care", said)
    assert [(note.category, note.words) for note in notes(database)] == [("vulnerability", said.note)]
    assert "zeta" not in everything_but_notes(database)


def test_the_desk_is_told_at_once_and_once_without_name_or_words(database: Database) -> None:
    a_known_number(database)
    heard(database)
    told: list[bytes] = []

    def request(method: str, url: str, body: bytes) -> int:
        told.append(body)
        return 200

    ports = NoticePorts(database=database, request=request, webhook_url="https://desk.example/hook")
    assert [alert_care(ports, now=at(TODAY)) for _ in range(2)] == [1, 0]
    [body] = told
    assert b"URGENT: somebody may be at risk" in body
    assert not any(word in body for word in (b"zeta", b"Ana", b"D9", NUMBER.encode()))


def test_an_alert_that_reaches_nobody_is_tried_again(database: Database) -> None:
    a_known_number(database)
    heard(database)
    deaf = NoticePorts(database=database, request=lambda *_: 500, webhook_url="https://desk.example/hook")
    with pytest.raises(NobodyToldError):
        alert_care(deaf, now=at(TODAY))
    assert alert_care(NoticePorts(database=database, request=lambda *_: 200), now=at(TODAY)) == 0
    ports = NoticePorts(database=database, request=lambda *_: 200, webhook_url="https://desk.example/hook")
    assert alert_care(ports, now=at(TODAY)) == 1


def test_the_words_go_sooner_than_the_rest_and_the_hold_stays(database: Database) -> None:
    a_known_number(database)
    heard(database)
    assert forget_words(database, now=at(TODAY) + KEPT_FOR) == 0
    assert forget_words(database, now=at(TODAY) + KEPT_FOR + timedelta(seconds=1)) == 1
    assert notes(database) == []
    with database.reading() as connection:
        assert connection.scalars(select(holds.c.released_at)).all() == [None]


def test_an_erasure_takes_the_words_with_it(database: Database) -> None:
    debtor = a_known_number(database)
    heard(database)
    with database.reading() as connection:
        person = connection.scalar(select(debtors.c.person).where(debtors.c.id == debtor))
    erase_person(database, person, Erasure(actor="test", now=at(TODAY), why="asked"))
    assert notes(database) == []
