"""`dispatcher plan`, `run` and `dispatch`: the daily job and its parts."""

import csv
import json
import logging
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatcher.cli.opening import AsJson, AsOf, Now, actor, opened, print_json
from dispatcher.cli.progress import Bars

if TYPE_CHECKING:
    from dispatcher.bootstrap import Dispatcher


def run(
    as_of: AsOf = None,
    now: Now = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Stay until nothing is due now.")] = True,
    strategy: Annotated[str | None, typer.Option("--strategy", help="This strategy alone.")] = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="Let an unusual volume go.")] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A pack, strategy, sender or language that is meant to be gone."),
    ] = None,
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why it is gone; kept in the log.")] = "",
    as_json: AsJson = False,
) -> None:
    """Plan the day, release what is due, deliver it, seal the log, print a summary that adds up.

    Exit code 1 when somebody must look: a message of any day is unknown, held or failed and nobody has decided, a
    debt of this run is held, a ledger is too old, a template could not be used.

    Example: dispatcher run --as-of 2026-11-23
    """
    from dispatcher.cli.summary import print_summary
    from dispatcher.cli.waiting import print_waiting
    from dispatcher.delivery.what_waits import what_waits
    from dispatcher.worker.daily_run import nobody_hands_out, run_today

    _tell_of_trouble()
    with opened(now) as dispatcher, Bars(quiet=as_json) as bars:
        _accept(dispatcher, accept or [], why)
        summary = run_today(
            dispatcher,
            as_of or dispatcher.now().date(),
            actor=actor(),
            wait=wait,
            only=known_strategy(dispatcher.policy, strategy),
            confirm=confirm,
            on_planned=bars.counting("planning"),
            on_prepared=bars.adding("preparing"),
        )
        waiting = what_waits(dispatcher.database, now=dispatcher.now(), real_now=dispatcher.real_now())
        alone = not wait and nobody_hands_out(dispatcher)
    if as_json:
        print_json(summary.as_json())
    else:
        print_summary(summary)
        print_waiting(waiting)
    if alone:
        print(_NOBODY, file=sys.stderr)
    if summary.has_findings:
        raise typer.Exit(1)


def _accept(dispatcher: "Dispatcher", names: list[str], why: str) -> None:
    from dispatcher.planning.guard_absence import accept_gone

    if names and not why.strip():
        raise typer.BadParameter("--accept needs --why: the log keeps who said so, and why")
    if names:
        accept_gone(dispatcher.database, names, why=why, now=dispatcher.now(), actor=actor())


_NOBODY = (
    "Nothing that was released will go by itself: no scheduler is alive. `dispatcher up` or `dispatcher scheduler` "
    "hands out (with Redis beside `dispatcher worker`); `dispatcher dispatch` does it once"
)


def _tell_of_trouble() -> None:
    """Print on stderr that nobody takes what was handed out, or that texts are made by one process alone."""
    for part in ("drain", "render_pool"):
        logging.getLogger(f"dispatcher.worker.{part}").addHandler(logging.StreamHandler(sys.stderr))


def plan(
    as_of: AsOf = None,
    now: Now = None,
    strategy: Annotated[str | None, typer.Option("--strategy", help="This strategy alone.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide, store nothing.")] = False,
    diff: Annotated[int | None, typer.Option("--diff", help="Compare with the plan of this run.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the plan to FILE (.csv or .jsonl).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Decide what is due on a day and store it as a plan; nothing is released before `dispatcher run`.

    Example: dispatcher plan --as-of 2026-11-23 --dry-run --out plan.csv
    """
    from dispatcher.planning.compare_plans import compare_with_run, plan_lines
    from dispatcher.planning.decide_reminders import PlanRequest
    from dispatcher.planning.plan_reminders import plan_reminders, preview_plan
    from dispatcher.runs.run_guards import alone, stale_ledgers

    with opened(now) as dispatcher, Bars(quiet=as_json) as bars:
        database, desk = dispatcher.database, dispatcher.policy
        only = known_strategy(desk, strategy)
        age = None if dispatcher.clock_is_set or dry_run else dispatcher.settings.max_ledger_age
        stale = stale_ledgers(database, real_now=dispatcher.real_now(), max_age=age)
        request = PlanRequest(
            as_of=as_of or dispatcher.now().date(),
            now=dispatcher.now(),
            real_now=dispatcher.real_now(),
            actor=actor(),
            random_bytes=dispatcher.random_bytes,
            only=only,
            without=tuple(sorted(stale)),
        )
        decided: list[Any] = []
        if dry_run or out or diff is not None:
            summary, decided = preview_plan(database, desk, request, progress=bars.counting("deciding"))
        lines = plan_lines(decided)
        every = compare_with_run(database, diff, lines) if diff is not None else []
        changes = [change for change in every if change["change"] != "same"]
        same = len(every) - len(changes)
        if not dry_run:
            with alone(database, dispatcher.real_now):
                summary = plan_reminders(database, desk, request, progress=bars.counting("planning"))
    if out is not None:
        _write_plan(out, lines)
    if as_json:
        more = {
            "run_id": summary.run_id,
            "as_of": request.as_of,
            "changes": changes,
            "same": same,
            "refused_creditors": stale,
        }
        print_json(summary.as_json() | more)
        return
    for creditor, why in sorted(stale.items()):
        print(f"refused: {creditor}: {why}")
    _print_plan(summary, request.as_of)
    for change in changes:
        why = change.get("why") or "; ".join(
            f"{name}: {then or '-'} -> {today or '-'}"
            for name, (then, today) in change.get("what", {}).items()
        )
        line = (
            f"{change['debtor']} {change['debts']} {change['step']} {change['channel']} {change['decision']}"
        )
        print(f"{change['change']}: {line}" + (f" ({why})" if why else ""))
    if changes:
        print(f"{same} messages are the same.")
    if diff is not None and not changes:
        print(f"no difference from run {diff}")
    if out is not None:
        print(f"plan written to {out}")


_REASONS = 20


def dispatch(
    now: Now = None,
    until_empty: Annotated[
        bool, typer.Option("--until-empty/--once", help="Go on until nothing is due now.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Release and deliver what is due now: deferred messages whose window has opened, retries.

    With a print house it closes the batches that are due and reads receipts too, as the scheduler does. Exit code 1
    when a message failed or is unknown, or a channel pauses because its provider fails.

    Example: dispatcher dispatch --until-empty
    """
    from dispatcher.cli.waiting import print_waiting
    from dispatcher.delivery.storage.kept_back import kept_back_since, newest_entry
    from dispatcher.delivery.what_waits import what_waits
    from dispatcher.runs.run_day import pauses
    from dispatcher.worker.daily_run import dispatch_due
    from dispatcher.worker.upkeep import visit_print_house

    _tell_of_trouble()
    with opened(now) as dispatcher:
        with dispatcher.database.reading() as connection:
            before = newest_entry(connection)
        counts = dispatch_due(dispatcher, actor=actor(), until_empty=until_empty)
        with dispatcher.database.reading() as connection:
            kept_back = kept_back_since(connection, before)
        needs = [*pauses(dispatcher.database, dispatcher.real_now()), *visit_print_house(dispatcher)]
        waiting = what_waits(dispatcher.database, now=dispatcher.now(), real_now=dispatcher.real_now())
    if as_json:
        print_json(counts)
    else:
        print(
            ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "nothing is due now"
        )
        for (event, why, source), count in kept_back.most_common(_REASONS):
            print(f"  {count} × {event}: {why}" + (f" ({source})" if source else ""))
        print_waiting(waiting)
    for sentence in needs:
        print(sentence, file=sys.stderr)
    if needs or counts.get("unknown") or counts.get("failed"):
        raise typer.Exit(1)


def known_strategy(desk: Any, name: str | None) -> str | None:
    """The name as it is; raises where no strategy bears it."""
    names = [strategy.name for strategy in desk.strategies]
    if name is not None and name not in names:
        raise typer.BadParameter(f"there is no strategy {name!r}; config/strategies has: {', '.join(names)}")
    return name


def _print_plan(summary: Any, as_of: date) -> None:
    where = f"run {summary.run_id}" if summary.run_id else "dry run, nothing stored"
    words = {"allow": "to send", "defer": "deferred", "hold": "held", "block": "blocked"}
    counts = ", ".join(f"{summary.by_outcome.get(outcome, 0)} {word}" for outcome, word in words.items())
    print(f"plan for {as_of} ({where}): {summary.due} due = {counts}")
    for step, by_outcome in sorted(summary.by_step.items()):
        print(
            f"  {step}: "
            + ", ".join(f"{count} {words[outcome]}" for outcome, count in sorted(by_outcome.items()))
        )
    for key, count in summary.reasons.most_common(10):
        print(f"  {count} × {key[0]}: {key[1]}/{key[2]} ({key[3]})")
    print(
        "debts in the ledger: "
        + ", ".join(f"{count} {reason}" for reason, count in sorted(summary.others.items()))
    )
    for note in summary.notes:
        print(f"note: {note}")
    print(f"hash {summary.digest}")


def _write_plan(out: Path, lines: list[dict[str, Any]]) -> None:
    with out.open("w", encoding="utf-8", newline="") as file:
        if out.suffix == ".csv":
            from dispatcher.values.spreadsheet import to_cell

            writer = csv.DictWriter(file, fieldnames=list(lines[0]) if lines else ["debtor"])
            writer.writeheader()
            writer.writerows({key: value and to_cell(value) for key, value in line.items()} for line in lines)
        else:
            file.writelines(json.dumps(line, ensure_ascii=False, default=str) + "\n" for line in lines)
