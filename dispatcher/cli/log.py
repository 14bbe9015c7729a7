"""`dispatcher log`: search, show, seal, verify and export the delivery log."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatcher.bootstrap import Dispatcher
from dispatcher.cli.opening import AsJson, actor, opened, parse_day, print_json
from dispatcher.cli.personal import backup, erase, retention, subject_access
from dispatcher.cli.progress import Bars

if TYPE_CHECKING:
    from dispatcher.record.export_evidence import Source
    from dispatcher.record.seal_log import Sealed
    from dispatcher.record.storage.log_search import FoundEntry, LogQuery
    from dispatcher.record.storage.seal_journal import SealJournal
    from dispatcher.record.storage.sealing_keys import SealingKeys


__all__ = ["app", "backup", "erase", "retention", "subject_access"]

app = typer.Typer()

FINDING = 1
_SHOWN = 50

Since = Annotated[
    date | None,
    typer.Option("--from", parser=parse_day, metavar="DATE", help="First day (UTC)."),
]
Until = Annotated[
    date | None,
    typer.Option("--to", parser=parse_day, metavar="DATE", help="Last day (UTC), included."),
]
Debtor = Annotated[
    str, typer.Option("--debtor", metavar="REFERENCE", help="creditor/reference, or a reference.")
]


FirstMonth = Annotated[str, typer.Argument(metavar="MONTH", help="The first month, as 2026-11.")]
LastMonth = Annotated[str, typer.Argument(metavar="LAST", help="The last month; the same if not given.")]
OfCreditor = Annotated[str, typer.Option("--creditor", metavar="KEY", help="Of one creditor alone.")]
OutFile = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write it there instead of printing it.")
]


@app.command()
def search(
    debtor: Debtor = "",
    address: Annotated[str, typer.Option(metavar="TEXT", help="An e-mail address or number (E.164).")] = "",
    debt: Annotated[str, typer.Option(metavar="REFERENCE", help="creditor/reference, or a reference.")] = "",
    creditor: Annotated[str, typer.Option(metavar="KEY", help="A creditor of the portfolio.")] = "",
    since: Since = None,
    until: Until = None,
    channel: Annotated[str, typer.Option(metavar="NAME", help="email, sms or letter.")] = "",
    state: Annotated[str, typer.Option(metavar="STATE", help="A message's present state, as bounced.")] = "",
    event: Annotated[
        list[str] | None, typer.Option(metavar="EVENT", help="As blocked; may be repeated.")
    ] = None,
    rule: Annotated[
        str, typer.Option(metavar="RULE", help="As contact-hours or us-regf/contact-hours.")
    ] = "",
    provider_id: Annotated[str, typer.Option(metavar="ID", help="The provider's number of a message.")] = "",
    words: Annotated[str, typer.Option(metavar="TEXT", help="Words of the body, in any order.")] = "",
    template: Annotated[str, typer.Option(metavar="NAME[@VERSION]", help="A template or one version.")] = "",
    approver: Annotated[str, typer.Option(metavar="NAME", help="Who approved a publication.")] = "",
    who: Annotated[str, typer.Option("--actor", metavar="NAME", help="Who acted, beyond messages.")] = "",
    message: Annotated[str, typer.Option(metavar="ID", help="A message.")] = "",
    run: Annotated[int | None, typer.Option(metavar="N", help="A planning run.")] = None,
    sample: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Draw N sealed entries at random.")
    ] = None,
    seed: Annotated[str, typer.Option(metavar="S", help="Repeats a draw; any text.")] = "1",
    up_to: Annotated[
        int | None, typer.Option(metavar="POSITION", help="Draw from entries up to here.")
    ] = None,
    exceptions: Annotated[
        bool, typer.Option("--exceptions", help="Bounced, late, unknown, held, complained.")
    ] = False,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=10_000, help="Entries on a page.")] = _SHOWN,
    after: Annotated[str, typer.Option(metavar="CURSOR", help="Continue after a page.")] = "",
    as_json: AsJson = False,
) -> None:
    """Find entries, newest first; all that is given must hold.

    Example: dispatcher log search --debtor acme/00042 --from 2026-11-01 --event blocked
    """
    from dispatcher.record.search_log import search_log
    from dispatcher.record.storage.evidence import persons_of
    from dispatcher.record.storage.log_search import LogQuery
    from dispatcher.record.storage.log_streams import place_of

    name, _, version = template.partition("@")
    if version and not version.isdecimal():
        raise typer.BadParameter(
            f"{template!r}: write a version as first-reminder@3", param_hint="--template"
        )
    try:
        place_of(after)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--after") from None
    query = LogQuery(
        address=address or None, debt=debt or None, creditor=creditor or None, since=_start(since), until=_end(until),
        channel=channel or None, state=state or None, events=tuple(event or ()), rule=rule or None,
        provider_id=provider_id or None, words=words or None, template=name or None,
        template_version=int(version) if version else None, approver=approver or None, actor=who or None,
        message_id=message or None, run_id=run,
    )  # fmt: skip
    with opened() as dispatcher:
        if debtor:
            with dispatcher.database.reading() as connection:
                query = replace(query, persons=persons_of(connection, debtor))
        if exceptions:
            _print_exceptions(dispatcher, query, as_json=as_json)
        elif sample is not None:
            _print_sample(dispatcher, query, size=sample, seed=seed, upto=up_to, as_json=as_json)
        else:
            page = search_log(dispatcher.database, query, limit=limit, cursor=after)
            if as_json:
                print_json(
                    {"entries": [_document(entry) for entry in page.entries], "next": page.next or None}
                )
                return
            _print_entries(page.entries)
            if page.next:
                print(f"more: --after {page.next}")


@app.command()
def show(
    position: Annotated[int, typer.Argument(help="An entry's position in the sealed order.")],
    as_json: AsJson = False,
) -> None:
    """Show one sealed entry with all it holds.

    Example: dispatcher log show 412
    """
    from dispatcher.record.search_log import show_entry

    with opened() as dispatcher:
        entry = show_entry(dispatcher.database, position)
    if entry is None:
        raise typer.BadParameter(f"no sealed entry at position {position}")
    if as_json:
        print_json(_document(entry))
        return
    for name, value in _document(entry).items():
        if value is not None:
            print(f"{name:18} {value}")


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
        scope = Scope(persons=persons, creditor=creditor or None, since=_start(since), until=_end(until))
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


def _start(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None


def _end(day: date | None) -> datetime | None:
    return datetime.combine(day + timedelta(days=1), time(), UTC) if day else None


def _stamp(done: "Sealed", now: datetime) -> str:
    place = f"seal {done.last_number} position {done.last_position}"
    return f"{now.isoformat(timespec='seconds')} {place} sha256 {done.hash}\n"


def _document(entry: "FoundEntry") -> dict[str, Any]:
    from dispatcher.record.domain.export_line import FIELDS

    line = {**entry.document, **(entry.values or {}), "position": entry.position}
    return {
        name: line.get(name) for name in FIELDS if name not in {"salt", "personal", "seal", "proof", "hash"}
    }


def _print_entries(entries: "Sequence[FoundEntry]") -> None:
    for entry in entries:
        line = _document(entry)
        what = " ".join(str(line[name]) for name in ("event", "channel", "step") if line[name])
        why = "; ".join(f"{r.get('pack', '')}/{r.get('rule', '')}" for r in line["reasons"] or ())
        who = line["debtor"] or line["person"] or ""
        place = f"#{line['position']}" if line["position"] else "unsealed"
        print("  ".join(part for part in (line["at"], place, what, who, line["address"] or "", why) if part))
    if not entries:
        print("nothing found")


def _print_sample(
    dispatcher: Dispatcher, query: "LogQuery", *, size: int, seed: str, upto: int | None, as_json: bool
) -> None:
    from dispatcher.record.search_log import sample_log

    entries, bound = sample_log(dispatcher.database, query, size=size, seed=seed, upto=upto)
    if as_json:
        print_json({"entries": [_document(entry) for entry in entries], "seed": seed, "up_to": bound})
        return
    _print_entries(entries)
    print(f"the same draw again: --sample {size} --seed {seed} --up-to {bound}")


def _print_exceptions(dispatcher: Dispatcher, query: "LogQuery", *, as_json: bool) -> None:
    from dispatcher.record.search_log import exceptions_report

    report = exceptions_report(dispatcher.database, query)
    if as_json:
        print_json({name: [_document(entry) for entry in entries] for name, entries in report.items()})
        return
    for name, entries in report.items():
        print(f"{name}: {len(entries)}")
        _print_entries(entries[:_SHOWN]) if entries else None
