"""Seconds of a month's forecast at growing sizes, on SQLite: of a sample, as the command does it, and of everybody.

Run: python -m benchmarks.forecast [--sizes 10000,100000] [--exact]
"""

import argparse
import os
import time

from benchmarks.plan import AS_OF, NOW, filled


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10000,100000")
    parser.add_argument("--exact", action="store_true", help="look at everybody too")
    options = parser.parse_args()
    print(f"{'debts':>9} {'one in':>7} {'messages':>9} {'seconds':>8} {'CPU':>8}")
    for size in (int(size) for size in options.sizes.split(",")):
        with filled("", size) as url:
            os.environ["DISPATCHER_DATABASE_URL"] = url
            measure(size, exact=options.exact)


def measure(size: int, *, exact: bool) -> None:
    from dispatcher.bootstrap import open_dispatcher
    from dispatcher.planning.forecast_days import ForecastRequest, forecast_days, sample_for
    from dispatcher.settings import load_settings

    program = open_dispatcher(load_settings(), now=NOW, upgrade=False)
    for one_in in dict.fromkeys([sample_for(program.database, AS_OF), *([1] if exact else [])]):
        request = ForecastRequest(as_of=AS_OF, now=NOW, days=30, one_in=one_in)
        began, cpu = time.perf_counter(), time.process_time()
        found = forecast_days(program.database, program.policy, request)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        print(
            f"{size:>9,} {one_in:>7} {sum(found.going.values()):>9,} {seconds:>7.1f}s {cpu:>7.1f}s",
            flush=True,
        )
    program.close()


if __name__ == "__main__":
    main()
