"""A small portfolio to record facts about: Ana and Luis share a number and a debt; `other` has an Ana of its own."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from dispatcher.database.tables.log import log_entries, personal_values
from dispatcher.people.domain.optout_words import classify_reply
from dispatcher.people.recording import Said
from dispatcher.people.storage.people import load_people
from dispatcher.people.storage.people_facts import find_debtors
from dispatcher.rulebook.optout_words import load_optout_words
from tests.portfolio.books import a_file, a_row, an_import
from tests.shared import ROOT

NOW = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)
_WORDS = load_optout_words(ROOT / "config" / "content" / "optout_words.yaml")
SAID = Said(now=NOW, actor="desk:maria", source="call 5512", note="spoke for two minutes")


@pytest.fixture
def book(database, tmp_path):
    """The database with four people in it."""
    rows = (
        a_row(debt_reference="D1", joint_debtors="08"),
        a_row(debt_reference="D2", balance="80.00"),
        {
            "creditor": "acme",
            "debtor_reference": "08",
            "debtor_name": "Luis",
            "country": "US",
            "phone": "+1 212 555 0100",
        },
        a_row(
            creditor="other",
            debtor_reference="08",
            debt_reference="X1",
            email="rosa@debtors.example",
            phone="",
        ),
        a_row(
            creditor="other",
            debtor_reference="99",
            debt_reference="X2",
            balance="10.00",
            email="solo@debtors.example",
            phone="",
        ),
    )
    an_import(database, a_file(tmp_path, *rows))
    return database


def id_of(database, creditor, reference):
    with database.reading() as connection:
        return find_debtors(connection, reference, creditor=creditor)[0].id


def file_of(database, who="07", creditor="acme"):
    with database.reading() as connection:
        key = id_of(database, creditor, who)
        return load_people(connection, [key], now=NOW + timedelta(minutes=1))[key]


def read(text):
    """What a debtor's words mean."""
    return classify_reply(text, _WORDS)


def last_entry(database):
    """(the newest entry of the log, the personal values it commits to)."""
    with database.reading() as connection:
        row = connection.execute(select(log_entries).order_by(log_entries.c.id.desc()).limit(1)).one()
        kept = connection.execute(
            select(personal_values.c["values"]).where(personal_values.c.id == row.personal_id)
        ).scalar()
    return json.loads(row.entry), kept
