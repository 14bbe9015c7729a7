"""Puts the daily run's ports together from the opened program."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import date

from channels.kind import ChannelKind
from dispatcher.bootstrap import Dispatcher
from dispatcher.planning.decide_reminders import Progress
from dispatcher.runs.domain.run_summary import RunSummary
from dispatcher.runs.domain.volume import VolumeLimits
from dispatcher.runs.guard_clock import guard_clock, remember_newest_send
from dispatcher.runs.guard_volume import guard_volume
from dispatcher.runs.hold_duplicates import hold_duplicates
from dispatcher.runs.run_day import DayPorts, DayRequest, run_day
from dispatcher.runs.storage import run_totals
from dispatcher.worker.broker import is_in_memory, open_broker
from dispatcher.worker.outlets import Lane, OutletPorts
from dispatcher.worker.render_pool import press_room
from dispatcher.worker.station import Station
from dispatcher.writing.prepare_messages import prepare_messages

NEWEST_SEND = "newest-send.json"


def outlet_ports(dispatcher: Dispatcher, *, actor: str = "dispatcher") -> OutletPorts:
    """What delivering works with."""
    return OutletPorts(
        database=dispatcher.database,
        open_channel=dispatcher.channel,
        judge=dispatcher.judge,
        clock=dispatcher.now,
        real_clock=dispatcher.real_now,
        lanes={kind: _lane(dispatcher, kind) for kind in ChannelKind},
        actor=actor,
    )


@contextmanager
def open_station(dispatcher: Dispatcher, *, actor: str = "dispatcher") -> Iterator[Station]:
    """A station that delivers itself when the queue is in memory; with Redis, workers elsewhere do."""
    dispatcher.refuse_if_not_ready()
    look_at_clock(dispatcher)
    station = Station(outlet_ports(dispatcher, actor=actor), open_broker(dispatcher.settings.broker_url))
    if is_in_memory(station.broker):
        with station.working():
            yield station
    else:
        yield station


def look_at_clock(dispatcher: Dispatcher) -> str:
    """Stop everything when the clock or the database is older than what was sent; a set clock sends nothing live."""
    if dispatcher.clock_is_set:
        return ""
    return guard_clock(dispatcher.database, dispatcher.home / NEWEST_SEND, now=dispatcher.real_now())


def remember(dispatcher: Dispatcher) -> None:
    """Write down beside the database until when it has sent."""
    if not dispatcher.clock_is_set:
        remember_newest_send(dispatcher.database, dispatcher.home / NEWEST_SEND)


def day_ports(
    dispatcher: Dispatcher,
    station: Station,
    *,
    actor: str,
    mode: str = "live",
    confirmed: bool = False,
    alive: Callable[[], object] = lambda: None,
) -> DayPorts:
    """The ports of a daily run; `confirmed` lets an unusual volume go, `alive` is called while it delivers."""
    guards = dispatcher.settings.guards
    limits = VolumeLimits(
        factor=guards.volume_factor, minimum=guards.volume_minimum, history=guards.volume_history
    )
    return DayPorts(
        database=dispatcher.database,
        desk=dispatcher.desk,
        press=dispatcher.press(actor),
        spread=press_room(dispatcher, actor=actor),
        now=dispatcher.now,
        real_now=dispatcher.real_now,
        random_bytes=dispatcher.random_bytes,
        drain=lambda: drain(dispatcher, station, progress=alive),
        seal=dispatcher.seal,
        guard_volume=lambda run_id: guard_volume(
            dispatcher.database, run_id, limits, confirmed=confirmed, now=dispatcher.now(), actor=actor
        ),
        hold_duplicates=lambda run_id: hold_duplicates(dispatcher.database, run_id, now=dispatcher.now()),
        refresh_templates=dispatcher.refresh_templates,
        record_rules=lambda: dispatcher.record_rules(actor),
        max_ledger_age=None if dispatcher.clock_is_set else dispatcher.settings.max_ledger_age,
        mode=mode,
        actor=actor,
    )


def drain(dispatcher: Dispatcher, station: Station, *, progress: Callable[[], object] = lambda: None) -> int:
    """Deliver until nothing is due now, preparing again what has changed."""
    return station.drain(
        prepare=lambda: prepare_again(dispatcher, actor=station.ports.actor), progress=progress
    )


def prepare_again(dispatcher: Dispatcher, *, actor: str) -> int:
    """Make the texts that are missing; returns how many messages were prepared."""
    press = dispatcher.press(actor)
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
    at: Station | None = None,
) -> RunSummary:
    """Run one day with everything this process has, at a station that is open or at one of its own."""
    with nullcontext(at) if at else open_station(dispatcher, actor=actor) as station:
        ports = day_ports(dispatcher, station, actor=actor, confirmed=confirm, alive=alive)
        request = DayRequest(as_of=as_of, wait=wait, only=only)
        summary = run_day(ports, request, on_planned=on_planned, on_prepared=on_prepared)
    remember(dispatcher)
    return summary


def dispatch_due(dispatcher: Dispatcher, *, actor: str, until_empty: bool = True) -> Counter[str]:
    """Release and deliver what is due now; returns how many messages came to which state in this process."""
    with open_station(dispatcher, actor=actor) as station:
        with dispatcher.database.reading() as connection:
            before = run_totals.count_all_states(connection)
        if until_empty:
            drain(dispatcher, station)
        else:
            station.relay.tick()
            station.drain()
        with dispatcher.database.writing() as connection:
            run_totals.finish_runs(connection, mode="live", now=dispatcher.now())
        with dispatcher.database.reading() as connection:
            after = run_totals.count_all_states(connection)
    remember(dispatcher)
    dispatcher.seal()
    return Counter({state: count - before[state] for state, count in after.items() if count > before[state]})


def _lane(dispatcher: Dispatcher, kind: ChannelKind) -> Lane:
    settings = dispatcher.settings.channel(kind)
    return Lane(
        concurrency=settings.concurrency,
        rate=settings.rate,
        timeout=settings.connect_timeout + settings.timeout,
    )
