"""What makes a desk's day easier: one box that finds, forms that keep what was typed, own work first, signs of life."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.portfolio import contact_points, debtors, debts, payments
from dispatcher.worker.signs_of_life import sign_of_life
from tests.web.house import ALL, Web
from tests.web.test_operating import set_state
from tests.web.test_sign_in import attempt


def test_one_box_finds_name_telephone_address_debt_person_and_message(web: Web) -> None:
    desk = web.signed_in("operator")
    with web.house.database.reading() as connection:
        point = connection.execute(
            select(contact_points.c.address, debtors.c.reference)
            .join(debtors, debtors.c.id == contact_points.c.debtor_id)
            .where(contact_points.c.medium == "phone")
        ).first()
        debt = connection.execute(
            select(debts.c.reference, debtors.c.reference.label("owner")).join(
                debtors, debtors.c.id == debts.c.debtor_id
            )
        ).first()
        message_id = connection.scalar(select(messages.c.id))
    assert point is not None
    assert debt is not None
    number = point.address
    spaced = f"{number[:2]} ({number[2:5]}) {number[5:8]}-{number[8:]}"

    def leads(words: str) -> str:
        answer = desk.get("/find", params={"q": words})
        return answer.headers["location"] if answer.status_code == 303 else answer.text

    for words in (number, spaced):
        assert point.reference in leads(words)
    assert debt.owner in leads(debt.reference)
    assert leads(message_id) == f"/messages/{message_id}"
    assert leads("Ana P") == "/people/acme/A-1"
    assert "Nobody and nothing fits" in leads("no such thing at all")
    assert 'action="/find"' in desk.page("/")
    assert 'action="/find"' not in web.signed_in("manager").page("/")
    assert web.signed_in("manager").get("/find?q=Ana").status_code == 403


def add_task(web: Web) -> int:
    with web.house.database.writing() as connection:
        key = connection.scalar(
            tasks.insert()
            .values(kind="unclear_reply", text="Ana: by sms: why", created_at=web.house.now())
            .returning(tasks.c.id)
        )
    return int(str(key))


def test_a_form_that_is_wrong_keeps_what_was_typed(web: Web) -> None:
    desk = web.signed_in("operator")
    add_task(web)
    fields = {"fact": "payment", "amount": "twenty", "debt": "D-1", "source": "call 5512", "note": "says so"}

    person = desk.post("/people/acme/A-1/record", fields)
    stop = desk.post("/stops", {"what": "nonsense", "why": "a long reason that was typed"})
    tasks_page = desk.post(
        "/tasks/finish", {"kind": "unclear_reply", "outcome": "rang them back", "do": "finish"}
    )

    assert (person.status_code, stop.status_code, tasks_page.status_code) == (422, 422, 422)
    for typed in ('value="twenty"', 'value="call 5512"', ">says so</textarea>"):
        assert typed in person.text
    assert 'value="a long reason that was typed"' in stop.text
    assert 'value="rang them back"' in tasks_page.text


def test_a_payment_is_taken_back_beside_it(web: Web) -> None:
    desk = web.signed_in("operator")
    desk.post(
        "/people/acme/A-1/record", {"fact": "payment", "amount": "20.00", "debt": "D-1", "source": "bank"}
    )
    assert "Take it back" in desk.page("/people/acme/A-1")
    with web.house.database.reading() as connection:
        key = connection.scalar(select(payments.c.id))

    desk.post("/people/acme/A-1/record", {"fact": "payment", "reverse": str(key), "source": "bank, returned"})

    page = desk.page("/people/acme/A-1")
    assert "taken back" in page
    assert "Take it back" not in page


def test_times_that_are_nobodys_own_stand_in_the_desks_zone(web: Web, open_web: object) -> None:
    from collections.abc import Callable
    from typing import cast

    berlin = cast("Callable[..., Web]", open_web)(web={"zone": "Europe/Berlin"})

    assert "America/New_York" in web.signed_in("operator").page(
        "/runs"
    )  # where the daily run's schedule stands
    page = berlin.signed_in("operator").page("/runs")
    assert "Europe/Berlin" in page
    assert "UTC</span>" not in page


def test_today_begins_with_ones_own_work(web: Web) -> None:
    key = add_task(web)
    desk = web.signed_in("operator")
    assert "mine=yes" not in desk.page("/")

    desk.post("/tasks/finish", {"task": str(key), "do": "take", "kind": "unclear_reply"})

    assert 'href="/tasks?kind=unclear_reply&amp;mine=yes"' in desk.page("/")
    assert "mine=yes" not in web.signed_in("auditor").page("/")


def test_what_is_due_while_nobody_delivers_is_said_on_the_first_page_and_to_machines(web: Web) -> None:
    with web.house.database.reading() as connection:
        message_id = connection.scalar(select(messages.c.id))
    set_state(web, message_id, "queued")
    long_ago = web.house.now() - timedelta(hours=2)
    with web.house.database.writing() as connection:
        values = {
            "not_before": long_ago, "next_try_at": None, "lease_owner": None, "lease_until": None,
            "expires_at": web.house.now() + timedelta(days=1),
        }  # fmt: skip
        connection.execute(update(messages).where(messages.c.id == message_id).values(**values))

    moving = web.visitor().get("/readyz").json()["moving"]
    assert (moving["ok"], moving["due"], moving["delivers"]) == (False, 1, [])
    assert "nobody delivers" in web.signed_in("operator").page("/")

    with sign_of_life(web.house.database, "up", real_now=web.house.real_now, clock_is_set=False):
        alive = web.visitor().get("/readyz").json()["moving"]
        page = web.signed_in("operator").page("/")
    assert (alive["delivers"], alive["hands_out"]) == (["up"], ["up"])
    assert "the oldest has waited" in alive["why"]  # two hours are too long, whoever is there
    assert "Signs of life" in page
    assert moving["next_schedule"]["name"]


@pytest.mark.parametrize(
    "path", ["/", "/runs", "/messages", "/people", "/people/acme/A-4", "/tasks", "/sign-in"]
)
def test_no_page_speaks_of_commands_or_of_python(web: Web, path: str) -> None:
    desk = web.signed_in(ALL)
    text = (web.visitor().get(path) if path == "/sign-in" else desk.get(path)).text
    main = re.sub(r"<title>.*?</title>|Debt dispatcher", "", text)

    assert "dispatcher " not in main
    assert "[{" not in main
    assert "{'" not in main


def test_who_only_keeps_users_lands_on_them(web: Web) -> None:
    landed = [attempt(web.visitor(), name, wish="").headers["location"] for name in ("admin", "operator")]

    assert landed == ["/users", "/"]
    assert attempt(web.visitor(), "admin", wish="/rules").headers["location"] == "/rules"
