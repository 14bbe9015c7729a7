"""`dispatcher links`: records of several creditors that are, or may be, one person; for the desk alone."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from dispatcher.cli.opening import AsJson, actor, opened, print_json

if TYPE_CHECKING:  # only types here; the module opens the tables
    from dispatcher.people.link_people import Link

app = typer.Typer()
Id = Annotated[int, typer.Argument(metavar="ID", help="The number that `links list` shows.")]


@app.command("list")
def list_them(
    every: Annotated[bool, typer.Option("--all", help="Those that are decided or sure, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """What waits for a person, with what of both records agrees. No creditor may see this list.

    Example: dispatcher links list
    """
    from dispatcher.people.link_people import list_links

    with opened() as program:
        found = list_links(program.database, state="" if every else "likely")
    if as_json:
        print_json([asdict(link) for link in found])
        return
    for link in found:
        print(f"{link.id:>5}  {link.record} and {link.other}: {', '.join(link.agrees)}  [{link.state}]")
    print(f"{len(found)} {'in all' if every else 'to compare: `dispatcher links confirm ID` or `refuse ID`'}")


@app.command()
def confirm(link_id: Id, as_json: AsJson = False) -> None:
    """They are one person: caps, stops, death, insolvency and care of one record bind the other.

    Example: dispatcher links confirm 12
    """
    _say(_decide(link_id, same=True), "are one person", as_json=as_json)


@app.command()
def refuse(link_id: Id, as_json: AsJson = False) -> None:
    """They are two people: neither's record binds the other, also where the program was sure.

    Example: dispatcher links refuse 12
    """
    _say(_decide(link_id, same=False), "are two people", as_json=as_json)


def _decide(link_id: int, *, same: bool) -> "Link":
    from dispatcher.people.link_people import decide_link

    with opened() as program:
        return decide_link(
            program.database,
            link_id,
            same=same,
            on=program.settings.people.link,
            now=program.now(),
            actor=actor(),
        )


def _say(link: "Link", what: str, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(link))
    else:
        print(f"{link.record} and {link.other} {what}.")
