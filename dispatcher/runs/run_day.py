"""The daily job: plan, release what is due, deliver, seal, sum up."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from dispatcher.agreements.note_awaited_ledgers import note_awaited_ledgers
from dispatcher.agreements.watch import Watcher
from dispatcher.calls.plan_calls import CallPlan, plan_calls
from dispatcher.counsel.list_cases import note_final_notices
from dispatcher.counsel.list_cases import notes as handover_notes
from dispatcher.database.engine import Database
from dispatcher.delivery.channel_trouble import failing_for, paused_channels
from dispatcher.delivery.expire_messages import expire_messages
from dispatcher.delivery.pass_on_messages import pass_on_messages
from dispatcher.duties.note_duties import note_duties
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.message import State
from dispatcher.messages.storage.undecided import take_note_of_expired
from dispatcher.planning.decide_reminders import PlanRequest, Progress
from dispatcher.planning.domain.plan_summary import PlanSummary
from dispatcher.planning.note_ended_ladders import note_ended_ladders
from dispatcher.planning.plan_reminders import plan_reminders
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage import plans
from dispatcher.portfolio.compare_ledgers import refused_ledgers
from dispatcher.runs.domain.run_summary import RunSummary
from dispatcher.runs.run_guards import alone, require_ledger, stale_ledgers
from dispatcher.runs.storage import run_totals
from dispatcher.runs.summarise_run import summarise_run
from dispatcher.treatment.note_by_hand import note_by_hand
from dispatcher.values.message_id import RandomBytes
from dispatcher.writing.prepare_messages import Preparing, Spread, prepare_messages

Clock = Callable[[], datetime]


@dataclass(frozen=True, kw_only=True, slots=True)
class DayPorts:
    """What a daily run works with. `now` is the business clock, `real_now` that of leases and ledgers' ages."""

    database: Database
    policy: Policy
    preparing: Preparing
    now: Clock
    real_now: Clock
    random_bytes: RandomBytes
    drain: Callable[[], int]  # delivers until nothing is due now
    seal: Callable[[], str]  # seals the log; the newest seal's root
    guard_volume: Callable[[int], str] = lambda _run_id: ""  # why part of the plan is held, if it is
    hold_gap: Callable[[int], str] = lambda _run_id: ""  # the same, of what another machine may have done
    hold_duplicates: Callable[[int], str] = lambda _run_id: ""  # the same, of texts that repeat one another
    refresh_templates: Callable[[], Sequence[str]] = lambda: ()
    record_rules: Callable[[], object] = lambda: None
    relink_people: Callable[[], object] = lambda: None
    spread: Spread | None = None  # prepares many texts in several processes
    max_ledger_age: timedelta | None = None  # None: not looked at
    mode: str = "live"
    actor: str = "dispatcher"


@dataclass(frozen=True, kw_only=True, slots=True)
class DayRequest:
    """One day to run. `wait`: stay until nothing is due now."""

    as_of: date
    wait: bool = True
    only: str | None = None


def run_day(
    ports: DayPorts,
    request: DayRequest,
    *,
    on_planned: Progress | None = None,
    on_prepared: Callable[[int], None] | None = None,
) -> RunSummary:
    """Run a day; raises RunRefused when it must not happen (an older day, no fresh ledger, another run at work)."""
    with alone(ports.database, ports.real_now) as renew:
        problems = [*ports.refresh_templates(), *refused_ledgers(ports.database)]
        ports.record_rules()
        require_ledger(ports.database)
        ports.relink_people()
        stale = stale_ledgers(ports.database, real_now=ports.real_now(), max_age=ports.max_ledger_age)
        expire_messages(ports.database, now=ports.now(), real_now=ports.real_now(), actor=ports.actor)
        _pass_on(ports, request)
        earlier = _earlier(ports)
        with _spreading(ports) as expect:
            began = ports.real_now()
            plan = plan_reminders(
                ports.database,
                ports.policy,
                _plan_request(ports, request, stale),
                progress=_also(renew, expect, on_planned),
            )
            run_id = _noted(ports, plan, took=ports.real_now() - began)
            if ports.mode == "live":
                _calls(ports, request, stale, run_id)
                note_by_hand(ports.database, ports.policy.segments, as_of=request.as_of, now=ports.now())
                note_duties(ports.database, ports.policy, as_of=request.as_of, now=ports.now())
                note_awaited_ledgers(ports.database, as_of=request.as_of, now=ports.now(), actor=ports.actor)
                note_ended_ladders(
                    ports.database, ports.policy.strategies, as_of=request.as_of, now=ports.now()
                )
            problems += _release(ports, on_prepared)
        if request.wait:
            ports.drain()
            problems += pauses(ports.database, ports.real_now())
        problems += _expired(ports, run_id)
        return close_day(ports, run_id, earlier, stale=stale, problems=problems)


def _pass_on(ports: DayPorts, request: DayRequest) -> None:
    """What waits for a provider that has failed too long is planned anew, on its next channel."""
    if ports.mode == "live" and request.only is None:
        pass_on_messages(
            ports.database, ports.policy, now=ports.now(), real_now=ports.real_now(), actor=ports.actor
        )


def _calls(ports: DayPorts, request: DayRequest, stale: Mapping[str, str], run_id: int) -> None:
    """The day's calls come behind its messages: what is on its way to a person counts first."""
    plan = CallPlan(
        run_id=run_id,
        policy=ports.policy,
        as_of=request.as_of,
        now=ports.now(),
        actor=ports.preparing.actor,
        without=tuple(stale),
    )
    plan_calls(ports.database, plan)


def _earlier(ports: DayPorts) -> tuple[Collection[int], int]:
    """The runs that are not finished yet, and how many of their messages have gone out."""
    with ports.database.reading() as connection:
        ids = run_totals.unfinished(connection, mode=ports.mode)
        return ids, run_totals.count_sent(connection, ids)


def close_day(
    ports: DayPorts,
    run_id: int,
    earlier: tuple[Collection[int], int],
    *,
    stale: Mapping[str, str],
    problems: Sequence[str],
) -> RunSummary:
    """Finish what is at an end, log the summary, seal."""
    said: list[str] = []
    if ports.mode == "live":
        said = _handovers(ports, run_id)
    with ports.database.writing() as connection:
        run_totals.finish_runs(connection, mode=ports.mode, now=ports.now())
        late = run_totals.count_sent(connection, earlier[0]) - earlier[1]
    summary = summarise_run(
        ports.database,
        run_id,
        refused_creditors=stale,
        template_problems=problems,
        sent_of_earlier_runs=late,
    )
    summary = replace(summary, notes=(*summary.notes, *said))
    with ports.database.writing() as connection:
        delivery_log.append(connection, [_summary_entry(ports, summary)])
        take_note_of_expired(connection, mode=ports.mode, now=ports.now())
    seal = ports.seal()
    with ports.database.writing() as connection:
        run = plans.get_run(connection, run_id)
        plans.update_run(
            connection, run_id, summary={**run.summary, "day": summary.as_json() | {"seal": seal}}
        )
    return replace(summary, seal=seal)


def _handovers(ports: DayPorts, run_id: int) -> list[str]:
    """Which final notices went out; in sentences what should be decided about handing over, or may go."""
    with ports.database.reading() as connection:
        as_of = plans.get_run(connection, run_id).as_of
    watcher = Watcher(now=ports.now(), actor=ports.actor, as_of=as_of)
    note_final_notices(ports.database, ports.policy, watcher)
    with ports.database.reading() as connection:
        return handover_notes(connection, ports.policy, as_of)


def _expired(ports: DayPorts, run_id: int) -> list[str]:
    """That messages of this very run came to their end unsent: a clock is wrong, or they wait too short a time."""
    with ports.database.reading() as connection:
        count = run_totals.count_in_state(connection, run_id, State.EXPIRED)
    if not count:
        return []
    return [
        (
            f"{count} messages of this run expired before they were sent: look at the workers' clocks and at the "
            f"steps' valid_days; `dispatcher messages list --run {run_id} --state expired`"
        )
    ]


def pauses(database: Database, real_now: datetime) -> list[str]:
    """Which channels pause because their provider fails, in sentences for who must look."""
    with database.reading() as connection:
        paused = paused_channels(connection, real_now)
    return [
        f"channel {name} pauses until {pause.until:%H:%M:%S}Z ({pause.why}); "
        "mend that: after the pause `dispatcher dispatch` sends what waits"
        for name, pause in sorted(paused.items())
    ]


@contextmanager
def _spreading(ports: DayPorts) -> Iterator[Callable[[int], None]]:
    """How to say that so many texts are coming; at the end nobody waits for more."""
    if ports.spread is None:
        yield lambda _count: None
        return
    with closing(ports.spread):
        yield ports.spread.expect


def _also(renew: Callable[[], None], expect: Callable[[int], None], told: Progress | None) -> Progress:
    """Report progress, stay alone for as long as there is some, and have the texts' processes get ready."""

    def progress(done: int, of: int) -> None:
        renew()
        expect(of)
        if told:
            told(done, of)

    return progress


def _plan_request(ports: DayPorts, request: DayRequest, stale: Mapping[str, str]) -> PlanRequest:
    with ports.database.reading() as connection:
        paused = failing_for(connection, now=ports.now(), real_now=ports.real_now())
    return PlanRequest(
        as_of=request.as_of,
        now=ports.now(),
        real_now=ports.real_now(),
        actor=ports.actor,
        random_bytes=ports.random_bytes,
        mode=ports.mode,
        only=request.only,
        without=tuple(sorted(stale)),
        paused=paused,
    )


def _noted(ports: DayPorts, plan: PlanSummary, *, took: timedelta) -> int:
    """Note how long planning took; the run's id."""
    assert plan.run_id is not None  # noqa: S101 a stored plan has its run
    with ports.database.writing() as connection:
        summary = plans.get_run(connection, plan.run_id).summary
        seconds = f"{took.total_seconds():.3f}"
        plans.update_run(connection, plan.run_id, summary={**summary, "plan_seconds": seconds})
    return plan.run_id


def _release(ports: DayPorts, on_prepared: Callable[[int], None] | None) -> list[str]:
    """Release this plan and any that waited, such as one that `plan` made or a crash left; what guards hold of them.

    Guards look before anything is released: a relay of another process would not wait for them.
    """
    with ports.database.reading() as connection:
        waiting = run_totals.waiting_plans(connection, mode=ports.mode)
    said = []
    for run_id in waiting:
        said += [ports.hold_gap(run_id), ports.guard_volume(run_id)]
        _prepare(ports, on_prepared, run_id)
        said.append(ports.hold_duplicates(run_id))
    with ports.database.writing() as connection:
        run_totals.release_plans(connection, waiting)
    _prepare(ports, on_prepared)  # of earlier runs
    return [each for each in said if each]


def _prepare(ports: DayPorts, on_prepared: Callable[[int], None] | None, run_id: int | None = None) -> None:
    prepare_messages(
        ports.database,
        ports.preparing,
        clock=ports.now,
        run_id=run_id,
        progress=on_prepared,
        spread=ports.spread,
    )


def _summary_entry(ports: DayPorts, summary: RunSummary) -> LogEntry:
    return LogEntry(
        event=Event.RUN_SUMMARY,
        at=ports.now(),
        actor=ports.actor,
        run_id=summary.run_id,
        as_of=summary.as_of,
        simulated=ports.mode == "simulated",
        details=summary.as_json(),
    )
