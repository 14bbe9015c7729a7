"""`dispatcher record`: write down what a person said or did; `dispatcher import-contacts`: contacts made elsewhere."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from dispatcher.bootstrap import Dispatcher
from dispatcher.cli.opening import AsJson, Now, actor, opened, parse_day, parse_instant, print_json
from dispatcher.services import record_wish as wishes
from dispatcher.services.import_contacts import import_contacts as import_contacts_file
from dispatcher.services.record_consent import KINDS as CONSENTS
from dispatcher.services.record_consent import record_consent
from dispatcher.services.record_contact import record_contact
from dispatcher.services.record_hold import KINDS as HOLDS
from dispatcher.services.record_hold import record_hold
from dispatcher.services.record_notice import KINDS as NOTICES
from dispatcher.services.record_notice import record_notice
from dispatcher.services.record_opt_out import record_opt_out
from dispatcher.services.record_payment import record_payment
from dispatcher.services.recording import FORMS, Recorded, Said
from dispatcher.services.release_hold import release as release_fact

app = typer.Typer()

Who = Annotated[
    str,
    typer.Argument(metavar="DEBTOR", help="creditor/reference, or a reference that only one creditor has."),
]
Source = Annotated[str, typer.Option(help="Where this comes from: a call, a letter's number, a ticket.")]
Note = Annotated[str, typer.Option(help="In your words; erasable.")]
Debts = Annotated[
    list[str] | None,
    typer.Option(
        "--debt", metavar="REFERENCE", help="The debt concerned; may be repeated. None: the person."
    ),
]
Form = Annotated[str, typer.Option(help=f"How it reached us: {', '.join(FORMS)}.")]
Address = Annotated[str, typer.Option(help="An e-mail address or telephone number.")]


def _day(name: str, text: str) -> Any:
    return typer.Option(name, parser=parse_day, metavar="DATE", help=text)


@app.command()
def payment(
    debtor: Who,
    amount: Annotated[str, typer.Argument(help="As 120.50, in the debt's currency.")],
    debt: Annotated[str, typer.Option(metavar="REFERENCE", help="Needed where several are open.")] = "",
    on: Annotated[date | None, _day("--on", "When it was paid; today if not given.")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="A second payment of the same amount and day is meant.")
    ] = False,
    source: Source = "",
    note: Note = "",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """A payment: what is owed falls at once, until a later ledger contains it.

    Example: dispatcher record payment acme/00042 120.50 --debt 0000000061 --source "bank statement 112"
    """
    with opened(now) as program:
        said = _said(program, source, note)
        _done(
            record_payment(program.database, debtor, amount, said, debt=debt, paid_on=on, again=again),
            as_json,
        )


@app.command()
def dispute(
    debtor: Who,
    debt: Debts = None,
    received: Annotated[
        date | None, _day("--received", "When the dispute reached us; today if not given.")
    ] = None,
    form: Form = "letter",
    validation_period_end: Annotated[
        date | None, _day("--validation-period-end", "As printed in the notice.")
    ] = None,
    source: Source = "",
    note: Note = "",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """A dispute: the debt is left alone until the dispute is released.

    Example: dispatcher record dispute acme/00042 --debt 0000000061 --form letter --note "says it was paid in May"
    """
    details = {"form": _form(form), **_dated(validation_period_end=validation_period_end)}
    _hold(debtor, "dispute", debt, received, None, details, source, note, now, as_json)


@app.command()
def promise(
    debtor: Who,
    on: Annotated[date, _day("--on", "The day the debtor promised to pay.")],
    debt: Debts = None,
    amount: Annotated[str, typer.Option(help="How much was promised.")] = "",
    source: Source = "",
    note: Note = "",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """A promise to pay by a day: nothing is asked until that day has passed.

    Example: dispatcher record promise acme/00042 --on 2026-12-01 --debt 0000000061 --source "call 5512"
    """
    _hold(debtor, "promise", debt, None, on, {"amount": amount} if amount else {}, source, note, now, as_json)


@app.command(
    help=f"A hold of any kind: {', '.join(HOLDS)}.\n\nExample: dispatcher record hold acme/00042 attorney --name 'Alder & Finch'"
)
def hold(
    debtor: Who,
    kind: Annotated[str, typer.Argument(help=f"One of: {', '.join(HOLDS)}.")] = "manual",
    debt: Debts = None,
    since: Annotated[date | None, _day("--since", "When it began; today if not given.")] = None,
    until: Annotated[
        date | None, _day("--until", "The last day it holds; until released if not given.")
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
        date | None, _day("--answered", "original_creditor_request: when it was answered.")
    ] = None,
    source: Source = "",
    note: Note = "",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    details: dict[str, Any] = (
        {"form": _form(form)} if kind in {"cease", "refusal", "original_creditor_request"} else {}
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
    _hold(
        debtor, kind, debt, since, until, {**details, **_dated(answered=answered)}, source, note, now, as_json
    )


@app.command()
def complaint(
    debtor: Who,
    text: Annotated[str, typer.Option(help="What the debtor complains of.")] = "",
    debt: Debts = None,
    received: Annotated[date | None, _day("--received", "When it reached us; today if not given.")] = None,
    form: Form = "letter",
    source: Source = "",
    note: Note = "",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """A complaint: the debtor is left alone until it is answered and released.

    Example: dispatcher record complaint acme/00042 --text "two letters in a day" --form email
    """
    details = {"form": _form(form), **({"text": text} if text else {})}
    _hold(debtor, "complaint", debt, received, None, details, source, note, now, as_json)


@app.command()
def release(
    debtor: Who,
    kind: Annotated[str, typer.Argument(help=f"{', '.join(HOLDS)}, opt_out, wish_KIND or consent_KIND.")],
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

    Example: dispatcher record release acme/00042 dispute --debt 0000000061 --why "receipt found, agreed on the phone"
    """
    with opened(now) as program:
        said = _said(program, source, why or note)
        kind = kind.replace("-", "_")
        _done(
            release_fact(
                program.database, debtor, kind, said, debts=debt or (), address=address, medium=medium
            ),
            as_json,
        )


@app.command("opt-out")
def opt_out(
    debtor: Who,
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
        said = _said(program, source, note)
        _done(
            record_opt_out(program.database, debtor, said, medium=medium, address=address, raw=words), as_json
        )


@app.command()
def wish(
    debtor: Who,
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
        date | None, _day("--work-oral-request", "Asked by word not to be contacted at work.")
    ] = None,
    written_confirmation: Annotated[
        date | None, _day("--work-written-confirmation", "Confirmed in writing.")
    ] = None,
    group: Annotated[
        str, typer.Option(metavar="ACCOUNT", help="The debts named count as one, under this account.")
    ] = "",
    debt: Debts = None,
    until: Annotated[date | None, _day("--until", "The last day it holds.")] = None,
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
        _done(
            wishes.record_wish(
                program.database, debtor, _said(program, source, note), said_wishes, until=until
            ),
            as_json,
        )


@app.command(
    help=f"A consent, or what stands in for one: {', '.join(CONSENTS)}.\n\nExample: dispatcher record consent acme/00042 sms --given-on 2026-11-01"
)
def consent(
    debtor: Who,
    kind: Annotated[str, typer.Argument(help=f"One of: {', '.join(CONSENTS)}.")],
    given_on: Annotated[
        date | None, _day("--given-on", "When it was given, checked or announced; today if not given.")
    ] = None,
    medium: Annotated[str, typer.Option(help="contact: email, sms, letter or call.")] = "",
    address: Address = "",
    scope: Annotated[str, typer.Option(help="call: what for.")] = "",
    directly: Annotated[bool, typer.Option(help="call: given to us, not to the creditor.")] = True,
    result: Annotated[str, typer.Option(help="number_check: not_reassigned or reassigned.")] = "",
    basis: Annotated[
        str, typer.Option(help="address_notice: creditor_notice, prior_collector, direct_consent …")
    ] = "",
    optout_by: Annotated[date | None, _day("--optout-by", "address_notice: the last day to object.")] = None,
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
    details: dict[str, Any] = {"result": result or None, "type": basis or None, **_dated(optout_by=optout_by)}
    if kind == "call":
        details |= {"directly_to_collector": directly, "scope": scope or None}
    if kind == "address_notice":
        details |= {"public_domain": public_domain, "opted_out": opted_out}
    with opened(now) as program:
        said = _said(program, source, note)
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
        _done(found, as_json)


@app.command(
    help=f"A notice that the law wants, already sent: {', '.join(NOTICES)}.\n\nExample: dispatcher record notice acme/00042 validation --sent-on 2026-11-02 --debt 0000000061"
)
def notice(
    debtor: Who,
    kind: Annotated[str, typer.Argument(help=f"One of: {', '.join(NOTICES)}.")],
    sent_on: Annotated[date | None, _day("--sent-on", "When it was sent; today if not given.")] = None,
    validation_period_end: Annotated[
        date | None, _day("--validation-period-end", "validation: the day printed in it.")
    ] = None,
    debt: Debts = None,
    source: Source = "",
    note: Note = "",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    with opened(now) as program:
        said, kind = _said(program, source, note), kind.replace("-", "_")
        found = record_notice(
            program.database,
            debtor,
            kind,
            said,
            debts=debt or (),
            sent_on=sent_on,
            validation_period_end=validation_period_end,
        )
        _done(found, as_json)


@app.command()
def contact(
    debtor: Who,
    channel: Annotated[str, typer.Argument(help="call, voicemail, sms, email, letter, visit, portal …")],
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
            _said(program, source, note),
            at=at,
            outcome=outcome,
            direction="inbound" if inbound else "outbound",
            debts=debt or (),
            address=address,
            kind=kind,
            external_id=external_id,
            details=details,
        )
        _done(found, as_json)


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
    """Import contacts made elsewhere; they count for caps. The same file twice changes nothing; exit 1 when rows were refused.

    Example: dispatcher import-contacts calls.csv --source dialler
    """
    with opened(now) as program:
        path = rejects or program.home / "rejects" / f"{file.stem}.rejects.csv"
        said = _said(program, source or "import", "")
        report = import_contacts_file(program.database, file, said, rejects=path)
    if as_json:
        print_json(
            {
                "file": report.file,
                "rows": report.rows,
                "imported": report.imported,
                "known": report.known,
                "rejected": report.refused,
            }
        )
    else:
        print(
            f"{report.file}: {report.rows:,} contacts, {report.imported:,} new, {report.known:,} known, {report.refused:,} rejects"
        )
        if report.refused:
            print(f"  refused rows: {path}")
    raise typer.Exit(1 if report.refused else 0)


def _hold(
    debtor: str, kind: str, debts: list[str] | None, since: date | None, until: date | None, details: dict[str, Any],
    source: str, note: str, now: datetime | None, as_json: bool,
) -> None:  # fmt: skip
    with opened(now) as program:
        said = _said(program, source, note)
        kind = kind.replace("-", "_")
        found = record_hold(
            program.database, debtor, kind, said, debts=debts or (), since=since, until=until, details=details
        )
        _done(found, as_json)


def _said(program: Dispatcher, source: str, note: str) -> Said:
    return Said(now=program.now(), actor=actor(), source=source, note=note)


def _dated(**days: date | None) -> dict[str, str]:
    return {name: day.isoformat() for name, day in days.items() if day}


def _form(text: str) -> str:
    if text not in FORMS:
        raise typer.BadParameter(f"{text!r} is no form; there are: {', '.join(FORMS)}")
    return text


def _done(found: Recorded, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "fact": found.fact,
                "debtor": found.debtor,
                "debts": found.debts,
                "already": found.already,
                "details": found.details,
            }
        )
        return
    debts = f", {', '.join(found.debts)}" if found.debts else ""
    word = "recorded already, nothing added" if found.already else "recorded"
    told = "; ".join(
        _told(name, value) for name, value in found.details.items() if value not in (None, "", [], False)
    )
    print(f"{found.debtor}{debts}: {found.fact.replace('_', ' ')} {word}{f' ({told})' if told else ''}")


def _told(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(" ".join(_plain(part) for part in item.values()) for item in value)
    return name.replace("_", " ") if value is True else f"{name.replace('_', ' ')} {value}"


def _plain(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)
