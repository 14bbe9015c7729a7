"""Tries a handed-in ledger out whole, takes a person's word for what jumped, and imports it; both beside the page."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response

from dispatcher.portfolio.apply_mapping import PortfolioFileError
from dispatcher.portfolio.check_ledger import LedgerCheck, check_ledger
from dispatcher.portfolio.compare_ledgers import LedgerRefused
from dispatcher.portfolio.domain.ledger_drift import ACCEPTABLE
from dispatcher.portfolio.import_portfolio import import_portfolio
from dispatcher.portfolio.keep_upload import end_upload
from dispatcher.portfolio.save_mapping import save_mapping
from dispatcher.portfolio.storage import uploads
from dispatcher.portfolio.storage.uploads import Upload
from dispatcher.rulebook.mappings import mapping_text
from dispatcher.values import written
from dispatcher.values.plain_values import plain
from dispatcher.web.operators import import_words
from dispatcher.web.operators.import_files import (
    job_of,
    open_upload,
    request_of,
    require_file,
    results_of,
    uploads_folder,
)
from dispatcher.web.operators.import_mapping import is_new, shipped_names, view_of
from dispatcher.web.operators.imports import show_import
from dispatcher.web.site.job_runner import Report
from dispatcher.web.site.page import again, go_to, site_of
from dispatcher.web.site.visit import Page, RefusedError, Visit

CHECK, IMPORT = "ledger_check", "ledger_import"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


def start_check(visit: Visit) -> Response:
    """A dry run of the whole file: nothing is stored, everything is said."""
    upload = open_upload(visit)
    try:
        chosen = _chosen(visit, upload)
    except RefusedError as refused:
        return again(visit, show_import, refused.sentence, at=f"/imports/{upload.id}")
    with visit.program.database.writing() as connection:
        uploads.choose(connection, upload.id, chosen)
    request, path = request_of(visit, upload, chosen), results_of(visit, upload)
    database = visit.program.database

    def work(report: Report) -> dict[str, Any]:
        found = check_ledger(database, request, on_rows=lambda rows: report(rows, 0))
        path.write_text(json.dumps(_as_json(found), ensure_ascii=False), encoding="utf-8")
        return {"upload": upload.id}

    key = site_of(visit.request).jobs.start(CHECK, visit.user.name, _details(upload), _in_page_words(work))
    with database.writing() as connection:
        uploads.note_check(connection, upload.id, key)
    return go_to(visit, f"/imports/{upload.id}#result")


def start_import(visit: Visit) -> Response:
    """Import what was looked at, exactly as it was tried out."""
    upload, house = open_upload(visit), visit.program
    back = f"/imports/{upload.id}"
    check = job_of(visit, upload.check_job)
    if check is None or check.state != "done" or not _is_importable(visit, upload):
        return go_to(
            visit, back, wrong="Try the whole file out first: what is imported is what was looked at."
        )
    if visit.text("looked") != "yes":
        return go_to(visit, f"{back}#result", wrong="Tick that you have looked at what it would do.")
    chosen = upload.choices
    request, folder = request_of(visit, upload, chosen), uploads_folder(visit)
    text = mapping_text(chosen["document"]) if is_new(visit, chosen) else ""

    def work(report: Report) -> dict[str, Any]:
        done = import_portfolio(
            house.database, request, on_rows=lambda rows: report(rows, 0), watch=house.watch_ledger
        )
        if text:
            save_mapping(house.database, chosen["name"], text, actor=request.actor, now=house.real_now())
        end_upload(house.database, folder, upload, uploads.IMPORTED)
        return {"upload": upload.id, "report": plain(done.as_json())}

    key = site_of(visit.request).jobs.start(IMPORT, visit.user.name, _details(upload), _in_page_words(work))
    with house.database.writing() as connection:
        uploads.note_import(connection, upload.id, key)
    return go_to(visit, back)


def _is_importable(visit: Visit, upload: Upload) -> bool:
    path = results_of(visit, upload)
    return path.is_file() and json.loads(path.read_text(encoding="utf-8"))["report"] is not None


def _chosen(visit: Visit, upload: Upload) -> dict[str, Any]:
    """Day, creditor, whether it is whole, what is meant; raises RefusedError with the way out."""
    before = upload.choices
    day = written.day(visit.text("as_of"))
    if day is None or day > visit.now.date():
        raise RefusedError(422, "Say of which day the ledger is: a day that has come, written as 2026-11-23.")
    accept = sorted(set(visit.fields("accept")) & ACCEPTABLE)
    if accept and not visit.text("why"):
        raise RefusedError(422, "Say why these differences are meant: the log keeps who said so, and why.")
    view = view_of(require_file(visit, upload), before)
    if view.missing:
        lacking = ", ".join(import_words.LABELS[column] for column in view.missing)
        raise RefusedError(422, f"Every debt needs these, and no column is chosen for them: {lacking}.")
    creditor = visit.text("creditor")
    if creditor and creditor not in visit.program.policy.senders:
        raise RefusedError(422, f"{creditor!r} is no creditor of this desk.")
    if not creditor and not view.names_creditor:
        raise RefusedError(422, "Say whose ledger it is: no column of the file names the creditor.")
    return {
        **before, "as_of": day.isoformat(), "creditor": creditor, "whole": visit.text("whole") == "yes",
        "accept": accept, "why": visit.text("why"), "name": _name(visit, before),
    }  # fmt: skip


def _name(visit: Visit, before: Mapping[str, Any]) -> str:
    """Under what a mapping that was made here is saved."""
    if not is_new(visit, before):
        return ""
    name = visit.text("name").lower()
    if _NAME.fullmatch(name) is None:
        raise RefusedError(
            422, "Name the mapping in small letters, digits and hyphens, such as acme-billing."
        )
    if name in shipped_names(visit):
        raise RefusedError(422, f"{name} is a mapping of the configuration: take another name.")
    return name


def _in_page_words(work: Callable[[Report], dict[str, Any]]) -> Callable[[Report], dict[str, Any]]:
    """What a ledger is refused for, without what only the command line knows."""

    def worded(report: Report) -> dict[str, Any]:
        try:
            return work(report)
        except LedgerRefused as refused:
            said = "; ".join(finding.sentence for finding in refused.findings)
            raise PortfolioFileError(f"Something has changed meanwhile, try it out again: {said}") from None
        except PortfolioFileError as problem:
            raise PortfolioFileError(import_words.on_a_page(problem)) from None

    return worded


def _details(upload: Upload) -> dict[str, Any]:
    return {"file": upload.file, "upload": upload.id}


def _as_json(found: LedgerCheck) -> dict[str, Any]:
    return {
        "report": plain(found.report.as_json()) if found.report else None,
        "findings": [finding.as_json() for finding in found.findings],
        "differences": list(found.differences),
        "refused_rows": plain(found.refused_rows),
        "warned_rows": plain(found.warned_rows),
        "said": list(found.said),
    }


PAGES = (
    Page("POST", "/imports/{id}/check", start_check),
    Page("POST", "/imports/{id}/import", start_import),
)
