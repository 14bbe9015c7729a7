"""Exports sealed entries as JSON lines, CSV or a bundle that anybody can verify without us."""

from dataclasses import dataclass
from pathlib import Path

from dispatcher.database.engine import Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.record.seal_log import seal_log
from dispatcher.record.storage import evidence
from dispatcher.record.storage.evidence import Scope
from dispatcher.record.write_lines import Progress, Source, beside_csv, write_lines

__all__ = ["SUFFIXES", "ExportProblemError", "Exported", "Source", "export_evidence", "log_export"]

SUFFIXES = (".jsonl", ".csv", ".zip")


class ExportProblemError(Exception):
    """The export cannot be made as asked; the message says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """What was written."""

    path: Path
    entries: int
    to_position: int
    seal: int

    @property
    def files(self) -> tuple[Path, ...]:
        """All that must be kept together: what stands in the last line of other forms lies beside a CSV file."""
        return (self.path, beside_csv(self.path)) if self.path.suffix == ".csv" else (self.path,)


def export_evidence(source: Source, scope: Scope, out: Path, progress: Progress | None = None) -> Exported:
    """Seal, write the entries in scope to `out` (its suffix decides the form), and log that it was done."""
    if out.suffix not in SUFFIXES:
        raise ExportProblemError(f"{out}: the name must end in {', '.join(SUFFIXES)}")
    _check_scope(source.database, scope)
    report = seal_log(source.database, source.keys, source.journal, now=source.now)
    if out.suffix == ".zip":
        from dispatcher.record.pack_bundle import pack_bundle

        entries = pack_bundle(source, scope, report.last_position, out, progress)
    else:
        entries = write_lines(source, scope, report.last_position, out, progress)
    log_export(source, scope, entries, report.last_position, form=out.suffix[1:])
    return Exported(path=out, entries=entries, to_position=report.last_position, seal=report.last_number)


def _check_scope(database: Database, scope: Scope) -> None:
    """Refuse what a slip of the pen asks for: an export that holds nothing passes for one that found nothing."""
    if scope.since and scope.until and scope.since >= scope.until:
        raise ExportProblemError("the last day lies before the first: nothing can lie between them")
    if scope.creditor:
        with database.reading() as connection:
            known = evidence.creditors_known(connection)
        if scope.creditor not in known:
            raise ExportProblemError(
                f"no creditor {scope.creditor!r}: there are {', '.join(known) or 'none'}"
            )


def log_export(source: Source, scope: Scope, entries: int, upto: int, *, form: str) -> None:
    """Write down who took what out."""
    details = {"entries": entries, "form": form, "scope": scope.document(), "to_position": upto}
    entry = LogEntry(
        event=Event.EXPORTED,
        at=source.now,
        actor=source.actor,
        person=scope.persons[0] if len(scope.persons) == 1 else None,
        details=details,
    )
    with source.database.writing() as connection:
        delivery_log.append(connection, [entry])
