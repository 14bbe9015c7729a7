"""The table of the API: every operation there is."""

from collections.abc import Callable
from typing import Any

from dispatcher.web.api import answers, log, models, people, schemas
from dispatcher.web.api.openapi import document
from dispatcher.web.api.operation import BYTES, CURSOR, DOCUMENT, Gives, Operation, Parameter
from dispatcher.web.site.visit import Visit


def _names(*names: str, **says: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name=name.rstrip("_"), says=says.get(name, "")) for name in (*names, *says))


def own_document(visit: Visit) -> Any:
    """The API's description."""
    return document(OPERATIONS, visit.program.settings.public_url.rstrip("/"))


_MESSAGES = _names(
    "channel", "state", "step", "template", "version", "creditor", "run", "address", "provider_id",
    from_="First as-of date.", until="Last as-of date.",
)  # fmt: skip
_LOG = _names(
    "address", "debt", "creditor", "channel", "state", "event", "rule", "provider_id", "words", "template",
    "approver", "actor", "run", "message",
    debtor="creditor/reference.", from_="First day (UTC).", until="Last day (UTC).",
)  # fmt: skip


def _get(
    path: str, key: str, says: str, answer: Callable[[Visit], Any], gives: Gives, **more: Any
) -> Operation:
    return Operation(method="GET", path=path, id=key, says=says, answer=answer, gives=gives, **more)


def _post(
    path: str, key: str, says: str, answer: Callable[[Visit], Any], gives: Gives, **more: Any
) -> Operation:
    return Operation(method="POST", path=path, id=key, says=says, answer=answer, gives=gives, **more)


OPERATIONS: tuple[Operation, ...] = (
    _get("/openapi.json", "getDocument", "This document.", own_document, DOCUMENT),
    _get("/messages", "listMessages", "Messages, newest first.",
              answers.list_messages, models.Message, is_list=True, parameters=(*_MESSAGES, *CURSOR)),
    _get("/messages/{id}", "getMessage", "One message with attempts and entries.",
              answers.get_message, models.MessageDetail),
    _get("/messages/{id}/body", "getMessageBody", "The exact bytes.",
              answers.get_body, BYTES),
    _post("/messages/{id}/decisions", "decideMessage", "Hold, release, cancel or resolve.",
              answers.decide, models.MessageDetail, takes=schemas.DECISION),
    _get("/people", "listPeople", "People on file.", people.list_people,
              models.Person, is_list=True, parameters=(*_names("q", "creditor", "country", "hold"), *CURSOR)),
    _get("/people/{creditor}/{reference}", "getPerson", "One person.",
              people.get_person, models.PersonDetail),
    _get("/people/{creditor}/{reference}/timeline", "listTimeline",
              "What was sent and what was not, newest first.", people.list_timeline, models.Entry,
              is_list=True, parameters=CURSOR),
    _post("/people/{creditor}/{reference}/records", "addRecord",
              "Write down what a person said or did.", people.record, models.Recorded,
              takes=schemas.RECORD, status=201),
    _get("/runs", "listRuns", "Runs, newest first.", answers.list_runs, models.Run,
              is_list=True, parameters=(*_names("mode", "state"), *CURSOR)),
    _get("/runs/{id}", "getRun", "A run's summary.", answers.get_run, models.RunSummary),
    _get("/entries", "listEntries", "Log entries, newest first.",
              log.list_entries, models.Entry, is_list=True, parameters=(*_LOG, *CURSOR)),
    _get("/entries/{id}", "getEntry", "One entry with its inclusion proof.",
              log.get_entry, models.EntryDetail),
    _get("/seals", "listSeals", "Seals in order.", log.list_seals, models.Seal,
              is_list=True, parameters=CURSOR),
    _get("/templates", "listTemplates", "Templates.", answers.list_templates,
              models.Template, is_list=True),
    _get("/templates/{name}/versions", "listVersions", "A template's versions.",
              answers.list_versions, models.TemplateVersion, is_list=True),
    _get("/stops", "listStops", "Stops in force.", answers.list_stops, models.Stop,
              is_list=True),
    _post("/stops", "addStop", "The kill switch.", answers.add_stop, models.Stop,
              is_list=True, takes=schemas.STOP, status=201),
    _post("/stops/{id}/resumptions", "resume", "End a stop.", answers.resume,
              models.Stop, is_list=True, takes=schemas.RESUMPTION, status=201),
)  # fmt: skip
