"""`dispatcher serve`: the pages, the API and the webhooks."""

import logging
from typing import Annotated

import typer

from dispatcher.cli.opening import Now, opened


def serve(
    host: Annotated[str, typer.Option(help="Where to listen; DISPATCHER_WEB__HOST if not given.")] = "",
    port: Annotated[int, typer.Option(help="The port; DISPATCHER_WEB__PORT if not given.")] = 0,
    now: Now = None,
) -> None:
    """Serve the pages, the API and the webhooks until stopped.

    Example: dispatcher serve --port 8000
    """
    import uvicorn

    from dispatcher.web.app import build_app

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    with opened(now) as house:
        web = house.settings.web
        app = build_app(house)
        uvicorn.run(
            app,
            host=host or web.host,
            port=port or web.port,
            proxy_headers=True,
            forwarded_allow_ips=list(web.trusted_proxies),
            server_header=False,
            timeout_keep_alive=30,
            h11_max_incomplete_event_size=65_536,
            access_log=False,  # addresses hold names of debtors; the delivery log says who did what
            log_level="warning",
        )
