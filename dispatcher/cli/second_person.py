"""`dispatcher waiting`: what waits for a second person."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from dispatcher.cli.opening import AsJson, Now, opened, print_json

if TYPE_CHECKING:
    from dispatcher.runs.second_person import ForSecond

FINDING = 1


def waiting(as_json: AsJson = False, now: Now = None) -> None:
    """List everything that waits for a second person, the oldest first; exit 1 when there is something.

    Example: dispatcher waiting
    """
    from dispatcher.runs.second_person import for_second_person

    with opened(now) as dispatcher:
        with dispatcher.database.reading() as connection:
            found = for_second_person(connection)
        at = dispatcher.now()
    if as_json:
        print_json([_row(one, at) for one in found])
    else:
        for one in found:
            days = one.days(at)
            print(f"{one.what}: waits {days} day{'' if days == 1 else 's'} for somebody to {one.wanted} it")
            print(f"  begun by {one.by}{f': {one.why}' if one.why else ''}")
        print(f"waiting for a second person: {len(found)}")
    if found:
        raise typer.Exit(FINDING)


def _row(one: "ForSecond", now: datetime) -> dict[str, Any]:
    return {
        "what": one.what,
        "for": one.wanted,
        "by": one.by,
        "since": one.since.isoformat(),
        "days": one.days(now),
        "why": one.why,
    }
