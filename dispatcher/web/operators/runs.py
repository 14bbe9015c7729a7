"""Runs: progress while one goes, the summary after, volumes of the last weeks."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from dispatcher.messages.storage import message_lists
from dispatcher.messages.storage.message_lists import MessageFilter
from dispatcher.planning.storage import plans
from dispatcher.planning.storage.plans import NoSuchRunError
from dispatcher.runs.domain.run_summary import WORDS
from dispatcher.runs.guard_volume import confirm_volume
from dispatcher.runs.storage import day_counts
from dispatcher.runs.storage.day_counts import RunLine
from dispatcher.runs.summarise_run import summarise_run
from dispatcher.web.operators.today import kept_back, volumes
from dispatcher.web.site.filters import PAGE, a_number, a_path_number, paging
from dispatcher.web.site.list_export import exported
from dispatcher.web.site.page import go_to, page
from dispatcher.web.site.visit import Page, Visit, not_found

_SAMPLES = 5
GOING = ("planning", "planned", "releasing")


def list_runs(visit: Visit) -> Response:
    """Runs, newest first, and their volumes."""
    with visit.program.database.reading() as connection:
        runs = day_counts.page_of_runs(
            connection,
            mode=visit.query("mode"),
            state=visit.query("state"),
            before=a_number(visit, "before"),
            limit=PAGE + 1,
        )
        recent = day_counts.page_of_runs(connection, limit=30)
    if visit.query("format"):
        return exported(visit, "runs", (run_json(run) for run in runs))
    more = runs[PAGE - 1].id if len(runs) > PAGE else None
    return page(
        visit,
        "runs",
        runs=runs[:PAGE],
        volumes=volumes(recent),
        today=visit.now.date(),
        paging=paging(visit, cursor="before", value=more),
    )


def show_run(visit: Visit) -> Response:
    """One run: where it stands, by step, channel and reason, beside the run before."""
    number = _number(visit)
    database = visit.program.database
    try:
        summary = summarise_run(database, number)
    except NoSuchRunError:
        raise not_found("such run") from None
    with database.reading() as connection:
        row = plans.get_run(connection, number)
        moves = bool(day_counts.moving(connection, [number]))
        earlier = day_counts.page_of_runs(connection, mode=row.mode, before=number, limit=1)
        samples = {
            state: message_lists.page_of_messages(
                connection, MessageFilter(run=number, state=state), limit=_SAMPLES
            )
            for state in ("accepted", "deferred", "held", "cancelled", "unknown", "failed")
        }
    before = summarise_run(database, earlier[0].id) if earlier else None
    waiting = summary.totals.get("deferred", 0)
    return page(
        visit,
        "run",
        row=row,
        stands="waiting" if row.state == "releasing" and not moves else row.state,
        summary=summary,
        before=before,
        words=WORDS,
        steps=_beside(summary.by_step, before.by_step if before else {}),
        channels=summary.by_channel,
        reasons=kept_back(visit, summary),
        samples={state: lines for state, lines in samples.items() if lines},
        going=row.state in GOING,
        done=summary.due - waiting,
        unusual=_unusual(row.summary, earlier),
    )


def _unusual(summary: dict[str, Any], earlier: Sequence[RunLine]) -> list[dict[str, Any]]:
    """What a run that waits whole planned, by group, beside the usual and the run before; else nothing."""
    volume = summary.get("volume", {})
    if volume.get("verdict") != "held":
        return []
    before = (earlier[0].summary if earlier else {}).get("volume", {}).get("planned", {})
    usual = {excess["group"]: excess["usual"] for excess in volume["excesses"]}
    return [
        {"group": group, "planned": count, "usual": usual.get(group), "before": before.get(group)}
        for group, count in sorted(volume["planned"].items())
    ]


def confirm_run(visit: Visit) -> Response:
    """Let a run go that waits whole, by this person's word."""
    number = _number(visit)
    back = f"/runs/{number}"
    if visit.text("looked") != "yes":
        return go_to(visit, back, wrong="Tick that you have looked at the difference: it writes to people.")
    count = confirm_volume(visit.program.database, now=visit.now, actor=visit.actor, run_id=number)
    if not count:
        return go_to(visit, back, wrong="Nothing of this run waits for such a word.")
    return go_to(visit, back, done=f"{count} messages may go. Each is looked at again before it is sent.")


def run_json(run: RunLine) -> dict[str, Any]:
    """A run as exports and the API write it."""
    from dispatcher.values.instants import instant_text

    return {
        "id": run.id,
        "as_of": run.as_of.isoformat(),
        "mode": run.mode,
        "state": run.state,
        "started_at": instant_text(run.started_at),
        "finished_at": instant_text(run.finished_at) if run.finished_at else None,
        "actor": run.actor,
        "due": run.due,
        **{word: run.counts.get(word, 0) for word in WORDS},
    }


def _beside(after: Any, before: Any) -> dict[str, dict[str, tuple[int, int]]]:
    """Step -> word -> (now, in the run before)."""
    found: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for step in dict.fromkeys([*after, *before]):
        for word in WORDS:
            found[step][word] = (after.get(step, {}).get(word, 0), before.get(step, {}).get(word, 0))
    return found


def _number(visit: Visit) -> int:
    return a_path_number(visit, "id", "such run")


PAGES = (
    Page("GET", "/runs", list_runs),
    Page("GET", "/runs/{id}", show_run),
    Page("POST", "/runs/{id}/confirm", confirm_run),
)
