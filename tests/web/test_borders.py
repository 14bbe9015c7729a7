"""What strangers write into addresses, forms and cookies is answered with a sentence, never with a fault."""

import base64

import pytest

from tests.web.house import Web

HUGE = "9" * 30
ADDRESSES = (
    f"/jobs/{HUGE}", f"/jobs/{HUGE}/file", f"/runs/{HUGE}", f"/log/entries/{HUGE}", "/log?template=due-soon@" + HUGE,
    f"/log?run={HUGE}", "/log?from=0001-01-01", "/log?until=9999-12-31", "/log?until=20261123", f"/messages?run={HUGE}",
    "/messages?until=9999-12-31", f"/people?after={HUGE}", "/people?q=%00", "/people?q=%ED%A0%80", "/log?words=%00",
    "/runs/%D9%A1", f"/templates/due-soon/versions/{HUGE}", "/messages/x/pages/00001", "/tasks?kind=%00", "/people/acme/A-1?as_of=9999-12-31",
    "/log/sample?seed=%00", f"/runs/plan/{HUGE}",
)  # fmt: skip
API = (
    f"/runs/{HUGE}", f"/log/{HUGE}", f"/runs?cursor={HUGE}", "/messages?limit=000001999999", "/messages?limit=0",
    "/messages?cursor=%00", "/log?cursor=x", "/log?until=9999-12-31", f"/seals?cursor={HUGE}", "/people?q=%00",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_address_of_a_page_is_a_fault(web: Web, address: str) -> None:
    for role in ("auditor", "operator", "manager"):
        answer = web.signed_in(role).get(address)
        assert answer.status_code < 500, (role, address)


@pytest.mark.parametrize("address", API)
def test_no_address_of_the_api_is_a_fault(web: Web, address: str) -> None:
    answer = web.signed_in("auditor").get(f"/api/v1{address}")
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_api_refuses_a_parameter_that_it_does_not_know_and_names_those_it_does(web: Web) -> None:
    client = web.signed_in("auditor")
    answer = client.get("/api/v1/messages?sate=held")
    assert answer.status_code == 400
    assert "unknown parameter sate: there are address, channel" in answer.json()["detail"]
    assert client.get("/api/v1/stops?x=1").json()["detail"].endswith("this address takes none.")
    assert client.get("/messages?sate=held").status_code == 200  # pages ignore them


@pytest.mark.parametrize("said", ["[" * 3000, "\x00", '["good", {"a": 1}]', "[1,2,3]", "é"])
def test_a_cookie_that_somebody_made_up_is_no_fault(web: Web, said: str) -> None:
    client = web.signed_in("auditor")
    client.client.cookies.set("dispatcher_said", base64.urlsafe_b64encode(said.encode()).decode())
    assert client.get("/").status_code == 200
