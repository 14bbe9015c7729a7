"""The plan before it goes: everybody in it, the text, whom somebody takes out; and no second start."""

import re
from datetime import date

from sqlalchemy import select

from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import holds
from dispatcher.database.tables.planning import looked_plans
from dispatcher.database.tables.portfolio import debtors
from dispatcher.worker.daily_run import run_today
from tests.web.house import ALL, Desk, Web
from tests.web.test_lists_and_files import rows_of
from tests.web.test_operating import planned
from tests.web.test_templates import finished


def rows(web: Web, plan: str) -> list[tuple[int, str, str, str]]:
    p = looked_plans.c
    query = (
        select(p.number, debtors.c.reference, p.decision, p.channel)
        .join(debtors, debtors.c.id == p.recipient_id)
        .where(p.job_id == int(plan))
        .order_by(p.number)
    )
    with web.house.database.reading() as connection:
        return [tuple(row) for row in connection.execute(query)]


def shown(desk: Desk, path: str) -> set[int]:
    return {int(number) for number in re.findall(r'href="/runs/plan/\d+/(\d+)"', desk.page(path))}


def test_a_plan_lists_everybody_by_filter_and_as_a_file(web: Web) -> None:
    desk = web.signed_in("operator")
    plan = planned(desk, "2026-11-25")
    every = rows(web, plan)
    assert {"defer", "block"} == {row[2] for row in every}

    assert shown(desk, f"/runs/plan/{plan}") == {row[0] for row in every}
    blocked = {row[0] for row in every if row[2] == "block"}
    assert shown(desk, f"/runs/plan/{plan}?decision=block") == blocked
    one = every[0]
    assert one[0] in shown(desk, f"/runs/plan/{plan}?name={one[1]}")
    file = rows_of(desk, f"/runs/plan/{plan}?format=csv")
    assert [(row["debtor"], row["decision"]) for row in file] == [(f"acme/{row[1]}", row[2]) for row in every]


def told(page: str) -> list[str]:
    """The words of a message on a page."""
    text = re.search(r'<pre>(.*?)</pre>|<p class="sms">(.*?)</p>', page, re.DOTALL)
    assert text is not None, page[-3000:]
    return str(text[1] or text[2]).split()


def test_the_text_in_a_plan_is_the_text_that_its_run_makes(later: Web) -> None:
    desk = later.signed_in(ALL)
    plan = planned(desk, "2026-11-25")
    number, reference = next((row[0], row[1]) for row in rows(later, plan) if row[3])
    with later.house.database.reading() as connection:
        before = connection.scalars(select(messages.c.id)).all()

    looked = told(desk.page(f"/runs/plan/{plan}/{number}"))

    with later.house.database.reading() as connection:
        assert connection.scalars(select(messages.c.id)).all() == before  # looking stores nothing
    run_today(later.house, date(2026, 11, 25), actor="test")
    with later.house.database.reading() as connection:
        made = connection.scalar(
            select(messages.c.id)
            .join(debtors, debtors.c.id == messages.c.recipient_id)
            .where(debtors.c.reference == reference, messages.c.as_of == date(2026, 11, 25))
        )
    assert told(desk.page(f"/messages/{made}")) == looked


def test_a_person_who_is_taken_out_gets_nothing_that_day_and_the_log_says_why(later: Web) -> None:
    web, desk = later, later.signed_in("operator")
    plan = planned(desk, "2026-11-25")
    number, reference = next((row[0], row[1]) for row in rows(web, plan) if row[3])
    path = f"/runs/plan/{plan}/{number}"
    assert "Say why" in desk.said(desk.post(path, {"until": "released"}))

    said = desk.said(desk.post(path, {"why": "rang this morning", "until": "day"}))

    assert "is taken out" in said
    with web.house.database.reading() as connection:
        hold = connection.execute(select(holds).where(holds.c.note == "rang this morning")).one()
    assert (hold.kind, hold.until, hold.source) == ("manual", date(2026, 11, 25), "plan for 2026-11-25")
    again = planned(desk, "2026-11-25")
    assert {row[2] for row in rows(web, again) if row[1] == reference} <= {"hold", "block"}
    assert "taken out" in desk.page(f"/runs/plan/{plan}?name={reference}")
    assert "hold_recorded" in web.signed_in("auditor").page(f"/log?debtor=acme/{reference}")


def test_a_plan_that_has_run_offers_no_start_and_takes_nobody_out(web: Web) -> None:
    desk = web.signed_in("operator")
    plan = planned(desk, "2026-11-16")
    assert "Start the run for" in desk.page(f"/runs/plan/{plan}")
    finished(desk, desk.post("/runs", {"plan": plan, "looked": "yes"}).headers["location"])

    page = desk.page(f"/runs/plan/{plan}")

    assert "Start the run for" not in page
    assert 'href="/runs/2"' in page
    number = rows(web, plan)[0][0]
    assert "has begun" in desk.said(desk.post(f"/runs/plan/{plan}/{number}", {"why": "too late"}))


def test_somebody_elses_plan_is_not_there(web: Web) -> None:
    plan = planned(web.signed_in("operator"), "2026-11-25")
    other = web.signed_in(ALL)

    assert other.get(f"/runs/plan/{plan}/1").status_code == 404
    assert other.get(f"/runs/plan/{plan}/1/email").status_code == 404
