"""Ledgers on the pages: those that came in, and one that is handed in, read as a person says, and looked at."""

import json
import socket
from dataclasses import replace
from datetime import UTC, date
from pathlib import Path
from typing import Any

from starlette.responses import FileResponse, Response

from dispatcher.portfolio.apply_mapping import PortfolioFileError
from dispatcher.portfolio.domain.ledger_day import day_in_name
from dispatcher.portfolio.domain.portfolio_mapping import PortfolioMapping
from dispatcher.portfolio.find_ledger_day import day_in_column
from dispatcher.portfolio.keep_upload import end_upload, file_name, keep_upload
from dispatcher.portfolio.propose_mapping import DATE_FORMATS
from dispatcher.portfolio.storage import ledgers, uploads
from dispatcher.portfolio.storage.uploads import Upload
from dispatcher.portfolio.suggest_mapping import suggest_mapping
from dispatcher.rulebook.yaml_file import ConfigError
from dispatcher.runs.storage.jobs import Job
from dispatcher.web.operators import import_words
from dispatcher.web.operators.import_files import (
    folder_of,
    job_of,
    open_upload,
    request_of,
    require_file,
    results_of,
    upload_of,
    uploads_folder,
)
from dispatcher.web.operators.import_mapping import (
    OWN,
    PROPOSED,
    FileFormError,
    chosen_in,
    document_in,
    first_rows,
    is_new,
    known_mappings,
    mapping_chosen,
    view_of,
)
from dispatcher.web.site.page import again, go_to, page
from dispatcher.web.site.visit import Page, Visit, not_found

_PREVIEWED = 10


def list_imports(visit: Visit) -> Response:
    """Ledgers that came in, by whatever way, and the form that hands one in."""
    with visit.program.database.reading() as connection:
        history = ledgers.history(connection)
        waiting = uploads.newest(connection, state=uploads.OPEN)
    return page(visit, "imports", history=history, waiting=waiting, words=import_words)


def hand_in(visit: Visit) -> Response:
    """Keep the file, and find out by which mapping it could be read."""
    if visit.file is None or not visit.file.filename:
        return go_to(visit, "/imports", wrong="Choose a file first.")
    house, folder = visit.program, uploads_folder(visit)
    key = keep_upload(
        house.database,
        folder,
        visit.file.file,
        visit.file.filename,
        owner=visit.user.name,
        host=socket.gethostname(),
        now=house.real_now(),
    )
    upload = upload_of(visit, key)
    try:
        choices = _first_choices(visit, upload)
    except (PortfolioFileError, ConfigError) as problem:
        end_upload(house.database, folder, upload, uploads.DROPPED)
        return go_to(visit, "/imports", wrong=import_words.on_a_page(problem))
    with house.database.writing() as connection:
        uploads.choose(connection, key, choices)
    return go_to(visit, f"/imports/{key}")


def _first_choices(visit: Visit, upload: Upload) -> dict[str, Any]:
    chosen: dict[str, Any] = {
        "base": OWN, "document": {"fields": {}}, "name": "", "creditor": "", "whole": False, "accept": [], "why": "",
        "as_of": "",
    }  # fmt: skip
    suggestion = suggest_mapping(request_of(visit, upload, chosen), known_mappings(visit))
    if suggestion.document is not None:
        chosen |= {"base": PROPOSED, "document": suggestion.document, "proposed": suggestion.document}
    elif suggestion.name:
        chosen |= {"base": suggestion.name, "document": document_in(visit, suggestion.name)}
    file = require_file(visit, upload)
    chosen["as_of"] = _day_of(file, visit.now.astimezone(UTC).date(), mapping_chosen(chosen))
    if not view_of(file, chosen).names_creditor:
        chosen["creditor"] = _likely_creditor(visit, suggestion.name)
    return chosen


def _likely_creditor(visit: Visit, mapping: str) -> str:
    """Whose ledger came last by this mapping, else the only creditor there is."""
    senders = sorted(visit.program.policy.senders)
    with visit.program.database.reading() as connection:
        last = ledgers.creditor_of(connection, mapping) if mapping else ""
    return last if last in senders else (senders[0] if len(senders) == 1 else "")


def _day_of(file: Path, today: date, mapping: PortfolioMapping | None) -> str:
    """What the name or a column says; else nothing, so that a person says it: an old ledger is never of today."""
    try:
        day = day_in_name(file.stem, today) or day_in_column(file, today, mapping)
    except ValueError:
        return ""
    return day.isoformat() if day else ""


def show_import(visit: Visit) -> Response:
    """One that was handed in: how it is read, ten rows, what it would do, the button that imports it."""
    return _shown(visit, upload_of(visit))


def _shown(visit: Visit, upload: Upload) -> Response:
    check, importing = job_of(visit, upload.check_job), job_of(visit, upload.import_job)
    running = next((job for job in (importing, check) if job and job.state == "running"), None)
    shown: dict[str, Any] = {
        "upload": upload, "check": check, "importing": importing, "running": running, "words": import_words,
        "found": _found(visit, upload, check),
    }  # fmt: skip
    if upload.state == uploads.OPEN and running is None:
        now = upload_of(visit, upload.id)
        if now.state != uploads.OPEN:  # its import ended after it was read: its file is gone
            return _shown(visit, now)
        shown |= _what_is_chosen(visit, upload)
    return page(visit, "import", headers={"Refresh": "5"} if running else {}, **shown)


def _what_is_chosen(visit: Visit, upload: Upload) -> dict[str, Any]:
    file, chosen = require_file(visit, upload), upload.choices
    if visit.wrong and "as_of" in visit.form:  # what was typed in the form that is shown again
        typed = {name: visit.text(name) for name in ("as_of", "creditor", "name", "why")}
        chosen = {**chosen, **typed, "whole": visit.text("whole") == "yes", "accept": visit.fields("accept")}
    try:
        view, why = view_of(file, chosen), ""
    except PortfolioFileError as problem:  # a sheet or a line that is not there: the rest can be chosen again
        view, why = view_of(file, {"document": {"fields": {}}}), str(problem)
    rows, trouble = first_rows(request_of(visit, upload, chosen), _PREVIEWED)
    known = [mapping.name for mapping in known_mappings(visit)]
    return {
        "view": view,
        "rows": rows,
        "trouble": why or trouble,
        "chosen": chosen,
        "bases": list(dict.fromkeys([OWN, *([PROPOSED] if "proposed" in chosen else []), *known])),
        "is_new": is_new(visit, chosen),
        "date_formats": [(form, import_words.example_of(form)) for form in DATE_FORMATS],
        "senders": sorted(visit.program.policy.senders),
    }


def choose_mapping(visit: Visit) -> Response:
    """Take another mapping, or the columns as they were chosen; ten rows are read anew."""
    upload = open_upload(visit)
    back = f"/imports/{upload.id}"
    chosen = upload.choices
    try:
        chosen = chosen_in(visit, require_file(visit, upload), upload.choices)
        mapping_chosen(chosen)
    except FileFormError as unreadable:
        shown = replace(upload, choices=unreadable.kept)
        return again(visit, lambda one: _shown(one, shown), import_words.on_a_page(unreadable), at=back)
    except ConfigError as problem:
        shown = replace(upload, choices=chosen)
        return again(visit, lambda one: _shown(one, shown), import_words.on_a_page(problem), at=back)
    with visit.program.database.writing() as connection:
        uploads.choose(connection, upload.id, {**chosen, "accept": [], "why": ""})
    return go_to(visit, f"{back}#rows")


def drop(visit: Visit) -> Response:
    """Forget a file that is of no use."""
    upload = open_upload(visit)
    end_upload(visit.program.database, uploads_folder(visit), upload, uploads.DROPPED)
    return go_to(visit, "/imports", done=f"{upload.file} is gone; nothing of it was imported.")


def refused_rows(visit: Visit) -> Response:
    """All rows that cannot be used, to be mended where the file comes from."""
    upload = upload_of(visit)
    path = folder_of(visit, upload) / "refused.csv"
    if not path.is_file():
        raise not_found("such list: no row was refused, or it has been cleaned up")
    name = f"{Path(upload.file).stem}.refused.csv"
    return FileResponse(path, filename=file_name(name), media_type="text/csv; charset=utf-8")


def _found(visit: Visit, upload: Upload, check: Job | None) -> dict[str, Any] | None:
    path = results_of(visit, upload)
    if check is None or check.state != "done" or not path.is_file():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


PAGES = (
    Page("GET", "/imports", list_imports),
    Page("POST", "/imports", hand_in, takes_file=True),
    Page("GET", "/imports/{id}", show_import),
    Page("POST", "/imports/{id}/mapping", choose_mapping),
    Page("POST", "/imports/{id}/drop", drop),
    Page("GET", "/imports/{id}/refused", refused_rows),
)
