"""Puts the daily run's ports together from the opened program."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import date
from functools import partial

from channels.kind import ChannelKind
from dispatcher.bootstrap import Dispatcher
from dispatcher.database.holders import this_process
from dispatcher.database.instance import Instance
from dispatcher.delivery.who_delivers import living_processes
from dispatcher.people.link_key import keep_link_key
from dispatcher.planning.decide_reminders import Progress
from dispatcher.planning.plan_reminders import RunRefused
from dispatcher.runs.domain.run_summary import RunSummary
from dispatcher.runs.domain.volume import VolumeLimits
from dispatcher.runs.guard_clock import guard_clock
from dispatcher.runs.guard_volume import guard_volume
from dispatcher.runs.hold_duplicates import hold_duplicates
from dispatcher.runs.hold_gap import hold_gap
from dispatcher.runs.refuse_copy import Home, refuse_copy, still_ours
from dispatcher.runs.run_day import DayPorts, DayRequest, run_day
from dispatcher.runs.storage import run_totals
from dispatcher.worker.broker import is_in_memory, open_broker
from dispatcher.worker.channel_deliveries import DeliveryPorts, Throttle
from dispatcher.worker.delivery_process import DeliveryProcess
from dispatcher.worker.render_pool import render_pool
from dispatcher.writing.prepare_messages import prepare_messages


def delivery_ports(dispatcher: Dispatcher, *, actor: str = "dispatcher") -> DeliveryPorts:
    """What delivering works with; the home is looked at before (`refuse_wrong_home`)."""
    home = Home.at(dispatcher.home)
    own_id = home.read_id()
    return DeliveryPorts(
        database=dispatcher.database,
        open_channel=dispatcher.channel,
        open_second=dispatcher.second_channel,
        second_after=dispatcher.settings.second_after,
        judge=dispatcher.judge,
        clock=dispatcher.now,
        real_clock=dispatcher.real_now,
        throttles={kind: _throttle(dispatcher, kind) for kind in ChannelKind},
        actor=actor,
        refuse_copy=partial(still_ours, home=home, own_id=own_id),
        remember=home.newest.write,
        open_marks=lambda: home.marks.open(own_id, this_process()),
        mark_files=home.marks,
    )


@contextmanager
def open_delivery_process(dispatcher: Dispatcher, *, actor: str = "dispatcher") -> Iterator[DeliveryProcess]:
    """A process that delivers itself when the queue is in memory; with Redis, workers elsewhere do."""
    dispatcher.refuse_if_not_ready()
    refuse_wrong_home(dispatcher)
    refuse_two_clocks(dispatcher)
    look_at_clock(dispatcher)
    process = DeliveryProcess(
        delivery_ports(dispatcher, actor=actor), open_broker(dispatcher.settings.broker_url)
    )
    if is_in_memory(process.broker):
        with process.working():
            yield process
    else:
        yield process


def refuse_wrong_home(dispatcher: Dispatcher) -> Instance:
    """Raise CopyError or LinkKeyError where nothing may be sent: a copy, another home's database, another link key."""
    own = refuse_copy(dispatcher.database, Home.at(dispatcher.home))
    keep_link_key(dispatcher.database, dispatcher.keys)
    return own


def refuse_two_clocks(dispatcher: Dispatcher) -> None:
    """Raise RunRefused where the clock is set and a process on the real one would judge the same messages."""
    if not dispatcher.clock_is_set:
        return
    others = living_processes(dispatcher.database, real_now=dispatcher.real_now())
    real = sorted({other.part for other in others if not other.clock_is_set})
    if real:
        raise RunRefused(
            f"--now sets this command's clock alone, and {', '.join(real)} delivers on the real one: to it every "
            "message of another day is too early or too late. Stop it first, or leave --now out"
        )


def nobody_hands_out(dispatcher: Dispatcher) -> bool:
    """Whether no process is alive that would hand out what is released."""
    others = living_processes(dispatcher.database, real_now=dispatcher.real_now())
    return not any(other.hands_out for other in others)


def look_at_clock(dispatcher: Dispatcher) -> str:
    """Stop everything when the clock is behind what was sent; a set clock sends nothing live."""
    if dispatcher.clock_is_set:
        return ""
    return guard_clock(dispatcher.database, now=dispatcher.real_now())


def day_ports(
    dispatcher: Dispatcher,
    process: DeliveryProcess,
    *,
    actor: str,
    mode: str = "live",
    confirmed: bool = False,
    alive: Callable[[], object] = lambda: None,
) -> DayPorts:
    """The ports of a daily run; `confirmed` lets an unusual volume go, `alive` is called while it delivers."""
    dispatcher.follow_configuration()
    guards = dispatcher.settings.guards
    limits = VolumeLimits(
        factor=guards.volume_factor,
        minimum=guards.volume_minimum,
        history=guards.volume_history,
        first=guards.volume_first,
    )
    return DayPorts(
        database=dispatcher.database,
        policy=dispatcher.policy,
        preparing=dispatcher.preparing(actor),
        spread=render_pool(dispatcher, actor=actor),
        now=dispatcher.now,
        real_now=dispatcher.real_now,
        random_bytes=dispatcher.random_bytes,
        drain=lambda: drain(dispatcher, process, progress=alive),
        seal=dispatcher.seal,
        guard_volume=lambda run_id: guard_volume(
            dispatcher.database,
            run_id,
            limits,
            confirmed=confirmed,
            now=dispatcher.now(),
            actor=actor,
            real_channels=[kind.value for kind in dispatcher.policy.real_channels],
        ),
        hold_gap=lambda run_id: hold_gap(dispatcher.database, run_id, now=dispatcher.now()),
        hold_duplicates=lambda run_id: hold_duplicates(dispatcher.database, run_id, now=dispatcher.now()),
        refresh_templates=dispatcher.refresh_templates,
        record_rules=lambda: dispatcher.record_rules(actor),
        relink_people=lambda: dispatcher.relink_people(actor),
        max_ledger_age=None if dispatcher.clock_is_set else dispatcher.settings.max_ledger_age,
        mode=mode,
        actor=actor,
    )


def drain(
    dispatcher: Dispatcher, process: DeliveryProcess, *, progress: Callable[[], object] = lambda: None
) -> int:
    """Deliver until nothing is due now, preparing again what has changed."""
    return process.drain(
        prepare=lambda: prepare_again(dispatcher, actor=process.ports.actor), progress=progress
    )


def prepare_again(dispatcher: Dispatcher, *, actor: str) -> int:
    """Make the texts that are missing; returns how many messages were prepared."""
    press = dispatcher.preparing(actor)
    return sum(prepare_messages(dispatcher.database, press, clock=dispatcher.now).values())


def run_today(
    dispatcher: Dispatcher,
    as_of: date,
    *,
    actor: str,
    wait: bool = True,
    only: str | None = None,
    confirm: bool = False,
    on_planned: Progress | None = None,
    on_prepared: Callable[[int], None] | None = None,
    alive: Callable[[], object] = lambda: None,
    at: DeliveryProcess | None = None,
) -> RunSummary:
    """Run one day with everything this process has, with deliveries that are open or with its own."""
    with nullcontext(at) if at else open_delivery_process(dispatcher, actor=actor) as process:
        ports = day_ports(dispatcher, process, actor=actor, confirmed=confirm, alive=alive)
        request = DayRequest(as_of=as_of, wait=wait, only=only)
        return run_day(ports, request, on_planned=on_planned, on_prepared=on_prepared)


def dispatch_due(dispatcher: Dispatcher, *, actor: str, until_empty: bool = True) -> Counter[str]:
    """Release and deliver what is due now; returns how many messages came to which state in this process."""
    with open_delivery_process(dispatcher, actor=actor) as process:
        with dispatcher.database.reading() as connection:
            before = run_totals.count_all_states(connection)
        if until_empty:
            drain(dispatcher, process)
        else:
            process.relay.tick()
            process.drain()
        with dispatcher.database.writing() as connection:
            run_totals.finish_runs(connection, mode="live", now=dispatcher.now())
        with dispatcher.database.reading() as connection:
            after = run_totals.count_all_states(connection)
    dispatcher.seal()
    return Counter({state: count - before[state] for state, count in after.items() if count > before[state]})


def _throttle(dispatcher: Dispatcher, kind: ChannelKind) -> Throttle:
    settings = dispatcher.settings.channel(kind)
    return Throttle(
        concurrency=settings.concurrency,
        rate=settings.rate,
        timeout=settings.connect_timeout + settings.timeout,
    )
