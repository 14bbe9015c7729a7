import csv
import json
from datetime import date, timedelta

from sqlalchemy import insert, select, update

from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.portfolio import contact_points, creditors, debtors
from dispatcher.people.record_opt_out import record_opt_out
from dispatcher.people.recording import Said
from dispatcher.people.release_hold import release
from dispatcher.portfolio.export_changes import COLUMNS, export_changes
from tests.portfolio.books import NOW, a_file, a_row, an_import, rows_of

SINCE = NOW.date()


def a_book(database, folder):
    people = (
        a_row(),
        a_row(debtor_reference="08", debt_reference="0002", email="luis@debtors.example"),
        a_row(creditor="other", debt_reference="9", email="rosa@debtors.example", phone=""),
    )
    an_import(database, a_file(folder, *people))


def exported(database, folder, **ask):
    counts = export_changes(
        database, folder / "changes.csv", ask.pop("since", SINCE), now=NOW, actor="test", **ask
    )
    with (folder / "changes.csv").open(newline="", encoding="utf-8") as stream:
        return counts, list(csv.DictReader(stream))


def test_an_opt_out_is_told_for_everyone_it_binds(database, tmp_path):
    a_book(database, tmp_path)
    record_opt_out(
        database, "acme/07", Said(now=NOW, actor="test"), medium="sms", address="+1 212 555 0100", raw="=STOP"
    )
    counts, rows = exported(database, tmp_path)
    assert counts == {"opt_out": 2}
    assert tuple(rows[0]) == COLUMNS
    assert [(r["change"], r["creditor"], r["debtor"], r["medium"], r["address"], r["reason"]) for r in rows] == [
        ("opt_out", "acme", "07", "sms", "'+12125550100", "'=STOP"),
        ("opt_out", "acme", "08", "sms", "'+12125550100", "'=STOP"),
    ]  # fmt: skip
    assert rows[0]["at"] == "2026-11-16T06:00:00.000Z"


def test_a_revoked_opt_out_is_told_too(database, tmp_path):
    a_book(database, tmp_path)
    record_opt_out(database, "acme/07", Said(now=NOW - timedelta(days=9), actor="test"), medium="letter")
    release(database, "acme/07", "opt_out", Said(now=NOW, actor="test"))
    assert exported(database, tmp_path)[0] == {"opt_out_revoked": 1}


def test_closed_addresses_and_returned_mail_are_told(database, tmp_path):
    a_book(database, tmp_path)
    with database.writing() as connection:
        luis = connection.scalar(select(debtors.c.id).where(debtors.c.reference == "08"))
        connection.execute(
            update(contact_points)
            .where(contact_points.c.address == "luis@debtors.example")
            .values(closed_at=NOW, closed_reason="no such mailbox")
        )
        connection.execute(
            insert(messages).values(
                id="m-1", creditor_id=connection.scalar(select(creditors.c.id).where(creditors.c.key == "acme")), recipient_id=luis,
                as_of=SINCE, step="first-reminder", kind="collection", channel="letter", template="first-reminder", state="returned",
                expires_at=NOW, created_at=NOW, updated_at=NOW,
            )
        )  # fmt: skip
    counts, rows = exported(database, tmp_path)
    assert counts == {"address_closed": 1, "returned_mail": 1}
    assert [(r["change"], r["debtor"], r["medium"], r["address"], r["reason"]) for r in rows] == [
        ("address_closed", "08", "email", "luis@debtors.example", "no such mailbox"), ("returned_mail", "08", "letter", "", "returned"),
    ]  # fmt: skip


def test_only_what_happened_since_the_day_and_of_the_creditor_is_told(database, tmp_path):
    a_book(database, tmp_path)
    record_opt_out(database, "acme/07", Said(now=NOW, actor="test"), medium="letter")
    record_opt_out(database, "other/07", Said(now=NOW, actor="test"), medium="letter")
    assert exported(database, tmp_path, since=SINCE + timedelta(days=1))[0] == {}
    counts, rows = exported(database, tmp_path, creditor="other")
    assert (counts, [r["creditor"] for r in rows]) == ({"opt_out": 1}, ["other"])


def test_json_lines_hold_the_values_as_they_are_and_the_export_is_logged(database, tmp_path):
    a_book(database, tmp_path)
    record_opt_out(database, "acme/07", Said(now=NOW, actor="test"), address="+1 212 555 0100", raw="=STOP")
    export_changes(database, tmp_path / "changes.jsonl", date(2026, 11, 1), now=NOW, actor="test")
    rows = [json.loads(line) for line in (tmp_path / "changes.jsonl").read_text().splitlines()]
    assert {(row["address"], row["reason"], row["scope"]) for row in rows} == {
        ("+12125550100", "=STOP", "address")
    }
    entry = json.loads(rows_of(database, log_entries)[-1].entry)
    assert (entry["event"], entry["details"]["counts"]) == ("changes_exported", {"opt_out": 2})
