"""Opens the program for a replay: a simulated clock, every channel a folder, everything else as it is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from dispatcher.bootstrap import Dispatcher
from dispatcher.runs.domain.run_summary import RunSummary
from dispatcher.runs.replay_days import ReplayRequest, SimulatedClock, refuse_replay, replay_days
from dispatcher.settings import Settings
from dispatcher.settings.media import ChannelsSettings
from dispatcher.worker.broker import open_broker
from dispatcher.worker.daily_run import day_ports, delivery_ports
from dispatcher.worker.delivery_process import DeliveryProcess


def with_folders(settings: Settings) -> Settings:
    """The same settings, with nothing that could leave this machine and a queue of its own."""
    return settings.model_copy(
        update={"channels": ChannelsSettings.model_validate({}), "broker_url": "memory://"}
    )


def replay(
    dispatcher: Dispatcher,
    request: ReplayRequest,
    *,
    actor: str,
    on_day: Callable[[date, RunSummary], None] = lambda _day, _summary: None,
) -> int:
    """Replay the days on the home's own database; returns how many were run. Raises RunRefused."""
    refuse_replay(dispatcher.database, request)
    dispatcher.database.forgo_power_cuts()
    clock = SimulatedClock(request.run_at(request.first))
    simulated = replace(
        dispatcher, settings=with_folders(dispatcher.settings), now=clock, clock_is_set=True, _channels={}
    )
    simulated.refresh_templates()
    ports = replace(
        delivery_ports(simulated, actor=actor),
        simulated=True,
        refuse_copy=lambda _connection: None,  # a replay sends nothing
        remember=lambda _begun: None,
        open_marks=lambda: None,  # its folders take the same message again harmlessly
    )
    process = DeliveryProcess(ports, open_broker("memory://"))
    with process.working():
        days = day_ports(simulated, process, actor=actor, mode="simulated")
        days = replace(days, refresh_templates=lambda: ())  # the templates of today, for all days
        return replay_days(days, clock, request, on_day=on_day)
