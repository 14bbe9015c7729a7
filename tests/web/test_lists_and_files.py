"""Lists as files: one heading for all rows, a byte-order mark, cells as people write them; exceptions; evidence."""

import csv
import io
import json

import pytest
from sqlalchemy import update

from dispatcher.database.tables.messages import messages
from dispatcher.record.search_log import EXCEPTION_KINDS
from dispatcher.record.verify.verify_file import verify_file
from tests.web.house import ALL, Desk, Web
from tests.web.test_operating import set_state
from tests.web.test_templates import finished


def rows_of(desk: Desk, path: str) -> list[dict[str, str]]:
    answer = desk.get(path)
    assert answer.status_code == 200
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(
        csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), restkey="too many", strict=True)
    )


def test_every_value_of_the_log_stands_under_its_own_name(web: Web) -> None:
    desk = web.signed_in("auditor")
    entries = {str(entry["id"]): entry for entry in desk.get("/log?format=json").json()}
    assert len({tuple(entry) for entry in entries.values()}) > 1  # entries differ in what they hold

    rows = [row for row in rows_of(desk, "/log?format=csv") if row["id"] in entries]

    assert len(rows) == len(entries)
    for row in rows:
        entry = entries[row["id"]]
        assert "too many" not in row
        for name in (
            "event",
            "at",
            "actor",
            "message_id",
            "channel",
            "template",
            "person",
            "debtor",
            "address",
        ):
            value = entry.get(name)
            written = "" if value is None else str(value)
            assert row[name].removeprefix("'") == written, (name, row["id"])


@pytest.mark.parametrize("path", ["/log", "/people/acme/A-2", "/messages", "/log/exceptions", "/templates"])
def test_no_cell_holds_the_marks_of_a_programming_language(web: Web, path: str) -> None:
    for row in rows_of(web.signed_in(ALL), f"{path}?format=csv"):
        for name, cell in row.items():
            assert not cell.startswith(("[", "{")), (name, cell)
            assert "': '" not in cell
            assert '": "' not in cell


def test_exceptions_come_a_kind_and_a_page_at_a_time_with_who_decided_what_and_why(web: Web) -> None:
    desk, auditor = web.signed_in("operator"), web.signed_in("auditor")
    with web.house.database.reading() as connection:
        message_id = connection.scalar(messages.select().with_only_columns(messages.c.id).limit(1))
    set_state(web, message_id, "queued")
    for todo in ("hold", "cancel"):
        desk.post(f"/messages/{message_id}/decide", {"do": todo, "why": f"{todo}: wrong person"})

    page = " ".join(auditor.page("/log/exceptions?kind=held").split())
    (row,) = [
        r for r in rows_of(auditor, "/log/exceptions?kind=held&format=csv") if r["message_id"] == message_id
    ]

    assert "cancel: wrong person" in page
    assert (row["resolved"], row["resolved_by"], row["resolved_why"]) == (
        "unknown",  # it had been tried before it was cancelled
        "user:operator",
        "cancel: wrong person",
    )
    assert set(EXCEPTION_KINDS) <= {kind for kind in EXCEPTION_KINDS if f"kind={kind}" in page}
    assert auditor.get("/log/exceptions?kind=nonsense").status_code == 400


def test_an_evidence_export_hands_out_every_file_it_made(web: Web, tmp_path: object) -> None:
    from pathlib import Path

    desk = web.signed_in("auditor")
    location = desk.post("/log/export", {"form": "csv"}).headers["location"]
    page = finished(desk, location)

    names = [one.split("name=")[1].split('"')[0] for one in page.split("<a ") if "/file?name=" in one]
    assert len(names) == 2
    folder = Path(str(tmp_path))
    for name in names:
        answer = desk.get(f"{location}/file?name={name}")
        assert answer.status_code == 200
        (folder / name).write_bytes(answer.content)
    csv_file = next(name for name in names if name.endswith(".csv"))
    assert not verify_file(folder / csv_file)[1]
    assert desk.get(f"{location}/file?name=../dispatcher.db").status_code == 404
    assert json.loads((folder / f"{csv_file}.seals.json").read_text())["seals"]


def test_a_message_list_is_filtered_by_name_and_template(web: Web) -> None:
    desk = web.signed_in("operator")
    with web.house.database.writing() as connection:
        connection.execute(update(messages).values(template="first-reminder"))

    assert {row["debtor"] for row in rows_of(desk, "/messages?name=ana&format=csv")} == {"acme/A-1"}
    assert desk.get("/messages?template=final-notice&format=json").json() == []


def test_an_auditor_downloads_what_regulators_ask_for_and_others_do_not(web: Web) -> None:
    desk = web.signed_in("auditor")
    finished(desk, desk.post("/log/export", {"form": "csv"}).headers["location"])  # which seals the log
    answer = desk.post("/log/tables", {"table": "contacts", "first": "2026-01", "last": "2026-12"})
    assert answer.status_code == 200
    head, *_ = answer.content.decode("utf-8-sig").splitlines()
    assert head == "month,creditor,debtor,channel,contacts,first,last,seal,seal_root"
    assert desk.post("/log/tables", {"table": "all", "first": "2026-01"}).status_code == 422
    assert desk.post("/log/tables", {"table": "contacts", "first": "soon"}).status_code == 422
    assert (
        web.signed_in("operator").post("/log/tables", {"table": "contacts", "first": "2026-01"}).status_code
        == 403
    )
