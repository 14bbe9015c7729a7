"""No door tells one creditor that another knows the same human; the desk alone compares records, and says so."""

import json
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from dispatcher.database.tables.people import holds, humans, person_links
from dispatcher.database.tables.portfolio import contact_points, debtors
from dispatcher.people.link_people import link_people
from dispatcher.planning.policy import NO_LINKS
from tests import command
from tests.builders import creditor_of
from tests.web.house import Web

OTHER = "fabrikam"
WORDS = (OTHER, "F-77", "zeta-note", "cannot go on")
KNOWN = "kim@debtors.example"


def twin(web: Web, *, likely: bool = False) -> None:
    """The first person of the ledger stands at another creditor too, who knows much of them."""
    now = web.house.now()
    with web.house.database.writing() as connection:
        mine = connection.execute(select(debtors).where(debtors.c.reference == "A-1")).one()
        home = {"address_lines": ["1 Elm Street"], "postal_code": "12201", "city": "Albany"}
        connection.execute(update(debtors).where(debtors.c.id == mine.id).values(**home))
        other = creditor_of(connection, OTHER)
        values = {"name": mine.name, "country": mine.country, "region": mine.region, "language": "en", **home}
        key = connection.scalar(
            insert(debtors)
            .values(person="f" * 16, creditor_id=other, reference="F-77", **values)
            .returning(debtors.c.id)
        )
        if not likely:
            for debtor_id in (mine.id, key):
                point = {"debtor_id": debtor_id, "medium": "email", "address": KNOWN}
                connection.execute(insert(contact_points).values(**point))
        for kind in ("care", "cease", "bankruptcy", "deceased"):
            told = {"details": {"text": "I cannot go on", "form": "letter"}, "note": "zeta-note"}
            connection.execute(
                insert(holds).values(debtor_id=key, kind=kind, starts_on=now.date(), recorded_at=now, **told)
            )
        link_people(connection, on=True, now=now, actor="import")


def test_the_pages_and_the_api_of_one_creditors_person_tell_nothing_of_the_other(web: Web) -> None:
    twin(web)
    desk = web.signed_in("everybody")
    reference = "acme/A-1"
    for address in (
        f"/people/{reference}",
        f"/api/v1/people/{reference}",
        f"/api/v1/people/{reference}/timeline",
    ):
        page = desk.page(address)
        assert [word for word in WORDS if word in page] == [], address
    for address in (
        "/people?q=A-1",
        "/messages?q=A-1",
        "/tasks?kind=same_person",
    ):  # which offer every creditor as a filter
        assert [word for word in WORDS[1:] if word in desk.page(address)] == [], address
    assert "on hold" in desk.page(f"/people/{reference}")


def test_what_is_exported_of_one_creditors_person_tells_nothing_of_the_other(
    web: Web, tmp_path: Path
) -> None:
    twin(web)
    home = web.house.home
    again = command.dispatcher("run", "--as-of", "2026-11-17", "--now", "2026-11-17T18:00:00Z", home=home)
    assert again.returncode in (0, 1), again.stderr
    for words in (
        ("log", "export", "--debtor", "acme/A-1", "--out", tmp_path / "one.zip"),
        ("log", "export", "--creditor", "acme", "--out", tmp_path / "all.jsonl"),
        ("subject-access", "acme/A-1", "--out", tmp_path / "access.zip"),
    ):
        done = command.dispatcher(*words, home=home)
        assert done.returncode == 0, done.stdout + done.stderr
    texts = [(tmp_path / "all.jsonl").read_text()]
    for name in ("one.zip", "access.zip"):
        with zipfile.ZipFile(tmp_path / name) as bundle:
            texts += [bundle.read(one).decode("utf-8", "replace") for one in bundle.namelist()]
    for text in texts:
        assert [word for word in (*WORDS, "f" * 16) if word in text] == []
    for message in (home / "outbox").glob("*"):
        assert b"F-77" not in message.read_bytes()


@pytest.mark.parametrize("do", ["one", "two"])
def test_an_operator_says_on_the_tasks_page_whether_two_records_are_one_person(web: Web, do: str) -> None:
    twin(web, likely=True)
    desk = web.signed_in("operator")
    page = desk.page("/tasks?kind=same_person")
    assert "acme/A-1" in page
    assert f"{OTHER}/F-77" in page
    task = page.split('name="task" value="')[1].split('"')[0]
    desk.post("/tasks/finish", {"kind": "same_person", "task": task, "do": do})
    with web.house.database.reading() as connection:
        assert connection.scalars(select(person_links.c.state)).all() == [
            "confirmed" if do == "one" else "refused"
        ]
        assert len(connection.execute(select(humans)).all()) == (2 if do == "one" else 0)
    assert "Nothing waits here" in desk.page("/tasks?kind=same_person")


def test_where_linking_is_off_the_check_and_the_summary_say_so(tmp_path: Path) -> None:
    off = {"DISPATCHER_PEOPLE__LINK": "false"}
    checked = command.dispatcher("check", "--data-only", home=tmp_path, **off)
    assert NO_LINKS in checked.stdout
    assert NO_LINKS not in command.dispatcher("check", "--data-only", home=tmp_path).stdout
    command.dispatcher("portfolio", "sample", "--out", tmp_path / "s.csv", home=tmp_path)
    command.dispatcher("portfolio", "import", tmp_path / "s.csv", "--as-of", "2026-11-16", home=tmp_path)
    planned = command.dispatcher(
        "plan", "--as-of", "2026-11-16", "--now", "2026-11-16T14:30:00Z", "--dry-run", home=tmp_path, **off
    )
    assert NO_LINKS.split(",")[0] in " ".join(planned.stdout.split())


def test_links_are_listed_and_decided_on_the_command_line_too(web: Web) -> None:
    twin(web, likely=True)
    home = web.house.home
    [link] = json.loads(command.dispatcher("links", "list", "--json", home=home).stdout)
    assert (link["record"], link["other"], link["state"]) == ("acme/A-1", f"{OTHER}/F-77", "likely")
    said = command.dispatcher("links", "confirm", str(link["id"]), home=home)
    assert said.stdout.strip() == f"acme/A-1 and {OTHER}/F-77 are one person."
    assert json.loads(command.dispatcher("links", "list", "--json", home=home).stdout) == []
    refused = command.dispatcher("links", "refuse", str(link["id"]), "--json", home=home)
    assert json.loads(refused.stdout)["state"] == "refused"
    assert command.dispatcher("links", "refuse", "99", home=home).returncode != 0
