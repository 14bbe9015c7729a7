"""A handler set on the pages: tasks go to their desk, the next message names them, and the log says who decided."""

from collections.abc import Callable

from sqlalchemy import select

from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import debtor_handlers
from dispatcher.database.tables.planning import looked_plans
from dispatcher.database.tables.portfolio import debtors
from dispatcher.people.storage import tasks as task_store
from dispatcher.record.erase_person import Erasure, erase_person
from tests.web.house import ALL, Web
from tests.web.test_operating import planned, set_state
from tests.web.test_plan_pages import rows, told


def add_handler(web: Web, name: str, shown_as: str, **more: str) -> None:
    desk = web.signed_in("operator")
    said = desk.said(desk.post("/handlers", {"user": name, "shown_as": shown_as, **more}))
    assert "handles people" in said


def add_task(web: Web, debtor_id: int) -> str:
    with web.house.database.writing() as connection:
        key = task_store.add(
            connection, "unclear_reply", at=web.house.now(), text="why?", debtor_id=debtor_id
        )
        return str(connection.scalar(select(tasks.c.owner).where(tasks.c.id == key)))


def test_a_message_names_the_handler_and_a_task_lies_on_their_desk(later: Web) -> None:
    desk = later.signed_in("operator")
    plan = planned(desk, "2026-11-25")
    number = next(row[0] for row in rows(later, plan) if row[3] and row[1] == "A-1")
    assert "Robin" in told(desk.page(f"/runs/plan/{plan}/{number}"))
    assert add_task(later, 1) == ""

    add_handler(later, "operator", "Ines Moreno")
    desk.post("/handlers/rules", {"handler": "operator", "from_letter": "a", "to_letter": "A"})

    text = told(desk.page(f"/runs/plan/{plan}/{number}"))
    assert "Ines" in text
    assert "Robin" not in text
    assert add_task(later, 1) == "operator"
    assert "Ines Moreno" in desk.page("/people/acme/A-1")
    assert "user:operator" in later.signed_in("auditor").page("/log?event=handler_rule_added")


def test_a_person_is_given_by_hand_with_a_reason_and_the_deputy_gets_what_comes_meanwhile(web: Web) -> None:
    desk = web.signed_in("operator")
    add_handler(web, "everybody", "Tom Reed")
    add_handler(web, "operator", "Ines Moreno", deputy="everybody", away_from="2026-11-16")
    assert "say why" in desk.post("/people/acme/A-1/handler", {"handler": "operator"}).text.lower()

    desk.post("/people/acme/A-1/handler", {"handler": "operator", "why": "speaks Spanish"})

    assert add_task(web, 1) == "everybody"
    page = " ".join(desk.page("/people/acme/A-1").split())
    assert "Tom Reed" in page
    assert "speaks Spanish" in page
    desk.post("/people/acme/A-1/handler", {"handler": "", "why": "back to the rules"})
    assert add_task(web, 1) == ""


def test_only_an_operator_becomes_a_handler_and_a_deputy_is_another_handler(web: Web) -> None:
    desk = web.signed_in("operator")

    wrong = [
        desk.post("/handlers", {"user": "auditor", "shown_as": "A"}),
        desk.post("/handlers", {"user": "operator", "shown_as": ""}),
        desk.post("/handlers", {"user": "operator", "shown_as": "Ines", "deputy": "operator"}),
        desk.post("/handlers", {"user": "operator", "shown_as": "Ines", "away_until": "2026-11-20"}),
        desk.post("/handlers/rules", {"handler": "nobody"}),
    ]

    assert [answer.status_code for answer in wrong] == [422] * 5
    assert "Nobody yet" in desk.page("/handlers")


def test_a_held_message_of_whom_somebody_handles_lies_on_that_desk_until_another_takes_it(
    web: Web, message_of: Callable[..., str]
) -> None:
    desk, held = web.signed_in("operator"), message_of()
    set_state(web, held, "held")
    with web.house.database.reading() as connection:
        name = connection.scalar(
            select(debtors.c.name)
            .join(messages, messages.c.recipient_id == debtors.c.id)
            .where(messages.c.id == held)
        )
    mine = "/tasks?kind=held&mine=yes"
    assert held not in desk.page(mine)
    add_handler(web, "everybody", "Tom Reed")
    add_handler(web, "operator", "Ines Moreno")
    letter = str(name)[0]
    desk.post("/handlers/rules", {"handler": "everybody", "creditor": "another"})
    desk.post("/handlers/rules", {"handler": "operator", "from_letter": letter, "to_letter": letter})
    desk.post("/handlers/rules", {"handler": "everybody"})  # asked after the one before it

    assert held in desk.page(mine)
    assert held not in web.signed_in(ALL).page(mine)
    web.signed_in(ALL).post("/tasks/messages", {"message": held, "kind": "held", "do": "take"})
    assert held in web.signed_in(ALL).page(mine)
    assert held not in desk.page(mine)


def test_an_erased_person_leaves_no_words_with_their_handler_and_stands_in_no_plan(web: Web) -> None:
    desk = web.signed_in("operator")
    add_handler(web, "operator", "Ines Moreno")
    desk.post("/people/acme/A-4/handler", {"handler": "operator", "why": "her sister called about her"})
    planned(desk, "2026-11-25")
    with web.house.database.reading() as connection:
        person, debtor_id = connection.execute(
            select(debtors.c.person, debtors.c.id).where(debtors.c.reference == "A-4")
        ).one()
        assert connection.scalars(looked_plans.select().where(looked_plans.c.recipient_id == debtor_id)).all()

    erase_person(web.house.database, person, Erasure(actor="test", now=web.house.real_now(), why="asked for"))

    with web.house.database.reading() as connection:
        assert connection.scalars(select(debtor_handlers.c.why)).all() == [""]
        assert not connection.scalars(
            looked_plans.select().where(looked_plans.c.recipient_id == debtor_id)
        ).all()
