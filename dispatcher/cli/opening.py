"""Options that many verbs share, and the opened program they work on."""

import json
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from dispatcher.bootstrap import Dispatcher, open_dispatcher


def parse_day(text: str) -> date:
    """A day as 2026-11-23."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a day; write it as 2026-11-23") from None


def parse_instant(text: str) -> datetime:
    """An instant with its offset, as 2026-11-23T18:00:00Z."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not an instant; write it as 2026-11-23T18:00:00Z") from None
    if instant.tzinfo is None:
        raise typer.BadParameter(f"{text!r} has no offset; add Z for UTC, or +02:00")
    return instant.astimezone(UTC)


AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of", parser=parse_day, metavar="DATE", help="The day to act for; today (UTC) if not given."
    ),
]
Now = Annotated[
    datetime | None,
    typer.Option(
        "--now",
        parser=parse_instant,
        metavar="INSTANT",
        help="Set the business clock; refused while a real provider is set.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@contextmanager
def opened(now: datetime | None = None) -> Iterator[Dispatcher]:
    """The program, opened and closed again."""
    dispatcher = open_dispatcher(now=now)
    try:
        yield dispatcher
    finally:
        dispatcher.close()


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write("\n")


def spelled() -> str:
    """How a person in this shell calls the program: `dispatcher`, or the path of the script where it is not found."""
    script = Path(sys.argv[0]).absolute()
    found = shutil.which("dispatcher")
    if found and Path(found).resolve() == script.resolve():
        return "dispatcher"
    near = script.relative_to(Path.cwd()) if script.is_relative_to(Path.cwd()) else script
    return shlex.quote(str(near))


def actor() -> str:
    """Who runs the command, as the log names them."""
    import getpass

    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return "cli"
