"""`dispatcher record opt-out|wish|consent`: what a debtor forbids, asks for and allows."""

from datetime import date
from typing import Annotated, Any

import typer

from dispatcher.cli.opening import AsJson, Now, opened
from dispatcher.cli.record_options import Address, Debts, Note, Source, Who, dated, day_option, done, said_by
from dispatcher.people import record_wish as wishes
from dispatcher.people.record_consent import KINDS as CONSENTS
from dispatcher.people.record_consent import record_consent
from dispatcher.people.record_opt_out import record_opt_out

app = typer.Typer()


@app.command("opt-out")
def opt_out(
    debtor: Who,
    *,
    medium: Annotated[str, typer.Option(help="email, sms, letter or call; none: any.")] = "",
    address: Address = "",
    words: Annotated[str, typer.Option("--words", help="In the debtor's own words.")] = "",
    source: Source = "",
    note: Note = "",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """An opt-out of an address, of a medium, or (neither named) of all contact. At an address it binds everyone there.

    Example: dispatcher record opt-out acme/00042 --medium sms --address "+1 212 555 0100" --words STOP
    """
    with opened(now) as program:
        said = said_by(program, source, note)
        done(
            record_opt_out(program.database, debtor, said, medium=medium, address=address, raw=words), as_json
        )


@app.command()
def wish(
    debtor: Who,
    *,
    no_contact: Annotated[
        list[str] | None,
        typer.Option(metavar="HOURS", help="'MO-FR 15:00-17:00', local time; may be repeated."),
    ] = None,
    not_at: Annotated[
        list[str] | None, typer.Option(metavar="PLACE", help="home or workplace; may be repeated.")
    ] = None,
    said_words: Annotated[
        list[str] | None, typer.Option("--said", help="Words nobody has turned into a wish yet.")
    ] = None,
    language: Annotated[str, typer.Option(help="The language to be written to in: es, es-MX.")] = "",
    zone: Annotated[str, typer.Option(help="Where the debtor says to be: America/Denver.")] = "",
    there_now: Annotated[
        bool,
        typer.Option("--there-now", help="--zone: known to be there at present, whatever the address says."),
    ] = False,
    employer_prohibits: Annotated[
        bool, typer.Option("--employer-prohibits", help="The employer forbids contact at work.")
    ] = False,
    oral_request: Annotated[
        date | None, day_option("--work-oral-request", "Asked by word not to be contacted at work.")
    ] = None,
    written_confirmation: Annotated[
        date | None, day_option("--work-written-confirmation", "Confirmed in writing.")
    ] = None,
    group: Annotated[
        str, typer.Option(metavar="ACCOUNT", help="The debts named count as one, under this account.")
    ] = "",
    debt: Debts = None,
    until: Annotated[date | None, day_option("--until", "The last day it holds.")] = None,
    source: Source = "",
    note: Note = "",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """A wish about times, places, language: it only ever narrows what is allowed.

    Example: dispatcher record wish acme/00042 --no-contact "MO-FR 15:00-17:00" --source "call 5512"
    """
    said_wishes = [span for text in no_contact or () for span in wishes.hours_to_leave(text)]
    said_wishes += [wishes.place_to_leave(place) for place in not_at or ()]
    said_wishes += [wishes.statement(text) for text in said_words or ()]
    said_wishes += [wishes.language(language)] if language else []
    said_wishes += [wishes.zone(zone, there_now=there_now)] if zone else []
    if employer_prohibits or oral_request or written_confirmation:
        said_wishes.append(
            wishes.workplace(
                employer_prohibits=employer_prohibits,
                oral_request=oral_request,
                written_confirmation=written_confirmation,
            )
        )
    said_wishes += [wishes.debt_group(group, debt or ())] if group else []
    with opened(now) as program:
        done(
            wishes.record_wish(
                program.database,
                debtor,
                said_by(program, source, note),
                said_wishes,
                read=program.read_reply,
                until=until,
            ),
            as_json,
        )


@app.command(
    help=f"A consent, or what stands in for one: {', '.join(CONSENTS)}.\n\n"
    "Example: dispatcher record consent acme/00042 sms --given-on 2026-11-01"
)
def consent(
    debtor: Who,
    kind: Annotated[str, typer.Argument(help=f"One of: {', '.join(CONSENTS)}.")],
    *,
    given_on: Annotated[
        date | None, day_option("--given-on", "When it was given, checked or announced; today if not given.")
    ] = None,
    medium: Annotated[str, typer.Option(help="contact: email, sms, letter or call.")] = "",
    address: Address = "",
    scope: Annotated[str, typer.Option(help="call: what for.")] = "",
    directly: Annotated[bool, typer.Option(help="call: given to us, not to the creditor.")] = True,
    result: Annotated[str, typer.Option(help="number_check: not_reassigned or reassigned.")] = "",
    basis: Annotated[
        str, typer.Option(help="address_notice: creditor_notice, prior_collector, direct_consent …")
    ] = "",
    optout_by: Annotated[
        date | None, day_option("--optout-by", "address_notice: the last day to object.")
    ] = None,
    public_domain: Annotated[
        bool | None, typer.Option(help="address_notice: a domain open to everybody, not an employer's.")
    ] = None,
    opted_out: Annotated[
        bool, typer.Option("--opted-out", help="address_notice: the debtor objected.")
    ] = False,
    source: Source = "",
    note: Note = "",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Record a consent, or what stands in for one."""
    details: dict[str, Any] = {"result": result or None, "type": basis or None, **dated(optout_by=optout_by)}
    if kind == "call":
        details |= {"directly_to_collector": directly, "scope": scope or None}
    if kind == "address_notice":
        details |= {"public_domain": public_domain, "opted_out": opted_out}
    with opened(now) as program:
        said = said_by(program, source, note)
        kind = kind.replace("-", "_")
        found = record_consent(
            program.database,
            debtor,
            kind,
            said,
            given_on=given_on,
            medium=medium,
            address=address,
            details=details,
        )
        done(found, as_json)
