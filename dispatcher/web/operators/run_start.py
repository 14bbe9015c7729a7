"""Starts the daily run from its plan: looked at first, confirmed, logged, and never twice at a time."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from starlette.responses import Response

from dispatcher.planning.plan_reminders import RunRefused
from dispatcher.runs.domain.run_summary import RunSummary
from dispatcher.runs.run_guards import order_run
from dispatcher.runs.storage import jobs
from dispatcher.runs.storage.jobs import Job
from dispatcher.values import written
from dispatcher.web.site.job_runner import RUN, Report
from dispatcher.web.site.page import go_to, sentence_of, site_of
from dispatcher.web.site.visit import Page, RefusedError, Visit, not_found

RunDay = Callable[..., RunSummary]
"""What runs a day: (program, as-of date, actor=, on_planned=, on_prepared=, alive=)."""

FRESH = timedelta(hours=1)  # an older plan says too little about what would go now


def start_run(visit: Visit) -> Response:
    """Run the day whose plan was looked at; a second click leads to the run that has begun."""
    run_day = site_of(visit.request).run_day
    if run_day is None:
        raise RefusedError(422, "No run is started from these pages: they only show here.")
    plan = plan_of(visit, visit.text("plan"))
    before = begun(visit, plan)
    if before is not None:
        return go_to(visit, f"/jobs/{before.id}")
    back = f"/runs/plan/{plan.id}"
    if visit.text("looked") != "yes":
        return go_to(visit, back, wrong="Tick that you have looked at the plan: a run writes to people.")
    if not is_fresh(visit, plan):
        return go_to(
            visit, back, wrong="This plan is more than an hour old. Plan the day anew, look, then start."
        )
    as_of = date.fromisoformat(plan.details["as_of"])
    try:
        _order(visit, as_of, plan)
    except RunRefused as refused:
        return go_to(visit, back, wrong=sentence_of(refused))
    details = {"as_of": as_of.isoformat(), "plan": plan.id}
    key = site_of(visit.request).jobs.start(RUN, visit.user.name, details, _work(visit, run_day, as_of))
    return go_to(visit, f"/jobs/{key}")


def plan_of(visit: Visit, number: str) -> Job:
    """A finished plan of this user's."""
    job_id = written.whole_number(number)
    if job_id is None:
        raise not_found("such plan of yours")
    with visit.program.database.reading() as connection:
        job = jobs.get(connection, job_id, now=visit.program.real_now())
    if job is None or job.owner != visit.user.name or job.kind != "plan" or job.state != "done":
        raise not_found("such plan of yours")
    return job


def is_fresh(visit: Visit, plan: Job) -> bool:
    """Whether a plan still says what would go now."""
    return plan.finished_at is not None and visit.program.real_now() - plan.finished_at <= FRESH


def begun(visit: Visit, plan: Job) -> Job | None:
    """The run that this plan has started before, unless that failed."""
    with visit.program.database.reading() as connection:
        own = jobs.of_owner(connection, visit.user.name, now=visit.program.real_now())
    return next(
        (
            job
            for job in own
            if job.kind == RUN and job.details.get("plan") == plan.id and job.state in {"running", "done"}
        ),
        None,
    )


def _order(visit: Visit, as_of: date, plan: Job) -> None:
    order_run(
        visit.program.database,
        as_of,
        plan_digest=plan.result["summary"]["digest"],
        now=visit.now,
        real_now=visit.program.real_now(),
        actor=visit.actor,
    )


def _work(visit: Visit, run_day: RunDay, as_of: date) -> Callable[[Report], dict[str, Any]]:
    house, actor = visit.program, visit.actor

    def work(report: Report) -> dict[str, Any]:
        written = 0

        def prepared(count: int) -> None:
            nonlocal written
            written += count
            report(written, 0)

        summary = run_day(
            house,
            as_of,
            actor=actor,
            on_planned=report,
            on_prepared=prepared,
            alive=lambda: report(written, 0),
        )
        return {"run": summary.run_id, "due": summary.due, "totals": dict(summary.totals)}

    return work


PAGES = (Page("POST", "/runs", start_run),)
