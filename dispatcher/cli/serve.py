"""`dispatcher serve`: the pages, the API and the webhooks."""

import logging
from typing import TYPE_CHECKING, Annotated

import typer

from dispatcher.bootstrap import Dispatcher
from dispatcher.cli.opening import Now, opened

if TYPE_CHECKING:
    import uvicorn

    from dispatcher.web.operators.run_start import RunDay


def serve(
    host: Annotated[str, typer.Option(help="Where to listen; DISPATCHER_WEB__HOST if not given.")] = "",
    port: Annotated[int, typer.Option(help="The port; DISPATCHER_WEB__PORT if not given.")] = 0,
    now: Now = None,
) -> None:
    """Serve the pages, the API and the webhooks until stopped.

    Example: dispatcher serve --port 8000
    """
    from dispatcher.settings import load_settings
    from dispatcher.worker.daily_run import run_today
    from dispatcher.worker.event_loop import telling_receivers
    from dispatcher.worker.program_log import write_program_log

    write_program_log(load_settings().log_format, level=logging.WARNING)

    with opened(now) as house:
        _ = house.optout_secret  # raises where debtors' links, made elsewhere, could not be read here
        server = web_server(house, run_today, host, port)
        print(f"serving on http://{server.config.host}:{server.config.port}", flush=True)
        with telling_receivers(house):
            server.run()


def web_server(house: Dispatcher, run_day: "RunDay", host: str = "", port: int = 0) -> "uvicorn.Server":
    """The server, ready to run; `run_day` is what its pages start, empty values take the settings' own."""
    import uvicorn

    from dispatcher.web.site.app import build_app
    from dispatcher.web.site.front_door import front_door

    web, _ = (
        house.settings.web,
        house.policy,
    )  # a fault in the configuration is loud here, not at the first page
    config = uvicorn.Config(
        build_app(house, run_day),
        host=host or web.host,
        port=port or web.port,
        proxy_headers=True,
        forwarded_allow_ips=list(house.settings.trusted_proxies or web.trusted_proxies),
        http=front_door(),
        backlog=256,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=10,
        h11_max_incomplete_event_size=65_536,
        access_log=False,  # addresses hold names of debtors; the delivery log says who did what
        log_level="warning",
        log_config=None,  # as all others: in the form that the settings name
    )
    return uvicorn.Server(config)
