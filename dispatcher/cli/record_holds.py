"""`dispatcher record dispute|promise|hold|complaint|release`: what keeps messages back, and its end."""

from datetime import date, datetime
from typing import Annotated, Any

import typer

from dispatcher.cli.opening import AsJson, Now, opened
from dispatcher.cli.record_options import (
    Address,
    Debts,
    Form,
    Note,
    Source,
    Who,
    dated,
    day_option,
    done,
    known_form,
    said_by,
)
from dispatcher.people.record_hold import KINDS as HOLDS
from dispatcher.people.record_hold import record_hold
from dispatcher.people.release_hold import release as release_fact

app = typer.Typer()


@app.command()
def dispute(
    debtor: Who,
    *,
    debt: Debts = None,
    received: Annotated[
        date | None, day_option("--received", "When the dispute reached us; today if not given.")
    ] = None,
    form: Form = "letter",
    validation_period_end: Annotated[
        date | None, day_option("--validation-period-end", "As printed in the notice.")
    ] = None,
    source: Source = "",
    note: Note = "",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """A dispute: the debt is left alone until the dispute is released.

    Example: dispatcher record dispute acme/00042 --debt 0000000082 --form letter --note "says it was paid in May"
    """
    details = {"form": known_form(form), **dated(validation_period_end=validation_period_end)}
    _record(debtor, "dispute", debt, received, None, details, source, note, now, as_json)


@app.command()
def promise(
    debtor: Who,
    *,
    on: Annotated[date, day_option("--on", "The day the debtor promised to pay.")],
    debt: Debts = None,
    amount: Annotated[str, typer.Option(help="How much was promised.")] = "",
    source: Source = "",
    note: Note = "",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """A promise to pay by a day: nothing is asked until that day has passed.

    Example: dispatcher record promise acme/00042 --on 2026-12-01 --debt 0000000082 --source "call 5512"
    """
    _record(
        debtor, "promise", debt, None, on, {"amount": amount} if amount else {}, source, note, now, as_json
    )


@app.command(
    help=f"A hold of any kind: {', '.join(HOLDS)}.\n\n"
    "Example: dispatcher record hold acme/00042 attorney --name 'Alder & Finch'"
)
def hold(
    debtor: Who,
    kind: Annotated[str, typer.Argument(help=f"One of: {', '.join(HOLDS)}.")] = "manual",
    *,
    debt: Debts = None,
    since: Annotated[date | None, day_option("--since", "When it began; today if not given.")] = None,
    until: Annotated[
        date | None, day_option("--until", "The last day it holds; until released if not given.")
    ] = None,
    form: Form = "letter",
    name: Annotated[str, typer.Option(help="The attorney, trustee or executor.")] = "",
    contact_known: Annotated[bool, typer.Option(help="attorney: name and address are known.")] = True,
    unresponsive: Annotated[
        bool, typer.Option("--unresponsive", help="attorney: does not answer in reasonable time.")
    ] = False,
    direct_contact_consented: Annotated[
        bool, typer.Option("--direct-contact-consented", help="attorney: agrees that we write to the debtor.")
    ] = False,
    medium_accepted: Annotated[
        bool | None, typer.Option(help="cease: it came by a medium that we accept for this.")
    ] = None,
    answered: Annotated[
        date | None, day_option("--answered", "original_creditor_request: when it was answered.")
    ] = None,
    source: Source = "",
    note: Note = "",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Record a hold of any kind."""
    details: dict[str, Any] = (
        {"form": known_form(form)} if kind in {"cease", "refusal", "original_creditor_request"} else {}
    )
    if kind == "attorney":
        details = {
            "contact_known": contact_known,
            "unresponsive": unresponsive,
            "consented_to_direct_contact": direct_contact_consented,
        }
    if name:
        details["name"] = name
    if medium_accepted is not None:
        details["medium_accepted"] = medium_accepted
    _record(
        debtor, kind, debt, since, until, {**details, **dated(answered=answered)}, source, note, now, as_json
    )


@app.command()
def complaint(
    debtor: Who,
    *,
    text: Annotated[str, typer.Option(help="What the debtor complains of.")] = "",
    debt: Debts = None,
    received: Annotated[
        date | None, day_option("--received", "When it reached us; today if not given.")
    ] = None,
    form: Form = "letter",
    source: Source = "",
    note: Note = "",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """A complaint: the debtor is left alone until it is answered and released.

    Example: dispatcher record complaint acme/00042 --text "two letters in a day" --form email
    """
    details = {"form": known_form(form), **({"text": text} if text else {})}
    _record(debtor, "complaint", debt, received, None, details, source, note, now, as_json)


@app.command()
def release(
    debtor: Who,
    kind: Annotated[str, typer.Argument(help=f"{', '.join(HOLDS)}, opt_out, wish_KIND or consent_KIND.")],
    *,
    debt: Debts = None,
    address: Address = "",
    medium: Annotated[str, typer.Option(help="opt_out: only this medium.")] = "",
    why: Annotated[str, typer.Option(help="Why it ends; kept with the hold.")] = "",
    source: Source = "",
    note: Note = "",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """End a hold, an opt-out, a wish or a consent that was recorded here.

    Example: dispatcher record release acme/00042 dispute --debt 0000000082 --why "receipt found, agreed on the phone"
    """
    with opened(now) as program:
        said = said_by(program, source, why or note)
        kind = kind.replace("-", "_")
        done(
            release_fact(
                program.database, debtor, kind, said, debts=debt or (), address=address, medium=medium
            ),
            as_json,
        )


def _record(
    debtor: str, kind: str, debts: list[str] | None, since: date | None, until: date | None, details: dict[str, Any],
    source: str, note: str, now: datetime | None, as_json: bool,
) -> None:  # fmt: skip
    with opened(now) as program:
        said = said_by(program, source, note)
        kind = kind.replace("-", "_")
        found = record_hold(
            program.database, debtor, kind, said, debts=debts or (), since=since, until=until, details=details
        )
        done(found, as_json)
