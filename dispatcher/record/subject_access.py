"""Answers a person who asks what is held about them: their bundle, with their file, without others' data."""

import json
from pathlib import Path

from dispatcher.record.export_evidence import Exported, ExportProblemError, Source, log_export
from dispatcher.record.pack_bundle import pack_bundle
from dispatcher.record.seal_log import seal_log
from dispatcher.record.storage import personal_data
from dispatcher.record.storage.evidence import Scope
from dispatcher.treatment.domain.scorecard import Scorecard
from dispatcher.treatment.explain_score import answer_to_debtor, score_of


def subject_access(source: Source, person: str, out: Path, *, scorecard: Scorecard | None = None) -> Exported:
    """Write the bundle to `out` (.zip) and log that it was done; with the points by a scorecard that is in use."""
    if out.suffix != ".zip":
        raise ExportProblemError(f"{out}: an answer to a person is a bundle: the name must end in .zip")
    report = seal_log(source.database, source.keys, source.journal, now=source.now)
    with source.database.reading() as connection:
        file = personal_data.file_of(connection, person)
        found = personal_data.holdings_of(connection, person)
        if found is not None and scorecard is not None and scorecard.in_use:
            on = source.now.date()
            points = score_of(connection, scorecard, found.debtor_id, found.debtor, on)
            file = {**file, "score": answer_to_debtor(points)}
    text = json.dumps(file, ensure_ascii=False, indent=2, default=str)
    scope = Scope(persons=(person,))
    more = {"about_you.json": text.encode()}
    entries = pack_bundle(source, scope, report.last_position, out, more=more)
    log_export(source, scope, entries, report.last_position, form="subject-access")
    return Exported(path=out, entries=entries, to_position=report.last_position, seal=report.last_number)
