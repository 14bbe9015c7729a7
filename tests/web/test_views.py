"""Who looked at whom stands in the log; real people are previewed by those alone who may read people."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from dispatcher.database.engine import Database
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.portfolio import debtors
from dispatcher.web.site.view_log import AGAIN_AFTER, ViewLog
from tests.web.house import Web, add
from tests.web.test_inbox_pages import hears

NOW = datetime(2026, 3, 4, 15, tzinfo=UTC)


def views(database: Database) -> list[tuple[str, str, str]]:
    """(who, what, whose) of every look in the log."""
    with database.reading() as connection:
        rows = connection.scalars(select(log_entries.c.entry).where(log_entries.c.event == "viewed"))
        entries = [json.loads(row) for row in rows]
    return [(e["actor"], e["details"]["what"], e["details"]["person"]) for e in entries]


def person_of(web: Web, reference: str) -> str:
    with web.house.database.reading() as connection:
        return str(connection.scalar(select(debtors.c.person).where(debtors.c.reference == reference)))


def looks(web: Web) -> list[tuple[str, str, str]]:
    site_of(web).views.close()
    return views(web.house.database)


def site_of(web: Web):
    app = web.app
    while not hasattr(app, "state"):
        app = app._app
    return app.state.site


def test_a_look_at_a_person_and_its_export_are_logged_with_whose_they_were(web: Web) -> None:
    web.signed_in("auditor").page("/people/acme/A-1")
    web.signed_in("operator").get("/api/v1/people/acme/A-1")
    web.signed_in("auditor").get("/people/acme/A-1?format=csv")
    person = person_of(web, "A-1")
    assert sorted(looks(web)) == [("user:auditor", "person", person), ("user:operator", "api", person)]
    with web.house.database.reading() as connection:
        entry = connection.scalar(select(log_entries.c.entry).where(log_entries.c.event == "list_exported"))
    assert json.loads(entry)["details"]["person"] == person


def test_whoever_reads_an_entry_with_a_persons_values_is_in_the_log(web: Web) -> None:
    with web.house.database.reading() as connection:
        query = select(log_entries.c.id, log_entries.c.entry).where(log_entries.c.event == "accepted")
        key, entry = connection.execute(query.limit(1)).one()
    web.signed_in("auditor").page(f"/log/entries/{key}")
    assert looks(web) == [("user:auditor", "entry", json.loads(entry)["person"])]


def test_whoever_reads_what_a_person_wrote_is_in_the_log(web: Web) -> None:
    reference = hears(web, "I will pay on Friday")
    web.signed_in("operator").page("/inbox/1")
    assert looks(web) == [("user:operator", "inbox", person_of(web, reference))]


TEXT = "---\nsubject: A message\npreheader: From us\n---\nHello {{ debtor.name }}\n"


def preview(web: Web, user: str, debtor: str) -> str:
    form = {"version": "1", "file": "en/email.md", "text": TEXT, "debtor": debtor}
    return web.signed_in(user).post("/templates/first-reminder/preview", form).text


def test_a_manager_previews_made_up_people_alone(web: Web) -> None:
    assert "Ana P" not in preview(web, "manager", "acme/A-1")
    assert "may read people" in preview(web, "manager", "acme/A-1")
    assert "Hello" in preview(web, "manager", "")
    assert looks(web) == []


def test_who_may_read_people_previews_a_real_one_with_an_entry_in_the_log(web: Web) -> None:
    add(web.house, "editor", ["manager", "operator"])
    assert "Ana P" in preview(web, "editor", "acme/A-1")
    assert looks(web) == [("user:editor", "preview", person_of(web, "A-1"))]


def test_a_look_waits_for_no_writer_and_is_written_when_it_has_ended(sqlite_database: Database) -> None:
    log = ViewLog(sqlite_database, lambda: NOW)
    noted = threading.Event()

    def look() -> None:
        log.note("user:ana", "person", "p1")
        noted.set()

    with sqlite_database.writing():
        threading.Thread(target=look).start()
        assert noted.wait(5)
        assert views(sqlite_database) == []
    log.close()
    assert views(sqlite_database) == [("user:ana", "person", "p1")]


@pytest.mark.parametrize(("later", "times"), [(AGAIN_AFTER - timedelta(seconds=1), 1), (AGAIN_AFTER, 2)])
def test_looking_on_is_one_look(sqlite_database: Database, later: timedelta, times: int) -> None:
    at = [NOW]
    log = ViewLog(sqlite_database, lambda: at[0])
    log.note("user:ana", "person", "p1")
    at[0] += later
    log.note("user:ana", "person", "p1")
    log.note("user:ben", "person", "p1")
    log.close()
    assert len(views(sqlite_database)) == times + 1
