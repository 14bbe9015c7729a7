"""Every page and every role: who may, who may not, and what happens without a session."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import update

from dispatcher.database.tables.messages import messages
from dispatcher.users.domain.user import Role
from dispatcher.web.site.access import ACCESS, Door
from dispatcher.web.site.app import check_access
from tests.web.house import Web

MANAGER, APPROVER, AUDITOR, OPERATOR, ADMIN = "manager", "approver", "auditor", "operator", "admin"
NOBODY = ()
EVERYONE = (MANAGER, APPROVER, AUDITOR, OPERATOR, ADMIN, "counsel")
ALL_BUT_ADMIN = (MANAGER, APPROVER, AUDITOR, OPERATOR)
PEOPLE = (AUDITOR, OPERATOR)
WRITERS = (MANAGER, APPROVER)

# The whole truth once more, written by hand: a page that opens to somebody else fails here.
TABLE: dict[str, tuple[str, ...]] = {
    "POST /sign-out": EVERYONE,
    "GET /account": EVERYONE,
    "POST /account/password": EVERYONE,
    "POST /account/sessions": EVERYONE,
    "POST /account/sessions/{id}": EVERYONE,
    "GET /account/second-factor": EVERYONE,
    "POST /account/second-factor": EVERYONE,
    "GET /": EVERYONE,
    "GET /find": PEOPLE,
    "GET /messages": PEOPLE,
    "GET /messages/{id}": PEOPLE,
    "POST /messages/{id}/decide": (OPERATOR,),
    "GET /messages/{id}/bytes": PEOPLE,
    "GET /messages/{id}/email": PEOPLE,
    "GET /messages/{id}/pages/{number}": PEOPLE,
    "GET /people": PEOPLE,
    "GET /people/{reference:path}": PEOPLE,
    "POST /people/{reference:path}/record": (OPERATOR,),
    "GET /languages": ALL_BUT_ADMIN,
    "POST /languages": (MANAGER,),
    "GET /languages/{language}": ALL_BUT_ADMIN,
    "POST /languages/{language}": WRITERS,
    "GET /configuration": ALL_BUT_ADMIN,
    "GET /configuration/{kind}/new": (MANAGER,),
    "POST /configuration/{kind}/new": (MANAGER,),
    "GET /configuration/{kind}/{name}": ALL_BUT_ADMIN,
    "GET /configuration/{kind}/{name}/edit": (MANAGER,),
    "POST /configuration/{kind}/{name}/edit": (MANAGER,),
    "POST /configuration/{kind}/{name}/ladder": (MANAGER,),
    "POST /configuration/{kind}/{name}/sender": (MANAGER,),
    "GET /configuration/{kind}/{name}/versions/{version}": ALL_BUT_ADMIN,
    "POST /configuration/{kind}/{name}/versions/{version}": WRITERS,
    "POST /configuration/{kind}/{name}/versions/{version}/effect": WRITERS,
    "GET /templates": ALL_BUT_ADMIN,
    "GET /templates/new": (MANAGER,),
    "POST /templates/new": (MANAGER,),
    "GET /templates/{name}": ALL_BUT_ADMIN,
    "GET /templates/{name}/diff": ALL_BUT_ADMIN,
    "GET /templates/{name}/edit": WRITERS,
    "POST /templates/{name}/edit": (MANAGER,),
    "POST /templates/{name}/preview": WRITERS,
    "POST /templates/{name}/preview/email": WRITERS,
    "GET /templates/{name}/versions/{version}": ALL_BUT_ADMIN,
    "GET /templates/{name}/versions/{version}/readers": ALL_BUT_ADMIN,
    "GET /templates/{name}/versions/{version}/readers/{number}": ALL_BUT_ADMIN,
    "GET /templates/{name}/versions/{version}/readers/{number}/email/{which}": ALL_BUT_ADMIN,
    "POST /templates/{name}/versions/{version}/submit": (MANAGER,),
    "POST /templates/{name}/versions/{version}/approve": (APPROVER,),
    "POST /templates/{name}/versions/{version}/send-back": (APPROVER,),
    "POST /templates/{name}/versions/{version}/publish": (APPROVER,),
    "POST /templates/{name}/versions/{version}/retire": (APPROVER,),
    "POST /templates/{name}/versions/{version}/withdraw": (MANAGER,),
    "POST /templates/{name}/versions/{version}/copy": (MANAGER,),
    "POST /templates/{name}/versions/{version}/rehearse": WRITERS,
    "POST /templates/{name}/versions/{version}/test-send": WRITERS,
    "GET /runs": ALL_BUT_ADMIN,
    "GET /runs/{id}": ALL_BUT_ADMIN,
    "POST /runs": (OPERATOR,),
    "POST /runs/{id}/confirm": (OPERATOR,),
    "POST /runs/plan": (OPERATOR,),
    "GET /runs/plan/{id}": (OPERATOR,),
    "GET /runs/plan/{id}/{number}": (OPERATOR,),
    "POST /runs/plan/{id}/{number}": (OPERATOR,),
    "GET /runs/plan/{id}/{number}/email": (OPERATOR,),
    "GET /evidence": (OPERATOR,),
    "POST /evidence": (OPERATOR,),
    "GET /evidence/{digest}": PEOPLE,
    "GET /imports": PEOPLE,
    "POST /imports": (OPERATOR,),
    "GET /imports/{id}": (OPERATOR,),
    "POST /imports/{id}/mapping": (OPERATOR,),
    "POST /imports/{id}/check": (OPERATOR,),
    "POST /imports/{id}/import": (OPERATOR,),
    "POST /imports/{id}/drop": (OPERATOR,),
    "GET /imports/{id}/refused": (OPERATOR,),
    "GET /inbox": PEOPLE,
    "GET /inbox/{id}": PEOPLE,
    "POST /inbox/{id}": (OPERATOR,),
    "GET /practice": EVERYONE,
    "GET /tasks": ALL_BUT_ADMIN,
    "POST /tasks/messages": (OPERATOR,),
    "POST /tasks/finish": (OPERATOR,),
    "GET /log": (AUDITOR,),
    "GET /log/entries/{id}": (AUDITOR,),
    "GET /log/sample": (AUDITOR,),
    "POST /log/tables": (AUDITOR,),
    "GET /log/exceptions": (AUDITOR,),
    "POST /log/verify": (AUDITOR,),
    "POST /log/export": (AUDITOR,),
    "GET /incidents": PEOPLE,
    "POST /incidents": (OPERATOR,),
    "GET /incidents/{id}": PEOPLE,
    "POST /incidents/{id}/correct": (OPERATOR,),
    "POST /incidents/{id}/look": (OPERATOR,),
    "POST /incidents/{id}/close": (OPERATOR,),
    "POST /incidents/{id}/report": PEOPLE,
    "GET /handlers": PEOPLE,
    "POST /handlers": (OPERATOR,),
    "POST /handlers/rules": (OPERATOR,),
    "POST /handlers/rules/{id}": (OPERATOR,),
    "POST /people/{reference:path}/handler": (OPERATOR,),
    "GET /stops": PEOPLE,
    "POST /stops": (OPERATOR,),
    "POST /stops/resume": (OPERATOR,),
    "GET /rules": EVERYONE,
    "GET /rules/places": EVERYONE,
    "POST /rules/places": ("counsel",),
    "POST /rules/{name}": ("counsel",),
    "GET /rules/{name}": EVERYONE,
    "GET /strategies": ALL_BUT_ADMIN,
    "GET /outcomes": ALL_BUT_ADMIN,
    "GET /forecast": ALL_BUT_ADMIN,
    "GET /outcomes/days": ALL_BUT_ADMIN,
    "GET /handover": PEOPLE,
    "POST /handover": (OPERATOR,),
    "POST /handover/export": (OPERATOR,),
    "GET /calls": PEOPLE,
    "GET /calls/{id}": (OPERATOR,),
    "POST /calls/{id}": (OPERATOR,),
    "GET /senders": ALL_BUT_ADMIN,
    "GET /settings": (AUDITOR, OPERATOR, ADMIN),
    "GET /users": (ADMIN,),
    "GET /users/access": (ADMIN, AUDITOR),
    "POST /users": (ADMIN,),
    "POST /users/{name}/roles": (ADMIN,),
    "POST /users/{name}/password": (ADMIN,),
    "POST /users/{name}/disable": (ADMIN,),
    "POST /users/{name}/enable": (ADMIN,),
    "POST /users/{name}/tokens": (ADMIN,),
    "POST /users/{name}/second-factor": (ADMIN,),
    "POST /users/{name}/provider": (ADMIN,),
    "GET /wire": (ADMIN,),
    "POST /wire/accounts": (ADMIN,),
    "POST /wire/accounts/{name}/keys": (ADMIN,),
    "POST /wire/accounts/{name}/keys/end": (ADMIN,),
    "POST /wire/accounts/{name}/end": (ADMIN,),
    "POST /wire/receivers": (ADMIN,),
    "POST /wire/receivers/{id}/retry": (ADMIN,),
    "POST /wire/receivers/{id}/end": (ADMIN,),
    "GET /jobs": ALL_BUT_ADMIN,
    "GET /jobs/{id}": ALL_BUT_ADMIN,
    "GET /jobs/{id}/file": ALL_BUT_ADMIN,
    "GET /api/v1/messages": PEOPLE,
    "GET /api/v1/messages/{id}": PEOPLE,
    "GET /api/v1/messages/{id}/body": PEOPLE,
    "POST /api/v1/messages/{id}/decisions": (OPERATOR,),
    "GET /api/v1/people": PEOPLE,
    "GET /api/v1/people/{creditor}/{reference}": PEOPLE,
    "GET /api/v1/people/{creditor}/{reference}/timeline": PEOPLE,
    "POST /api/v1/people/{creditor}/{reference}/records": (OPERATOR,),
    "GET /api/v1/runs": ALL_BUT_ADMIN,
    "GET /api/v1/runs/{id}": ALL_BUT_ADMIN,
    "GET /api/v1/entries": (AUDITOR,),
    "GET /api/v1/entries/{id}": (AUDITOR,),
    "GET /api/v1/seals": (AUDITOR,),
    "GET /api/v1/templates": ALL_BUT_ADMIN,
    "GET /api/v1/templates/{name}/versions": ALL_BUT_ADMIN,
    "GET /api/v1/stops": PEOPLE,
    "POST /api/v1/stops": (OPERATOR,),
    "POST /api/v1/stops/{id}/resumptions": (OPERATOR,),
    "GET /api/v1/creditors": PEOPLE,
    "GET /api/v1/debts": PEOPLE,
    "POST /api/v1/debts": (OPERATOR,),
    "GET /api/v1/debts/{creditor}/{reference}": PEOPLE,
    "GET /keeping": (AUDITOR, ADMIN),
    "POST /keeping/answers": (AUDITOR,),
    "POST /keeping/erasures": (ADMIN,),
    "GET /api/v1/parties": PEOPLE,
    "GET /api/v1/documents": PEOPLE,
    "POST /api/v1/documents": (OPERATOR,),
    "POST /api/v1/documents/{id}/withdrawals": (OPERATOR,),
    "GET /api/v1/decisions": PEOPLE,
    "POST /api/v1/decisions": (OPERATOR,),
    "GET /api/v1/imports/{id}": (OPERATOR,),
    "GET /api/v1/payments": PEOPLE,
    "POST /api/v1/payments": (OPERATOR,),
    "POST /api/v1/payments/{id}/reversals": (OPERATOR,),
    "GET /api/v1/arrangements": PEOPLE,
    "GET /api/v1/arrangements/{id}": PEOPLE,
    "GET /api/v1/debtors": PEOPLE,
    "POST /api/v1/debtors": (OPERATOR,),
    "GET /api/v1/debtors/{creditor}/{reference}": PEOPLE,
    "GET /api/v1/contacts": PEOPLE,
    "GET /api/v1/opt-outs": PEOPLE,
    "GET /api/v1/imports": PEOPLE,
    "POST /api/v1/contacts": (OPERATOR,),
    "POST /api/v1/opt-outs": (OPERATOR,),
    "GET /api/v1/events": PEOPLE,
    "GET /api/v1/webhooks": PEOPLE,
    "POST /api/v1/webhooks": (OPERATOR,),
    "POST /api/v1/webhooks/{id}/endings": (OPERATOR,),
    "POST /api/v1/webhooks/{id}/retries": (OPERATOR,),
    "GET /api/v1/webhooks/{id}/tries": PEOPLE,
}
OPEN = {
    "GET /sign-in", "POST /sign-in", "POST /sign-in/code", "GET /sign-in/provider", "GET /sign-in/provider/answer", "GET /healthz", "GET /readyz", "GET /metrics", "GET /u/{token}", "POST /u/{token}",
    "GET /u/{token}/account", "POST /u/{token}/account",
    "POST /webhooks/sendgrid", "POST /webhooks/sendgrid/inbound", "POST /webhooks/twilio/status", "POST /webhooks/twilio/inbound", "POST /webhooks/lob",
    "GET /api/v1/openapi.json",
}  # fmt: skip
_FILLED = {
    "reference:path": "acme/A-1", "name": "first-reminder", "version": "1", "id": "1", "number": "1", "digest": "0" * 64,
    "kind": "strategies", "creditor": "acme", "reference": "A-1", "token": "x", "which": "after", "language": "fr",
}  # fmt: skip


def address(name: str) -> tuple[str, str]:
    """Method and an address in which the variable parts are filled."""
    method, path = name.split(" ", 1)
    return method, re.sub(r"\{([\w:]+)\}", lambda found: _FILLED[found.group(1)], path)


def test_the_table_names_every_page_and_no_other() -> None:
    assert set(ACCESS) == set(TABLE) | OPEN
    assert {name for name, access in ACCESS.items() if isinstance(access, Door)} == OPEN


def test_a_page_in_no_row_keeps_the_site_from_starting() -> None:
    with pytest.raises(RuntimeError, match="GET /secret"):
        check_access([*ACCESS, "GET /secret"])
    with pytest.raises(RuntimeError, match="GET /log"):
        check_access([name for name in ACCESS if name != "GET /log"])


@pytest.mark.parametrize("role", list(Role))
def test_each_page_opens_to_the_roles_of_the_table_and_to_no_other(web: Web, role: Role) -> None:
    wrong = []
    for name, allowed in TABLE.items():
        desk = web.signed_in(role.value)  # each time anew: one of the pages signs out
        method, path = address(name)
        headers = (
            {"X-CSRF-Token": desk.csrf, "Content-Type": "application/json"}
            if path.startswith("/api/")
            else {}
        )
        if method == "GET":
            status = desk.get(path, headers=headers).status_code
        elif headers:
            status = desk.client.post(path, content=b"{}", headers=headers).status_code
        else:
            status = desk.post(path).status_code
        if (status == 403) == (role.value in allowed) or status in {401, 500}:
            wrong.append(f"{name} as {role}: {status}")

    assert wrong == []


def test_without_a_session_pages_lead_to_sign_in_and_the_api_says_401(web: Web) -> None:
    wrong = []
    visitor = web.visitor()
    for name in TABLE:
        method, path = address(name)
        answer = visitor.request(method, path)
        if path.startswith("/api/"):
            if answer.status_code != 401 or "bearer" not in answer.headers["www-authenticate"].lower():
                wrong.append(name)
        elif answer.status_code != 303 or not answer.headers["location"].startswith("/sign-in"):
            wrong.append(name)

    assert wrong == []


def test_the_menu_offers_what_opens_and_nothing_else(web: Web) -> None:
    for role in Role:
        desk = web.signed_in(role.value)
        offered = set(re.findall(r'<li><a href="([^"]+)"', desk.page("/")))
        assert offered
        assert {path for path in offered if desk.get(path).status_code != 200} == set()


def test_the_first_page_leads_nobody_to_a_closed_door(web: Web, message_of: Callable[..., str]) -> None:
    with web.house.database.writing() as connection:
        connection.execute(update(messages).where(messages.c.id == message_of()).values(state="held"))
    for role in Role:
        desk = web.signed_in(role.value)
        linked = set(re.findall(r'href="(/[^"#]*)"', desk.page("/").partition("<main")[2]))
        assert {path: status for path in linked if (status := desk.get(path).status_code) != 200} == {}


def test_somebody_elses_job_is_not_there(web: Web) -> None:
    location = web.signed_in("auditor").post("/log/verify").headers["location"]

    assert web.signed_in("auditor").get(location).status_code == 200
    assert web.signed_in("operator").get(location).status_code == 404
