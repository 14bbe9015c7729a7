"""Who wants no more of a medium or at an address."""

import threading

import pytest
from sqlalchemy import select

from dispatcher.database.tables.people import opt_outs
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.record_opt_out import record_opt_out
from dispatcher.people.release_hold import release
from dispatcher.people.storage import addresses
from tests.people.people import SAID, file_of, id_of, last_entry
from tests.portfolio.books import a_file, a_row, an_import, rows_of


def test_an_opt_out_at_an_address_binds_everyone_there(book):
    found = record_opt_out(book, "acme/07", SAID, medium="sms", address="(212) 555-0100", raw="STOP")
    assert found.details["also_binds"] == 1
    for who in ("07", "08"):
        [stop] = file_of(book, who).opt_outs
        assert (stop.address, stop.medium, stop.scope, stop.raw) == ("+12125550100", "sms", "address", "STOP")
    assert file_of(book, "99", "other").opt_outs == ()
    entry, kept = last_entry(book)
    assert entry["event"] == "opted_out"
    assert (kept["address"], kept["words"]) == ("+12125550100", "STOP")
    assert "5550100" not in str(entry)


def test_an_opt_out_binds_whoever_is_reached_at_the_mailbox_in_another_case(book, tmp_path):
    shouted = a_row(
        creditor="other", debtor_reference="77", debt_reference="X9", email="ANA@Debtors.Example", phone=""
    )
    an_import(book, a_file(tmp_path, shouted))
    record_opt_out(book, "acme/07", SAID, medium="email", address="ana@debtors.example")
    [stop] = file_of(book, "77", "other").opt_outs
    assert (stop.address.lower(), stop.medium) == ("ana@debtors.example", "email")


@pytest.mark.parametrize(
    ("ask", "scope"),
    [({"medium": "letter"}, "medium"), ({}, "all"), ({"address": "ana@Debtors.example"}, "address")],
)
def test_an_opt_out_without_an_address_or_medium_means_any(book, ask, scope):
    record_opt_out(book, "acme/07", SAID, **ask)
    [stop] = rows_of(book, opt_outs)
    assert (stop.scope, stop.medium, stop.address) == (
        scope,
        ask.get("medium", ""),
        "ana@debtors.example" if "address" in ask else "",
    )
    assert record_opt_out(book, "acme/07", SAID, **ask).already
    assert len(rows_of(book, opt_outs)) == 1


def test_an_opt_out_that_makes_no_sense_is_refused(book):
    for ask in (
        {"medium": "fax"},
        {"medium": "sms", "address": "ana@debtors.example"},
        {"address": "12"},
        {"medium": "email", "address": "+12125550100"},
    ):
        with pytest.raises(RecordError):
            record_opt_out(book, "acme/07", SAID, **ask)
    assert rows_of(book, opt_outs) == []


def test_a_released_opt_out_no_longer_binds(book):
    record_opt_out(book, "acme/07", SAID, medium="sms", address="+1 212 555 0100")
    record_opt_out(book, "acme/07", SAID, medium="letter")
    release(book, "acme/07", "opt_out", SAID, address="+1 212 555 0100")
    assert [stop.medium for stop in file_of(book).opt_outs] == ["letter"]
    assert file_of(book, "08").opt_outs == ()
    assert last_entry(book)[0]["event"] == "opt_out_revoked"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_opt_out_waits_for_a_claim_that_has_locked_someone_at_the_address(book):
    """Luis is being written to; Ana's STOP at their number must come before or after, not in the middle."""
    finished = threading.Event()

    def stop():
        record_opt_out(book, "acme/07", SAID, medium="sms", address="+12125550100")
        finished.set()

    with book.writing() as connection:
        addresses.lock(connection, [id_of(book, "acme", "08")])
        thread = threading.Thread(target=stop)
        thread.start()
        assert not finished.wait(0.5)
        assert connection.execute(select(opt_outs)).all() == []
    assert finished.wait(10)
    thread.join()
    assert len(rows_of(book, opt_outs)) == 1
