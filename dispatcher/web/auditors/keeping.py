"""Keeping and forgetting: whether a backup would serve, how long values are kept, a person's own file, erasing."""

from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from dispatcher.database.backup import BackupProblemError
from dispatcher.database.restore import SUFFIXES
from dispatcher.people.storage.find_debtor import UnknownDebtorError
from dispatcher.record.drill_restore import newest_backup
from dispatcher.record.erase_person import Erasure, ErasureRefusedError, erase_person, look_at
from dispatcher.record.export_evidence import Source
from dispatcher.record.storage import drill_counts
from dispatcher.record.storage.evidence import persons_of
from dispatcher.record.storage.seal_journal import SealJournal
from dispatcher.record.storage.sealing_keys import SealingKeys
from dispatcher.record.subject_access import subject_access
from dispatcher.rulebook.retention import load_retention
from dispatcher.runs.storage import day_counts
from dispatcher.web.site.job_runner import Report
from dispatcher.web.site.jobs import folder
from dispatcher.web.site.page import go_to, page, sentence_of, site_of
from dispatcher.web.site.visit import Page, Visit

SUBJECT_ACCESS = "subject-access"
_SCHEDULES = ("retention", "restore-drill")


def show(visit: Visit) -> Response:
    """What stands of all of it."""
    return _show(visit, 200)


def answer_person(visit: Visit) -> Response:
    """Write all that is held about one person, for that person, beside the page."""
    who = visit.text("debtor")
    try:
        person = _person(visit, who)
    except UnknownDebtorError as error:
        return _show(visit, 422, wrong=sentence_of(error))
    house = visit.program
    source = Source(
        database=house.database,
        keys=SealingKeys(house.keys),
        journal=SealJournal(house.home / "seals.jsonl"),
        actor=visit.actor,
        now=house.real_now(),
    )

    def work(report: Report) -> dict[str, Any]:
        out = folder(house) / f"subject-access-{report.job}.zip"
        out.touch(exist_ok=False)  # never into a file that another job has made
        made = subject_access(source, person, out, scorecard=house.policy.scorecard)
        return {"file": made.path.name, "facts": {"entries": f"{made.entries:,}"}}

    key = site_of(visit.request).jobs.start(SUBJECT_ACCESS, visit.user.name, {"debtor": who}, work)
    return go_to(visit, f"/jobs/{key}")


def erase(visit: Visit) -> Response:
    """Say what would go; once somebody is sure, erase it for good."""
    who, why = visit.text("debtor"), visit.text("why")
    if not why:
        return _show(visit, 422, wrong="Say why: the log keeps on what ground somebody was erased.")
    try:
        person = _person(visit, who)
        found = look_at(visit.program.database, person)
        if visit.text("sure") != found.debtor:
            said = (
                "" if "sure" not in visit.form else f"To erase, repeat the reference exactly: {found.debtor}"
            )
            return _show(visit, 422 if said else 200, wrong=said, would_go=found)
        home = visit.program.home / "outbox"
        erasure = Erasure(actor=visit.actor, now=visit.program.real_now(), why=why[:500], outbox=home)
        erase_person(visit.program.database, person, erasure)
    except (UnknownDebtorError, ErasureRefusedError) as error:
        return _show(visit, 422, wrong=sentence_of(error))
    return go_to(visit, "/keeping", f"Erased: {found.debtor}. What happened stays provable.")


def _person(visit: Visit, who: str) -> str:
    with visit.program.database.reading() as connection:
        return persons_of(connection, who)[0]


def _show(visit: Visit, status: int, **more: Any) -> Response:
    house = visit.program
    with house.database.reading() as connection:
        drill = drill_counts.newest_drill(connection)
        fires = day_counts.last_fires(connection, _SCHEDULES)
    return page(
        visit,
        "keeping",
        status=status,
        backups=house.settings.backup_folder,
        newest=_newest(visit),
        drill=drill,
        drilled_at=datetime.fromisoformat(drill["at"]) if drill else None,
        fires=fires,
        periods=load_retention(house.config("retention.yaml")),
        given=visit.form,
        **{"wrong": "", "would_go": None, **more},
    )


def _newest(visit: Visit) -> dict[str, Any] | None:
    where = visit.program.settings.backup_folder
    try:
        suffix = SUFFIXES[visit.program.database.is_sqlite]
        file = newest_backup(where, suffix) if where else None
    except BackupProblemError:
        file = None
    if file is None or where is None:
        return None
    state = file.stat()
    return {
        "name": str(file.relative_to(where)),
        "at": datetime.fromtimestamp(state.st_mtime, UTC),
        "megabytes": max(1, round(state.st_size / 1_000_000)),
    }


PAGES = (
    Page("GET", "/keeping", show),
    Page("POST", "/keeping/answers", answer_person),
    Page("POST", "/keeping/erasures", erase),
)
