"""`dispatcher portfolio`: import a ledger, see its totals, make a sample, hand changes back."""

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatcher.bootstrap import Dispatcher
from dispatcher.cli.opening import AsJson, AsOf, actor, opened, parse_day, print_json
from dispatcher.portfolio.domain.portfolio_mapping import PortfolioMapping
from dispatcher.portfolio.sample.sample_portfolio import SAMPLE_AS_OF, SAMPLE_DEBTORS

if TYPE_CHECKING:
    from dispatcher.portfolio.import_portfolio import ImportReport, ImportRequest
    from dispatcher.portfolio.portfolio_status import CurrencyStatus, PortfolioStatus, Total


app = typer.Typer()

FINDING = 1
_PASSED_OVER = {
    "end of file": "end marks",
    "total": "totals",
    "skip": "by the mapping",
    "group": "group headings",
}


def _creditor_key(text: str) -> str:
    from dispatcher.portfolio.domain.portfolio_columns import creditor_key

    try:
        return creditor_key(text.strip()) if text else ""
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="CSV (UTF-8) or JSON lines; docs/portfolio_file.md says which columns.")
    ],
    mapping: Annotated[
        str, typer.Option(help="A name in config/mappings, or a .yaml file.", metavar="NAME")
    ] = "",
    as_of: Annotated[
        date | None,
        typer.Option(
            "--as-of",
            parser=parse_day,
            metavar="DATE",
            help="The day the ledger speaks of; else that of the file's name, else the day it was last written.",
        ),
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where refused rows are written; else under the home.")
    ] = None,
    creditor: Annotated[
        str,
        typer.Option(
            metavar="KEY", parser=_creditor_key, help="The creditor, for a file without that column."
        ),
    ] = "",
    full: Annotated[
        bool,
        typer.Option("--full", help="The file is whole: debts it does not name are held as `not in ledger`."),
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Import nothing if any row is refused.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")
    ] = False,
    allow_older: Annotated[
        bool, typer.Option("--allow-older", help="Let a ledger older than the one imported overwrite it.")
    ] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A difference from the last ledger that is meant; may be repeated."
        ),
    ] = None,
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why it is meant; kept in the log.")] = "",
    as_json: AsJson = False,
) -> None:
    """Import a ledger. Importing the same file twice changes nothing.

    Exit 1 when rows were refused, debts held or protections no longer named; 2 when the file as a whole was refused.

    Example: dispatcher portfolio import ledger.csv --mapping ibm-ar --as-of 2012-03-01
    """
    from dispatcher.portfolio.import_portfolio import ImportRequest

    with opened() as dispatcher:
        read_by = dispatcher.mapping(mapping)
        day, whence = _day_of(file, as_of, dispatcher.real_now(), read_by)
        request = ImportRequest(
            file=file,
            as_of=day,
            now=dispatcher.real_now(),
            actor=actor(),
            rejects=rejects or dispatcher.home / "rejects" / f"{file.stem}.rejects.csv",
            rejects_asked_for=rejects is not None,
            warnings=dispatcher.home / "rejects" / f"{file.stem}.warnings.csv",
            mapping=read_by,
            creditor=creditor,
            full=full,
            strict=strict,
            dry_run=dry_run,
            allow_older=allow_older,
            accept=_accepted(accept or [], why),
            why=why,
            settings=dispatcher.import_settings,
        )
        report = _with_progress(dispatcher, request, quiet=as_json)
    if whence:
        print(f"dispatcher: {whence}", file=sys.stderr)
    if as_json:
        print_json(_report_json(report, request))
    else:
        _say(report, request)
    raise typer.Exit(FINDING if report.needs_somebody else 0)


@app.command()
def status(
    as_of: AsOf = None,
    creditor: Annotated[str, typer.Option(metavar="KEY", help="One creditor alone.")] = "",
    as_json: AsJson = False,
) -> None:
    """Totals and ageing of what is open on a day.

    Example: dispatcher portfolio status --as-of 2012-03-01
    """
    from dispatcher.portfolio.portfolio_status import portfolio_status

    with opened() as dispatcher:
        found = portfolio_status(
            dispatcher.database, as_of or dispatcher.now().date(), creditor=creditor or None
        )
    if as_json:
        print_json(_status_json(found))
    else:
        _print_status(found)


@app.command("map")
def map_(
    file: Annotated[Path, typer.Argument(help="A file of unknown form: CSV, .xlsx, .zip or .gz.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="YAML", help="Where to write the mapping.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Propose a mapping for an unknown file; exit 1 where something that every debt needs was not found.

    Example: dispatcher portfolio map export.csv --out config/mappings/export.yaml
    """
    from dispatcher.portfolio.propose_mapping import propose_mapping
    from dispatcher.values.plain_values import plain

    proposal = propose_mapping(file)
    if out is not None:
        out.write_text(proposal.as_yaml(), encoding="utf-8")
    if as_json:
        print_json(plain(proposal))
    else:
        print(proposal.as_yaml() if out is None else f"{out}: {len(proposal.fields)} columns proposed")
    if proposal.missing:
        raise typer.Exit(FINDING)


@app.command()
def sample(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write it: .csv or .jsonl.")],
    debtors: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many debtors.")] = SAMPLE_DEBTORS,
    seed: Annotated[int, typer.Option(help="The same seed makes the same portfolio.")] = 7,
    as_of: Annotated[
        date | None,
        typer.Option(
            "--as-of",
            parser=parse_day,
            metavar="DATE",
            help=f"The day around which debts fall due; else {SAMPLE_AS_OF}.",
        ),
    ] = None,
) -> None:
    """Write a portfolio of invented debtors to try things with.

    Example: dispatcher portfolio sample --out sample.csv
    """
    from dispatcher.portfolio.sample.sample_portfolio import write_sample_portfolio

    day = as_of or SAMPLE_AS_OF
    rows = write_sample_portfolio(out, debtors=debtors, seed=seed, as_of=day)
    print(f"{out}: {rows:,} rows of {debtors:,} debtors around {day}")
    print(f"next: dispatcher portfolio import {out} --as-of {day}")


@app.command("export-changes")
def export_changes(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write it: .csv or .jsonl.")],
    since: Annotated[
        date,
        typer.Option(
            "--since", parser=parse_day, metavar="DATE", help="From the beginning of this day (UTC)."
        ),
    ],
    creditor: Annotated[str, typer.Option(metavar="KEY", help="One creditor alone.")] = "",
    as_json: AsJson = False,
) -> None:
    """Write opt-outs, closed addresses and returned mail for the creditor's own system.

    Example: dispatcher portfolio export-changes --since 2026-11-01 --out changes.csv
    """
    from dispatcher.portfolio.export_changes import export_changes as export

    with opened() as dispatcher:
        counts = export(
            dispatcher.database, out, since, now=dispatcher.now(), actor=actor(), creditor=creditor or None
        )
    if as_json:
        print_json({"file": str(out), "since": since, "counts": counts})
    else:
        told = (
            ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in counts.items())
            or "nothing changed"
        )
        print(f"{out}: {told} since {since}")


def _accepted(names: list[str], why: str) -> frozenset[str]:
    """The findings that somebody says are meant, with a reason that the log keeps."""
    from dispatcher.portfolio.domain.ledger_drift import ACCEPTABLE

    if unknown := sorted(set(names) - ACCEPTABLE):
        raise typer.BadParameter(
            f"{unknown[0]!r} is no difference; there are: {', '.join(sorted(ACCEPTABLE))}"
        )
    if names and not why.strip():
        raise typer.BadParameter("--accept needs --why: the log keeps who said so, and why")
    return frozenset(names)


def _with_progress(dispatcher: Dispatcher, request: "ImportRequest", *, quiet: bool) -> "ImportReport":
    import sys

    from dispatcher.portfolio.import_portfolio import import_portfolio

    if quiet or not sys.stderr.isatty():
        return import_portfolio(dispatcher.database, request, watch=dispatcher.watch_ledger)
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed:>9,} rows read"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        return import_portfolio(
            dispatcher.database,
            request,
            on_rows=lambda n: progress.update(task, completed=n),
            watch=dispatcher.watch_ledger,
        )


def _report_json(report: "ImportReport", request: "ImportRequest") -> dict[str, Any]:
    return {
        **report.as_json(),
        "mapping": request.mapping.name if request.mapping else None,
        "dry_run": request.dry_run,
        "imported": report.imported if report.applied or request.dry_run else 0,
        "rejects_file": str(request.rejects) if report.refused else None,
        "warnings_file": str(request.warnings) if report.warnings else None,
    }


def _day_of(
    file: Path, as_of: date | None, now: datetime, mapping: PortfolioMapping | None
) -> tuple[date, str]:
    """The ledger's day, and what to say where nobody stated it and it stands nowhere in the file."""
    from dispatcher.portfolio.find_ledger_day import day_of_ledger

    if as_of is None:
        try:
            day, how = day_of_ledger(file, now, mapping)
        except OSError:
            return now.astimezone(UTC).date(), ""  # a file that is not there is refused where it is read
        except ValueError as error:
            raise typer.BadParameter(f"{error}; or say the ledger's day with --as-of") from None
        return day, how and f"{file.name}{how} ({day}); --as-of says another"
    return as_of, ""


def _say(report: "ImportReport", request: "ImportRequest") -> None:
    for line in _sentences(report, request):
        print(line)


def _sentences(report: "ImportReport", request: "ImportRequest") -> list[str]:
    numbers = f"{report.rows:,} rows, {report.imported:,} good, {report.refused:,} rejects"
    said = [f"{report.file}, ledger of {report.as_of}: {numbers}"]
    if report.repeated:
        said.append(f"  {report.repeated:,} rows repeat another word for word and count once")
    said.append(f"  debts:   {_counted(report.debts)}")
    said.append(f"  debtors: {_counted(report.debtors)}")
    if report.contact_points_changed:
        said.append(f"  contact points: {report.contact_points_changed:,} new, changed or left aside")
    said += _what_differs(report)
    if request.full:
        said.append(f"  {report.vanished:,} debts are not in the ledger any more: held, not taken for paid")
    if report.payments_absorbed:
        said.append(f"  {report.payments_absorbed:,} recorded payments are contained in the new balances")
    if report.older_than:
        said.append(f"  this ledger is older than the one of {report.older_than} imported before")
    if report.refused:
        said += [f"  {count:,} × {reason}" for reason, count in (report.reasons or {}).items()]
        said.append(f"  refused rows: {request.rejects}; their debts are held where they were known")
    if report.warnings:
        said.append(f"  {report.warnings:,} warnings, nothing refused for them: {request.warnings}")
    if not report.applied:
        said.append(
            "nothing was imported: " + ("a dry run" if request.dry_run else "--strict, and rows were refused")
        )
    return said


def _what_differs(report: "ImportReport") -> list[str]:
    """What a person should look at before believing the file."""
    said = []
    if report.passed_over:
        rows = ", ".join(
            f"{count:,} {_PASSED_OVER.get(why, why)}" for why, count in report.passed_over.items()
        )
        said.append(f"  passed over, as no records: {rows}")
    said += [f"  {sentence}" for sentence in report.differences]
    said += [f"  {finding.name}: {finding.sentence}" for finding in report.findings]
    if report.still_protected:
        said.append(
            f"  {report.still_protected:,} protections are not in the ledger any more: they stay, a task each person, "
            "until somebody releases them with the reason (dispatcher record release)"
        )
    if report.stand_ins:
        said.append(f"  {report.stand_ins:,} addresses are shared by several people and not used")
    if report.held:
        said.append(f"  {report.held:,} debts are newly held")
    return said


def _counted(numbers: Any) -> str:
    return f"{numbers.new:,} new, {numbers.changed:,} changed, {numbers.unchanged:,} unchanged"


def _status_json(found: "PortfolioStatus") -> dict[str, Any]:
    return {
        "as_of": found.as_of,
        "creditors": [{"creditor": key, "ledger_as_of": day} for key, day in found.creditors.items()],
        "currencies": {currency: _currency_json(one) for currency, one in found.currencies.items()},
    }


def _currency_json(one: "CurrencyStatus") -> dict[str, Any]:
    return {
        "open": _total_json(one.open),
        "overdue": {
            **_total_json(one.overdue),
            "disputed": one.disputed.count,
            "disputed_amount": str(one.disputed.amount.amount),
        },
        "buckets": {name: _total_json(total) for name, total in one.buckets.items()},
        "credits": _total_json(one.credits),
        "not_in_ledger": _total_json(one.not_in_ledger),
    }


def _total_json(total: "Total") -> dict[str, Any]:
    return {"count": total.count, "amount": str(total.amount.amount)}


def _print_status(found: "PortfolioStatus") -> None:
    print(f"Open on {found.as_of}")
    for key, day in found.creditors.items():
        print(f"  {key}: ledger of {day}")
    for currency, one in found.currencies.items():
        print(f"\n{currency}  {one.open.count:,} open, {one.open.amount.amount:,}")
        overdue = f"{one.overdue.count:,} overdue, {one.overdue.amount.amount:,}"
        print(f"     {overdue}, of which {one.disputed.count:,} disputed")
        for name, total in one.buckets.items():
            print(f"     {name:>8}  {total.count:>9,}  {total.amount.amount:>18,}")
        if one.credits.count:
            print(
                f"     credits and unallocated payments in these: {one.credits.count:,}, {one.credits.amount.amount:,}"
            )
        if one.not_in_ledger.count:
            gone = one.not_in_ledger
            print(f"     not in the ledger any more, held: {gone.count:,}, {gone.amount.amount:,}")
    if not found.currencies:
        print("  nothing: import a ledger with `dispatcher portfolio import FILE`")
