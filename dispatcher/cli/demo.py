"""`dispatcher demo` (what `make run` calls): a whole daily run on the sample portfolio, explained."""

import shutil
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from dispatcher.bootstrap import Dispatcher, open_dispatcher
from dispatcher.cli.opening import actor, spelled
from dispatcher.cli.progress import Bars
from dispatcher.cli.summary import print_summary
from dispatcher.portfolio.import_portfolio import ImportReport, ImportRequest, import_portfolio
from dispatcher.portfolio.sample.sample_portfolio import SAMPLE_AS_OF, write_sample_portfolio
from dispatcher.runs.pick_examples import Story, pick_stories, sample_messages
from dispatcher.settings import SettingsError, load_settings

# A Monday, a public holiday in Mexico and Colombia: early on the West coast of the US, afternoon in Madrid.
NOW = datetime(2026, 11, 16, 14, 30, tzinfo=UTC)
MARK = "demo"
NOTHING = 4096  # bytes of the empty database that `dispatcher check` leaves behind
SUFFIX = {"email": ".eml", "sms": ".txt", "letter": ".pdf"}


def demo() -> None:
    """Import the sample portfolio and run its day, with a fixed date and clock. Nothing leaves this machine.

    Runs again from the start each time; refuses a home that holds anything else.

    Example: dispatcher demo
    """
    settings = load_settings()
    _clear(settings.home)
    dispatcher = open_dispatcher(settings, now=NOW)
    try:
        _run(dispatcher)
    finally:
        dispatcher.close()


def _run(dispatcher: Dispatcher) -> None:
    from dispatcher.web.operators.report import write_report
    from dispatcher.worker.daily_run import run_today

    home = dispatcher.home
    (home / MARK).write_text(
        "This home was made by `dispatcher demo`, which may clear it.\n", encoding="utf-8"
    )
    report = _import(dispatcher)
    print(f"Imported {report.debts.new} debts of {report.debtors.new} debtors from {home / 'sample.csv'}\n")
    with Bars() as bars:
        summary = run_today(
            dispatcher,
            SAMPLE_AS_OF,
            actor=actor(),
            on_planned=bars.counting("planning"),
            on_prepared=bars.adding("writing"),
        )
    print_summary(summary)
    assert summary.run_id is not None  # noqa: S101 a run that ended has its number
    stories = pick_stories(dispatcher.database, summary.run_id)
    _tell(stories)
    _show_files(home, sample_messages(dispatcher.database, summary.run_id))
    write_report(home / "report.html", summary, stories)
    _say_next(home, stories, SAMPLE_AS_OF)


def _clear(home: Path) -> None:
    if not home.exists():
        return
    if not (home / MARK).exists() and any(
        path.is_file() and path.stat().st_size > NOTHING for path in home.rglob("*")
    ):
        raise SettingsError(
            f"{home} holds something else than the demo: set DISPATCHER_HOME to an empty folder"
        )
    shutil.rmtree(home)


def _import(dispatcher: Dispatcher) -> ImportReport:
    home = dispatcher.home
    sample = home / "sample.csv"
    write_sample_portfolio(sample)
    return import_portfolio(
        dispatcher.database,
        ImportRequest(
            file=sample,
            as_of=SAMPLE_AS_OF,
            now=dispatcher.real_now(),
            actor=actor(),
            rejects=home / "rejects" / "sample.rejects.csv",
            warnings=home / "rejects" / "sample.warnings.csv",
            settings=dispatcher.import_settings,
        ),
        watch=dispatcher.watch_ledger,
    )


def _tell(stories: tuple[Story, ...]) -> None:
    print()
    for story in stories:
        print(f"{story.word.capitalize()}: {story.sentence}")


def _show_files(home: Path, samples: Mapping[str, str]) -> None:
    print("\nOpen one of each:")
    for channel, message_id in sorted(samples.items()):
        print(f"  {channel:<6} {home / 'outbox' / (message_id + SUFFIX[channel])}")


def _say_next(home: Path, stories: tuple[Story, ...], as_of: date) -> None:
    clock = NOW.isoformat().replace("+00:00", "Z")
    print(f"\nThe day as a page: {home / 'report.html'}\n\nTry next:")
    name = spelled()
    for story in stories[:1]:
        print(f"  {name} explain {story.debtor} --as-of {as_of} --now {clock}")
    print(f"  {name} run --as-of {as_of} --now {clock}      # again: nothing is sent twice")
    print(f"  {name} dispatch --now 2026-11-17T18:00:00Z              # what was deferred goes out")
    print(f"  {name} messages list --state held")
    print(f"  {name} log verify")
    print(f"  {name} templates list")
