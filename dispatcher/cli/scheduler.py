"""`dispatcher worker`, `scheduler` and `up`: the processes that stay."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from channels.kind import ChannelKind
from dispatcher.bootstrap import Dispatcher
from dispatcher.cli.opening import Now, opened

if TYPE_CHECKING:
    from dispatcher.web.operators.run_start import RunDay

STOP_SECONDS = 10.0


def worker(
    queues: Annotated[
        str,
        typer.Option(
            "--queues", metavar="LIST", help="Channels to serve, such as email,sms; all if not given."
        ),
    ] = "",
    processes: Annotated[int, typer.Option("--processes", min=1, max=64, help="Worker processes.")] = 1,
    threads: Annotated[
        int,
        typer.Option(
            "--threads",
            min=1,
            max=64,
            help="Batches that a process takes at a time; it delivers one a channel.",
        ),
    ] = 2,
    now: Now = None,
) -> None:
    """Deliver from the Redis queue until asked to stop; what has begun is finished, the rest given back.

    Example: dispatcher worker --queues email,sms --processes 2
    """
    from dispatcher.settings import load_settings
    from dispatcher.worker.daily_run import refuse_wrong_home
    from dispatcher.worker.processes import Crew, run_workers, stop_on_signals
    from dispatcher.worker.program_log import write_program_log

    settings = load_settings()
    if settings.broker_url.startswith("memory"):
        raise typer.BadParameter(
            "a queue in memory has no workers: set DISPATCHER_BROKER_URL=redis://…, or use `up`"
        )
    write_program_log(settings.log_format)
    stop = threading.Event()
    stop_on_signals(stop)
    crew = Crew(queues=_kinds(queues), threads=threads, now=now)
    with opened(now) as dispatcher:
        refuse_wrong_home(dispatcher)  # said once here, not by each process
        dispatcher.policy  # noqa: B018  and what is wrong with the configuration
    late = run_workers(crew, processes=processes, stop=stop)
    if late:
        raise typer.Exit(1)


def scheduler(now: Now = None) -> None:
    """Fire the schedules of config/schedules.yaml and release what is due; several may run, one leads.

    Example: dispatcher scheduler
    """
    from dispatcher.settings import load_settings
    from dispatcher.worker.processes import stop_on_signals
    from dispatcher.worker.program_log import write_program_log
    from dispatcher.worker.scheduler import run_scheduler

    write_program_log(load_settings().log_format)
    stop = threading.Event()
    stop_on_signals(stop)
    with opened(now) as dispatcher:
        run_scheduler(dispatcher, stop)


def up(
    host: Annotated[
        str, typer.Option(help="Where the pages listen; DISPATCHER_WEB__HOST if not given.")
    ] = "",
    port: Annotated[int, typer.Option(help="Their port; DISPATCHER_WEB__PORT if not given.")] = 0,
    now: Now = None,
) -> None:
    """Run scheduler, relay, workers and pages in one process, for a small desk.

    Example: dispatcher up --port 8000
    """
    from dispatcher.settings import load_settings
    from dispatcher.worker.daily_run import open_delivery_process, run_today
    from dispatcher.worker.processes import stop_on_signals
    from dispatcher.worker.program_log import write_program_log
    from dispatcher.worker.scheduler import run_beside

    write_program_log(load_settings().log_format)
    stop = threading.Event()
    with (
        opened(now) as dispatcher,
        open_delivery_process(dispatcher, actor="up") as process,
        _pages(dispatcher, partial(run_today, at=process), host, port, stop),
    ):
        stop_on_signals(stop)
        run_beside(dispatcher, process, stop, part="up")


@contextmanager
def _pages(
    dispatcher: Dispatcher, run_day: "RunDay", host: str, port: int, stop: threading.Event
) -> Iterator[None]:
    """Serve the pages in a thread; should they end by themselves, everything ends."""
    from dispatcher.cli.serve import web_server

    server = web_server(dispatcher, run_day, host, port)

    def serve() -> None:
        try:
            server.run()
        finally:
            stop.set()

    thread = threading.Thread(target=serve, name="pages", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS)


def _kinds(queues: str) -> list[ChannelKind]:
    names = [name.strip() for name in queues.split(",") if name.strip()]
    try:
        return [ChannelKind(name) for name in names] or list(ChannelKind)
    except ValueError:
        raise typer.BadParameter(f"{queues!r}: the queues are {', '.join(ChannelKind)}") from None
