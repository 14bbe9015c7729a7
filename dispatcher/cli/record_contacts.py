"""`dispatcher record contact|notice` and `dispatcher import-contacts`: what others sent, said and heard."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from dispatcher.cli.opening import AsJson, Now, opened, parse_instant, print_json
from dispatcher.cli.record_options import Address, Debts, Note, Source, Who, day_option, done, said_by
from dispatcher.people.import_contacts import import_contacts as import_contacts_file
from dispatcher.people.record_contact import record_contact
from dispatcher.people.record_notice import KINDS as NOTICES
from dispatcher.people.record_notice import record_notice

app = typer.Typer()


@app.command()
def contact(
    debtor: Who,
    channel: Annotated[str, typer.Argument(help="call, voicemail, sms, email, letter, visit, portal …")],
    *,
    outcome: Annotated[
        str, typer.Option(help="conversation, unanswered, voicemail, busy, not_in_service, sent …")
    ] = "",
    inbound: Annotated[bool, typer.Option("--inbound", help="The debtor contacted us.")] = False,
    at: Annotated[
        datetime | None, typer.Option(parser=parse_instant, metavar="INSTANT", help="When; now if not given.")
    ] = None,
    debt: Debts = None,
    address: Address = "",
    kind: Annotated[
        str, typer.Option(help="collection, reply_to_consumer, location_inquiry …")
    ] = "collection",
    text: Annotated[str, typer.Option(help="What was said, where words matter.")] = "",
    place: Annotated[str, typer.Option(help="home or workplace.")] = "",
    prerecorded: Annotated[
        bool, typer.Option("--prerecorded", help="An artificial or recorded voice spoke.")
    ] = False,
    consents_to: Annotated[str, typer.Option(help="Asked to be answered by another medium.")] = "",
    external_id: Annotated[str, typer.Option(help="The other system's id: recorded once.")] = "",
    source: Source = "",
    note: Note = "",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """A contact made elsewhere, or by the debtor: it counts for caps and pauses.

    Example: dispatcher record contact acme/00042 call --outcome conversation --at 2026-11-16T18:00:00Z --source dialler
    """
    details = {
        "text": text,
        "address_place": place,
        "prerecorded": prerecorded,
        "consent_to_other_medium": consents_to,
    }
    with opened(now) as program:
        found = record_contact(
            program.database,
            debtor,
            channel,
            said_by(program, source, note),
            read=program.read_reply,
            at=at,
            outcome=outcome,
            direction="inbound" if inbound else "outbound",
            debts=debt or (),
            address=address,
            kind=kind,
            external_id=external_id,
            details=details,
        )
        done(found, as_json)


@app.command(
    help=f"A notice that the law wants, already sent: {', '.join(NOTICES)}.\n\n"
    "Example: dispatcher record notice acme/00042 validation --sent-on 2026-11-02 --debt 0000000082"
)
def notice(
    debtor: Who,
    kind: Annotated[str, typer.Argument(help=f"One of: {', '.join(NOTICES)}.")],
    *,
    sent_on: Annotated[date | None, day_option("--sent-on", "When it was sent; today if not given.")] = None,
    validation_period_end: Annotated[
        date | None, day_option("--validation-period-end", "validation: the day printed in it.")
    ] = None,
    debt: Debts = None,
    source: Source = "",
    note: Note = "",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Record a notice that the law wants."""
    with opened(now) as program:
        said, kind = said_by(program, source, note), kind.replace("-", "_")
        found = record_notice(
            program.database,
            debtor,
            kind,
            said,
            debts=debt or (),
            sent_on=sent_on,
            validation_period_end=validation_period_end,
        )
        done(found, as_json)


def import_contacts(
    file: Annotated[
        Path, typer.Argument(help="CSV or JSON lines: at, debtor, channel, outcome, direction, debts …")
    ],
    source: Annotated[str, typer.Option(help="The system it comes from; its ids are told apart by it.")] = "",
    rejects: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where refused rows are written; else under the home.")
    ] = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Import contacts made elsewhere; they count for caps. Exit 1 when rows were refused.

    Example: dispatcher import-contacts calls.csv --source dialler
    """
    with opened(now) as program:
        path = rejects or program.home / "rejects" / f"{file.stem}.rejects.csv"
        said = said_by(program, source or "import", "")
        report = import_contacts_file(program.database, file, said, read=program.read_reply, rejects=path)
    if as_json:
        print_json(
            {
                "file": report.file,
                "rows": report.rows,
                "imported": report.imported,
                "known": report.known,
                "rejected": report.refused,
                "stopped": report.stopped,
                "unclear": report.unclear,
            }
        )
    else:
        told = f"{report.imported:,} new, {report.known:,} known, {report.refused:,} rejects"
        print(f"{report.file}: {report.rows:,} contacts, {told}")
        if report.stopped or report.unclear:
            print(
                f"  the debtors' words: {report.stopped:,} stops, {report.unclear:,} held until they are read"
            )
        if report.refused:
            print(f"  refused rows: {path}")
    raise typer.Exit(1 if report.refused else 0)
