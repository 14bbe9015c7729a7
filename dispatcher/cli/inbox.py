"""`dispatcher inbox`: what people wrote, what it seems to mean, and what a person makes of it."""

from typing import TYPE_CHECKING, Annotated

import typer

from dispatcher.cli.opening import AsJson, Now, actor, opened, print_json

if TYPE_CHECKING:  # only types here; their modules open the tables
    from dispatcher.bootstrap import Dispatcher
    from dispatcher.inbox.answer_inbox import Inbox

app = typer.Typer()
Id = Annotated[int, typer.Argument(metavar="ID", help="The number that `inbox list` shows.")]


@app.command("list")
def list_items(
    done: Annotated[bool, typer.Option("--done", help="What was answered, instead of what waits.")] = False,
    as_json: AsJson = False,
) -> None:
    """What people wrote and nobody has answered yet, oldest first, each with its proposed reading.

    Example: dispatcher inbox list
    """
    from dispatcher.inbox.read_inbox import list_inbox

    with opened() as program:
        found = list_inbox(program.database, program.propose_reading, done=done)
    if as_json:
        print_json([item.as_json() for item in found])
        return
    for item in found:
        outcome = f"  [{item.outcome}]" if done else ""
        print(
            f"{item.id:>5}  {item.reading.value:<14} {item.debtor or item.address}: {_first_line(item.text)}{outcome}"
        )
    print(f"{len(found)} {'answered' if done else 'to read: `dispatcher inbox show ID`'}")


@app.command()
def fetch() -> None:
    """Read the mailbox now, as the schedule `answers` does: each mail once, whatever happens meanwhile.

    Example: dispatcher inbox fetch
    """
    from dispatcher.worker.upkeep import read_answers

    with opened() as program:
        if program.settings.mailbox_access is None:
            print("no mailbox is set: set DISPATCHER_MAILBOX__HOST, __USERNAME and __PASSWORD")
            return
        counts = read_answers(program)
    print(", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "no mail")


@app.command()
def show(item_id: Id, as_json: AsJson = False) -> None:
    """The words, who wrote them, what they answer, and each reading with the words that led to it.

    Example: dispatcher inbox show 12
    """
    from dispatcher.inbox.read_inbox import show_item

    with opened() as program:
        item = show_item(program.database, item_id, program.propose_reading)
    if as_json:
        print_json(item.as_json())
        return
    who = item.debtor or "nobody known"
    print(f"{item.id}: {who} wrote by {item.channel or 'another way'} on {item.at:%Y-%m-%d %H:%M}Z")
    if item.answers:
        print(f"after the {item.answers_step} ({item.answers})")
    print(f"\n{item.text}\n")
    for proposal in item.proposals:
        words = "; ".join(item.text[start:end] for start, end in proposal.words)
        print(f"  {proposal.reading.value}" + (f": “{words}”" if words else ""))
    if item.done_at:
        print(f"answered by {item.done_by}: {item.outcome}")
    else:
        print(f"next: dispatcher inbox confirm {item.id} [--as READING], or dismiss {item.id} --why “…”")


@app.command()
def confirm(
    item_id: Id,
    *,
    reading: Annotated[str, typer.Option("--as", help="The reading, where the proposed one is wrong.")] = "",
    sure: Annotated[
        bool, typer.Option("--sure", help="The second key of death, bankruptcy and an attorney.")
    ] = False,
    debt: Annotated[
        list[str] | None, typer.Option("--debt", metavar="REFERENCE", help="Which debts.")
    ] = None,
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="The day of a promise.")] = "",
    amount: Annotated[str, typer.Option("--amount", help="How much, of a promise.")] = "",
    offer: Annotated[
        str, typer.Option("--offer", metavar="N", help="Which offer, where not in the words.")
    ] = "",
    name: Annotated[str, typer.Option("--name", help="The attorney's, trustee's or executor's name.")] = "",
    note: Annotated[str, typer.Option("--note", help="In your words; erasable.")] = "",
    now: Now = None,
) -> None:
    """Write down what the words mean through the table of facts, and end the pause.

    Example: dispatcher inbox confirm 12 --as promise --on 2026-12-04
    """
    from dispatcher.inbox.answer_inbox import Answer, confirm

    typed = {
        "debt": tuple(debt or ()),
        "on": _one(on),
        "amount": _one(amount),
        "offer": _one(offer),
        "name": _one(name),
    }
    given = {field: value for field, value in typed.items() if value}
    with opened(now) as program:
        answered = confirm(
            _inbox(program), item_id, Answer(reading=_reading(reading), sure=sure, given=given, note=note)
        )
    facts = ", ".join(answered.facts) or "nothing recorded: somebody has to act on it"
    print(f"{item_id} read as {answered.reading.value}: {facts}")


@app.command()
def reply(
    item_id: Id,
    unverified: Annotated[
        bool,
        typer.Option(
            "--unverified", help="Say that the disputed debt could not be verified and is given up."
        ),
    ] = False,
    now: Now = None,
) -> None:
    """Answer what was read, once, by the way they wrote, with the reviewed text of its reading; the gate may refuse.

    Example: dispatcher inbox reply 12 --unverified
    """
    from dispatcher.inbox.reply import Replying, reply

    with opened(now) as program:
        desk = Replying(
            database=program.database,
            policy=program.policy,
            propose=program.propose_reading,
            actor=actor(),
            now=program.now(),
            random_bytes=program.random_bytes,
        )
        message = reply(desk, item_id, unverified=unverified)
        print(f"{item_id}: answered by message {message}; it goes out with the next messages")


@app.command()
def dismiss(
    item_id: Id, why: Annotated[str, typer.Option("--why", help="Why they ask for nothing.")], now: Now = None
) -> None:
    """End the pause without a fact.

    Example: dispatcher inbox dismiss 12 --why "says thank you"
    """
    from dispatcher.inbox.answer_inbox import dismiss

    with opened(now) as program:
        dismiss(_inbox(program), item_id, why=why)
    print(f"{item_id} dismissed")


@app.command()
def undo(
    item_id: Id, why: Annotated[str, typer.Option("--why", help="Why it was wrong.")], now: Now = None
) -> None:
    """Take a confirmation back: what it wrote ends, and the words wait to be read again.

    Example: dispatcher inbox undo 12 --why "it was the neighbour who died"
    """
    from dispatcher.inbox.answer_inbox import undo

    with opened(now) as program:
        undo(_inbox(program), item_id, why=why)
    print(f"{item_id} waits to be read again")


def _inbox(program: "Dispatcher") -> "Inbox":
    from dispatcher.inbox.answer_inbox import Inbox

    return Inbox(
        database=program.database,
        propose=program.propose_reading,
        record=program.record,
        actor=actor(),
        now=program.now(),
    )


def _reading(name: str) -> str:
    from dispatcher.inbox.domain.reading import Reading

    known = [reading.value for reading in Reading]
    if name and name not in known:
        raise typer.BadParameter(f"--as: {name!r} is no reading; there are: {', '.join(known)}")
    return name


def _one(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _first_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 90 else f"{line[:89]}…"
