"""The table of the API: every operation there is."""

from collections.abc import Callable
from typing import Any

from dispatcher.web.api import (
    agreed,
    answers,
    debtors,
    debts,
    decisions,
    documents,
    events,
    log,
    models,
    people,
    runs,
    schemas,
    wire_models,
)
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


_PUSH = (
    Parameter(name="as_of", says="The day the balances are of; today if not given.", schema=schemas.DAY),
    Parameter(
        name="dry_run",
        says="Say what would be done, and do nothing.",
        schema={"type": "string", "enum": ["yes", "no"]},
    ),
)
_FEED = (Parameter(name="after", says="The `id` of the last event that was read."), CURSOR[1])


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
              answers.list_messages, models.Message, is_list=True, parameters=(*_MESSAGES, *CURSOR),
              scope="messages:read"),
    _get("/messages/{id}", "getMessage", "One message with attempts and entries.",
              answers.get_message, models.MessageDetail, scope="messages:read"),
    _get("/messages/{id}/body", "getMessageBody", "The exact bytes.",
              answers.get_body, BYTES),
    _post("/messages/{id}/decisions", "decideMessage", "Hold, release, cancel or resolve.",
              answers.decide, models.MessageDetail, takes=schemas.DECISION),
    _get("/people", "listPeople", "People on file.", people.list_people,
              models.Person, is_list=True, parameters=(*_names("q", "creditor", "country", "hold"), *CURSOR),
              scope="people:read"),
    _get("/people/{creditor}/{reference}", "getPerson", "One person.",
              people.get_person, models.PersonDetail, scope="people:read"),
    _get("/people/{creditor}/{reference}/timeline", "listTimeline",
              "What was sent and what was not, newest first.", people.list_timeline, models.Entry,
              is_list=True, parameters=CURSOR),
    _post("/people/{creditor}/{reference}/records", "addRecord",
              "Write down what a person said or did.", people.record, models.Recorded,
              takes=schemas.RECORD, status=201, scope="people:write"),
    _get("/runs", "listRuns", "Runs, newest first.", runs.list_runs, models.Run,
              is_list=True, parameters=(*_names("mode", "state"), *CURSOR), scope="runs:read"),
    _get("/runs/{id}", "getRun", "A run's summary.", runs.get_run, models.RunSummary, scope="runs:read"),
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
    _get("/creditors", "listCreditors", "Creditors.", debts.list_creditors, wire_models.Creditor,
              is_list=True, scope="creditors:read"),
    _get("/debts", "listDebts", "Debts in the order they came.", debts.list_debts, wire_models.DebtBalance,
              is_list=True, parameters=(*_names("creditor", debtor="The debtor's reference."), *CURSOR),
              scope="debts:read"),
    _post("/debts", "pushDebts", "Insert or update debts by their references; an error a row.", debts.push,
              wire_models.Pushed, takes=schemas.ROWS, takes_rows=True, is_repeatable=True, scope="debts:write",
              parameters=_PUSH),
    _get("/debts/{creditor}/{reference}", "getDebt", "One debt.", debts.get_debt, wire_models.DebtBalanceDetail,
              scope="debts:read"),
    _get("/parties", "listParties", "Everybody who answers for a debt beside its debtor.", debts.list_parties,
              wire_models.DebtParty, is_list=True, scope="debts:read",
              parameters=(*_names("creditor", debt="The debt's reference."), *CURSOR)),
    _get("/documents", "listDocuments", "Papers about debts, by link, in the order they were added.",
              documents.list_documents, wire_models.DebtDocument, is_list=True,
              parameters=(*_names("creditor", debt="The debt's reference."), *CURSOR), scope="documents:read"),
    _post("/documents", "addDocument", "Attach a paper to a debt, by link.", documents.add, wire_models.DebtDocument,
              takes=schemas.DOCUMENT, status=201, scope="documents:write"),
    _post("/documents/{id}/withdrawals", "withdrawDocument", "Show a paper to nobody any more.", documents.withdraw,
              wire_models.DebtDocument, takes=schemas.WITHDRAWAL, status=201, scope="documents:write"),
    _get("/decisions", "listDecisions", "What was decided, newest first; a page may be short, or empty, and go on.",
              decisions.list_all, wire_models.Decision, is_list=True, scope="decisions:read",
              parameters=(*_names("creditor", "channel", "run", debtor="The debtor's reference."), *CURSOR)),
    _post("/decisions", "askDecision", "May I contact this person now? Every reason why not.", decisions.ask,
              wire_models.Decision, takes=schemas.QUESTION, status=201, scope="decisions:read"),
    _get("/imports/{id}", "getImport", "What became of a long push.", debts.get_import, wire_models.Pushed,
              scope="debts:write"),
    _get("/payments", "listPayments", "Payments in the order they were recorded.", debts.list_payments,
              wire_models.PaymentMade, is_list=True,
              parameters=(*_names("creditor", external_id="Your own id of a payment."), *CURSOR),
              scope="payments:read"),
    _post("/payments", "addPayment", "Record a payment.", debts.add_payment, wire_models.PaymentRecorded,
              takes=schemas.PAYMENT, status=201, scope="payments:write"),
    _post("/payments/{id}/reversals", "reversePayment", "Take a payment back.", debts.reverse,
              wire_models.PaymentRecorded, takes=schemas.REVERSAL, status=201, scope="payments:write"),
    _get("/arrangements", "listArrangements", "Promises, plans and settlements in the order they were made.",
              agreed.list_arrangements, wire_models.Arrangement, is_list=True,
              parameters=(*_names("state"), *CURSOR), scope="arrangements:read"),
    _get("/arrangements/{id}", "getArrangement", "One arrangement.", agreed.get_arrangement, wire_models.Arrangement,
              scope="arrangements:read"),
    _get("/debtors", "listDebtors", "Debtors in the order they came.", debtors.list_debtors, wire_models.Debtor,
              is_list=True, parameters=(*_names("creditor"), *CURSOR), scope="people:read"),
    _post("/debtors", "pushDebtors", "Insert or update debtors by their references; an error a row.",
              debts.push_debtors, wire_models.Pushed, takes=schemas.DEBTORS, takes_rows=True, is_repeatable=True,
              scope="people:write", parameters=_PUSH[1:]),
    _get("/debtors/{creditor}/{reference}", "getDebtor", "One debtor.", debtors.get_debtor, wire_models.Debtor,
              scope="people:read"),
    _get("/contacts", "listContacts", "Contacts made elsewhere, and what people sent.", debtors.list_contacts,
              wire_models.ContactMade, is_list=True, parameters=(*_names("creditor", debtor="The debtor."), *CURSOR),
              scope="people:read"),
    _get("/opt-outs", "listOptOuts", "Stops, ended ones too.", debtors.list_opt_outs, wire_models.Stopped,
              is_list=True, parameters=(*_names("creditor", debtor="The debtor."), *CURSOR), scope="people:read"),
    _get("/imports", "listImports", "Long pushes, newest first: an account's own.", debts.list_imports,
              wire_models.Pushed, is_list=True, parameters=CURSOR, scope="imports:read"),
    _post("/contacts", "addContact", "A contact made elsewhere: it counts for every cap.", agreed.add_contact,
              models.Recorded, takes=schemas.fact_of("contact"), status=201, scope="people:write"),
    _post("/opt-outs", "addOptOut", "A stop that was said elsewhere.", agreed.add_opt_out, models.Recorded,
              takes=schemas.fact_of("opt_out"), status=201, scope="people:write"),
    _get("/events", "listEvents", "What happened, oldest first.", events.list_events, wire_models.Event,
              is_list=True, parameters=_FEED, scope="events:read"),
    _get("/webhooks", "listWebhooks", "Receivers of events.", events.list_webhooks, wire_models.Webhook,
              is_list=True, scope="webhooks:read"),
    _post("/webhooks", "addWebhook", "Tell a receiver of what happens from now on.", events.add,
              wire_models.Webhook, takes=schemas.WEBHOOK, status=201, scope="webhooks:write"),
    _post("/webhooks/{id}/endings", "endWebhook", "Send nothing more there.", events.end, wire_models.Webhook,
              status=201, scope="webhooks:write"),
    _post("/webhooks/{id}/retries", "retryWebhook", "Ask a receiver again at once.", events.retry,
              wire_models.Webhook, status=201, scope="webhooks:write"),
    _get("/webhooks/{id}/tries", "listTries", "Requests to a receiver, newest first.", events.list_tries,
              wire_models.WebhookTry, is_list=True, scope="webhooks:read"),
)  # fmt: skip
