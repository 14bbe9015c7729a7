"""A debtor before their own page: what the ledger says of them, their address, and what they answer."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

from httpx import Response
from sqlalchemy import select, update
from starlette.testclient import TestClient

from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.portfolio import debtors
from tests.web.house import Web
from tests.web.test_debtors_page import token_of

RIGHT = {"do": "prove", "day": "31", "month": "5", "year": "1980", "code": "tulip-4471"}
BORN = date(1980, 5, 31)


def turn_on(web: Web) -> None:
    policy = web.house.policy
    senders = {key: replace(sender, self_service=True) for key, sender in policy.senders.items()}
    web.house.__dict__["policy"] = replace(policy, senders=senders)


def know(web: Web, reference: str, born: date | None, code: str) -> None:
    """What the ledger says of a person."""
    with web.house.database.writing() as connection:
        connection.execute(
            update(debtors).where(debtors.c.reference == reference).values(birth_date=born, access_code=code)
        )


def path_of(web: Web, reference: str = "A-1", **more: Any) -> str:
    return f"/u/{token_of(web, reference, **more)}/account"


def proved(web: Web, reference: str = "A-1", **answers: str) -> tuple[TestClient, str]:
    """A visitor who has answered rightly, and the address."""
    visitor, path = web.visitor(), path_of(web, reference)
    answer = visitor.post(path, data=RIGHT | answers)
    assert answer.status_code == 303, answer.text[:500]
    return visitor, path


def fields(html: str, choice: str) -> dict[str, str]:
    """What the form of a choice sends."""
    form = next(one for one in re.findall(r"<form.*?</form>", html, re.DOTALL) if f'value="{choice}"' in one)
    return dict(re.findall(r'name="(\w+)"\s+value="([^"]*)"', form))


def rows(web: Web, table: Any) -> list[Any]:
    with web.house.database.reading() as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key)))


def events(web: Web) -> list[str]:
    with web.house.database.reading() as connection:
        return list(connection.scalars(select(log_entries.c.event).order_by(log_entries.c.id)))


def without_link(answer: Response) -> str:
    return re.sub(r"/?u?/?[0-9a-f-]{20,}\.\w+\.\d+\.[0-9a-f]+", "TOKEN", answer.text)


def said_by_the_desk(web: Web) -> Any:
    from dispatcher.people.recording import Said

    return Said(now=web.house.now(), actor="test", source="call 1")
