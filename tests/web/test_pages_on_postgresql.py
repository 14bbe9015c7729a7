"""The same pages on PostgreSQL: every one opens, lists go on by key, jobs and forms write."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatcher.bootstrap import open_dispatcher
from dispatcher.settings import load_settings
from dispatcher.users.domain.user import Role
from dispatcher.users.manage_users import add_user
from dispatcher.worker.daily_run import run_today
from tests.web.house import ALL, AS_OF, NOW, PASSWORD, Web, import_sample
from tests.web.test_debtors_page import token_of
from tests.web.test_pages_open import PAGES
from tests.web.test_templates import finished


@pytest.fixture
def on_postgresql(postgres_url: str, tmp_path: Path) -> Iterator[Web]:
    house = open_dispatcher(load_settings(home=tmp_path, database_url=postgres_url), now=NOW)
    import_sample(house)
    run_today(house, AS_OF, actor="test")
    add_user(
        house.database,
        name=ALL,
        roles=[role.value for role in Role],
        password=PASSWORD,
        email="",
        by="test",
        at=house.real_now(),
    )
    yield Web(house)
    house.close()


def test_every_page_opens_on_postgresql_too(on_postgresql: Web) -> None:
    desk = on_postgresql.signed_in(ALL)
    missing = [path for path, says in PAGES.items() if says not in desk.page(path)]

    assert missing == []
    for path in (
        "/messages?state=held",
        "/messages?channel=sms",
        "/messages?address=ana@debtors.example",
        "/people?q=ana",
        "/people?hold=dispute",
    ):
        assert desk.get(path).status_code == 200
    for path in ("/messages", "/people", "/log", "/runs"):
        assert isinstance(desk.get(f"{path}?format=json").json(), list)


def test_forms_jobs_and_the_api_write_on_postgresql_too(on_postgresql: Web) -> None:
    desk = on_postgresql.signed_in(ALL)

    assert desk.said(desk.post("/people/acme/A-1/record", {"fact": "dispute", "source": "call"})).startswith(
        "Recorded"
    )
    assert "Stopped" in desk.said(desk.post("/stops", {"what": "channel:sms", "why": "test"}))
    assert "Everything holds." in finished(desk, desk.post("/log/verify").headers["location"])
    assert (
        on_postgresql.visitor().post(f"/u/{token_of(on_postgresql)}", data={"stop": "all"}).status_code == 200
    )
    key = {"X-CSRF-Token": desk.csrf, "Idempotency-Key": "k"}
    fact = {"fact": "payment", "amount": "1.00", "debt": "D-1", "source": "bank"}
    answers = [desk.client.post("/api/v1/people/acme/A-1/records", json=fact, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[1].headers["idempotent-replayed"] == "true"
