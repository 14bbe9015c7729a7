"""One measured day of ours, in a process of its own: import, plan, prepare, deliver over SMTP with the full record.

python -m benchmarks.dispatch_ours COUNT prints a line of JSON. Settings come from DISPATCHER_*, as for the program;
with a Redis broker the workers run beside it. `--ready` stops before delivering, `--deliver` begins there.
"""

import csv
import json
import resource
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from dispatcher.bootstrap import Dispatcher, open_dispatcher
from dispatcher.planning.plan_reminders import PlanRequest, plan_reminders
from dispatcher.portfolio.import_portfolio import ImportRequest, import_portfolio
from dispatcher.runs.storage import run_totals
from dispatcher.worker.daily_run import drain, open_delivery_process
from dispatcher.worker.render_pool import render_pool
from dispatcher.writing.prepare_messages import prepare_messages

DAY = date(2026, 3, 4)
NOW = datetime(2026, 3, 4, 17, tzinfo=UTC)
AFTER = timedelta(
    hours=1
)  # what is delivered was written before, as ever: business clocks run from where they are set
ROW = {
    "creditor": "acme", "debtor_kind": "person", "language": "en", "country": "US", "region": "US-NY",
    "postal_code": "10001", "city": "New York", "currency": "USD", "debt_type": "consumer",
}  # fmt: skip


def book(path: Path, count: int) -> None:
    """People in New York, each with one debt that came due the day before yesterday."""
    with path.open("w", newline="") as file:
        names = [
            "debt_reference",
            "debtor_reference",
            "debtor_name",
            "address_line_1",
            "email",
            "balance",
            "due_date",
        ]
        writer = csv.DictWriter(file, [*names, *ROW])
        writer.writeheader()
        for i in range(count):
            writer.writerow(ROW | {
                "debt_reference": f"R{i:07d}", "debtor_reference": f"D{i:07d}", "debtor_name": f"Ana Person {i}",
                "address_line_1": f"{i} Example Street", "email": f"ana{i}@debtors.example",
                "balance": f"{50 + i % 900}.{i % 100:02d}", "due_date": (DAY - timedelta(days=2)).isoformat(),
            })  # fmt: skip


def measure(count: int) -> dict[str, object]:
    """Seconds of each part, and CPU seconds of this process while delivering."""
    return {"count": count, **make_ready(count), **deliver(now=NOW + AFTER)}


def make_ready(count: int) -> dict[str, float]:
    """Seconds until the texts of a home are ready: planned, released, prepared; CPU seconds with helping processes."""
    times, dispatcher = {}, open_dispatcher(now=NOW)
    path = dispatcher.home / "book.csv"
    book(path, count)
    rejects = dispatcher.home / "rejects"
    request = ImportRequest(
        file=path,
        as_of=DAY,
        now=dispatcher.real_now(),
        actor="bench",
        rejects=rejects / "r.csv",
        warnings=rejects / "w.csv",
    )
    import_portfolio(dispatcher.database, request)
    dispatcher.refresh_templates()
    dispatcher.policy  # noqa: B018  loaded once a process, before the clock starts
    began, cpu = time.perf_counter(), _cpu(and_children=True)
    plan = PlanRequest(
        as_of=DAY,
        now=dispatcher.now(),
        real_now=dispatcher.real_now(),
        actor="bench",
        random_bytes=dispatcher.random_bytes,
    )
    spread = render_pool(dispatcher, actor="bench")
    plan_reminders(
        dispatcher.database,
        dispatcher.policy,
        plan,
        progress=lambda _done, of: spread.expect(of) if spread else None,
    )
    times["plan"], times["plan_cpu"] = time.perf_counter() - began, _cpu(and_children=True) - cpu
    with dispatcher.database.writing() as connection:
        run_totals.release_plans(connection, run_totals.waiting_plans(connection, mode="live"))
    began, cpu = time.perf_counter(), _cpu(and_children=True)
    prepare_messages(dispatcher.database, dispatcher.preparing("bench"), clock=dispatcher.now, spread=spread)
    if spread:
        spread.close()
    times["prepare"], times["prepare_cpu"] = time.perf_counter() - began, _cpu(and_children=True) - cpu
    dispatcher.close()
    return times


def deliver(*, now: datetime = NOW) -> dict[str, object]:
    """Deliver what a home has ready: seconds, CPU seconds of this process, and what the messages came to."""
    dispatcher = open_dispatcher(now=now)
    dispatcher.templates  # noqa: B018  loaded once a process, before the clock starts
    began, cpu = time.perf_counter(), _cpu()
    with open_delivery_process(dispatcher) as process:
        drain(dispatcher, process)
        seconds = time.perf_counter() - began
    cpu = _cpu() - cpu
    states = _states(dispatcher)
    dispatcher.close()
    return {"states": states, "cpu": cpu, "deliver": seconds, "peak_mb": _peak_mb()}


def _states(dispatcher: Dispatcher) -> dict[str, int]:
    with dispatcher.database.reading() as connection:
        return dict(run_totals.count_all_states(connection))


def _cpu(*, and_children: bool = False) -> float:
    """Of children only those that have ended."""
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)[: 2 if and_children else 1]
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, whose))


def _peak_mb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


if __name__ == "__main__":
    verb = sys.argv[1]
    if verb == "--deliver":
        print(json.dumps(deliver(now=NOW + AFTER)))
    elif verb == "--ready":
        print(json.dumps(make_ready(int(sys.argv[2]))))
    else:
        print(json.dumps(measure(int(verb))))
