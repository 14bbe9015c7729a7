"""`dispatcher db`: create or upgrade the database, say where it stands."""

import sys

import typer

from dispatcher.bootstrap import open_dispatcher
from dispatcher.cli.opening import AsJson, print_json
from dispatcher.database import migrate

app = typer.Typer()


@app.command()
def upgrade() -> None:
    """Create the tables or bring them up to date. Safe to repeat.

    Example: dispatcher db upgrade
    """
    dispatcher = open_dispatcher(upgrade=False)
    print(f"database at revision {migrate.upgrade(dispatcher.database)}")


@app.command()
def current(as_json: AsJson = False) -> None:
    """Say the database's revision and the one this program expects; exit 1 when they differ.

    Example: dispatcher db current
    """
    dispatcher = open_dispatcher(upgrade=False)
    has, wants = migrate.current(dispatcher.database)
    if as_json:
        print_json({"database": has, "program": wants})
    else:
        print(f"database: {has or 'empty'}; program: {wants}")
    if has != wants:
        print(f"dispatcher: {migrate.what_to_do(has)}", file=sys.stderr)
        raise typer.Exit(1)
