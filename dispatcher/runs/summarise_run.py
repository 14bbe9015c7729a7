"""Adds up a run from what is stored: its plan's refusals and where its messages stand."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.delivery.contradicted_clearances import contradictions_open
from dispatcher.delivery.storage import stops
from dispatcher.duties.note_duties import late_or_soon
from dispatcher.planning.storage import plans
from dispatcher.planning.storage.plans import NoSuchRunError
from dispatcher.runs.domain.run_summary import (
    WORD_OF_OUTCOME,
    WORD_OF_STATE,
    ReasonCount,
    RunSummary,
    count_messages,
)
from dispatcher.runs.storage import left_open, run_totals
from dispatcher.treatment.note_by_hand import unworked_by_hand

NO_CHANNEL = "none"  # refused before a channel was chosen


def summarise_run(
    database: Database,
    run_id: int,
    *,
    refused_creditors: Mapping[str, str] | None = None,
    template_problems: Sequence[str] = (),
    sent_of_earlier_runs: int = 0,
    creditor: str = "",
) -> RunSummary:
    """The summary of a run as it stands now; raises NoSuchRunError.

    With a creditor it holds that one's messages and refusals, and nothing about the desk.
    """
    if creditor:
        return _of_creditor(database, run_id, creditor)
    with database.reading() as connection:
        run = plans.get_run(connection, run_id)
        if run is None:
            raise _no_such(run_id)
        states = run_totals.count_states(connection, run_id)
        kept = run_totals.kept_reasons(connection, run_id)
        besides = run_totals.count_besides(connection, run.as_of) if run.mode == "live" else {}
        stopped = stops.in_force(connection)
        unworked = [*unworked_by_hand(connection, run.as_of), *late_or_soon(connection, run.as_of)]
        still_open = left_open.left_open(connection, mode=run.mode)
        contradicted = contradictions_open(connection)
    plan = run.summary.get("plan", {})
    by_channel, by_step = count_messages(states)
    _add_refused(plan, by_channel, by_step)
    totals: Counter[str] = Counter()
    for counts in by_channel.values():
        totals += counts
    return RunSummary(
        run_id=run_id,
        as_of=run.as_of,
        due=sum(totals.values()),
        totals=totals,
        by_channel=by_channel,
        by_step=by_step,
        reasons=_reasons(plan, kept),
        others=plan.get("others", {}),
        refused_creditors=refused_creditors or {},
        template_problems=template_problems,
        notes=(*contradicted, *plan.get("notes", ()), *unworked),
        is_contradicted=bool(contradicted),
        stops=tuple(f"{row.stop}: {row.why}" for row in stopped),
        left_open=still_open,
        besides=count_messages(besides)[1],
        stopped_by_program=any(row.by_program for row in stopped),
        sent_of_earlier_runs=sent_of_earlier_runs,
        plan_digest=run.plan_digest,
    )


def _of_creditor(database: Database, run_id: int, creditor: str) -> RunSummary:
    with database.reading() as connection:
        run = plans.get_run(connection, run_id)
        if run is None:
            raise _no_such(run_id)
        states = run_totals.count_states(connection, run_id, creditor)
        kept = run_totals.kept_reasons(connection, run_id, creditor)
        refused = run_totals.refused_of_creditor(connection, [run_id], creditor)
    by_channel, by_step = count_messages(states)
    for (_, word), count in refused.items():
        by_channel.setdefault(NO_CHANNEL, Counter())[word] += count
    totals = sum(by_channel.values(), Counter[str]())
    return RunSummary(
        run_id=run_id,
        as_of=run.as_of,
        due=sum(totals.values()),
        totals=totals,
        by_channel=by_channel,
        by_step=by_step,
        reasons=_reasons({}, kept),
        others={},
        plan_digest=run.plan_digest,
    )


def _no_such(run_id: int) -> NoSuchRunError:
    return NoSuchRunError(f"there is no run {run_id}; `dispatcher messages list` shows the runs of messages")


def _add_refused(
    plan: Mapping[str, Any],
    by_channel: dict[str, Counter[str]],
    by_step: dict[str, Counter[str]],
) -> None:
    """Refusals are those of the plan that never became a message."""
    refused = plan.get("refused", {})
    for outcome, count in refused.get("by_outcome", {}).items():
        by_channel.setdefault(NO_CHANNEL, Counter())[WORD_OF_OUTCOME[outcome]] += count
    for step, counts in refused.get("by_step", {}).items():
        for outcome, count in counts.items():
            by_step.setdefault(step, Counter())[WORD_OF_OUTCOME[outcome]] += count


def _reasons(plan: Mapping[str, Any], kept: Sequence[run_totals.KeptReason]) -> list[ReasonCount]:
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for reason in plan.get("refused", {}).get("reasons", []):
        word = WORD_OF_OUTCOME[reason["outcome"]]
        counts[word, reason["pack"], reason["rule"], reason["reference"]] += reason["count"]
    for row in kept:
        counts[WORD_OF_STATE[row.state], row.pack, row.rule, row.reference] += row.count
    return [
        ReasonCount(word=k[0], pack=k[1], rule=k[2], reference=k[3], count=count)
        for k, count in counts.most_common()
    ]
