"""The quarterly list of users: who can get in, as what, by what, and when they last did."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

from dispatcher.users.manage_service_accounts import add_account
from dispatcher.users.manage_users import disable_user, make_token
from dispatcher.users.review_access import review_access
from dispatcher.users.storage import users
from tests import command
from tests.web.house import Web
from tests.web.test_api import bearer
from tests.web.test_sign_in import attempt


def rows(web: Web, **more: timedelta) -> dict[tuple[str, str], dict[str, str]]:
    now = web.house.real_now() + more.get("later", timedelta(0))
    return {(row.name, row.label): row.as_json() for row in review_access(web.house.database, now)}


def test_the_list_says_who_used_what_last(web: Web) -> None:
    attempt(web.visitor())
    bearer(web, "operator").get("/api/v1/messages")
    make_token(web.house.database, name="operator", label="idle", by="test", at=web.house.real_now())
    web.app._app.state.site.in_passing.close()

    found = rows(web)

    today = web.house.real_now().date().isoformat()
    assert found["auditor", ""]["last_used"].startswith(today)
    assert (found["auditor", ""]["roles"], found["auditor", ""]["signs_in_by"]) == ("auditor", "password")
    assert found["manager", ""]["remarks"] == "never used"
    assert found["operator", "test"]["last_used"].startswith(today)
    assert found["operator", ""]["last_used"].startswith(today)
    assert (found["operator", "idle"]["kind"], found["operator", "idle"]["remarks"]) == (
        "token",
        "never used",
    )


def test_what_nobody_has_used_for_a_quarter_is_said(web: Web) -> None:
    attempt(web.visitor())
    disable_user(web.house.database, name="manager", by="test", at=web.house.real_now())

    found = rows(web, later=timedelta(days=91, hours=1))

    assert found["auditor", ""]["remarks"] == "not used for 91 days"
    assert found["approver", ""]["remarks"] == "never used; made 91 days ago"
    assert found["manager", ""]["remarks"] == "disabled"


def test_a_creditors_program_stands_there_with_its_scopes_and_its_keys(web: Web) -> None:
    now = web.house.real_now()
    key = add_account(
        web.house.database, name="acme-erp", scopes=["debts:write"], creditor="acme", by="test", at=now
    )
    client = web.visitor()
    client.headers["Authorization"] = f"Bearer {key}"
    client.get("/api/v1/openapi.json")

    found = rows(web)

    program, of_key = found["acme-erp", ""], found["acme-erp", key[:12]]
    assert (program["kind"], program["scopes"], program["creditor"]) == ("program", "debts:write", "acme")
    assert (of_key["kind"], of_key["scopes"], of_key["ends"][:4]) == ("key", "debts:write", str(now.year + 1))
    assert "debts:write" in web.signed_in("admin").page("/users/access")


def test_the_page_and_its_csv_are_for_admins_and_auditors_and_the_export_is_logged(web: Web) -> None:
    text = web.signed_in("auditor").page("/users/access")
    assert "never used" in text
    answer = web.signed_in("admin").get("/users/access?format=csv")
    table = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    assert {row["name"] for row in table} >= {"admin", "auditor", "operator"}
    assert set(table[0]) == {
        "name", "kind", "label", "email", "roles", "scopes", "creditor", "signs_in_by", "since", "ends", "last_used", "remarks",
    }  # fmt: skip
    assert "access" in web.signed_in("auditor").page("/log?event=list_exported")
    assert web.signed_in("operator").get("/users/access").status_code == 403


def test_the_command_writes_the_same_list(tmp_path: Path) -> None:
    home = tmp_path / "home"
    command.dispatcher("users", "add", "ines", "--role", "admin", home=home, given="three unrelated words\n")

    listed = json.loads(command.dispatcher("users", "access", "--json", home=home).stdout)
    out = tmp_path / "access.csv"
    written = command.dispatcher("users", "access", "--out", str(out), home=home)

    assert [(row["name"], row["signs_in_by"], row["remarks"]) for row in listed] == [
        ("ines", "password", "never used")
    ]
    assert written.returncode == 0, written.stderr
    assert list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig")))) == listed
    assert command.dispatcher("users", "access", "--out", str(out), home=home).returncode == 2, (
        "no file is overwritten"
    )


def test_a_name_that_a_spreadsheet_would_run_is_plain_text(web: Web) -> None:
    with web.house.database.writing() as connection:
        users.change(connection, 1, email="=1+1")
    answer = web.signed_in("admin").get("/users/access?format=csv")
    assert ",=1+1" not in answer.text
