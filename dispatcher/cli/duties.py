"""`dispatcher duties`: what a law wants done within a time, each with its date, closed with evidence."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from dispatcher.cli.opening import AsJson, Now, actor, opened, print_json

app = typer.Typer(no_args_is_help=True)
Id = Annotated[int, typer.Argument(metavar="ID", help="The number that `duties list` shows.")]


@app.command("list")
def list_them(
    done: Annotated[bool, typer.Option("--done", help="What is done, instead of what is owed.")] = False,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """What is owed, the first due first: notices, answers, verifications; looked for anew before it is shown.

    Example: dispatcher duties list
    """
    from dispatcher.duties.do_duty import list_duties
    from dispatcher.duties.note_duties import note_duties

    with opened(now=now) as program:
        moment = program.now()
        note_duties(program.database, program.policy, as_of=moment.date(), now=moment)
        found = list_duties(program.database, done=done)
    if as_json:
        print_json([asdict(duty) for duty in found])
        return
    for duty in found:
        came = f"  [{duty.outcome}{f'; {duty.evidence}' if duty.evidence else ''}]" if done else ""
        print(f"{duty.id:>5}  {duty.due:<10}  {duty.pack}/{duty.duty}: {duty.text}{came}")
    print(f"{len(found)} {'done' if done else 'owed: `dispatcher duties done ID --outcome …`'}")


@app.command()
def done(
    duty_id: Id,
    outcome: Annotated[str, typer.Option("--outcome", help="What was done.")],
    evidence: Annotated[
        Path | None,
        typer.Option(
            "--evidence", exists=True, dir_okay=False, help="A file that shows it: kept, its SHA-256 sealed."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Close a duty with what was done, and with the evidence of it.

    Example: dispatcher duties done 12 --outcome "verification posted, registered" --evidence receipt.pdf
    """
    from dispatcher.duties.do_duty import do_duty
    from dispatcher.messages.domain.evidence_file import EvidenceFile

    file = EvidenceFile.of(evidence.read_bytes(), evidence.name) if evidence else None
    with opened() as program:
        closed = do_duty(
            program.database, duty_id, outcome=outcome, evidence=file, actor=actor(), now=program.now()
        )
    if as_json:
        print_json(asdict(closed))
    else:
        print(f"{closed.pack}/{closed.duty} is done{f'; {closed.evidence}' if closed.evidence else ''}")
