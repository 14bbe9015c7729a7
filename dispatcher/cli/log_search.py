"""`dispatcher log search` and `show`: finds entries of the delivery log and prints them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatcher.bootstrap import Dispatcher
from dispatcher.cli.opening import AsJson, opened, parse_day, print_json

if TYPE_CHECKING:
    from dispatcher.record.storage.log_search import FoundEntry, LogQuery

app = typer.Typer()

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
        address=address or None, debt=debt or None, creditor=creditor or None, since=start_of(since),
        until=end_of(until), channel=channel or None, state=state or None, events=tuple(event or ()), rule=rule or None,
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


def start_of(day: date | None) -> datetime | None:
    """The first instant of a day in UTC."""
    return datetime.combine(day, time(), UTC) if day else None


def end_of(day: date | None) -> datetime | None:
    """The first instant after a day in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), UTC) if day else None


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
