import csv
import json

import pytest

from dispatcher.database.tables.people import contacts, holds, opt_outs
from dispatcher.people.import_contacts import import_contacts
from dispatcher.portfolio.apply_mapping import PortfolioFileError
from tests.people.people import SAID, last_entry, read
from tests.portfolio.books import a_text_file, rows_of

CALLS = (
    "At,Debtor,Channel,Outcome,External ID,Debts,Address,Text\n"
    "2026-11-12T09:30:00-05:00,acme/07,call,unanswered,c-1,D1;acme/D2,(212) 555-0100,\n"
    "2026-11-13T18:00:00Z,other/99,call,conversation,c-2,,,call back\n"
    "2026-11-13T18:00:00,acme/07,call,busy,c-3,,,\n"
    "2026-11-13T18:00:00Z,acme/nobody,call,busy,c-4,,,\n"
    "2026-11-13T18:00:00Z,08,call,busy,c-5,,,\n"
    "2026-11-13T18:00:00Z,acme/07,pigeon,busy,c-6,,,\n"
    "2030-01-01T00:00:00Z,acme/07,call,busy,c-7,,,\n"
)


def run(book, file, **said):
    return import_contacts(book, file, SAID, read=read, rejects=file.parent / "rejects.csv", **said)


def test_contacts_made_elsewhere_are_imported_once_and_bad_rows_are_told(book, tmp_path):
    file = a_text_file(tmp_path, CALLS, "calls.csv")
    report = run(book, file)
    assert (report.rows, report.imported, report.known, report.refused) == (7, 2, 0, 5)
    [first, second] = rows_of(book, contacts)
    assert (first.at.isoformat(), first.channel, first.outcome, first.debts, first.address) == (
        "2026-11-12T14:30:00+00:00",
        "call",
        "unanswered",
        ["D1", "D2"],
        "+12125550100",
    )
    assert (second.debts, second.details) == (None, {"text": "call back"})
    with (tmp_path / "rejects.csv").open(newline="") as stream:
        told = [(row["line"], row["reason"]) for row in csv.DictReader(stream)]
    assert [line for line, _ in told] == ["4", "5", "6", "7", "8"]
    for (_, reason), words in zip(
        told,
        ("no offset", "no debtor", "several creditors", "'pigeon' is no channel", "in the future"),
        strict=True,
    ):
        assert words in reason

    again = run(book, file)
    assert (again.imported, again.known) == (0, 2)
    assert len(rows_of(book, contacts)) == 2
    entry, _ = last_entry(book)
    assert (entry["event"], entry["details"]["known"]) == ("contacts_imported", 2)


def test_contacts_without_ids_are_told_apart_by_person_instant_and_channel(book, tmp_path):
    lines = "at,debtor,channel\n2026-11-12T09:30:00Z,acme/07,call\n2026-11-12T09:30:00Z,acme/07,letter\n2026-11-12T09:30:00Z,acme/07,call\n"
    file = a_text_file(tmp_path, lines, "calls.csv")
    assert run(book, file).imported == 2
    assert run(book, file).imported == 0


def test_json_lines_are_read_too(book, tmp_path):
    row = {
        "at": "2026-11-12T09:30:00Z",
        "debtor": "acme/07",
        "channel": "SMS",
        "direction": "inbound",
        "text": "ok",
        "debts": ["D1"],
        "prerecorded": True,
    }
    assert run(book, a_text_file(tmp_path, json.dumps(row) + "\n", "calls.jsonl")).imported == 1
    [contact] = rows_of(book, contacts)
    assert (contact.channel, contact.direction, contact.outcome, contact.debts) == (
        "sms",
        "inbound",
        "inbound_from_consumer",
        ["D1"],
    )


@pytest.mark.parametrize(
    ("text", "error"),
    [("at,channel\n", "debtor are missing; the file has: at, channel"), ("", "the file has: nothing")],
)
def test_a_file_without_its_columns_is_one_clear_error(book, tmp_path, text, error):
    with pytest.raises(PortfolioFileError, match=error):
        run(book, a_text_file(tmp_path, text, "calls.csv"))


def test_what_a_debtor_wrote_to_another_system_stops_what_it_names(book, tmp_path):
    lines = (
        "at,debtor,channel,direction,address,text\n"
        "2026-11-12T09:30:00Z,acme/07,sms,inbound,(212) 555-0100,BAJA\n"
        "2026-11-12T09:31:00Z,other/99,email,inbound,solo@debtors.example,stpo\n"
        "2026-11-12T09:32:00Z,acme/08,sms,outbound,(212) 555-0100,Reply STOP to stop\n"
    )
    file = a_text_file(tmp_path, lines, "texts.csv")
    report = run(book, file)
    assert (report.imported, report.stopped, report.unclear) == (3, 1, 1)
    [stop] = rows_of(book, opt_outs)
    assert (stop.address, stop.medium, stop.scope, stop.at.isoformat()) == (
        "+12125550100", "", "address", "2026-11-12T09:30:00+00:00",
    )  # fmt: skip
    [hold] = rows_of(book, holds)
    assert hold.kind == "unclear_reply"
    assert run(book, file).known == 3
    assert len(rows_of(book, opt_outs)) == 1
