"""Closes a duty with what was done, and with the evidence of it: a file, kept and sealed by its SHA-256."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.duties.note_duties import DUTY
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.messages.domain.evidence_file import EvidenceFile
from dispatcher.messages.storage.evidence_files import keep_evidence
from dispatcher.people.storage import task_lists, tasks


class DutyError(ValueError):
    """The duty cannot be closed like this; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedDuty:
    """A duty as the desk sees it; `due` a day, or an instant where hours count."""

    id: int
    due: str
    pack: str
    duty: str
    text: str
    debtor: str
    outcome: str
    evidence: str


def list_duties(database: Database, *, done: bool = False) -> Sequence[ListedDuty]:
    """Open duties, the first due first; or those that are done."""
    with database.reading() as connection:
        rows = task_lists.page_of_tasks(connection, kinds=(DUTY,), done=done, limit=10_000)
    return sorted((_listed(row) for row in rows), key=lambda one: (one.due, one.id))


def do_duty(
    database: Database, task: int, *, outcome: str, evidence: EvidenceFile | None, actor: str, now: datetime
) -> ListedDuty:
    """Close one with what was done; raises DutyError for one that is no open duty, or words that say nothing."""
    if not outcome.strip():
        raise DutyError("say with --outcome what was done: the record keeps who did what")
    proof = {"evidence": evidence.name, "sha256": evidence.sha256} if evidence else {}
    with database.writing() as connection:
        row = next((one for one in task_lists.get(connection, [task]) if one.kind == DUTY), None)
        if row is None or row.done_at is not None:
            raise DutyError(f"{task} is no open duty; `dispatcher duties list` shows them")
        tasks.keep_details(connection, task, {**row.details, **proof})
        task_lists.finish(connection, [task], by=actor, at=now, outcome=outcome)
        public = {name: row.details[name] for name in ("key", "duty", "pack", "due")}
        if evidence is not None:
            keep_evidence(connection, evidence, now=now)
        entry = LogEntry(
            event=Event.DUTY_DONE,
            at=now,
            actor=actor,
            person=row.person,
            body_sha256=evidence.sha256 if evidence else None,
            details={**public, **proof},
        )
        delivery_log.append(connection, [entry])
        [row] = task_lists.get(connection, [task])
    return _listed(row)


def _listed(row: Any) -> ListedDuty:
    details = row.details
    proof = f"{details['evidence']} ({details['sha256']})" if "sha256" in details else ""
    return ListedDuty(
        id=row.id,
        due=str(details.get("due", "")),
        pack=str(details.get("pack", "")),
        duty=str(details.get("duty", "")),
        text=row.text,
        debtor=f"{row.key}/{row.reference}" if row.key else "",
        outcome=row.outcome or "",
        evidence=proof,
    )
