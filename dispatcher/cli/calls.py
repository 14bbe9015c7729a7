"""`dispatcher calls`: who should be called, a dialler's files, and what calls came to."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatcher.cli.opening import AsJson, Now, actor, opened, print_json

if TYPE_CHECKING:  # only types here; their modules open the tables
    from dispatcher.bootstrap import Dispatcher
    from dispatcher.calls.work_on_calls import CallDesk

app = typer.Typer()
Id = Annotated[int, typer.Argument(metavar="ID", help="The number that `calls list` shows.")]
Out = Annotated[Path, typer.Option("--out", metavar="FILE.csv", help="Where to write.")]


def _desk(program: "Dispatcher") -> "CallDesk":
    from dispatcher.calls.work_on_calls import CallDesk

    return CallDesk(
        database=program.database,
        policy=program.policy,
        now=program.now(),
        actor=actor(),
        words=program.opening_words,
    )


@app.command("list")
def list_items(now: Now = None, as_json: AsJson = False) -> None:
    """Every call that waits, with what the gate says of it now; those that may be made come first.

    Example: dispatcher calls list --json
    """
    from dispatcher.calls.dialler import rows_of
    from dispatcher.calls.work_on_calls import list_calls

    with opened(now) as program:
        desk = _desk(program)
        rows = list(rows_of(list_calls(desk), desk))
    if as_json:
        print_json(rows)
        return
    for row in rows:
        word = "may be called" if row["allowed"] else f"{row['state']}, not now"
        print(f"{row['id']:>6}  {row['debtor']}  {row['number']}  {row['step']}: {word}")
    print(
        f"{len(rows)} calls wait"
        if rows
        else "no call waits; a step with `channels: [call]` in a strategy makes one"
    )


@app.command("open")
def take(call_id: Id, now: Now = None) -> None:
    """Take a call to make it: the gate is asked again, and it counts in every cap from now on.

    Example: dispatcher calls open 12
    """
    from dispatcher.calls.work_on_calls import take_call

    with opened(now) as program:
        desk = _desk(program)
        line = take_call(desk, call_id)
        said = desk.first_words(line.person)
    print(
        f"{line.person.name} ({line.call.debtor}), {line.call.address}, until {line.call.valid_until:%H:%M} UTC"
    )
    if not said:
        print(
            f"  what to say first is not written in their language ({line.person.language}): nothing is invented"
        )
    for sentence in said:
        print(f"  {sentence}")
    for debt in line.debts:
        print(f"  {debt.full_reference}: {debt.balance}, due {debt.due_date}")


@app.command()
def outcome(
    call_id: Id,
    came_to: Annotated[
        str,
        typer.Argument(metavar="OUTCOME", help="conversation, unanswered, busy, voicemail, not_in_service."),
    ],
    now: Now = None,
) -> None:
    """Write down what a call came to that you have open; `record promise` and the like write down what was agreed.

    Example: dispatcher calls outcome 12 conversation
    """
    from dispatcher.calls.domain.call import CallOutcome
    from dispatcher.calls.work_on_calls import end_call

    if came_to not in list(CallOutcome):
        raise typer.BadParameter(f"{came_to!r} is none of {', '.join(CallOutcome)}", param_hint="OUTCOME")
    with opened(now) as program:
        ended = end_call(_desk(program), call_id, CallOutcome(came_to))
    again = (
        f"; it is tried again from {ended.next_try_at:%Y-%m-%d %H:%M} UTC" if ended.state == "open" else ""
    )
    print(f"call {call_id}: {came_to}{again}")


@app.command()
def correct(
    call_id: Id,
    came_to: Annotated[
        str,
        typer.Argument(metavar="OUTCOME", help="conversation, unanswered, busy, voicemail, not_in_service."),
    ],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Why it is another one.")],
    now: Now = None,
) -> None:
    """Say what the newest try of a call came to after all: caps and ladder stand as if that had been written down.

    A promise or another fact that was recorded of it stays, and is taken back where it was recorded.

    Example: dispatcher calls correct 12 unanswered --why "the wrong row"
    """
    from dispatcher.calls.domain.call import CallOutcome
    from dispatcher.calls.work_on_calls import correct_call

    if came_to not in list(CallOutcome):
        raise typer.BadParameter(f"{came_to!r} is none of {', '.join(CallOutcome)}", param_hint="OUTCOME")
    with opened(now) as program:
        corrected = correct_call(_desk(program), call_id, CallOutcome(came_to), why=why)
    print(f"call {call_id}: {came_to}; it is {corrected.state} now")


@app.command()
def export(
    out: Out,
    minutes: Annotated[int, typer.Option(min=5, max=720, help="How long a row is good for at most.")] = 120,
    now: Now = None,
) -> None:
    """Write whom a dialler may call, each row until its own `valid_until`; every row counts in the caps till then.

    Example: dispatcher calls export --out calls.csv
    """
    from dispatcher.calls.dialler import write_list

    with opened(now) as program, out.open("w", encoding="utf-8-sig", newline="") as stream:
        count = write_list(_desk(program), stream, most=timedelta(minutes=minutes))
    print(f"{count} calls written to {out}")


@app.command("recall")
def recall_items(out: Out, now: Now = None) -> None:
    """Write which rows of earlier files must not be called any more, each once, and free their place in the caps.

    Example: dispatcher calls recall --out recall.csv
    """
    from dispatcher.calls.dialler import write_recall

    with opened(now) as program, out.open("w", encoding="utf-8-sig", newline="") as stream:
        count = write_recall(_desk(program), stream)
    print(f"{count} calls recalled in {out}")


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Columns call_id, outcome, at.")],
    now: Now = None,
) -> None:
    """Read what a dialler's calls came to; exit 1 where a row cannot be used.

    Example: dispatcher calls import outcomes.csv
    """
    from dispatcher.calls.dialler import import_outcomes

    with opened(now) as program:
        imported = import_outcomes(_desk(program), file)
    for problem in imported.problems:
        print(problem)
    print(f"{imported.made} outcomes written down, {len(imported.problems)} rows refused")
    if imported.problems:
        raise typer.Exit(1)
