"""What is loaded of the past decides as the whole past would: what no window bounds in the law, none bounds here."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from channels.kind import ChannelKind
from dispatcher.database.engine import Database
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.people import contacts
from dispatcher.gate.windows import LONGEST_WINDOW
from dispatcher.people.domain.person import PersonFile
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.people.storage.history import load_history
from dispatcher.people.storage.people import load_people
from dispatcher.planning.domain.contact import contact_facts
from dispatcher.planning.domain.intended import IntendedContact, zones_of
from dispatcher.rulebook.packs import load_rule_packs
from dispatcher.rulebook.yaml_file import ConfigError
from tests.builders import a_debt, a_debtor, a_desk
from tests.shared import ROOT

NOW = datetime(2026, 11, 11, 16, 0, tzinfo=UTC)  # a Wednesday at ten in Illinois
NIGHT = datetime(2026, 11, 11, 8, 0, tzinfo=UTC)
PACKS = ("default", "us-regf", "us-tcpa")
LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)
OUTCOMES = ("conversation", "unanswered", "voicemail", "sent", "left", "inbound_from_consumer")


def sent(database: Database, debtor: int, debt: int, at: datetime, **columns: Any) -> None:
    """A message about a debt that went out."""
    key = f"{debtor}-{debt}-{at.timestamp()}"
    row = {
        "id": key, "creditor_id": 1, "recipient_id": debtor, "as_of": at.date(), "step": "s", "kind": "collection",
        "channel": "letter", "template": "t", "state": "accepted", "expires_at": at, "created_at": at,
        "updated_at": at, "sent_at": at,
    } | columns  # fmt: skip
    with database.writing() as connection:
        connection.execute(insert(messages).values(row))
        link = {"message_id": key, "debt_id": debt, "recipient_id": debtor, "strategy": "s", "step": f"{at}"}
        connection.execute(insert(message_debts).values(link | {"occurrence": 1, "day": 3}))


def heard(database: Database, debtor: int, at: datetime, outcome: str, channel: str) -> None:
    inbound = outcome == "inbound_from_consumer"
    row = {
        "debtor_id": debtor,
        "channel": channel,
        "outcome": outcome,
        "at": at,
        "kind": "collection",
        "debts": [],
    }
    row |= {
        "direction": "inbound" if inbound else "outbound",
        "source": "test",
        "recorded_at": at,
        "details": {},
    }
    with database.writing() as connection:
        connection.execute(insert(contacts).values(row))


def decided(person: PersonFile, debts: Any, *, kind: str, channel: ChannelKind, at: datetime) -> Any:
    desk = a_desk(packs=PACKS)
    point = next((one for one in person.contact_points if one.medium == "email"), None)
    contact = IntendedContact(
        person=person, debts=debts, channel=channel, kind=kind, point=point if channel is ChannelKind.EMAIL else None,
        sender_role="third_party",
    )  # fmt: skip
    decision = desk.judge(contact, contact_facts(contact, now=at, zones=zones_of(person, point, desk.places)))
    return decision.outcome, {(reason.outcome, reason.rule) for reason in decision.reasons}


def judged(database: Database, debtor: int, debt: int, **asked: Any) -> tuple[Any, Any]:
    """By what is loaded, and by all that ever happened."""
    with database.reading() as connection:
        person = load_people(connection, [debtor], now=NOW)[debtor]
        whole = load_history(connection, [debtor], since=LONG_AGO)[debtor]
        debts = tuple(load_debts(connection, [debt], as_of=NOW.date()).values())
    return decided(person, debts, **asked), decided(replace(person, history=whole), debts, **asked)


def a_case(database: Database, **more: Any) -> tuple[int, int]:
    debtor = a_debtor(database, region="IL", time_zone="America/Chicago", **more)
    return debtor, a_debt(database, debtor, NOW.date() - timedelta(days=300), sender_role="third_party")


@pytest.mark.parametrize("days", [4, 6, 44, 46, 300])
def test_a_notice_that_was_owed_after_the_first_contact_is_owed_however_long_ago_that_was(
    sqlite_database: Database, days: int
) -> None:
    debtor, debt = a_case(sqlite_database)
    sent(sqlite_database, debtor, debt, NOW - timedelta(days=days))
    (_, reasons), whole = judged(
        sqlite_database, debtor, debt, kind="collection", channel=ChannelKind.LETTER, at=NOW
    )
    assert ("notice-within" in {rule for _, rule in reasons}) is (days > 5)
    assert whole[1] == reasons


@pytest.mark.parametrize("seed", range(25))
def test_what_is_loaded_of_the_past_decides_as_the_whole_past_would(
    sqlite_database: Database, seed: int
) -> None:
    chance = random.Random(seed)
    debtor, debt = a_case(sqlite_database)
    other = a_debt(sqlite_database, debtor, NOW.date() - timedelta(days=300), sender_role="third_party")
    for _ in range(chance.randint(1, 8)):
        at = NOW - timedelta(minutes=chance.randint(1, 300 * 1_440))
        if chance.random() < 0.6:
            state = chance.choice(["accepted", "accepted", "delivered", "bounced"])
            channel, about = chance.choice(["email", "sms", "letter"]), chance.choice([debt, other])
            sent(sqlite_database, debtor, about, at, channel=channel, state=state)
        else:
            heard(
                sqlite_database, debtor, at, chance.choice(OUTCOMES), chance.choice(["call", "email", "sms"])
            )
    for kind in ("collection", "reply_to_consumer"):
        for channel in (ChannelKind.LETTER, ChannelKind.EMAIL):
            for at in (NOW, NIGHT):
                loaded, whole = judged(sqlite_database, debtor, debt, kind=kind, channel=channel, at=at)
                assert loaded == whole, (kind, channel, at)


def test_a_window_that_reaches_beyond_what_is_loaded_is_refused(tmp_path: Any) -> None:
    text = (ROOT / "config/rules/us-nyc-shield.yaml").read_text(encoding="utf-8")
    (tmp_path / "us-nyc-shield.yaml").write_text(
        text.replace("{days: 7}", f"{{days: {LONGEST_WINDOW}}}"), encoding="utf-8"
    )
    with pytest.raises(ConfigError, match="days"):
        load_rule_packs(tmp_path)
