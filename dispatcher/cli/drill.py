"""`dispatcher drill`: practise a restore of the newest backup."""

from pathlib import Path
from typing import Annotated

import typer

from dispatcher.cli.opening import AsJson, actor, opened, print_json

FINDING = 1


def drill(
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="Where backups lie; DISPATCHER_BACKUP_FOLDER if not given."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Restore the newest backup into a home that is thrown away, verify it there, and write down how it went.

    Example: dispatcher drill --folder /backups
    """
    from dispatcher.database.backup import BackupProblemError
    from dispatcher.record.drill_restore import drill_restore

    with opened() as dispatcher:
        where = folder or dispatcher.settings.backup_folder
        if where is None:
            raise BackupProblemError("say with --folder, or DISPATCHER_BACKUP_FOLDER, where the backups lie")
        drilled = drill_restore(
            dispatcher.database,
            dispatcher.keys,
            where,
            dispatcher.home / "drill",
            now=dispatcher.real_now(),
            actor=actor(),
        )
    if as_json:
        print_json(
            {
                "file": str(drilled.file),
                "made_at": drilled.made_at.isoformat(),
                "passed": drilled.passed,
                "entries": drilled.entries,
                "rows": dict(drilled.counts),
                "findings": list(drilled.findings),
            }
        )
    else:
        for finding in drilled.findings:
            print(finding)
        rows = ", ".join(f"{count} {table.replace('_', ' ')}" for table, count in drilled.counts.items())
        print(f"{drilled.file}: {'restored and verified' if drilled.passed else 'would not serve'}; {rows}")
    if not drilled.passed:
        raise typer.Exit(FINDING)
