"""Microseconds a message for writing it (render, check, store) and for judging it again before it is sent.

Run: python -m benchmarks.prepare [--debts 40000] [--databases sqlite,postgresql]

One debt in twenty becomes an e-mail. Rendering alone is measured beside preparing, which contains it.
"""

import argparse
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from itertools import islice
from typing import Any

from benchmarks.plan import AS_OF, NOW, filled
from tests.servers import postgresql

BATCH = 100  # as many as a worker takes at once


def main() -> None:
    options = _arguments()
    if options.child:
        _measure(options.child)
        return
    print(f"{'database':<11} {'messages':>8} {'render':>9} {'prepare':>9} {'judge':>9}   CPU a message")
    with ExitStack() as stack:
        for name in options.databases.split(","):
            server = stack.enter_context(postgresql()) if name == "postgresql" else ""
            with filled(server, options.debts) as url:
                print(f"{name:<11}", end=" ", flush=True)
                subprocess.run([sys.executable, "-m", "benchmarks.prepare", "--child", url], check=True)


def _measure(url: str) -> None:
    from dispatcher.bootstrap import open_dispatcher
    from dispatcher.planning.decide_reminders import PlanRequest
    from dispatcher.planning.plan_reminders import plan_reminders
    from dispatcher.runs.storage import run_totals
    from dispatcher.settings import load_settings
    from dispatcher.writing.prepare_messages import prepare_messages

    os.environ["DISPATCHER_DATABASE_URL"] = url
    dispatcher = open_dispatcher(load_settings(), now=NOW, upgrade=False)
    dispatcher.refresh_templates()
    database = dispatcher.database
    request = PlanRequest(
        as_of=AS_OF, now=NOW, real_now=NOW, actor="benchmark", random_bytes=dispatcher.random_bytes
    )
    plan_reminders(database, dispatcher.policy, request)
    with database.writing() as connection:
        run_totals.release_plans(connection, run_totals.waiting_plans(connection, mode="live"))
    render = _rendering(dispatcher)
    began = time.process_time()
    count = sum(prepare_messages(database, dispatcher.preparing("benchmark"), clock=dispatcher.now).values())
    prepare = (time.process_time() - began) / count
    judge, verdicts = _judging(dispatcher)
    print(f"{count:>8,} {render * 1e6:>6.0f} us {prepare * 1e6:>6.0f} us {judge * 1e6:>6.0f} us   {verdicts}")


def _rendering(dispatcher: Any) -> float:
    """CPU seconds a message for rendering alone."""
    from dispatcher.messages.storage import outbox
    from dispatcher.messages.storage.planned import planned_ids
    from dispatcher.writing.message_files import gather
    from dispatcher.writing.prepare_messages import prepare_one

    with dispatcher.database.reading() as connection:
        messages = outbox.read(connection, planned_ids(connection, 1, after="", limit=500))
        files = gather(connection, messages, now=dispatcher.now())
    press = dispatcher.preparing("benchmark")
    prepare_one(messages[0], files, press, NOW)  # the template is compiled once
    began = time.process_time()
    for message in messages:
        prepare_one(message, files, press, NOW)
    return (time.process_time() - began) / len(messages)


def _judging(dispatcher: Any) -> tuple[float, dict[str, int]]:
    """CPU seconds a message for the second gate, files read anew for each batch; what it said."""
    from dispatcher.messages.domain.message import State
    from dispatcher.messages.storage import contents, outbox

    verdicts: dict[str, int] = {}
    with dispatcher.database.writing() as connection:
        queued = iter(outbox.in_state(connection, State.QUEUED))
        seconds, count = 0.0, 0
        while batch := list(islice(queued, BATCH)):
            began = time.process_time()
            bodies = contents.bodies(connection, {m.content_sha256 for m in batch if m.content_sha256})
            found = dispatcher.judge(connection, batch, bodies, NOW)
            seconds += time.process_time() - began
            count += len(batch)
            for verdict in found.values():
                verdicts[verdict.kind.value] = verdicts.get(verdict.kind.value, 0) + 1
    return seconds / count, verdicts


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--debts", type=int, default=40_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--child", metavar="URL", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
