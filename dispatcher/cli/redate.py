"""`dispatcher redate`: the way back for a run that was dated too late."""

from dataclasses import asdict
from typing import Annotated

import typer

from dispatcher.cli.opening import AsJson, AsOf, actor, opened, print_json


def redate(
    run_id: Annotated[int, typer.Argument(metavar="RUN", help="The run that bears a day to come.")],
    why: Annotated[str, typer.Option("--why", help="What happened, for the log.")],
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Date a run back that was dated too late: afterwards true days are taken again, and its ladders count from them.

    Example: dispatcher redate 12 --why "typed 2027 for 2026"
    """
    from dispatcher.planning.redate_run import RedateError, redate_run

    with opened(None) as dispatcher:
        try:
            done = redate_run(
                dispatcher.database,
                run_id,
                day=as_of,
                why=why,
                now=dispatcher.now(),
                actor=actor(),
            )
        except RedateError as error:
            raise typer.BadParameter(str(error)) from None
    if as_json:
        print_json(asdict(done))
    else:
        print(f"Run {done.run_id} is of {done.day} now, not of {done.was}: {done.messages} messages with it.")
