"""A ledger that was handed in: its row, its file, its folder, and the import that its choices ask for."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dispatcher.portfolio.domain.import_request import ImportRequest
from dispatcher.portfolio.storage import uploads
from dispatcher.portfolio.storage.uploads import Upload
from dispatcher.runs.storage import jobs
from dispatcher.runs.storage.jobs import Job
from dispatcher.values import written
from dispatcher.web.operators.import_mapping import mapping_chosen
from dispatcher.web.site.visit import RefusedError, Visit, not_found


def upload_of(visit: Visit, key: int | None = None) -> Upload:
    """The one of the address, or of a key; refuses what is not there."""
    number = key if key is not None else written.whole_number(visit.path("id"))
    with visit.program.database.reading() as connection:
        upload = uploads.get(connection, number) if number is not None else None
    if upload is None:
        raise not_found("such ledger")
    return upload


def open_upload(visit: Visit) -> Upload:
    """One that is neither imported nor dropped, nor being imported just now, and whose file is here."""
    upload = upload_of(visit)
    importing = job_of(visit, upload.import_job)
    if upload.state != uploads.OPEN or (importing is not None and importing.state == "running"):
        raise RefusedError(409, "This ledger has been imported or dropped meanwhile: nothing is changed.")
    require_file(visit, upload)
    return upload


def require_file(visit: Visit, upload: Upload) -> Path:
    """Its file; refuses where it lies elsewhere."""
    path = folder_of(visit, upload) / upload.file
    if not path.is_file():
        raise RefusedError(404, f"The file lies on {upload.host}, or has been cleaned up: hand it in again.")
    return path


def uploads_folder(visit: Visit) -> Path:
    """Where all that were handed in lie."""
    return visit.program.home / "uploads"


def folder_of(visit: Visit, upload: Upload) -> Path:
    """Where its file and what was found in it lie."""
    return uploads_folder(visit) / str(upload.id)


def results_of(visit: Visit, upload: Upload) -> Path:
    """Where what a dry run found is kept: it holds rows, so it goes when the file goes."""
    return folder_of(visit, upload) / "check.json"


def job_of(visit: Visit, number: int | None) -> Job | None:
    """A job, whoever began it: the desk works on a ledger together."""
    if number is None:
        return None
    with visit.program.database.reading() as connection:
        return jobs.get(connection, number, now=visit.program.real_now())


def request_of(visit: Visit, upload: Upload, chosen: Mapping[str, Any]) -> ImportRequest:
    """The import that these choices ask for; raises ConfigError for a mapping that is none."""
    house, own = visit.program, folder_of(visit, upload)
    return ImportRequest(
        file=own / upload.file,
        as_of=written.day(chosen["as_of"]) or visit.now.date(),  # nobody has said it yet: rows are only shown
        now=house.real_now(),
        actor=visit.actor,
        rejects=own / "refused.csv",
        warnings=own / "warnings.csv",
        mapping=mapping_chosen(chosen),
        creditor=chosen["creditor"],
        full=chosen["whole"],
        accept=frozenset(chosen["accept"]),
        why=chosen["why"],
        settings=house.import_settings,
    )
