"""What is written down of disputes, holds and notices."""

from datetime import date

import pytest

from dispatcher.database.tables.people import holds, notices
from dispatcher.database.tables.portfolio import debts
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.domain.hold_facts import HOLDS
from dispatcher.people.record_hold import record_hold
from dispatcher.people.record_notice import record_notice
from dispatcher.people.release_hold import release
from tests.people.people import SAID, file_of, last_entry
from tests.portfolio.books import rows_of


def test_a_dispute_of_two_debts_holds_each_and_is_not_added_twice(book):
    details = {"form": "letter"}
    record_hold(
        book, "acme/07", "dispute", SAID, debts=["D1", "acme/D2"], since=date(2026, 11, 2), details=details
    )
    again = record_hold(book, "acme/07", "dispute", SAID, debts=["D1"], details=details)
    assert again.already
    assert [(h.kind, h.starts_on, h.details) for h in rows_of(book, holds)] == [
        ("dispute", date(2026, 11, 2), details)
    ] * 2
    entry, kept = last_entry(book)
    assert (entry["event"], entry["details"]["hold"]) == ("hold_recorded", "dispute")
    assert kept["debts"] == ["acme/D1", "acme/D2"]


@pytest.mark.parametrize("kind", HOLDS)
def test_every_kind_of_hold_is_recorded_and_released(book, kind):
    until = date(2026, 12, 1) if kind in {"promise", "breathing_space"} else None
    record_hold(book, "acme/07", kind, SAID, until=until)
    assert [hold.kind for hold in file_of(book).holds] == [kind]

    release(book, "acme/07", kind, SAID)
    assert file_of(book).holds == ()
    assert last_entry(book)[0]["event"] == "hold_released"
    with pytest.raises(RecordError, match="nothing of the kind"):
        release(book, "acme/07", kind, SAID)


def test_a_moratorium_needs_its_day_and_a_hold_cannot_end_before_it_begins(book):
    with pytest.raises(RecordError, match="say with a date"):
        record_hold(book, "acme/07", "breathing_space", SAID)
    with pytest.raises(RecordError, match="before it begins"):
        record_hold(book, "acme/07", "manual", SAID, since=date(2026, 12, 2), until=date(2026, 12, 1))
    with pytest.raises(RecordError, match="no kind of hold"):
        record_hold(book, "acme/07", "whim", SAID)


def test_names_and_words_of_a_hold_stand_in_the_erasable_table_alone(book):
    record_hold(book, "acme/07", "attorney", SAID, details={"name": "Alder & Finch", "unresponsive": True})
    entry, kept = last_entry(book)
    assert kept["name"] == "Alder & Finch"
    assert "Alder" not in str(entry)
    assert entry["details"]["unresponsive"] is True


def test_a_verification_and_an_answer_are_noted_in_what_they_answer(book):
    record_hold(book, "acme/07", "dispute", SAID, debts=["D1"])
    record_hold(book, "acme/07", "dispute", SAID, debts=["D2"])
    record_hold(book, "acme/07", "original_creditor_request", SAID)

    assert (
        record_notice(
            book, "acme/07", "verification", SAID, debts=["D1"], sent_on=date(2026, 11, 15)
        ).details["answers"]
        == 1
    )
    record_notice(book, "acme/07", "original_creditor_answer", SAID, sent_on=date(2026, 11, 14))

    details = {(h.kind, h.debt_id): h.details for h in rows_of(book, holds)}
    ids = {d.reference: d.id for d in rows_of(book, debts)}
    assert details[("dispute", ids["D1"])] == {"verification_sent": "2026-11-15"}
    assert details[("dispute", ids["D2"])] == {}
    assert details[("original_creditor_request", None)] == {"answered": "2026-11-14"}


def test_a_notice_is_kept_for_each_debt_with_its_validation_period(book):
    record_notice(
        book,
        "acme/07",
        "validation",
        SAID,
        debts=["D1", "D2"],
        sent_on=date(2026, 11, 2),
        details={"validation_period_end": "2026-12-09"},
    )
    assert [(n.kind, n.sent_on, n.details) for n in rows_of(book, notices)] == [
        ("validation", date(2026, 11, 2), {"validation_period_end": "2026-12-09"})
    ] * 2
    with pytest.raises(RecordError, match="no kind of notice"):
        record_notice(book, "acme/07", "postcard", SAID)
    with pytest.raises(RecordError, match="2026-11-01 is before the notice was sent, 2026-11-02"):
        record_notice(
            book,
            "acme/07",
            "transfer",
            SAID,
            sent_on=date(2026, 11, 2),
            details={"received_on": "2026-11-01"},
        )
