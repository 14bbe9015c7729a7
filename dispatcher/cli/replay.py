"""`dispatcher replay`: a past portfolio day by day under a simulated clock."""

import json
import time as real_time
from datetime import date, time
from typing import Annotated, Any

import typer

from dispatcher.bootstrap import Dispatcher
from dispatcher.cli.opening import AsJson, actor, opened, parse_day, print_json
from dispatcher.cli.progress import Bars


def _parse_time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time of day; write it as 18:00") from None


def replay(
    first: Annotated[date, typer.Option("--from", parser=parse_day, metavar="DATE", help="The first day.")],
    last: Annotated[
        date, typer.Option("--to", parser=parse_day, metavar="DATE", help="The last day, included.")
    ],
    at: Annotated[
        str, typer.Option("--at", metavar="HH:MM", help="When each day's run begins, UTC.")
    ] = "18:00",
    as_json: AsJson = False,
) -> None:
    """Replay a past portfolio in an empty home: a run a day, messages into a folder, entries marked as simulated.

    Example: dispatcher replay --from 2012-01-01 --to 2014-02-28
    """
    from dispatcher.runs.replay_days import ReplayRequest, replay_report
    from dispatcher.worker.replay import replay as replay_all

    request = ReplayRequest(first=first, last=last, at=_parse_time(at))
    began = real_time.monotonic()
    with opened() as dispatcher, Bars(quiet=as_json) as bars:
        count = bars.counting("replaying")
        done = 0

        def on_day(_day: date, _summary: object) -> None:
            nonlocal done
            done += 1
            count(done, (last - first).days + 1)

        days = replay_all(dispatcher, request, actor=actor(), on_day=on_day)
        report = {"from": first, "to": last, "days": days, "seconds": round(real_time.monotonic() - began, 1)}
        report |= replay_report(dispatcher.database)
        report |= _files(dispatcher, report)
    if as_json:
        print_json(report)
    else:
        _print(report)


def _files(dispatcher: Dispatcher, report: dict[str, Any]) -> dict[str, Any]:
    folder = dispatcher.home / "replay"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.json"
    path.write_text(json.dumps(report, default=str, indent=2, ensure_ascii=False), encoding="utf-8")
    return {"report": str(path), "outbox": str(dispatcher.home / "outbox")}


def _print(report: dict[str, Any]) -> None:
    days, busy = report["days"], report["days_with_messages"]
    print(f"{days} days replayed in {report['seconds']} s, messages on {busy} of them")
    for line in report["messages"]:
        print(f"{line['count']:>8}  {line['step']:<20} {line['channel']:<7} {line['state']}")
    for line in report["kept_back"][:10]:
        print(f"{line['days']:>8}  kept back a day: {line['pack']}/{line['rule']}")
    print(f"messages: {report['outbox']}")
    print(f"report:   {report['report']}")
    print("log:      dispatcher log export --out replay.jsonl")
