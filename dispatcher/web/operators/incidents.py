"""When something went out wrong: stop it, see everybody concerned, put it right, watch the clock, pack the report."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from dispatcher.authoring.storage import template_versions
from dispatcher.incidents.correct_incident import Correcting, correct_incident
from dispatcher.incidents.domain.incident import KIND, Cause, Incident
from dispatcher.incidents.handle_incident import (
    By,
    IncidentError,
    close_incident,
    incident_of,
    look_again,
    open_incident,
)
from dispatcher.incidents.report_incident import concerned_json, every_concerned, report_incident
from dispatcher.incidents.storage import incidents
from dispatcher.record.storage.seal_journal import SealJournal
from dispatcher.record.storage.sealing_keys import SealingKeys
from dispatcher.record.write_lines import Source
from dispatcher.runs.storage import day_counts
from dispatcher.web.site.filters import PAGE, a_path_number, paging
from dispatcher.web.site.job_runner import Report
from dispatcher.web.site.jobs import folder
from dispatcher.web.site.list_export import exported
from dispatcher.web.site.page import again, go_to, page, sentence_of, site_of
from dispatcher.web.site.visit import Page, Visit, not_found

_RUNS = 30


def list_incidents(visit: Visit) -> Response:
    """All of them, and the form that opens one: it stops first."""
    with visit.program.database.reading() as connection:
        found = [(one, incidents.count(connection, one.id)) for one in incidents.every(connection)]
        runs = day_counts.page_of_runs(connection, limit=_RUNS)
        ledgers = incidents.ledgers_brought_in(connection, limit=_RUNS)
        templates = [
            f"{name}@{stored.version.version}"
            for name in template_versions.names(connection)
            for stored in template_versions.history(connection, name)
            if stored.version.published_from is not None
        ]
    packs = sorted(pack.name.lower() for pack in visit.program.policy.rulebook)
    return page(
        visit,
        "incidents",
        incidents=found,
        choices={
            Cause.TEMPLATE: [(one, one.replace("@", ", version ")) for one in templates],
            Cause.RUN: [(str(run.id), f"run {run.id} for {run.as_of}") for run in runs],
            Cause.LEDGER: [(str(row.id), f"{row.key}: {row.file}, as of {row.as_of}") for row in ledgers],
            Cause.PACK: [(name, name) for name in packs],
        },
    )


def open_one(visit: Visit) -> Response:
    """Stop, find all concerned, start the clock."""
    cause, _, name = visit.text("what").partition(":")
    try:
        if cause not in set(Cause):
            raise IncidentError("choose what went out wrong")
        made = open_incident(
            visit.program.database,
            Cause(cause),
            name,
            _by(visit),
            why=visit.text("why"),
            aware_at=_aware(visit),
            is_breach=bool(visit.text("breach")),
        )
    except IncidentError as error:
        return again(visit, list_incidents, sentence_of(error))
    return go_to(visit, f"/incidents/{made.id}", "Stopped. Everybody whom it reached stands below.")


def show_incident(visit: Visit) -> Response:
    """One: its figures, its clock, everybody concerned with the exact bytes, and what puts it right."""
    incident = _incident(visit)
    database = visit.program.database
    if visit.query("format"):
        return exported(visit, f"incident-{incident.id}", _rows(visit, incident))
    with database.reading() as connection:
        rows = incidents.concerned(connection, incident.id, after=visit.query("after"), limit=PAGE + 1)
        counts = incidents.count(connection, incident.id)
        names = template_versions.names(connection)
    templates = [name for name in names if _corrects(visit, name)]
    shown = rows[:PAGE]
    return page(
        visit,
        "incident",
        incident=incident,
        counts=counts,
        rows=shown,
        templates=templates,
        hours_left=incident.hours_left(visit.now),
        kind=KIND,
        paging=paging(visit, cursor="after", value=shown[-1].message_id if len(rows) > PAGE else None),
    )


def correct(visit: Visit) -> Response:
    """Plan the corrections."""
    incident, house = _incident(visit), visit.program
    if visit.text("looked") != "yes":
        wrong = "Tick that you have looked at who is concerned: it writes to people."
        return again(visit, show_incident, wrong, at=_path(incident))
    work = Correcting(
        database=house.database,
        policy=house.policy,
        find=house.templates.find,
        random_bytes=house.random_bytes,
        by=_by(visit),
    )
    try:
        done = correct_incident(work, incident.id, visit.text("template"), again=bool(visit.text("again")))
    except IncidentError as error:
        return again(visit, show_incident, sentence_of(error), at=_path(incident))
    left = f" {done.left} messages are left to a person; why stands beside each." if done.left else ""
    return go_to(
        visit, _path(incident), f"{done.planned} corrections planned; each is asked about once more.{left}"
    )


def look(visit: Visit) -> Response:
    """Look whom it has reached since."""
    incident = _incident(visit)
    return go_to(visit, _path(incident), f"{look_again(visit.program.database, incident.id)} more messages.")


def close(visit: Visit) -> Response:
    """Say what came of it."""
    incident = _incident(visit)
    try:
        close_incident(visit.program.database, incident.id, _by(visit), outcome=visit.text("outcome"))
    except IncidentError as error:
        return again(visit, show_incident, sentence_of(error), at=_path(incident))
    return go_to(visit, _path(incident), "Closed. What was stopped stays stopped until somebody resumes it.")


def report(visit: Visit) -> Response:
    """Pack the bundle, beside the page."""
    incident, house, actor = _incident(visit), visit.program, visit.actor

    def work(job: Report) -> dict[str, Any]:
        source = Source(
            database=house.database,
            keys=SealingKeys(house.keys),
            journal=SealJournal(house.home / "seals.jsonl"),
            actor=actor,
            now=house.real_now(),
        )
        out = folder(house) / f"incident-{incident.id}-{job.job}.zip"
        entries = report_incident(source, incident.id, out, job)
        return {"files": [out.name], "facts": {"entries": f"{entries:,}"}}

    key = site_of(visit.request).jobs.start(
        "incident_report", visit.user.name, {"incident": incident.id}, work
    )
    return go_to(visit, f"/jobs/{key}")


def _rows(visit: Visit, incident: Incident) -> Iterator[dict[str, Any]]:
    return (concerned_json(row) for row in every_concerned(visit.program.database, incident.id))


def _corrects(visit: Visit, name: str) -> bool:
    compiled = visit.program.templates.find(name)
    return compiled is not None and KIND in compiled.meta.kinds


def _incident(visit: Visit) -> Incident:
    number = a_path_number(visit, "id", "such incident")
    try:
        return incident_of(visit.program.database, number)
    except IncidentError:
        raise not_found("such incident") from None


def _path(incident: Incident) -> str:
    return f"/incidents/{incident.id}"


def _by(visit: Visit) -> By:
    return By(actor=visit.actor, now=visit.now, owner=visit.user.name)


def _aware(visit: Visit) -> datetime | None:
    text = visit.text("aware")
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise IncidentError(f"{text!r} is no moment; write it as 2026-11-16T09:30") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


PAGES = (
    Page("GET", "/incidents", list_incidents),
    Page("POST", "/incidents", open_one),
    Page("GET", "/incidents/{id}", show_incident),
    Page("POST", "/incidents/{id}/correct", correct),
    Page("POST", "/incidents/{id}/look", look),
    Page("POST", "/incidents/{id}/close", close),
    Page("POST", "/incidents/{id}/report", report),
)
