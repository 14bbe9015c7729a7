"""A drill: a reminder went out with a fault. Stop, list, correct, watch the clock, report, close."""

import csv
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from dispatcher.authoring.edit_template import Edit, save_draft
from dispatcher.authoring.publish_template import publish_template
from dispatcher.authoring.review_template import approve_template, submit_template
from dispatcher.authoring.storage import template_versions
from dispatcher.bootstrap import Dispatcher
from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.messages import messages
from dispatcher.delivery.storage import stops
from dispatcher.incidents.domain.incident import Cause
from dispatcher.incidents.handle_incident import By, IncidentError, open_incident
from dispatcher.record.verify.verify_file import verify_file
from dispatcher.worker.daily_run import run_today
from tests.command import dispatcher as command
from tests.web.house import ALL, AS_OF, NOW, Web
from tests.web.test_operating import set_state
from tests.web.test_templates import finished

WORDS = "What we wrote to you before was wrong, and we are sorry."


def publish_correction(house: Dispatcher, kinds: str = "correction", name: str = "wrong-account") -> None:
    """A reviewed text that puts it right: what the reminder says, after a sentence that says why."""
    with house.database.reading() as connection:
        files = dict(template_versions.history(connection, "first-reminder")[0].version.files)
    files = {path: text for path, text in files.items() if path == "template.yaml" or path.startswith("en/")}
    files["template.yaml"] = files["template.yaml"].replace("kinds: [collection]", f"kinds: [{kinds}]")
    for path in ("en/email.md", "en/letter.md"):
        head, greeting, rest = files[path].partition("{{ debtor.name }},\n")
        assert greeting
        files[path] = head + greeting + f"\n{WORDS}\n" + rest
    files["en/sms.txt"] = f"{WORDS} {files['en/sms.txt']}"
    at = house.now()
    saved = save_draft(
        house.database, house.layouts, Edit(name=name, files=files, author="user:manager"), now=at
    )
    version = saved.version
    submit_template(house.database, house.layouts, name, version, actor="user:manager", now=at)
    approve_template(house.database, name, version, actor="user:approver", now=at)
    publish_template(house.database, house.layouts, name, version, actor="user:approver", now=at)
    house.templates.forget()


def sent(web: Web, template: str) -> dict[str, str]:
    with web.house.database.reading() as connection:
        query = select(messages.c.id, messages.c.state).where(messages.c.template == template)
        return {row.id: row.state for row in connection.execute(query)}


def test_a_fault_is_stopped_listed_put_right_the_same_day_reported_and_closed(
    web: Web, tmp_path: Path
) -> None:
    desk, wrong = web.signed_in(ALL), sent(web, "first-reminder")
    assert set(wrong.values()) == {"accepted"}

    said = desk.post(
        "/incidents", {"what": "template:first-reminder@1", "why": "another person's number", "breach": "yes"}
    )
    page = desk.page(said.headers["location"])

    # Stopped before anything else; the clock runs, on the desk of whoever opened it.
    with web.house.database.reading() as connection:
        assert "template first-reminder" in {str(row.stop) for row in stops.in_force(connection)}
        task = connection.execute(select(tasks).where(tasks.c.kind == "breach")).one()
    assert (task.owner, task.done_at) == (ALL, None)
    assert re.search(r"7[12] hours left", page)  # the clock of this house goes on
    # Everybody, each with the bytes.
    rows = desk.get("/incidents/1?format=json").json()
    assert {row["message_id"] for row in rows} == set(wrong)
    for row in rows:
        assert desk.get(f"/messages/{row['message_id']}/bytes").status_code == 200

    publish_correction(web.house)
    answer = desk.post("/incidents/1/correct", {"template": "wrong-account", "looked": "yes"})
    assert "corrections planned" in desk.said(answer)
    run_today(web.house, AS_OF, actor="test")  # whatever delivers: the day's run takes along what is due

    rows = desk.get("/incidents/1?format=json").json()
    right = [row for row in rows if row["correction_state"] == "accepted"]
    assert right, rows
    others = {row["debtor"]: row["correction_state"] for row in rows if row not in right}
    assert others == {"acme/A-8": "held"}  # who is written to in Spanish waits for a Spanish text
    assert WORDS.split(maxsplit=1)[0] in desk.page(f"/messages/{right[0]['correction']}")
    again = desk.said(desk.post("/incidents/1/correct", {"template": "wrong-account", "looked": "yes"}))
    assert again.startswith("0 corrections")  # nobody is told twice

    location = desk.post("/incidents/1/report").headers["location"]
    finished(desk, location)
    file = tmp_path / "incident.zip"
    file.write_bytes(desk.get(f"{location}/file").content)
    assert verify_file(file)[1] == []
    with zipfile.ZipFile(file) as archive:
        names = {name.partition("/")[2]: name for name in archive.namelist()}
        document = json.loads(archive.read(names["incident.json"]))
        listed = list(csv.DictReader(io.StringIO(archive.read(names["concerned.csv"]).decode("utf-8-sig"))))
    assert (document["messages"], document["is_breach"]) == (len(wrong), True)
    assert {row["message_id"] for row in listed} == set(wrong)
    assert all(any(row["content_sha256"] in name for name in names) for row in listed)

    assert "say what came of it" in desk.said(desk.post("/incidents/1/close", {"outcome": ""})).lower()
    desk.post("/incidents/1/close", {"outcome": "the authority was told on the 17th"})
    with web.house.database.reading() as connection:
        assert connection.scalar(select(tasks.c.done_at).where(tasks.c.kind == "breach")) is not None
    assert "incident_closed" in desk.page("/log?event=incident_closed")


def test_whom_a_stop_or_a_dispute_protects_is_told_by_a_person_and_not_by_the_program(web: Web) -> None:
    desk = web.signed_in(ALL)
    desk.post("/people/acme/A-1/record", {"fact": "opt_out", "source": "call", "text": "stop everything"})
    desk.post(
        "/people/acme/A-2/record", {"fact": "dispute", "debt": "D-2", "source": "call", "form": "letter"}
    )
    desk.post("/incidents", {"what": "run:1", "why": "planned twice"})
    publish_correction(web.house)

    desk.post("/incidents/1/correct", {"template": "wrong-account", "looked": "yes"})

    rows = {row["debtor"]: row for row in desk.get("/incidents/1?format=json").json()}
    assert [rows[one]["correction"] for one in ("acme/A-1", "acme/A-2")] == [None, None]
    assert "disputed" in rows["acme/A-2"]["not_corrected"]
    assert rows["acme/A-1"]["not_corrected"]


def test_a_run_that_is_wrong_is_held_where_it_has_not_gone(web: Web) -> None:
    waiting = next(iter(sent(web, "first-reminder")))
    set_state(web, waiting, "queued")
    with web.house.database.writing() as connection:
        connection.execute(update(messages).where(messages.c.id == waiting).values(sent_at=None))

    made = open_incident(
        web.house.database, Cause.RUN, "1", By(actor="user:operator", now=web.house.now()), why="wrong ledger"
    )

    assert sent(web, "first-reminder")[waiting] == "held"
    rows = web.signed_in("auditor").get(f"/incidents/{made.id}?format=json").json()
    assert waiting not in {row["message_id"] for row in rows}


@pytest.mark.parametrize(
    ("cause", "name", "why", "wrong"),
    [
        (Cause.RUN, "99", "x", "no run 99"),
        (Cause.RUN, "first", "x", "no number"),
        (Cause.LEDGER, "99", "x", "no ledger 99"),
        (Cause.TEMPLATE, "first-reminder@two", "x", "write first-reminder"),
        (Cause.PACK, "", "x", "say which"),
        (Cause.RUN, "1", " ", "say what went wrong"),
    ],
)
def test_what_is_not_there_is_no_incident_and_stops_nothing(
    web: Web, cause: Cause, name: str, why: str, wrong: str
) -> None:
    with pytest.raises(IncidentError, match=wrong):
        open_incident(web.house.database, cause, name, By(actor="user:operator", now=NOW), why=why)

    with web.house.database.reading() as connection:
        assert stops.in_force(connection) == []


def test_only_a_text_for_corrections_corrects_and_only_what_is_open(web: Web) -> None:
    desk = web.signed_in(ALL)
    desk.post("/incidents", {"what": "run:1", "why": "wrong"})
    publish_correction(web.house, kinds="collection", name="a-reminder")

    reminder = desk.post("/incidents/1/correct", {"template": "a-reminder", "looked": "yes"})
    nothing = desk.post("/incidents/1/correct", {"template": "not-there", "looked": "yes"})
    unseen = desk.post("/incidents/1/correct", {"template": "a-reminder"})

    assert [answer.status_code for answer in (reminder, nothing, unseen)] == [422, 422, 422]
    assert "kinds must name correction" in reminder.text
    assert "no version in force" in nothing.text


def test_the_clock_counts_from_the_moment_somebody_knew_and_says_when_it_is_too_late() -> None:
    from dispatcher.incidents.domain.incident import Incident

    one = Incident(
        id=1, cause=Cause.RUN, name="1", why="x", aware_at=NOW, is_breach=True, opened_by="a", opened_at=NOW
    )

    assert one.due_at == NOW + timedelta(hours=72)
    assert [one.hours_left(NOW + timedelta(hours=hours)) for hours in (0, 71.5, 72.5)] == [72, 0, -1]
    assert replace(one, is_breach=False).due_at is None


def test_the_command_line_does_the_same(web: Web, tmp_path: Path) -> None:
    home = web.house.home
    publish_correction(web.house)
    web.house.close()
    at = ("--now", "2026-11-16T18:00:00Z")

    made = json.loads(
        command(
            "incidents",
            "open",
            "template",
            "first-reminder@1",
            "--why",
            "x",
            "--breach",
            "--json",
            *at,
            home=home,
        ).stdout
    )
    done = json.loads(command("incidents", "correct", "1", "wrong-account", "--json", *at, home=home).stdout)
    shown = json.loads(command("incidents", "show", "1", "--json", *at, home=home).stdout)
    command("incidents", "report", "1", "--out", tmp_path / "r.zip", *at, home=home)
    command("incidents", "close", "1", "--outcome", "told", *at, home=home)

    assert made["messages"] == len(shown["concerned"]) > 0
    assert done["planned"] + done["left"] > 0
    assert verify_file(tmp_path / "r.zip")[1] == []
    assert "closed" in command("incidents", "list", *at, home=home).stdout
