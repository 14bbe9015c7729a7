"""`dispatcher config …`: the configuration as files and as what is kept on the pages, both ways."""

from pathlib import Path
from typing import Annotated

import typer

from dispatcher.cli.opening import AsJson, Now, actor, opened, print_json

app = typer.Typer(epilog="Example: dispatcher config export --out config-today")


@app.command("list")
def list_texts(now: Now = None, as_json: AsJson = False) -> None:
    """Every text of the configuration: where it is kept and what is in force.

    Example: dispatcher config list
    """
    from dispatcher.configuration.domain.config_version import digest_of
    from dispatcher.configuration.domain.kinds import KINDS
    from dispatcher.configuration.text_files import read_kind

    with opened(now) as program:
        rows = [
            {
                "kind": kind.word,
                "name": name,
                "kept": "pages" if kind.word in program.pages_texts.kinds else "files",
                "sha256": digest_of(text),
            }
            for kind in KINDS
            for name, text in sorted(read_kind(kind, program.config(kind.path)).items())
        ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        print(f"{row['kept']:>5}  {row['kind']}/{row['name']}  {row['sha256'][:12]}")


@app.command("export")
def export_texts(
    out: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="Written as a folder of configuration.")
    ],
    now: Now = None,
) -> None:
    """Write what is in force as files, byte for byte, as `DISPATCHER_CONFIG_DIR` takes them.

    Example: dispatcher config export --out config-today
    """
    from dispatcher.configuration.domain.kinds import KINDS
    from dispatcher.configuration.text_files import read_kind, write_folder

    with opened(now) as program:
        texts = {kind.word: read_kind(kind, program.config(kind.path)) for kind in KINDS}
        written = write_folder(out, texts)
    print(f"{len(written)} files in {out}")


@app.command("import")
def import_folder(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="A folder of configuration.", exists=True, file_okay=False),
    ],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="What changes and why.")],
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Hand in what differs from what is in force, for the kinds that are kept on the pages; another person decides.

    Example: dispatcher config import config-today --why "day 12 instead of 10"
    """
    from dispatcher.configuration.import_texts import import_texts
    from dispatcher.configuration.text_files import read_folder

    with opened(now) as program:
        imported = import_texts(
            program.database,
            program.check_texts,
            program.file_texts(),
            read_folder(folder),
            program.pages_texts.kinds,
            actor=actor(),
            why=why,
            now=program.now(),
        )
    if as_json:
        print_json([{"kind": one.kind, "name": one.name, "version": one.version} for one in imported])
        return
    for one in imported:
        if one.version:
            print(f"{one.kind}/{one.name}: handed in as version {one.version}")
    if not any(one.version for one in imported):
        print("everything reads so already")
