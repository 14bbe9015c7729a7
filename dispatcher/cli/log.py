"""`dispatcher log`: seal, verify and export the delivery log; `log_search` has how it is searched and shown."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatcher.bootstrap import Dispatcher
from dispatcher.cli.log_search import Debtor, Since, Until, app, end_of, start_of
from dispatcher.cli.opening import AsJson, actor, opened, print_json
from dispatcher.cli.personal import backup, erase, retention, subject_access
from dispatcher.cli.progress import Bars

if TYPE_CHECKING:
    from dispatcher.record.export_evidence import Source
    from dispatcher.record.seal_log import Sealed
    from dispatcher.record.storage.seal_journal import SealJournal
    from dispatcher.record.storage.sealing_keys import SealingKeys


__all__ = ["app", "backup", "erase", "retention", "subject_access"]

FINDING = 1

FirstMonth = Annotated[str, typer.Argument(metavar="MONTH", help="The first month, as 2026-11.")]
LastMonth = Annotated[str, typer.Argument(metavar="LAST", help="The last month; the same if not given.")]
OfCreditor = Annotated[str, typer.Option("--creditor", metavar="KEY", help="Of one creditor alone.")]
OutFile = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write it there instead of printing it.")
]


@app.command()
def seal(
    after_restore: Annotated[
        bool,
        typer.Option("--after-restore", help="Go on after an older backup was put back; the loss is logged."),
    ] = False,
    new_key: Annotated[bool, typer.Option("--new-key", help="Hand the chain over to a new key.")] = False,
    why: Annotated[
        str,
        typer.Option(
            metavar="TEXT", help="With --new-key, where the old key is lost; every verification repeats it."
        ),
    ] = "",
    timestamp: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the newest seal's hash here, to put elsewhere.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Seal what is not sealed yet.

    Example: dispatcher log seal
    """
    from dispatcher.record.change_key import change_key
    from dispatcher.record.seal_log import seal_log

    with opened() as dispatcher:
        place = _place(dispatcher)
        now = dispatcher.real_now()
        done = (
            change_key(*place, now=now, why=why.strip(), actor=actor())
            if new_key
            else seal_log(*place, now=now, after_restore=after_restore)
        )
        if timestamp is not None:
            timestamp.write_text(_stamp(done, now))
    if as_json:
        print_json(
            {"entries": done.entries, "seals": done.seals, "seal": done.last_number, "to_position": done.last_position,
             "root": done.root, "hash": done.hash}
        )  # fmt: skip
        return
    print(
        f"{done.entries} entries sealed; the chain ends with seal {done.last_number} at position {done.last_position}"
    )
    print(f"its hash: {done.hash or 'none yet'}")


@app.command()
def stamp() -> None:
    """Have the newest seal time-stamped (RFC 3161) by the authority that is set; the scheduler does it by itself.

    Example: dispatcher log stamp
    """
    from dispatcher.record.stamp_seals import stamp_newest_seal

    with opened() as dispatcher:
        authority = dispatcher.stamp_authority()
        if authority is None:
            print("no authority is set: set DISPATCHER_SEAL__STAMP_URL and DISPATCHER_SEAL__STAMP_ROOTS")
            return
        print(stamp_newest_seal(dispatcher.database, authority, now=dispatcher.real_now()))


@app.command()
def verify(
    file: Annotated[
        Path | None,
        typer.Argument(
            exists=True, help="An export (.jsonl, .csv, .zip, or an unpacked bundle); else the database."
        ),
    ] = None,
    key: Annotated[
        str,
        typer.Option(metavar="KEY", help="The public key, in hex or in a file; else the one under the home."),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Check that nothing was changed, removed, inserted or moved; exit 1 with the place when something was.

    Example: dispatcher log verify evidence.zip
    """
    count, findings, notes = (
        _verify_export(file, key) if file is not None else _verify_database(quiet=as_json)
    )
    if as_json:
        print_json({"entries": count, "findings": findings, "notes": notes})
    else:
        for line in (*findings[:200], *notes):
            print(line)
        print(
            f"{count} entries checked: "
            + (f"{len(findings)} findings" if findings else "all is as it was sealed")
        )
    if findings:
        raise typer.Exit(FINDING)


@app.command()
def reindex(as_json: AsJson = False) -> None:
    """Make anew what searches read: after `log verify` says that they pass entries over.

    Example: dispatcher log reindex
    """
    from dispatcher.record.reindex_log import reindex_log

    with opened() as dispatcher:
        done = reindex_log(dispatcher.database)
    if as_json:
        print_json({"entries": done.entries, "facets": done.facets, "bodies": done.bodies})
        return
    print(f"{done.entries} entries read: {done.facets} facets, {done.bodies} bodies in the index of words")


@app.command()
def export(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help=".jsonl, .csv, or .zip for a bundle.")],
    debtor: Debtor = "",
    creditor: Annotated[str, typer.Option(metavar="KEY", help="One creditor's entries.")] = "",
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Write entries so that anybody can check them; seals first, and is logged itself.

    Example: dispatcher log export --debtor acme/00042 --out bundle.zip
    """
    from dispatcher.record.export_evidence import export_evidence
    from dispatcher.record.storage.evidence import Scope, persons_of

    with opened() as dispatcher, Bars(quiet=as_json) as bars:
        with dispatcher.database.reading() as connection:
            persons = persons_of(connection, debtor) if debtor else ()
        scope = Scope(persons=persons, creditor=creditor or None, since=start_of(since), until=end_of(until))
        done = export_evidence(source_of(dispatcher), scope, out, bars.counting("exporting"))
    if as_json:
        print_json(
            {
                "file": str(done.path),
                "entries": done.entries,
                "to_position": done.to_position,
                "seal": done.seal,
            }
        )
        return
    print(f"{done.path}: {done.entries} entries, up to position {done.to_position} (seal {done.seal})")


@app.command()
def contacts(first: FirstMonth, last: LastMonth = "", creditor: OfCreditor = "", out: OutFile = None) -> None:
    """Contacts by debtor, month and channel from the sealed record, as CSV: Chile, 12 CFR 1006.100.

    Example: dispatcher log contacts 2026-11 --out contacts.csv
    """
    from dispatcher.record.regulator_tables import contacts_by_debtor

    _table(contacts_by_debtor, first, last, creditor, out)


@app.command()
def complaints(
    first: FirstMonth, last: LastMonth = "", creditor: OfCreditor = "", out: OutFile = None
) -> None:
    """Complaints by month, creditor and cause from the sealed record, as CSV: REDECO's columns.

    Example: dispatcher log complaints 2026-10 2026-12
    """
    from dispatcher.record.regulator_tables import complaints_by_cause

    _table(complaints_by_cause, first, last, creditor, out)


def _table(write: Callable[..., str], first: str, last: str, creditor: str, out: Path | None) -> None:
    from dispatcher.record.regulator_tables import Asked

    asked = Asked(first=_month(first), last=_month(last or first), creditor=creditor)
    with opened() as dispatcher:
        text = write(dispatcher.database, asked, actor=actor(), now=dispatcher.real_now())
    if out is None:
        print(text, end="")
    else:
        out.write_text(text, encoding="utf-8")
        print(f"{out}: {text.count(chr(10)) - 1} rows")


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no month; write it as 2026-11") from None


def source_of(dispatcher: Dispatcher) -> "Source":
    """Say where exports come from and who asks."""
    from dispatcher.record.export_evidence import Source

    database, keys, journal = _place(dispatcher)
    return Source(database=database, keys=keys, journal=journal, actor=actor(), now=dispatcher.real_now())


def _place(dispatcher: Dispatcher) -> "tuple[Any, SealingKeys, SealJournal]":
    from dispatcher.record.storage.seal_journal import SealJournal
    from dispatcher.record.storage.sealing_keys import SealingKeys

    return dispatcher.database, SealingKeys(dispatcher.keys), SealJournal(dispatcher.home / "seals.jsonl")


def _verify_database(*, quiet: bool) -> tuple[int, list[str], list[str]]:
    from dispatcher.bootstrap.stamps import stamp_roots
    from dispatcher.record.verify.verify_log import verify_log
    from dispatcher.worker.cores import MOST_PROCESSES, usable_cores

    processes = min(usable_cores(), MOST_PROCESSES)
    with opened() as dispatcher, Bars(quiet=quiet) as bars:
        database, keys, journal = _place(dispatcher)
        roots = stamp_roots(dispatcher.settings.seal)
        report = verify_log(
            database, keys, journal, bars.counting("verifying"), roots=roots, processes=processes
        )
    told = f"{report.seals} seals, {report.bodies} bodies, {report.unsealed} entries newer than the last seal"
    notes = [*report.notes, told]
    if report.erased:
        notes.append(f"{report.erased} personal values or bodies were erased, as entries say")
    if report.newest:
        notes.append(f"the newest seal: {report.newest}; compare it with a copy from elsewhere")
    if report.seals and not journal.path.exists():
        notes.append(f"{journal.path} is not there: a log that was cut short would not show")
    return report.entries, [str(finding) for finding in report.findings], notes


def _verify_export(file: Path, key: str) -> tuple[int, list[str], list[str]]:
    from dispatcher.bootstrap.stamps import stamp_roots
    from dispatcher.record.storage.sealing_keys import SealingKeys
    from dispatcher.record.verify.verify_file import examine_file
    from dispatcher.settings import load_settings

    given = Path(key).read_text().split() if key and Path(key).exists() else key.split()
    settings = load_settings()
    known, roots = (
        given or list(SealingKeys(settings.home / "keys").public_keys().values()),
        stamp_roots(settings.seal),
    )
    results = [examine_file(file, each, roots) for each in known] or [examine_file(file, roots=roots)]
    best = min(results, key=lambda result: len(result.findings))
    notes = list(best.notes)
    if not known:
        notes.append("no public key given and none under the home: the export's own was used; compare it")
    return best.entries, best.findings, notes


def _stamp(done: "Sealed", now: datetime) -> str:
    place = f"seal {done.last_number} position {done.last_position}"
    return f"{now.isoformat(timespec='seconds')} {place} sha256 {done.hash}\n"
