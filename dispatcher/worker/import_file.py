"""Imports one file of the watched folder with the mapping that its subfolder names."""

from datetime import date
from pathlib import Path

from dispatcher.bootstrap import Dispatcher
from dispatcher.portfolio.import_portfolio import ImportRequest, import_portfolio
from dispatcher.rulebook.mappings import load_mapping


def import_file(dispatcher: Dispatcher, file: Path, mapping: str, day: date) -> str:
    """Import a ledger of a day; raises what the import raises when the file cannot be used."""
    rejects = dispatcher.home / "rejects"
    report = import_portfolio(
        dispatcher.database,
        ImportRequest(
            file=file,
            as_of=day,
            now=dispatcher.real_now(),
            actor="scheduler",
            rejects=rejects / f"{file.stem}.rejects.csv",
            warnings=rejects / f"{file.stem}.warnings.csv",
            mapping=load_mapping(dispatcher.config("mappings"), mapping) if mapping else None,
        ),
    )
    return f"{report.imported} of {report.rows} rows imported, {report.refused} refused"
