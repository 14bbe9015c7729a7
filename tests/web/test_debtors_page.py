"""The debtors' own page: no log-in, no debt, one click; what is asked is done at once."""

import json
import re

import pytest
from sqlalchemy import select

from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.people import opt_outs, wishes
from dispatcher.database.tables.portfolio import contact_points, debtors
from dispatcher.people.domain.optout_token import OptOutLink, make_token
from tests.web.house import Web


def token_of(web: Web, reference: str = "A-1", medium: str = "email", point: bool = True) -> str:
    with web.house.database.reading() as connection:
        debtor = connection.execute(select(debtors).where(debtors.c.reference == reference)).one()
        kind = "email" if medium == "email" else "phone"
        found = connection.scalar(
            select(contact_points.c.id).where(
                contact_points.c.debtor_id == debtor.id, contact_points.c.medium == kind
            )
        )
    link = OptOutLink(person=debtor.person, medium=medium, contact_point_id=found if point and found else 0)
    return make_token(web.house.optout_secret, link)


def heard(web: Web) -> list[tuple[str, str, str]]:
    with web.house.database.reading() as connection:
        rows = connection.execute(select(opt_outs).order_by(opt_outs.c.id))
        return [(row.medium, row.address, row.source) for row in rows]


def test_the_page_opens_without_a_session_and_shows_no_debt(web: Web) -> None:
    answer = web.visitor().get(f"/u/{token_of(web)}")

    assert answer.status_code == 200
    assert "Messages from Acme" in answer.text
    assert "a…@debtors.example" in answer.text
    for private in ("ana@debtors.example", "Ana", "Pérez", "120", "D-1", "A-1", "2026"):
        assert private not in answer.text.split("<main", 1)[1], private
    assert "no-referrer" in answer.headers["referrer-policy"]


def test_it_speaks_the_debtors_language(web: Web) -> None:
    assert "Mensajes de Acme" in web.visitor().get(f"/u/{token_of(web, 'A-8')}").text
    assert '<html lang="es">' in web.visitor().get(f"/u/{token_of(web)}?lang=es").text


def test_looking_changes_nothing(web: Web) -> None:
    for method in ("GET", "HEAD"):
        web.visitor().request(method, f"/u/{token_of(web)}")

    assert heard(web) == []


def test_one_click_stops_the_address_without_cookie_token_or_question(web: Web) -> None:
    answer = web.visitor().post(
        f"/u/{token_of(web)}",
        data={"List-Unsubscribe": "One-Click"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )

    assert answer.status_code == 200
    assert heard(web) == [("email", "ana@debtors.example", "debtors' page")]
    again = web.visitor().post(f"/u/{token_of(web)}", data={"List-Unsubscribe": "One-Click"})
    assert again.status_code == 200
    assert len(heard(web)) == 1


@pytest.mark.parametrize(
    ("what", "expected"),
    [("address", ("email", "ana@debtors.example")), ("medium", ("email", "")), ("all", ("", ""))],
)
def test_a_choice_stops_what_was_chosen(web: Web, what: str, expected: tuple[str, str]) -> None:
    answer = web.visitor().post(f"/u/{token_of(web)}", data={"stop": what})

    assert "Done. We will not write" in answer.text
    assert [row[:2] for row in heard(web)] == [expected]


def test_the_next_run_respects_it(web: Web) -> None:
    from datetime import date

    from dispatcher.database.tables.messages import messages
    from dispatcher.worker.daily_run import run_today

    web.visitor().post(f"/u/{token_of(web)}", data={"stop": "all"})

    run_today(web.house, date(2026, 11, 25), actor="test")

    with web.house.database.reading() as connection:
        sent = select(messages.c.id).join(debtors, debtors.c.id == messages.c.recipient_id)
        rows = connection.scalars(
            sent.where(debtors.c.reference == "A-1", messages.c.as_of == date(2026, 11, 25))
        ).all()
    assert rows == []


def test_hours_ways_and_language_only_narrow(web: Web) -> None:
    chosen = {
        "do": "suit",
        "way": ["email", "letter"],
        "hour": ["morning"],
        "day": ["week"],
        "language": "es",
    }

    answer = web.visitor().post(f"/u/{token_of(web)}", data=chosen)

    assert "Saved" in answer.text
    assert [row[0] for row in heard(web)] == ["sms"]
    with web.house.database.reading() as connection:
        found = [(row.kind, row.details) for row in connection.execute(select(wishes).order_by(wishes.c.id))]
    spans = {
        (tuple(details["days"]), details["from"], details["to"]) for kind, details in found if kind == "time"
    }
    every_day = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
    assert spans == {
        (every_day, "12:00", "17:00"),
        (every_day, "17:00", "21:00"),
        (("SA",), "00:00", "24:00"),
        (("SU",), "00:00", "24:00"),
    }
    assert ("language", {"language": "es"}) in found


def test_it_remembers_what_was_chosen(web: Web) -> None:
    chosen = {"do": "suit", "way": ["email", "letter"], "hour": ["morning"], "day": ["week"]}
    visitor, path = web.visitor(), f"/u/{token_of(web)}"
    assert " disabled" not in visitor.get(path).text

    answer = visitor.post(path, data=chosen)

    for page in (answer.text, visitor.get(path).text):
        spared = set(re.findall(r'value="(\w+)"\s+disabled', page))
        assert spared == {"sms", "afternoon", "evening", "saturday", "sunday"}
    again = visitor.post(path, data=chosen)  # what is greyed out is not sent, and stays as it was
    assert again.status_code == 200
    assert [row[0] for row in heard(web)] == ["sms"]


def test_nothing_that_suits_is_asked_again_instead_of_guessed(web: Web) -> None:
    answer = web.visitor().post(
        f"/u/{token_of(web)}", data={"do": "suit", "way": ["email"], "hour": [], "day": ["week"]}
    )

    assert answer.status_code == 422
    assert heard(web) == []


def test_a_token_that_was_not_made_here_opens_nothing(web: Web) -> None:
    good = token_of(web)
    person, medium, point, mac = good.split(".")
    for bad in (
        "x",
        "",
        ".",
        "...",
        good[:-1] + ("0" if good[-1] != "0" else "1"),
        f"{person}.sms.{point}.{mac}",
        f"{person}.{medium}.999.{mac}",
        f"{person}.{medium}.{point}.é",
        "%00",
        "a" * 5_000,
    ):
        for answer in (web.visitor().get(f"/u/{bad}"), web.visitor().post(f"/u/{bad}", data={"stop": "all"})):
            assert answer.status_code == 404, bad
    assert heard(web) == []


def test_the_log_says_that_it_was_the_debtor(web: Web) -> None:
    web.visitor().post(f"/u/{token_of(web)}", data={"stop": "medium"})

    with web.house.database.reading() as connection:
        query = (
            select(log_entries.c.entry)
            .where(log_entries.c.event == "opted_out")
            .order_by(log_entries.c.id.desc())
        )
        entry = json.loads(connection.scalars(query).first() or "{}")
    assert entry["actor"] == "debtor"
    assert "ana@debtors.example" not in json.dumps(entry)
