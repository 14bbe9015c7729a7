"""Exports, checks and reports that run beside the pages: their progress, their results, their files."""

import socket
from pathlib import Path

from starlette.responses import FileResponse, Response

from dispatcher.bootstrap import Dispatcher
from dispatcher.planning.storage import plans
from dispatcher.runs.storage import jobs
from dispatcher.runs.storage.jobs import Job
from dispatcher.values import written
from dispatcher.web.site.job_runner import RUN
from dispatcher.web.site.page import page
from dispatcher.web.site.visit import Page, RefusedError, Visit, not_found


def list_jobs(visit: Visit) -> Response:
    """One's own jobs, the newest first."""
    with visit.program.database.reading() as connection:
        found = jobs.of_owner(connection, visit.user.name, now=visit.program.real_now())
    return page(visit, "jobs", jobs=found)


def show_job(visit: Visit) -> Response:
    """Progress or result of one job."""
    job = _own(visit)
    headers = {} if job.state != "running" else {"Refresh": "5"}
    return page(visit, "job", job=job, files=files_of(job), run=_run_of(visit, job), headers=headers)


def _run_of(visit: Visit, job: Job) -> int | None:
    """The run that a job has begun; None before it has a number."""
    if job.kind != RUN or job.state != "running":
        return job.result.get("run")
    with visit.program.database.reading() as connection:
        newest = plans.newest_run(connection, mode="live")
    return newest.id if newest and newest.state != "finished" and newest.actor == visit.actor else None


def download(visit: Visit) -> Response:
    """A file that a job made: the one that is named, else the first."""
    job = _own(visit)
    made = files_of(job)
    name = visit.query("name") or next(iter(made), "")
    if job.state != "done" or name not in made:
        raise not_found("file of this job")
    path = folder(visit.program) / Path(name).name
    if not path.is_file():
        where = f" on {job.host}" if job.host != socket.gethostname() else ""
        raise RefusedError(
            404, f"The file is not here: it was made{where}, or has been cleaned up. Start it again."
        )
    return FileResponse(path, filename=path.name, media_type="application/octet-stream")


def files_of(job: Job) -> list[str]:
    """The names of all files that a job made."""
    named = job.result.get("file")  # as jobs said it that made one
    return [str(name) for name in job.result.get("files", [named] if named else [])]


def folder(house: Dispatcher) -> Path:
    """Where the files of jobs lie."""
    path = house.home / "exports"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _own(visit: Visit) -> Job:
    number = written.whole_number(visit.path("id"))
    with visit.program.database.reading() as connection:
        job = jobs.get(connection, number, now=visit.program.real_now()) if number is not None else None
    if job is None or job.owner != visit.user.name:
        raise not_found("such job of yours")
    return job


PAGES = (
    Page("GET", "/jobs", list_jobs),
    Page("GET", "/jobs/{id}", show_job),
    Page("GET", "/jobs/{id}/file", download),
)
