"""Files that show what was done: handed in for a duty or a notice's receipt, kept by their digest, read again."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from dispatcher.duties.do_duty import DutyError, do_duty, list_duties
from dispatcher.messages.domain.evidence_file import MOST_BYTES, EvidenceError, EvidenceFile
from dispatcher.messages.storage.evidence_files import stored_evidence
from dispatcher.people.domain.fact_table import NOTICE
from dispatcher.people.domain.facts import RecordError, read_fields
from dispatcher.people.record_notice import record_notice
from dispatcher.people.recording import Said
from dispatcher.values.written import whole_number
from dispatcher.web.operators.people import person_path
from dispatcher.web.site.page import again, go_to, page, sentence_of
from dispatcher.web.site.visit import Page, Visit, not_found

_ASKED = ("kind", "sent_on", "channel", "received_on", "returned_on")


def ask(visit: Visit) -> Response:
    """The form for a duty, or for the receipt of a notice to somebody."""
    known = {name: NOTICE.field(name).choices for name in ("kind", "channel")}
    return page(
        visit,
        "evidence",
        **_about(visit),
        most_mb=MOST_BYTES // 1_048_576,
        kinds=known["kind"],
        channels=known["channel"],
    )


def _about(visit: Visit) -> Mapping[str, Any]:
    debtor = visit.text("debtor") or visit.query("debtor")
    if debtor:
        return {"debtor": debtor, "duty": None}
    wanted = whole_number(visit.text("duty") or visit.query("duty"))
    duty = next((one for one in list_duties(visit.program.database) if one.id == wanted), None)
    if duty is None:
        raise not_found("open duty of that number")
    return {"debtor": "", "duty": duty}


def hand_in(visit: Visit) -> Response:
    """Keep the file, and close the duty or record the receipt with it; a form that is wrong comes back filled in."""
    about = _about(visit)
    try:
        file = _file_of(visit)
        if about["duty"] is not None:
            return _close(visit, about["duty"].id, file)
        return _record(visit, about["debtor"], file)
    except (EvidenceError, DutyError, RecordError) as problem:
        return again(visit, ask, sentence_of(problem))


def _file_of(visit: Visit) -> EvidenceFile | None:
    if visit.file is None or not visit.file.filename:
        return None
    return EvidenceFile.of(visit.file.file.read(MOST_BYTES + 1), visit.file.filename)


def _close(visit: Visit, duty: int, file: EvidenceFile | None) -> Response:
    done = do_duty(
        visit.program.database,
        duty,
        outcome=visit.text("outcome"),
        evidence=file,
        actor=visit.actor,
        now=visit.now,
    )
    return go_to(visit, "/tasks?kind=duty", f"Done: {done.text}")


def _record(visit: Visit, debtor: str, file: EvidenceFile | None) -> Response:
    if file is None:
        raise EvidenceError("choose the file of the receipt")
    if not visit.text("source"):
        raise EvidenceError("say where it comes from: the post, the debtor")
    said = Said(now=visit.now, actor=visit.actor, source=visit.text("source")[:300])
    given = {name: visit.fields(name) for name in _ASKED if visit.text(name)}
    values = read_fields(NOTICE, given)
    details = NOTICE.details(values)
    record_notice(
        visit.program.database,
        debtor,
        values["kind"],
        said,
        sent_on=values.get("sent_on"),
        details=details,
        proof=file,
    )
    return go_to(visit, person_path(debtor), "Recorded: the receipt of the notice.")


def download(visit: Visit) -> Response:
    """The exact bytes of one, as a file."""
    with visit.program.database.reading() as connection:
        found = stored_evidence(connection, visit.path("digest"))
    if found is None:
        raise not_found("such evidence: it was erased, or there is none of that digest")
    kind, name, body = found
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body, media_type=kind, headers=headers)


PAGES = (
    Page("GET", "/evidence", ask),
    Page("POST", "/evidence", hand_in, takes_file=True),
    Page("GET", "/evidence/{digest}", download),
)
