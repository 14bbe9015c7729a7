"""A day's plan before it goes: everybody in it, the text each would get, and whom somebody takes out."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from starlette.responses import Response

from dispatcher.authoring.preview_planned import preview_planned
from dispatcher.authoring.preview_template import NothingToShow
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.recording import Said
from dispatcher.planning.compare_plans import compare_with_run, plan_lines
from dispatcher.planning.decide_reminders import PlanRequest
from dispatcher.planning.plan_reminders import preview_plan
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage import looked_plans, plans
from dispatcher.planning.storage.looked_plans import PlanFilter
from dispatcher.runs.storage.jobs import Job
from dispatcher.values import written
from dispatcher.values.instants import instant_text
from dispatcher.values.money import Money
from dispatcher.web.operators.messages import html_of, letter_pictures
from dispatcher.web.operators.rule_words import rule_of, says, sentence
from dispatcher.web.operators.run_start import begun, is_fresh, plan_of
from dispatcher.web.site.filters import MOST_EXPORTED, PAGE, a_number, a_path_number, paging
from dispatcher.web.site.headers import FRAMED
from dispatcher.web.site.job_runner import Report
from dispatcher.web.site.list_export import exported
from dispatcher.web.site.page import again, go_to, page, site_of
from dispatcher.web.site.visit import Page, RefusedError, Visit, not_found
from dispatcher.writing.render import Rendered, RenderFailure

_CHANGES = 200
_KEPT = timedelta(days=2)  # a plan is looked at on its day
DECISIONS = ("allow", "defer", "hold", "block")


def start_plan(visit: Visit) -> Response:
    """Plan a day without storing a run, beside the page: what would go and what would not."""
    as_of = _as_of(visit)
    house, desk, request = visit.program, visit.program.policy, _request(visit, as_of)

    def work(report: Report) -> dict[str, Any]:
        summary, decided = preview_plan(house.database, desk, request, progress=report)
        lines = plan_lines(decided)
        with house.database.writing() as connection:
            looked_plans.forget_before(connection, house.real_now() - _KEPT)
            looked_plans.keep(connection, report.job, decided)
        with house.database.reading() as connection:
            newest = plans.newest_run(connection, mode="live")
        every = compare_with_run(house.database, newest.id, lines) if newest else []
        changes = [change for change in every if change["change"] != "same"]
        return {
            "summary": summary.as_json(),
            "changes": changes[:_CHANGES],
            "change_counts": _change_counts(every),
            "against": newest.id if newest else None,
        }

    key = site_of(visit.request).jobs.start("plan", visit.user.name, {"as_of": as_of.isoformat()}, work)
    return go_to(visit, f"/jobs/{key}")


def show_plan(visit: Visit) -> Response:
    """Everybody of a plan, by filters, and the button that runs it."""
    job = plan_of(visit, visit.path("id"))
    wanted = plan_filter(visit)
    if visit.query("format"):
        return exported(visit, f"plan-{job.details['as_of']}", _exported(visit, job, wanted))
    desk, summary = visit.program.policy, job.result["summary"]
    with visit.program.database.reading() as connection:
        rows = looked_plans.page_of_plan(
            connection, job.id, wanted, after=a_number(visit, "after") or 0, limit=PAGE + 1
        )
        count = looked_plans.count(connection, job.id, wanted)
        out = looked_plans.taken_out(connection, job.id)
        words = looked_plans.words_of(connection, job.id)
    shown = rows[:PAGE]
    return page(
        visit,
        "plan",
        job=job,
        summary=summary,
        result=job.result,
        reasons=[_in_words(desk, reason) for reason in summary["reasons"]],
        real_channels=sorted(desk.real_channels),
        may_start=site_of(visit.request).run_day is not None,
        fresh=is_fresh(visit, job),
        begun=begun(visit, job),
        ahead=job.details["as_of"] > visit.now.date().isoformat(),
        rows=shown,
        count=count,
        out=out,
        filters=words,
        says=says(desk, [reason for row in shown for reason in row.reasons]),
        paging=paging(visit, cursor="after", value=shown[-1].number if len(rows) > PAGE else None),
    )


def show_one(visit: Visit) -> Response:
    """One row of a plan: what was decided, the text as it would go, and the form that takes the person out."""
    job, row = _row(visit)
    made, missing = _text(visit, job, row)
    site_of(visit.request).views.note(visit.actor, "preview", row.person)
    pictures = letter_pictures(visit, made.body) if made and made.channel == "letter" else []
    return page(
        visit,
        "plan_row",
        job=job,
        row=row,
        made=made,
        missing=missing,
        pictures=pictures,
        ran=begun(visit, job),
        says=says(visit.program.policy, row.reasons),
    )


def show_email(visit: Visit) -> Response:
    """The e-mail of a row, for a frame of its own."""
    job, row = _row(visit)
    made, _ = _text(visit, job, row)
    if made is None or made.channel != "email":
        raise not_found("e-mail to show")
    return Response(html_of(made.body), media_type="text/html; charset=utf-8", headers=FRAMED)


def take_out(visit: Visit) -> Response:
    """Keep a person out of a day's run, with a reason: a hold that both gates ask."""
    job, row = _row(visit)
    why, as_of = visit.text("why"), date.fromisoformat(job.details["as_of"])
    if not why:
        return again(visit, show_one, "Say why: whoever looks for the message that did not go must know.")
    if begun(visit, job) is not None:
        return again(visit, show_one, "The run of this plan has begun: hold or cancel the message itself.")
    until = "" if visit.text("until") == "released" else max(as_of, visit.now.date()).isoformat()
    said = Said(now=visit.now, actor=visit.actor, source=f"plan for {as_of}", note=why[:2_000])
    who = f"{row.key}/{row.reference}"
    try:
        visit.program.record(
            "hold", who, said, {"kind": ("manual",), **({"until": (until,)} if until else {})}
        )
    except RecordError as error:
        return again(visit, show_one, f"{str(error)[:1].upper()}{str(error)[1:]}.")
    with visit.program.database.writing() as connection:
        count = looked_plans.take_out(connection, job.id, row.recipient_id, by=visit.actor)
    messages = "one message" if count == 1 else f"{count} messages"
    return go_to(visit, f"/runs/plan/{job.id}", f"{row.name or who} is taken out: {messages} of this plan.")


def plan_filter(visit: Visit) -> PlanFilter:
    """The filter that the address bar asks for."""
    decision = visit.query("decision")
    if decision and decision not in DECISIONS:
        raise RefusedError(400, f"decision: there is no {decision!r}; there are {', '.join(DECISIONS)}.")
    names = ("step", "channel", "template", "creditor", "name")
    return PlanFilter(decision=decision, **{name: visit.query(name) for name in names})


def _exported(visit: Visit, job: Job, wanted: PlanFilter) -> Iterator[dict[str, Any]]:
    after, given = 0, 0
    while given < MOST_EXPORTED:
        with visit.program.database.reading() as connection:
            rows = looked_plans.page_of_plan(connection, job.id, wanted, after=after, limit=1_000)
        if not rows:
            return
        yield from (_plain(row) for row in rows)
        after, given = rows[-1].number, given + len(rows)


def _plain(row: Any) -> dict[str, Any]:
    return {
        "debtor": f"{row.key}/{row.reference}",
        "name": row.name,
        "relation": row.relation,
        "debts": row.debts.split(),
        "strategy": row.strategy,
        "step": row.step,
        "kind": row.kind,
        "template": row.template,
        "channel": row.channel,
        "decision": row.decision,
        "not_before": instant_text(row.not_before) if row.not_before else None,
        "balance": str(Money(row.balance_minor, row.currency).amount),
        "currency": row.currency,
        "reasons": list(row.reasons),
        "taken_out_by": row.taken_out_by,
    }


def _row(visit: Visit) -> tuple[Job, Any]:
    job = plan_of(visit, visit.path("id"))
    with visit.program.database.reading() as connection:
        row = looked_plans.row_of(connection, job.id, a_path_number(visit, "number", "such row of this plan"))
    if row is None:
        raise not_found("such row of this plan")
    return job, row


def _text(visit: Visit, job: Job, row: Any) -> tuple[Rendered | None, str]:
    """The text of a row as it would go now; else why there is none."""
    if not row.channel:
        return None, "Nothing would be written: the plan keeps this back."
    house = visit.program
    request = _request(visit, date.fromisoformat(job.details["as_of"]), debtor_id=row.recipient_id)
    try:
        _, made = preview_planned(
            house.database, house.preparing(visit.actor), request, step=row.step, debts=row.debts.split()
        )
    except NothingToShow as nothing:
        return None, f"{str(nothing)[:1].upper()}{str(nothing)[1:]}."
    if isinstance(made, RenderFailure):
        return None, f"The text cannot be made, and the message would be held: {made}."
    return made, ""


def _request(visit: Visit, as_of: date, *, debtor_id: int | None = None) -> PlanRequest:
    return PlanRequest(
        as_of=as_of,
        now=visit.now,
        real_now=visit.program.real_now(),
        actor=visit.actor,
        random_bytes=visit.program.random_bytes,
        debtor_id=debtor_id,
    )


def _in_words(desk: Policy, reason: dict[str, Any]) -> dict[str, Any]:
    known = rule_of(desk, reason["pack"], reason["rule"])
    told = sentence(desk, reason["pack"], reason["rule"])
    return {**reason, "says": told, "link": known.reference.link if known else ""}


def _change_counts(changes: list[dict[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for change in changes:
        found[str(change["change"])] += 1
    return dict(found)


def _as_of(visit: Visit) -> date:
    text = visit.text("as_of")
    day = written.day(text) if text else visit.now.date()
    if day is None:
        raise RefusedError(422, f"{text!r} is not a day; write it as 2026-11-23.")
    return day


PAGES = (
    Page("POST", "/runs/plan", start_plan),
    Page("GET", "/runs/plan/{id}", show_plan),
    Page("GET", "/runs/plan/{id}/{number}", show_one),
    Page("POST", "/runs/plan/{id}/{number}", take_out),
    Page("GET", "/runs/plan/{id}/{number}/email", show_email),
)
