"""`dispatcher import-contacts`: what others sent, said and heard."""

from pathlib import Path
from typing import Annotated

import typer

from dispatcher.cli.opening import AsJson, Now, actor, opened, print_json
from dispatcher.people.import_contacts import import_contacts as import_contacts_file
from dispatcher.people.recording import Said


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
        said = Said(now=program.now(), actor=actor(), source=source or "import")
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
