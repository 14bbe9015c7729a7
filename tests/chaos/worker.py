"""A worker process for the chaos tests: a real adapter against the counting double, a gate that allows, short leases.

`python -m tests.chaos.worker serve` delivers from Redis until SIGTERM; `drain` empties the outbox by itself. With
CHAOS_MARKS, a folder, calls are marked there, for the instance that the database names. With CHAOS_CLEARED the gate is
the desk's of `tests/delivery/clearances.py`, clearances and all, and judges one in five that are cleared.
"""

import os
import sys
import threading
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from channels.kind import ChannelKind
from channels.port import Channel
from channels.registry import open_channel
from channels.settings import ChannelSettings
from dispatcher.database import instance
from dispatcher.database.engine import open_database
from dispatcher.database.holders import this_process
from dispatcher.delivery import clear_messages
from dispatcher.delivery.call_marks import MarkFiles
from dispatcher.delivery.domain import call_pace
from dispatcher.worker.delivery_process import DeliveryProcess
from dispatcher.worker.processes import stop_on_signals
from tests.delivery import clearances
from tests.worker.processes_at_work import a_process

LEASE = timedelta(seconds=3)


def channel(kind: ChannelKind) -> Channel:
    """SendGrid's adapter for e-mail, the folder for the rest."""
    folder = Path(os.environ["CHAOS_FOLDER"])
    if kind is ChannelKind.EMAIL:
        url = os.environ["CHAOS_SENDGRID"]
        return open_channel(
            kind, ChannelSettings(provider="sendgrid", base_url=url, api_key="key", timeout=5)
        )
    return open_channel(kind, ChannelSettings(provider="folder", folder=folder))


def process() -> DeliveryProcess:
    """The delivery process that the environment describes."""
    database = open_database(os.environ["CHAOS_DATABASE"])
    channels = {kind: channel(kind) for kind in ChannelKind}
    more = {}
    if folder := os.environ.get("CHAOS_MARKS"):
        files = MarkFiles(Path(folder))
        with database.reading() as connection:
            here = instance.read(connection)
        assert here
        # Large chunks also where the machine is busy and a call seems to take long: what is killed is in the middle of one.
        patch.object(call_pace, "LASTS", 10.0).start()
        more = {"mark_files": files, "open_marks": lambda: files.open(here.id, this_process())}
    if os.environ.get("CHAOS_CLEARED"):
        patch.object(clear_messages, "SAMPLE", 5).start()
        desk = clearances.Desk.of(clearances.the_policy(offers=()))
        more |= {"judge": desk.judge, "clock": lambda: clearances.NOW}
    return a_process(
        database,
        channels,
        os.environ["CHAOS_BROKER"],
        **more,
        lease=LEASE,
        lane_lease=LEASE,
        grace=timedelta(seconds=20),
    )


def main(verb: str) -> None:
    """Work until told to stop, or until nothing is due."""
    stop = threading.Event()
    stop_on_signals(stop)
    here = process()
    with here.working():
        print("ready", flush=True)
        if verb == "drain":
            here.drain()
        else:
            stop.wait()


if __name__ == "__main__":
    main(sys.argv[1])
