"""`dispatcher incidents`: when something went out wrong."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from dispatcher.bootstrap import Dispatcher
from dispatcher.cli.opening import AsJson, Now, actor, opened, parse_instant, print_json
from dispatcher.incidents.domain.incident import Cause, Incident
from dispatcher.incidents.handle_incident import By

app = typer.Typer()

Number = Annotated[int, typer.Argument(metavar="INCIDENT", help="Its number.")]


@app.command("open")
def open_one(
    cause: Annotated[Cause, typer.Argument(help="Where the fault lies.")],
    name: Annotated[
        str, typer.Argument(help="first-reminder@2, the number of a run or a ledger, a pack's name.")
    ],
    *,
    why: Annotated[str, typer.Option(help="What went wrong.")],
    breach: Annotated[
        bool, typer.Option("--breach", help="Personal data went astray: start the 72 hours.")
    ] = False,
    aware: Annotated[
        datetime | None,
        typer.Option(
            parser=parse_instant, metavar="INSTANT", help="When somebody first knew; now if not given."
        ),
    ] = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Stop it, write everybody down whom it reached, and start the clock.

    Example: dispatcher incidents open template first-reminder@1 --why "the account number was another's" --breach
    """
    from dispatcher.incidents.handle_incident import open_incident

    with opened(now) as program:
        made = open_incident(
            program.database, cause, name, _by(program), why=why, aware_at=aware, is_breach=breach
        )
        _tell(program, made, as_json=as_json)


@app.command("list")
def list_all(*, now: Now = None, as_json: AsJson = False) -> None:
    """All incidents, the newest first.

    Example: dispatcher incidents list
    """
    from dispatcher.incidents.report_incident import incident_json
    from dispatcher.incidents.storage import incidents

    with opened(now) as program:
        with program.database.reading() as connection:
            found = incidents.every(connection)
        if as_json:
            print_json([incident_json(program.database, one) for one in found])
            return
        for one in found:
            _tell(program, one, as_json=False)
        if not found:
            print("no incident")


@app.command()
def show(number: Number, *, now: Now = None, as_json: AsJson = False) -> None:
    """Everybody whom it concerns, with the hash of the exact bytes and what puts it right.

    Example: dispatcher incidents show 1 --json
    """
    from dispatcher.incidents.handle_incident import incident_of
    from dispatcher.incidents.report_incident import concerned_json, every_concerned, incident_json

    with opened(now) as program:
        one = incident_of(program.database, number)
        rows = [concerned_json(row) for row in every_concerned(program.database, number)]
        if as_json:
            print_json(incident_json(program.database, one) | {"concerned": rows})
            return
        _tell(program, one, as_json=False)
    for row in rows:
        right = row["correction"] or row["not_corrected"] or "nothing yet"
        print(f"  {row['debtor']} by {row['channel']}, {row['message_id']} ({row['state']}): {right}")


@app.command()
def correct(
    number: Number,
    template: Annotated[str, typer.Argument(help="A published template whose kinds name correction.")],
    *,
    again: Annotated[
        bool, typer.Option("--again", help="Try those anew whom something forbade to tell.")
    ] = False,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Plan a correction for each person concerned: both gates are asked, the house's cap of one a day is not.

    Example: dispatcher incidents correct 1 wrong-account
    """
    from dispatcher.incidents.correct_incident import Correcting, correct_incident

    with opened(now) as program:
        work = Correcting(
            database=program.database,
            policy=program.policy,
            find=program.templates.find,
            random_bytes=program.random_bytes,
            by=_by(program),
        )
        done = correct_incident(work, number, template, again=again)
    if as_json:
        print_json({"planned": done.planned, "left": done.left})
        return
    print(
        f"{done.planned} corrections planned; {done.left} messages are left to a person: "
        f"dispatcher incidents show {number}"
    )


@app.command()
def report(
    number: Number,
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="A .zip that is not there yet.")],
    now: Now = None,
) -> None:
    """Pack it: what it was, everybody concerned, the exact bytes, entries with proofs.

    Example: dispatcher incidents report 1 --out incident-1.zip
    """
    from dispatcher.cli.log import source_of
    from dispatcher.incidents.handle_incident import IncidentError
    from dispatcher.incidents.report_incident import report_incident

    if out.suffix != ".zip" or out.exists():
        raise IncidentError(f"{out}: name a .zip that is not there yet")
    with opened(now) as program:
        entries = report_incident(source_of(program), number, out)
    print(f"{out}: {entries} entries")


@app.command()
def close(
    number: Number,
    *,
    outcome: Annotated[str, typer.Option(help="What came of it; kept.")],
    now: Now = None,
) -> None:
    """Say what came of it; the stop is resumed by itself, once nothing more can go wrong.

    Example: dispatcher incidents close 1 --outcome "authority told on the 17th; all corrected; template retired"
    """
    from dispatcher.incidents.handle_incident import close_incident

    with opened(now) as program:
        close_incident(program.database, number, _by(program), outcome=outcome)
    print(f"incident {number} is closed")


def _by(program: Dispatcher) -> By:
    return By(actor=actor(), now=program.now())


def _tell(program: Dispatcher, one: Incident, *, as_json: bool) -> None:
    from dispatcher.incidents.report_incident import incident_json

    document = incident_json(program.database, one)
    if as_json:
        print_json(document)
        return
    state = f"closed {one.closed_at:%Y-%m-%d}" if one.closed_at else "open"
    clock = f", authority by {one.due_at:%Y-%m-%d %H:%M} UTC" if one.due_at and not one.closed_at else ""
    print(
        f"incident {one.id}, {one.title} ({state}{clock}): {one.why}; {document['messages']} messages to "
        f"{document['people']} people, {document['corrected']} put right, {document['refused']} left to a person"
    )
