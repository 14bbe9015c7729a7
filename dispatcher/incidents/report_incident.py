"""Packs an incident for whoever asks: what it was, all concerned, exact bytes, entries with proofs, what followed."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.incidents.domain.incident import Incident
from dispatcher.incidents.handle_incident import IncidentError, incident_of
from dispatcher.incidents.storage import incidents
from dispatcher.incidents.storage.incidents import Concerned
from dispatcher.record.export_evidence import log_export
from dispatcher.record.pack_bundle import pack_bundle
from dispatcher.record.seal_log import seal_log
from dispatcher.record.storage.evidence import Scope
from dispatcher.record.write_lines import Progress, Source
from dispatcher.values.instants import instant_text
from dispatcher.values.spreadsheet import to_cell

MOST_PEOPLE = 5_000  # a bundle of more is read by nobody; the log's own export takes days instead
COLUMNS = (
    "message_id", "debtor", "name", "channel", "address", "state", "sent_at", "content_sha256", "correction",
    "correction_state", "not_corrected",
)  # fmt: skip


def report_incident(source: Source, key: int, out: Path, progress: Progress | None = None) -> int:
    """Write the bundle to `out` (a .zip); returns how many entries it holds. Raises IncidentError.

    It is an evidence bundle of the people concerned since the first wrong message, which verifies without us, and two
    files more: `incident.json` and `concerned.csv`. The bytes of every message lie in `bodies/` by their SHA-256.
    """
    incident = incident_of(source.database, key)
    rows = list(every_concerned(source.database, key))
    persons = tuple(sorted({row.person for row in rows}))
    if not persons:
        raise IncidentError(f"incident {key} concerns nobody: there is nothing to pack")
    if len(persons) > MOST_PEOPLE:
        raise IncidentError(
            f"incident {key} concerns {len(persons):,} people, more than a bundle of {MOST_PEOPLE:,}: take the list as "
            "a file, and the evidence by days under Log"
        )
    report = seal_log(source.database, source.keys, source.journal, now=source.now)
    scope = Scope(persons=persons)
    more = {
        "incident.json": json.dumps(incident_json(source.database, incident), indent=1).encode(),
        "concerned.csv": _csv(rows).encode("utf-8-sig"),
    }
    entries = pack_bundle(source, scope, report.last_position, out, progress, more=more)
    log_export(source, scope, entries, report.last_position, form="zip")
    return entries


def every_concerned(database: Database, key: int) -> Iterator[Concerned]:
    """All messages that are concerned, from short reads."""
    after = ""
    while True:
        with database.reading() as connection:
            page = incidents.concerned(connection, key, after=after, limit=500)
        yield from page
        if not page:
            return
        after = page[-1].message_id


def concerned_json(row: Concerned) -> dict[str, Any]:
    """One message as lists and files write it."""
    values = {name: getattr(row, name) for name in COLUMNS}
    return values | {"sent_at": instant_text(row.sent_at) if row.sent_at else None}


def incident_json(database: Database, incident: Incident) -> dict[str, Any]:
    """The incident with its figures, as files and the command line write it."""
    with database.reading() as connection:
        counts = incidents.count(connection, incident.id)
    return {
        "incident": incident.id,
        "cause": incident.cause.value,
        "name": incident.name,
        "why": incident.why,
        "aware_at": instant_text(incident.aware_at),
        "is_breach": incident.is_breach,
        "authority_by": instant_text(incident.due_at) if incident.due_at else None,
        "opened_by": incident.opened_by,
        "opened_at": instant_text(incident.opened_at),
        "stop": str(incident.stop) if incident.stop else None,
        "corrective_template": incident.template or None,
        "corrected_by": incident.corrected_by or None,
        "corrected_at": instant_text(incident.corrected_at) if incident.corrected_at else None,
        "closed_by": incident.closed_by or None,
        "closed_at": instant_text(incident.closed_at) if incident.closed_at else None,
        "outcome": incident.outcome or None,
        **counts,
    }


def _csv(rows: list[Concerned]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([to_cell(str(value)) if value else "" for value in concerned_json(row).values()])
    return text.getvalue()
