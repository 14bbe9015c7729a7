"""Who may open what: one table of every address and the roles that may use it."""

from collections.abc import Mapping
from enum import StrEnum

from dispatcher.users.domain.user import Role


class Door(StrEnum):
    """Addresses that ask for no session: what keeps them is said beside each."""

    PUBLIC = "public"  # shows nothing about anybody
    TOKEN = "token"  # noqa: S105 the address itself carries a token that cannot be made up
    SIGNATURE = "signature"  # the provider signs every request


Access = frozenset[Role] | Door

EVERYONE = frozenset(Role)
READS_TEMPLATES = frozenset({Role.MANAGER, Role.APPROVER, Role.AUDITOR, Role.OPERATOR})
READS_RUNS = READS_TEMPLATES
READS_PEOPLE = frozenset({Role.AUDITOR, Role.OPERATOR})
EDITS = frozenset({Role.MANAGER})
REVIEWS = frozenset({Role.APPROVER})
REVIEWS_LAW = frozenset({Role.COUNSEL})
WRITES_TEMPLATES = frozenset({Role.MANAGER, Role.APPROVER})
AUDITS = frozenset({Role.AUDITOR})
OPERATES = frozenset({Role.OPERATOR})
ADMINISTERS = frozenset({Role.ADMIN})
REVIEWS_ACCESS = frozenset({Role.ADMIN, Role.AUDITOR})
READS_SETTINGS = frozenset({Role.AUDITOR, Role.OPERATOR, Role.ADMIN})
HAS_JOBS = frozenset({Role.MANAGER, Role.APPROVER, Role.AUDITOR, Role.OPERATOR})
HAS_TASKS = READS_TEMPLATES

ACCESS: Mapping[str, Access] = {
    "GET /sign-in": Door.PUBLIC,
    "POST /sign-in": Door.PUBLIC,
    "POST /sign-in/code": Door.PUBLIC,
    "GET /sign-in/provider": Door.PUBLIC,
    "GET /sign-in/provider/answer": Door.PUBLIC,
    "POST /sign-out": EVERYONE,
    "GET /account": EVERYONE,
    "POST /account/password": EVERYONE,
    "POST /account/sessions": EVERYONE,
    "POST /account/sessions/{id}": EVERYONE,
    "GET /account/second-factor": EVERYONE,
    "POST /account/second-factor": EVERYONE,
    "GET /": EVERYONE,
    "GET /find": READS_PEOPLE,
    "GET /messages": READS_PEOPLE,
    "GET /messages/{id}": READS_PEOPLE,
    "POST /messages/{id}/decide": OPERATES,
    "GET /messages/{id}/bytes": READS_PEOPLE,
    "GET /messages/{id}/email": READS_PEOPLE,
    "GET /messages/{id}/pages/{number}": READS_PEOPLE,
    "GET /people": READS_PEOPLE,
    "GET /people/{reference:path}": READS_PEOPLE,
    "POST /people/{reference:path}/record": OPERATES,
    "GET /templates": READS_TEMPLATES,
    "GET /templates/new": EDITS,
    "POST /templates/new": EDITS,
    "GET /templates/{name}": READS_TEMPLATES,
    "GET /templates/{name}/diff": READS_TEMPLATES,
    "GET /templates/{name}/edit": WRITES_TEMPLATES,
    "POST /templates/{name}/edit": EDITS,
    "POST /templates/{name}/preview": WRITES_TEMPLATES,
    "POST /templates/{name}/preview/email": WRITES_TEMPLATES,
    "GET /templates/{name}/versions/{version}": READS_TEMPLATES,
    "GET /templates/{name}/versions/{version}/readers": READS_TEMPLATES,
    "GET /templates/{name}/versions/{version}/readers/{number}": READS_TEMPLATES,
    "GET /templates/{name}/versions/{version}/readers/{number}/email/{which}": READS_TEMPLATES,
    "POST /templates/{name}/versions/{version}/submit": EDITS,
    "POST /templates/{name}/versions/{version}/approve": REVIEWS,
    "POST /templates/{name}/versions/{version}/send-back": REVIEWS,
    "POST /templates/{name}/versions/{version}/publish": REVIEWS,
    "POST /templates/{name}/versions/{version}/retire": REVIEWS,
    "POST /templates/{name}/versions/{version}/withdraw": EDITS,
    "POST /templates/{name}/versions/{version}/copy": EDITS,
    "POST /templates/{name}/versions/{version}/rehearse": WRITES_TEMPLATES,
    "POST /templates/{name}/versions/{version}/test-send": WRITES_TEMPLATES,
    "GET /runs": READS_RUNS,
    "GET /runs/{id}": READS_RUNS,
    "POST /runs": OPERATES,
    "POST /runs/{id}/confirm": OPERATES,
    "POST /runs/plan": OPERATES,
    "GET /runs/plan/{id}": OPERATES,
    "GET /runs/plan/{id}/{number}": OPERATES,
    "POST /runs/plan/{id}/{number}": OPERATES,
    "GET /runs/plan/{id}/{number}/email": OPERATES,
    "GET /imports": READS_PEOPLE,
    "POST /imports": OPERATES,
    "GET /imports/{id}": OPERATES,
    "POST /imports/{id}/mapping": OPERATES,
    "POST /imports/{id}/check": OPERATES,
    "POST /imports/{id}/import": OPERATES,
    "POST /imports/{id}/drop": OPERATES,
    "GET /imports/{id}/refused": OPERATES,
    "GET /inbox": READS_PEOPLE,
    "GET /inbox/{id}": READS_PEOPLE,
    "POST /inbox/{id}": OPERATES,
    "GET /handover": READS_PEOPLE,
    "POST /handover": OPERATES,
    "POST /handover/export": OPERATES,
    "GET /tasks": HAS_TASKS,
    "POST /tasks/messages": OPERATES,
    "POST /tasks/finish": OPERATES,
    "GET /log": AUDITS,
    "GET /log/entries/{id}": AUDITS,
    "GET /log/sample": AUDITS,
    "GET /log/exceptions": AUDITS,
    "POST /log/verify": AUDITS,
    "POST /log/export": AUDITS,
    "POST /log/tables": AUDITS,
    "GET /incidents": READS_PEOPLE,
    "POST /incidents": OPERATES,
    "GET /incidents/{id}": READS_PEOPLE,
    "POST /incidents/{id}/correct": OPERATES,
    "POST /incidents/{id}/look": OPERATES,
    "POST /incidents/{id}/close": OPERATES,
    "POST /incidents/{id}/report": READS_PEOPLE,
    "GET /handlers": READS_PEOPLE,
    "POST /handlers": OPERATES,
    "POST /handlers/rules": OPERATES,
    "POST /handlers/rules/{id}": OPERATES,
    "POST /people/{reference:path}/handler": OPERATES,
    "GET /keeping": REVIEWS_ACCESS,
    "POST /keeping/answers": AUDITS,
    "POST /keeping/erasures": ADMINISTERS,
    "GET /stops": READS_PEOPLE,
    "POST /stops": OPERATES,
    "POST /stops/resume": OPERATES,
    "GET /rules": EVERYONE,
    "GET /rules/places": EVERYONE,
    "POST /rules/places": REVIEWS_LAW,
    "POST /rules/{name}": REVIEWS_LAW,
    "GET /rules/{name}": EVERYONE,
    "GET /outcomes": READS_RUNS,
    "GET /forecast": READS_RUNS,
    "GET /outcomes/days": READS_RUNS,
    "GET /calls": READS_PEOPLE,
    "GET /calls/{id}": OPERATES,
    "POST /calls/{id}": OPERATES,
    "GET /strategies": READS_TEMPLATES,
    "GET /senders": READS_TEMPLATES,
    "GET /settings": READS_SETTINGS,
    "GET /users": ADMINISTERS,
    "GET /users/access": REVIEWS_ACCESS,
    "POST /users": ADMINISTERS,
    "POST /users/{name}/roles": ADMINISTERS,
    "POST /users/{name}/password": ADMINISTERS,
    "POST /users/{name}/disable": ADMINISTERS,
    "POST /users/{name}/enable": ADMINISTERS,
    "POST /users/{name}/tokens": ADMINISTERS,
    "POST /users/{name}/second-factor": ADMINISTERS,
    "POST /users/{name}/provider": ADMINISTERS,
    "GET /wire": ADMINISTERS,
    "POST /wire/accounts": ADMINISTERS,
    "POST /wire/accounts/{name}/keys": ADMINISTERS,
    "POST /wire/accounts/{name}/keys/end": ADMINISTERS,
    "POST /wire/accounts/{name}/end": ADMINISTERS,
    "POST /wire/receivers": ADMINISTERS,
    "POST /wire/receivers/{id}/retry": ADMINISTERS,
    "POST /wire/receivers/{id}/end": ADMINISTERS,
    "GET /u/{token}": Door.TOKEN,
    "POST /u/{token}": Door.TOKEN,
    "GET /u/{token}/account": Door.TOKEN,  # and nothing of a debt before two right answers
    "POST /u/{token}/account": Door.TOKEN,
    "POST /webhooks/sendgrid": Door.SIGNATURE,
    "POST /webhooks/sendgrid/inbound": Door.SIGNATURE,
    "POST /webhooks/twilio/status": Door.SIGNATURE,
    "POST /webhooks/twilio/inbound": Door.SIGNATURE,
    "POST /webhooks/lob": Door.SIGNATURE,
    "GET /healthz": Door.PUBLIC,
    "GET /readyz": Door.PUBLIC,
    "GET /metrics": Door.PUBLIC,
    "GET /api/v1/openapi.json": Door.PUBLIC,
    "GET /api/v1/messages": READS_PEOPLE,
    "GET /api/v1/messages/{id}": READS_PEOPLE,
    "GET /api/v1/messages/{id}/body": READS_PEOPLE,
    "POST /api/v1/messages/{id}/decisions": OPERATES,
    "GET /api/v1/people": READS_PEOPLE,
    "GET /api/v1/people/{creditor}/{reference}": READS_PEOPLE,
    "GET /api/v1/people/{creditor}/{reference}/timeline": READS_PEOPLE,
    "POST /api/v1/people/{creditor}/{reference}/records": OPERATES,
    "GET /api/v1/runs": READS_RUNS,
    "GET /api/v1/runs/{id}": READS_RUNS,
    "GET /api/v1/entries": AUDITS,
    "GET /api/v1/entries/{id}": AUDITS,
    "GET /api/v1/seals": AUDITS,
    "GET /api/v1/templates": READS_TEMPLATES,
    "GET /api/v1/templates/{name}/versions": READS_TEMPLATES,
    "GET /api/v1/stops": READS_PEOPLE,
    "POST /api/v1/stops": OPERATES,
    "POST /api/v1/stops/{id}/resumptions": OPERATES,
    "GET /api/v1/creditors": READS_PEOPLE,
    "GET /api/v1/debts": READS_PEOPLE,
    "POST /api/v1/debts": OPERATES,
    "GET /api/v1/debts/{creditor}/{reference}": READS_PEOPLE,
    "GET /api/v1/parties": READS_PEOPLE,
    "GET /api/v1/documents": READS_PEOPLE,
    "POST /api/v1/documents": OPERATES,
    "POST /api/v1/documents/{id}/withdrawals": OPERATES,
    "GET /api/v1/decisions": READS_PEOPLE,
    "POST /api/v1/decisions": OPERATES,
    "GET /api/v1/imports/{id}": OPERATES,
    "GET /api/v1/payments": READS_PEOPLE,
    "POST /api/v1/payments": OPERATES,
    "POST /api/v1/payments/{id}/reversals": OPERATES,
    "GET /api/v1/arrangements": READS_PEOPLE,
    "GET /api/v1/arrangements/{id}": READS_PEOPLE,
    "GET /api/v1/debtors": READS_PEOPLE,
    "GET /api/v1/debtors/{creditor}/{reference}": READS_PEOPLE,
    "GET /api/v1/contacts": READS_PEOPLE,
    "GET /api/v1/opt-outs": READS_PEOPLE,
    "GET /api/v1/imports": READS_PEOPLE,
    "POST /api/v1/contacts": OPERATES,
    "POST /api/v1/opt-outs": OPERATES,
    "GET /api/v1/events": READS_PEOPLE,
    "GET /api/v1/webhooks": READS_PEOPLE,
    "POST /api/v1/webhooks": OPERATES,
    "POST /api/v1/webhooks/{id}/endings": OPERATES,
    "POST /api/v1/webhooks/{id}/retries": OPERATES,
    "GET /api/v1/webhooks/{id}/tries": READS_PEOPLE,
    "GET /jobs": HAS_JOBS,
    "GET /jobs/{id}": HAS_JOBS,
    "GET /jobs/{id}/file": HAS_JOBS,
}

# What a session that was opened by a password alone may open where its user's roles need a second factor.
WITHOUT_SECOND_FACTOR = frozenset(
    {"GET /account/second-factor", "POST /account/second-factor", "POST /sign-out"}
)


def may(access: Access, roles: frozenset[Role]) -> bool:
    """Whether somebody with these roles may; what is behind no session is open to them too."""
    return isinstance(access, Door) or not access.isdisjoint(roles)
