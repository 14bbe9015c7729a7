"""What is so of every recorded fact: found, repeated, refused, undone."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import consents, contacts, holds, notices, opt_outs, wishes
from dispatcher.database.tables.portfolio import debtors
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.record_contact import record_contact
from dispatcher.people.record_fact import record_fact
from dispatcher.people.record_hold import record_hold
from dispatcher.people.record_opt_out import record_opt_out
from dispatcher.people.record_payment import record_payment
from tests.people.people import NOW, SAID, id_of, last_entry, read
from tests.portfolio.books import rows_of


def test_a_fact_has_the_local_time_of_the_zones_that_the_newest_message_went_by(book):
    debtor = id_of(book, "acme", "07")
    record_opt_out(book, "acme/07", SAID, medium="sms")
    assert "local_time" not in last_entry(book)[0]
    row = {
        "creditor_id": 1, "recipient_id": debtor, "as_of": NOW.date(), "step": "first", "kind": "collection", "channel": "email",
        "template": "first-reminder", "state": "accepted", "expires_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    zones = ["America/New_York", "America/Phoenix"], ["America/Chicago"], []  # a confirmation has none
    with book.writing() as connection:
        for i, each in enumerate(zones):
            at = NOW - timedelta(days=[1, 2, 0][i])
            connection.execute(insert(messages).values(**row, id=str(i), zones=each, created_at=at))
    record_payment(book, "acme/07", "20.50", SAID, debt="D1")
    entry, _ = last_entry(book)
    assert (entry["zones"], entry["local_time"]) == (zones[0], "2026-11-16T10:00:00.000-05:00")


def test_a_debtor_is_found_by_creditor_and_reference_or_by_a_reference_alone_where_it_is_unique(book):
    assert record_hold(book, "07", "manual", SAID).debtor == "acme/07"
    assert record_hold(book, "other/08", "manual", SAID).debtor == "other/08"
    with pytest.raises(RecordError, match="'08' is a debtor of several creditors: say acme/08 or other/08"):
        record_hold(book, "08", "manual", SAID)
    with pytest.raises(RecordError, match="there is no debtor 'acme/nobody'"):
        record_hold(book, "acme/nobody", "manual", SAID)
    with pytest.raises(RecordError, match="acme/07 has no debt 'X1'; open ones: D1, D2"):
        record_hold(book, "acme/07", "dispute", SAID, debts=["X1"])


def test_the_first_error_leaves_nothing_behind(book):
    with pytest.raises(RecordError):
        record_hold(book, "acme/07", "dispute", SAID, debts=["D1", "nothing"])
    assert rows_of(book, holds) == []
    assert len(rows_of(book, debtors)) == 4


@pytest.mark.parametrize(
    ("fact", "first", "again", "added"),
    [
        (
            "hold",
            {"kind": "attorney"},
            {"kind": "attorney", "name": "Alder & Finch"},
            {"name": "Alder & Finch"},
        ),
        ("hold", {"kind": "cease"}, {"kind": "cease", "medium_accepted": "no"}, {"medium_accepted": False}),
        ("hold", {"kind": "cease"}, {"kind": "cease", "since": "2026-11-02"}, {"since": "2026-11-02"}),
        ("dispute", {"since": "2026-11-02"}, {"since": "2026-11-09"}, {}),
        ("dispute", {}, {"validation_period_end": "2026-12-01"}, {"validation_period_end": "2026-12-01"}),
        ("complaint", {"text": "two letters"}, {"text": "and a call"}, {"text": "two letters\nand a call"}),
        ("complaint", {"text": "two letters"}, {"text": "two letters"}, {}),
        ("consent", {"kind": "call"}, {"kind": "call", "scope": "Thursday"}, {"scope": "Thursday"}),
        ("consent", {"kind": "sms", "given_on": "2026-11-01"}, {"kind": "sms", "given_on": "2026-11-01"}, {}),
        (
            "notice",
            {"kind": "validation", "sent_on": "2026-11-02"},
            {"kind": "validation", "sent_on": "2026-11-02", "validation_period_end": "2026-12-09"},
            {"validation_period_end": "2026-12-09"},
        ),
        ("wish", {"not_at": "home"}, {"not_at": "home"}, {}),
        ("opt_out", {"medium": "sms"}, {"medium": "sms", "words": "STOP"}, {"words": "STOP"}),
        ("opt_out", {"medium": "sms", "words": "STOP"}, {"medium": "sms", "words": "stop it"}, {}),
        (
            "contact",
            {"channel": "call", "external_id": "c-1"},
            {"channel": "call", "external_id": "c-1", "text": "call me tomorrow"},
            {"text": "call me tomorrow"},
        ),
    ],
)
def test_a_repeat_adds_what_is_new_in_it_and_says_so(book, fact, first, again, added):
    before = recorded(book, fact, first)
    found = recorded(book, fact, again)
    assert (before.already, found.already, dict(found.added)) == (False, True, added)
    table = {"opt_out": opt_outs, "wish": wishes, "consent": consents, "notice": notices, "contact": contacts}
    [row] = rows_of(book, table.get(fact, holds))
    kept = {
        **getattr(row, "details", {}),
        "since": str(getattr(row, "starts_on", "")),
        "words": getattr(row, "raw", ""),
    }
    assert added.items() <= kept.items()
    entry, personal = last_entry(book)
    assert (entry["event"] == "fact_amended") == bool(added)
    for name, value in added.items():
        assert value in (entry["details"].get(name), personal.get(name))


def recorded(book, fact, given):
    return record_fact(
        book,
        fact,
        "acme/07",
        SAID,
        {name: [text] for name, text in given.items()},
        read=read,
    )


def test_what_a_repeat_adds_is_heard_and_its_words_stay_erasable(book):
    call = {"channel": "call", "external_id": "c-1", "outcome": "conversation"}
    recorded(book, "contact", call)
    recorded(book, "contact", call | {"text": "stop calling me"})
    assert [stop.medium for stop in rows_of(book, opt_outs)] == ["call"]
    recorded(book, "hold", {"kind": "attorney"})
    recorded(book, "hold", {"kind": "attorney", "name": "Alder & Finch"})
    entry, personal = last_entry(book)
    assert personal["name"] == "Alder & Finch"
    assert "Alder" not in str(entry)


def test_another_systems_id_is_one_contact_of_one_debtor(book):
    recorded(book, "contact", {"channel": "call", "external_id": "c-1"})
    with pytest.raises(RecordError, match="for another debtor"):
        record_contact(book, "acme/08", "call", SAID, read=read, external_id="c-1")
