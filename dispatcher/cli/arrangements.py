"""`dispatcher arrangements`: what was agreed, how it stands, and its end by a person's word."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from dispatcher.agreements import end
from dispatcher.agreements.domain.agreed import Agreed
from dispatcher.agreements.domain.arrangement import State
from dispatcher.agreements.storage import arrangements
from dispatcher.cli.opening import AsJson, Now, actor, opened, print_json
from dispatcher.people.recording import Said
from dispatcher.people.storage.find_debtor import find_debtor

app = typer.Typer()

Source = Annotated[str, typer.Option(help="Where this comes from: a call, a letter's number, a ticket.")]
Note = Annotated[str, typer.Option(help="In your words; erasable.")]
Id = Annotated[int, typer.Argument(metavar="ID", help="As `dispatcher arrangements list` shows it.")]


@app.command("list")
def list_arrangements(
    *,
    state: Annotated[str, typer.Option(help=f"{', '.join(State)}; none: all.")] = "",
    debtor: Annotated[str, typer.Option(metavar="DEBTOR", help="Of one person only.")] = "",
    as_json: AsJson = False,
) -> None:
    """Arrangements, oldest first.

    Example: dispatcher arrangements list --state broken
    """
    if state and state not in set(State):
        raise typer.BadParameter(f"--state {state!r}: there are {', '.join(State)}")
    with opened() as program, program.database.reading() as connection:
        debtor_id = find_debtor(connection, debtor).id if debtor else None
        found = arrangements.listed(connection, state=state, debtor_id=debtor_id)
    if as_json:
        print_json([agreed.as_json() for agreed in found])
        return
    for agreed in found:
        print(sentence(agreed.as_json()))
    if not found:
        print("nothing is agreed; `dispatcher record promise|plan|settlement` writes an agreement down")


@app.command()
def show(arrangement: Id, *, as_json: AsJson = False) -> None:
    """One arrangement with its payments.

    Example: dispatcher arrangements show 7
    """
    with opened() as program, program.database.reading() as connection:
        agreed = end.find(connection, arrangement)
    written = agreed.as_json()
    if as_json:
        print_json(written)
        return
    print(sentence(written))
    for line in _by_whom(agreed):
        print(f"  {line}")
    for number, one in enumerate(written["instalments"], start=1):
        print(f"  {number}. {one['due_on']}  {one['amount']}, {one['paid']} came in: {one['state']}")
    if agreed.ended_why:
        print(f"  ended: {agreed.ended_why}")


def _by_whom(agreed: Agreed) -> Iterator[str]:
    """How it came about, and what counts as keeping it."""
    terms, watch = agreed.offer, agreed.terms.watch
    if agreed.source:
        yield f"source: {agreed.source}"
    if terms.get("approved_by"):
        yield f"approved by {terms['approved_by']}: {terms['approved_why']}"
    if agreed.pauses_until:
        yield f"nothing is asked for until {agreed.pauses_until}"
    yield f"{watch.grace_days} days of grace; {watch.threshold_percent} per cent of a payment counts as all of it"


@app.command()
def cancel(
    arrangement: Id,
    *,
    why: Annotated[str, typer.Option(help="Why it ends; kept, and named in the log.")],
    source: Source = "",
    note: Note = "",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """End an arrangement; the reminders of its debts go on where they stood.

    Example: dispatcher arrangements cancel 7 --why "agreed by mistake on the wrong debt"
    """
    with opened(now) as program:
        agreed = end.cancel(
            program.database,
            arrangement,
            Said(now=program.now(), actor=actor(), source=source, note=note),
            why=why,
        )
    if as_json:
        print_json(agreed.as_json())
    else:
        print(sentence(agreed.as_json()))


@app.command()
def replace(
    arrangement: Id,
    *,
    offer: Annotated[str | None, typer.Option(metavar="N", help="A plan by an offer's number.")] = None,
    payments: Annotated[str | None, typer.Option(metavar="N", help="A plan of so many payments.")] = None,
    every: Annotated[str | None, typer.Option(metavar="week|fortnight|month", help="So far apart.")] = None,
    first_on: Annotated[str | None, typer.Option(metavar="DATE", help="From this day.")] = None,
    down: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="With a first payment of its own.")
    ] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="A promise instead, for this day.")] = None,
    amount: Annotated[str | None, typer.Option(help="Of the promise, or of the settlement.")] = None,
    by: Annotated[str | None, typer.Option(metavar="DATE", help="A settlement instead, by this day.")] = None,
    approved_by: Annotated[str | None, typer.Option(metavar="NAME", help="Who lets terms pass.")] = None,
    why: Annotated[str | None, typer.Option(help="Why terms outside the limits may pass.")] = None,
    source: Source = "",
    note: Note = "",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Put another arrangement in its place, on the same debts, in one step.

    Example: dispatcher arrangements replace 7 --payments 6 --every month --first-on 2026-12-15
    """
    said = {"offer": offer, "payments": payments, "every": every, "first_on": first_on, "down": down, "on": on,
            "amount": amount, "by": by, "approved_by": approved_by, "why": why}  # fmt: skip
    given = {name: [text] for name, text in said.items() if text is not None}
    fact = "promise" if on is not None else "settlement" if by is not None else "plan"
    with opened(now) as program:
        whom = Said(now=program.now(), actor=actor(), source=source, note=note)
        written = dict(program.agreements.replace(arrangement, fact, whom, given, program.read_reply).details)
        with program.database.reading() as connection:
            agreed = end.find(connection, written["id"])
    if as_json:
        print_json(agreed.as_json())
    else:
        print(sentence(agreed.as_json()))


def sentence(written: dict[str, Any]) -> str:
    """An arrangement on one line."""
    debts = ", ".join(written["debts"])
    pause = f", pauses until {written['pauses_until']}" if written["pauses_until"] else ""
    since = f" since {written['since']}" if written["since"] else ""
    interest = f" ({written['interest']} of it interest)" if "interest" in written else ""
    return (
        f"arrangement {written['id']}: {written['kind']} of {written['total']} {written['currency']}{interest} with "
        f"{written['debtor']} on {debts}, agreed on {written['agreed_on']}, {written['state']}{since}{pause}"
    )
