"""`dispatcher record`: write down what a person said or did."""

from datetime import date
from typing import Annotated

import typer

from dispatcher.cli import record_contacts, record_holds, record_permissions
from dispatcher.cli.opening import AsJson, Now, opened
from dispatcher.cli.record_contacts import import_contacts
from dispatcher.cli.record_options import Note, Source, Who, day_option, done, said_by
from dispatcher.people.record_payment import record_payment

__all__ = ["app", "import_contacts"]

app = typer.Typer()


@app.command()
def payment(
    debtor: Who,
    amount: Annotated[str, typer.Argument(help="As 120.50, in the debt's currency.")],
    *,
    debt: Annotated[str, typer.Option(metavar="REFERENCE", help="Needed where several are open.")] = "",
    on: Annotated[date | None, day_option("--on", "When it was paid; today if not given.")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="A second payment of the same amount and day is meant.")
    ] = False,
    source: Source = "",
    note: Note = "",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """A payment: what is owed falls at once, until a later ledger contains it.

    Example: dispatcher record payment acme/00042 20.50 --debt 0000000082 --source "bank statement 112"
    """
    with opened(now) as program:
        said = said_by(program, source, note)
        done(
            record_payment(program.database, debtor, amount, said, debt=debt, paid_on=on, again=again),
            as_json,
        )


for group in (record_holds.app, record_permissions.app, record_contacts.app):
    app.add_typer(group)
