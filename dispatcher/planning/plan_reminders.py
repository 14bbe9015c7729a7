"""Plans a day: stores what was decided, messages and refusals alike."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dispatcher.database import statistics
from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.planning.begin_rounds import begin_rounds
from dispatcher.planning.decide_reminders import PlanRequest, Progress, decide_all, rules_of
from dispatcher.planning.domain.experiments import Entered
from dispatcher.planning.domain.plan_summary import Decided, PlanDigest, PlanSummary
from dispatcher.planning.domain.planner import PlannedMessage, RefusedIntent
from dispatcher.planning.plan_follow_ups import DecidedFollowUp, decide_follow_ups, save_follow_ups
from dispatcher.planning.policy import Policy
from dispatcher.planning.restart_ladders import may_restart, restart_ladders
from dispatcher.planning.resume_ladders import may_resume, resume_ladders
from dispatcher.planning.storage import plans, trials
from dispatcher.planning.storage.candidates import count_others
from dispatcher.planning.storage.days_of_places import zones_of_debtors
from dispatcher.values.message_id import RandomBytes
from dispatcher.values.whereabouts import PlaceTable

SAME_CLOCK = timedelta(minutes=10)  # further apart, somebody has set the business clock (--now)


class RunRefused(Exception):  # noqa: N818 it reads as the sentence it is
    """The run must not happen; the text says why and what to do."""


def plan_reminders(
    database: Database, desk: Policy, request: PlanRequest, *, progress: Progress | None = None
) -> PlanSummary:
    """Plan a day and store it; raises RunRefused for a day before the newest run's, or over a replay.

    Each chunk of people is one transaction: a run that dies half-way is finished by the next, because the
    ladder remembers what has been planned.
    """
    with database.writing() as connection:
        _refuse_older(connection, request)
        _refuse_to_come(connection, desk.places, request)
        if desk.real_channels and request.mode == "live":
            _refuse_replayed(connection)
        run_id = plans.start_run(
            connection,
            as_of=request.as_of,
            now=request.now,
            real_now=request.real_now,
            mode=request.mode,
            actor=request.actor,
            config_digest=desk.config_digest,
        )
    run = plans.RunOfPlan(
        id=run_id,
        as_of=request.as_of,
        now=request.now,
        actor=request.actor,
        simulated=request.mode == "simulated",
        random_bytes=request.random_bytes,
    )
    summary = PlanSummary(run_id=run_id, as_of=request.as_of, notes=desk.notes)
    digest = PlanDigest()
    for told in _follow_up(database, desk, run, request):
        summary.add(told)
        digest.add(told)
    entered: list[Entered] = []
    for chunk in decide_all(database, desk, request, progress=progress, entered=entered):
        with database.writing() as connection:
            trials.enter(connection, run, entered)
            plans.save_planned(connection, run, [d for d in chunk if isinstance(d, PlannedMessage)])
            plans.save_refused(connection, run, [d for d in chunk if isinstance(d, RefusedIntent)])
        entered.clear()
        for decided in chunk:
            summary.add(decided)
            digest.add(decided)
    _close(database, desk, run, run_id, summary, digest.hex())
    statistics.renew(database, statistics.PLAN, summary.due)
    return summary


def _follow_up(
    database: Database, policy: Policy, run: plans.RunOfPlan, request: PlanRequest
) -> Iterator[Decided]:
    """What arrangements call for comes first: the ladder goes on by what became of them."""
    with database.writing() as connection:
        _move_ladders(connection, policy, request)
        begin_rounds(connection, policy.strategies, request.as_of)
    for page in _follow_ups_due(database, policy, request):
        with database.writing() as connection:
            save_follow_ups(connection, run, page)
        yield from (each.decided for each in page)


def _follow_ups_due(
    database: Database, policy: Policy, request: PlanRequest
) -> Iterator[list[DecidedFollowUp]]:
    return decide_follow_ups(
        database,
        policy,
        rules_of(policy, request.as_of, request.now),
        debtor_id=request.debtor_id,
        without=request.without,
        strategy=request.only,
    )


def plan_at_once(
    database: Database,
    policy: Policy,
    arrangement_ids: Collection[int],
    *,
    now: datetime,
    actor: str,
    random_bytes: RandomBytes,
) -> int:
    """Plan what is told as soon as it is recorded: agreed, broken, kept; returns how many messages."""
    as_of = now.date()
    run = plans.RunOfPlan(
        id=None, as_of=as_of, now=now, actor=actor, simulated=False, random_bytes=random_bytes
    )
    count = 0
    for page in decide_follow_ups(database, policy, rules_of(policy, as_of, now), only=arrangement_ids):
        with database.writing() as connection:
            save_follow_ups(connection, run, page)
        count += sum(isinstance(each.decided, PlannedMessage) for each in page)
    return count


def preview_plan(
    database: Database, desk: Policy, request: PlanRequest, *, progress: Progress | None = None
) -> tuple[PlanSummary, list[Decided]]:
    """The same decisions, nothing stored: where ladders are to go on or to begin anew, that is done and undone."""
    with _as_it_begins(database, desk, request):
        return _previewed(database, desk, request, progress=progress)


@contextmanager
def _as_it_begins(database: Database, policy: Policy, request: PlanRequest) -> Iterator[None]:
    """The ladders as the run would find them; on SQLite nobody else writes while such a plan is looked at."""
    with database.reading() as connection:
        moves = may_resume(connection) or may_restart(connection, policy.strategies)
    if not moves or database.is_read_only:
        yield
        return
    with database.at_once(keep=False) as connection:
        _move_ladders(connection, policy, request)
        yield


def _move_ladders(connection: Connection, policy: Policy, request: PlanRequest) -> None:
    resume_ladders(connection, policy.strategies, request.now)
    restart_ladders(connection, policy.strategies, request.now, actor=request.actor)


def _previewed(
    database: Database, desk: Policy, request: PlanRequest, *, progress: Progress | None
) -> tuple[PlanSummary, list[Decided]]:
    summary = PlanSummary(run_id=None, as_of=request.as_of, notes=desk.notes)
    digest = PlanDigest()
    everything: list[Decided] = [
        each.decided for page in _follow_ups_due(database, desk, request) for each in page
    ]
    for decided in everything:
        summary.add(decided)
        digest.add(decided)
    for chunk in decide_all(database, desk, request, progress=progress):
        for decided in chunk:
            summary.add(decided)
            digest.add(decided)
        everything += chunk
    with database.reading() as connection:
        summary.others = count_others(connection, desk.strategies, request.as_of, segments=desk.segments)
    summary.digest = digest.hex()
    return summary, everything


def _refuse_older(connection: Connection, request: PlanRequest) -> None:
    newest = plans.newest_run(connection, mode=request.mode)
    if newest is not None and newest.as_of > request.as_of:
        raise RunRefused(
            f"as-of date {request.as_of} lies before run {newest.id} of {newest.as_of}: a ladder does not go back; "
            f"use {newest.as_of} or later, or `dispatcher plan --dry-run` to look at a past day; a run that was dated "
            f"too late by mistake is dated back by `dispatcher redate {newest.id} --why TEXT`"
        )


def _refuse_to_come(connection: Connection, places: PlaceTable, request: PlanRequest) -> None:
    """On the clock that runs a day must have begun somewhere: else all true days would be refused from then on."""
    if abs(request.now - request.real_now) > SAME_CLOCK or request.as_of <= request.now.date():
        return
    zones = zones_of_debtors(connection, places)
    latest = max(
        (request.now.astimezone(ZoneInfo(zone)).date() for zone in zones), default=request.now.date()
    )
    if request.as_of > latest:
        raise RunRefused(
            f"as-of date {request.as_of} has not come yet: it is {max(latest, request.now.date())} at the latest where "
            "the debtors are; leave --as-of out, or look ahead with `dispatcher plan --dry-run` or `forecast`"
        )


def _refuse_replayed(connection: Connection) -> None:
    """What a replay wrote into a folder stands on the ladder as sent: its debtors would be spared real reminders."""
    replay = plans.newest_run(connection, mode="simulated")
    if replay is not None:
        raise RunRefused(
            f"this home holds a replay (run {replay.id} of {replay.as_of}), whose messages nobody got, and a channel "
            "is real: set DISPATCHER_HOME to another folder, import the portfolio there and run that"
        )


def _close(
    database: Database, desk: Policy, run: plans.RunOfPlan, run_id: int, summary: PlanSummary, digest: str
) -> None:
    summary.digest = digest
    with database.writing() as connection:
        summary.others = count_others(connection, desk.strategies, run.as_of, segments=desk.segments)
        plans.update_run(
            connection, run_id, state="planned", plan_digest=digest, summary={"plan": summary.as_json()}
        )
        delivery_log.append(
            connection,
            [
                LogEntry(
                    event=Event.RUN_PLANNED,
                    at=run.now,
                    actor=run.actor,
                    run_id=run.id,
                    as_of=run.as_of,
                    simulated=run.simulated,
                    details=summary.as_json(),
                )
            ],
        )
