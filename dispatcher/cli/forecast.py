"""`dispatcher forecast`: what would go out in the next days."""

import csv
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from dispatcher.cli.opening import AsJson, AsOf, Now, opened, print_json
from dispatcher.cli.progress import Bars

_RULES = 10  # that many are named


def forecast(
    days: Annotated[
        int, typer.Option("--days", min=1, max=366, help="How many days, the first included.")
    ] = 14,
    as_of: AsOf = None,
    now: Now = None,
    strategy: Annotated[str | None, typer.Option("--strategy", help="This strategy alone.")] = None,
    *,
    exact: Annotated[
        bool, typer.Option("--exact", help="Look at everybody, however long that takes.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.csv", help="Write the table there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What would go out, a day, channel and step a line; nothing is sent nor stored.

    Of more than 10,000 open debts a sample of people is looked at, and it says how far off a count may be.

    It assumes that every message goes out on its day and that nobody pays, disputes or opts out meanwhile.

    Example: dispatcher forecast --days 30 --as-of 2026-11-23
    """
    from dispatcher.calls.forecast_calls import forecast_with_calls
    from dispatcher.cli.run import known_strategy
    from dispatcher.planning.forecast_days import (
        ASSUMES,
        ForecastRequest,
        forecast_table,
        sample_for,
    )

    with opened(now) as dispatcher, Bars(quiet=as_json) as bars:
        moment = dispatcher.now()
        request = ForecastRequest(
            as_of=as_of or moment.date(),
            now=moment,
            days=days,
            only=known_strategy(dispatcher.policy, strategy),
            one_in=1 if exact else sample_for(dispatcher.database, as_of or moment.date()),
        )
        found = forecast_with_calls(
            dispatcher.database, dispatcher.policy, request, on_day=bars.counting("looking ahead")
        )
    if out is not None:
        with out.open("w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream).writerows(forecast_table(found))
        print(f"wrote {out}", file=sys.stderr)
    if as_json:
        print_json(_as_json(request, found, ASSUMES))
        return
    _print(found, days, ASSUMES)


def _as_json(request: Any, found: Any, assumes: str) -> dict[str, Any]:
    return {
        "as_of": request.as_of,
        "days": request.days,
        "assumes": assumes,
        "one_in": found.one_in,
        "messages": [
            {
                "day": day,
                "channel": channel,
                "step": step,
                "messages": count,
                "may_be_off_by": found.margin(count),
            }
            for (day, channel, step), count in sorted(found.going.items())
        ],
        "kept_back": [
            {
                "day": day,
                "decision": decision,
                "rule": rule,
                "count": count,
                "may_be_off_by": found.margin(count),
            }
            for (day, decision, rule), count in sorted(found.kept_back.items())
        ],
    }


def _print(found: Any, days: int, assumes: str) -> None:
    totals: Counter[date] = Counter()
    for (day, _, _), count in found.going.items():
        totals[day] += count
    for day in sorted(totals):
        print(f"{day:%a %Y-%m-%d}  {totals[day]:>7}")
        for (_, channel, step), count in sorted(item for item in found.going.items() if item[0][0] == day):
            print(f"    {count:>7} {channel:<6} {step}")
    print(f"{sum(totals.values())} messages and calls in {days} days, on {len(totals)} of them.")
    kept = Counter[tuple[str, str]]()
    for (_, decision, rule), count in found.kept_back.items():
        kept[decision, rule] = max(kept[decision, rule], count)
    if kept:
        print("Kept back, each on its worst day:")
        for (decision, rule), count in kept.most_common(_RULES):
            print(f"    {count:>7} {decision:<6} {rule}")
    if found.one_in > 1:
        off = found.margin(sum(totals.values()))
        print(
            f"One person in {found.one_in} was looked at: the sum may be off by {off}, smaller counts by "
            "relatively more; "
            "--exact looks at everybody."
        )
    print(f"{assumes} Nothing was sent or stored.")
