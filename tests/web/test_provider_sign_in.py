"""Signing in by an OpenID provider: believed only when all is right, with the roles that its claim says."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx import Response
from sqlalchemy import select
from starlette.testclient import TestClient

from dispatcher.database.tables.log import log_entries
from dispatcher.settings import SettingsError, load_settings
from dispatcher.users.domain.provider import Provider, roles_of
from dispatcher.users.domain.user import Role
from dispatcher.users.manage_users import disable_user
from dispatcher.users.storage import users
from tests.doubles.openid_provider import SECRET, Claims, OpenIdProvider, running
from tests.web.house import Web

MARA = {"preferred_username": "mara", "email": "mara@acme.example", "roles": ["auditor", "unknown here"]}
PEOPLE = {
    "s-mara": MARA,
    "s-guest": {"preferred_username": "guest", "roles": []},
    "s-auditor": {"preferred_username": "auditor", "roles": ["auditor"]},
}


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    with running(PEOPLE) as provider:
        yield provider


@pytest.fixture
def web(open_web: Callable[..., Web], provider: OpenIdProvider) -> Web:
    return open_web(
        public_url="http://testserver",
        oidc={
            "issuer": provider.address,
            "client_id": "dispatcher",
            "client_secret": SECRET,
            "label": "Acme",
        },
    )


def sign_in(client: TestClient, provider: OpenIdProvider, subject: str, wish: str = "/") -> Response:
    """As a browser goes: to the provider, in there, and back."""
    leaving = client.get(f"/sign-in/provider?next={wish}")
    assert leaving.status_code == 303, leaving.text
    return client.get(provider.let_in(leaving.headers["location"], subject))


def events(web: Web) -> list[dict[str, Any]]:
    with web.house.database.reading() as connection:
        query = select(log_entries.c.entry).order_by(log_entries.c.id)
        return [json.loads(entry) for entry in connection.scalars(query)]


def roles(web: Web, name: str) -> frozenset[Role]:
    with web.house.database.reading() as connection:
        user = users.find(connection, name)
    assert user is not None
    return user.roles


def test_whom_the_provider_vouches_for_is_in_with_the_roles_of_its_claim(
    web: Web, provider: OpenIdProvider
) -> None:
    client = web.visitor()
    assert 'href="/sign-in/provider?next=/log"' in client.get("/sign-in?next=/log").text

    opened = sign_in(client, provider, "s-mara", "/log")

    assert (opened.status_code, opened.headers["location"]) == (303, "/log")
    assert client.get("/log").status_code == 200
    assert client.get("/stops").status_code == 200
    assert client.get("/users").status_code == 403
    assert roles(web, "mara") == {Role.AUDITOR}
    told = [(one["event"], one["actor"]) for one in events(web)][-3:]
    assert told == [("user_added", "provider"), ("provider_linked", "provider"), ("signed_in", "user:mara")]


def test_roles_follow_the_provider_and_who_has_none_left_is_out_at_once(
    web: Web, provider: OpenIdProvider
) -> None:
    client, again = web.visitor(), web.visitor()
    sign_in(client, provider, "s-mara")
    provider.forge = lambda claims: claims | {"roles": ["operator"]}
    assert sign_in(again, provider, "s-mara").headers["location"] == "/"
    assert roles(web, "mara") == {Role.OPERATOR}
    assert client.get("/log").status_code == 403

    provider.forge = lambda claims: claims | {"roles": "nothing of ours"}
    refused = sign_in(web.visitor(), provider, "s-mara")

    assert (refused.status_code, "gives you no role here" in refused.text) == (401, True)
    assert (client.get("/").status_code, again.get("/").status_code) == (303, 303)
    assert (events(web)[-1]["event"], events(web)[-1]["details"]["why"]) == ("sign_in_refused", "no role")


def test_a_stranger_without_a_role_becomes_no_user(web: Web, provider: OpenIdProvider) -> None:
    assert sign_in(web.visitor(), provider, "s-guest").status_code == 401
    with web.house.database.reading() as connection:
        assert users.find(connection, "guest") is None


def test_nobody_becomes_somebody_else_by_their_name_until_an_administrator_says_so(
    web: Web, provider: OpenIdProvider
) -> None:
    refused = sign_in(web.visitor(), provider, "s-auditor")
    assert (refused.status_code, "signs in here with a password" in refused.text) == (401, True)

    web.signed_in("admin").post("/users/auditor/provider", {"subject": "s-auditor"})

    client = web.visitor()
    assert sign_in(client, provider, "s-auditor").headers["location"] == "/"
    assert ">auditor</a>" in client.get("/").text


def test_who_signs_in_by_the_provider_has_no_password_that_fits(web: Web, provider: OpenIdProvider) -> None:
    from tests.web.test_sign_in import attempt

    client = web.visitor()
    sign_in(client, provider, "s-mara")

    for guess in ("", "nobody has this password"):
        assert attempt(web.visitor(), "mara", guess).status_code in {401, 429}
    page = client.get("/account").text
    assert "there is no password here" in page
    assert "/account/second-factor" not in page


def test_who_is_shut_out_here_is_out_whatever_the_provider_says(web: Web, provider: OpenIdProvider) -> None:
    sign_in(web.visitor(), provider, "s-mara")
    disable_user(web.house.database, name="mara", by="test", at=web.house.real_now())

    refused = sign_in(web.visitor(), provider, "s-mara")

    assert (refused.status_code, "shut out" in refused.text) == (401, True)


LIES: dict[str, Callable[[Claims], Claims]] = {
    "another issuer": lambda claims: claims | {"iss": "http://localhost:1"},
    "for another client": lambda claims: claims | {"aud": "somebody else"},
    "for another client too, and issued to it": lambda claims: (
        claims | {"aud": ["dispatcher", "x"], "azp": "x"}
    ),
    "over": lambda claims: claims | {"exp": int(time.time()) - 3600},
    "not yet": lambda claims: claims | {"nbf": int(time.time()) + 3600},
    "of another sign-in": lambda claims: claims | {"nonce": "another"},
    "of no sign-in": lambda claims: {name: value for name, value in claims.items() if name != "nonce"},
    "of nobody": lambda claims: {name: value for name, value in claims.items() if name != "sub"},
    "with another token": lambda claims: claims | {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("lie", LIES)
def test_an_answer_with_one_thing_wrong_opens_nothing(web: Web, provider: OpenIdProvider, lie: str) -> None:
    provider.forge = LIES[lie]
    client = web.visitor()

    refused = sign_in(client, provider, "s-mara")

    assert (refused.status_code, "not to be believed" in refused.text) == (401, True)
    assert client.get("/log").status_code == 303
    assert "dispatcher_session" not in client.cookies


@pytest.mark.parametrize("way", ["by_another_key", "by_nobody", "by_the_shared_secret"])
def test_an_answer_that_the_provider_has_not_signed_opens_nothing(
    web: Web, provider: OpenIdProvider, way: str
) -> None:
    provider.sign = lambda double, claims: getattr(double, way)(claims)
    provider.metadata = {"id_token_signing_alg_values_supported": ["RS256", "HS256", "none"]}

    refused = sign_in(web.visitor(), provider, "s-mara")

    assert (refused.status_code, "not to be believed" in refused.text) == (401, True)


def test_an_answer_opens_once_and_only_in_the_browser_that_began(web: Web, provider: OpenIdProvider) -> None:
    client, other = web.visitor(), web.visitor()
    answer = provider.let_in(client.get("/sign-in/provider").headers["location"], "s-mara")
    other.get("/sign-in/provider")

    assert web.visitor().get(answer).status_code == 401, "a browser that has begun nothing"
    assert other.get(answer).status_code == 401, "a browser that has begun another"
    assert client.get(answer).status_code == 303
    assert client.get(answer).status_code == 401, "the same answer again"


def test_a_stolen_code_is_worth_nothing_without_the_verifier(web: Web, provider: OpenIdProvider) -> None:
    victim, thief = web.visitor(), web.visitor()
    stolen = provider.let_in(victim.get("/sign-in/provider").headers["location"], "s-mara")
    code = parse_qs(urlsplit(stolen).query)["code"][0]
    mine = parse_qs(urlsplit(thief.get("/sign-in/provider").headers["location"]).query)["state"][0]

    refused = thief.get(f"/sign-in/provider/answer?code={code}&state={mine}")

    assert refused.status_code == 401
    assert thief.get("/log").status_code == 303


def test_an_answer_of_another_provider_is_not_sent_to_ours(web: Web, provider: OpenIdProvider) -> None:
    client = web.visitor()
    answer = provider.let_in(client.get("/sign-in/provider").headers["location"], "s-mara")
    provider.asked.clear()

    assert client.get(f"{answer}&iss=https://evil.example").status_code == 401
    assert provider.asked == []


def test_who_is_not_let_in_there_is_told_and_may_begin_again(web: Web, provider: OpenIdProvider) -> None:
    client = web.visitor()
    leaving = client.get("/sign-in/provider").headers["location"]

    refused = client.get(provider.refuse(leaving) + f"&state={parse_qs(urlsplit(leaving).query)['state'][0]}")

    assert refused.status_code == 401
    assert "did not let you in" in refused.text
    assert sign_in(client, provider, "s-mara").status_code == 303


def test_a_provider_that_is_away_or_says_it_is_another_is_a_sentence_on_the_page(
    web: Web, provider: OpenIdProvider, open_web: Callable[..., Web]
) -> None:
    provider.metadata = {"issuer": "https://other.example"}
    answer = web.visitor().get("/sign-in/provider")
    assert (answer.status_code, "calls itself" in answer.text) == (502, True)
    away = open_web(oidc={"issuer": "http://127.0.0.1:9", "client_id": "x"})
    answer = away.visitor().get("/sign-in/provider")
    assert (answer.status_code, "does not answer" in answer.text) == (502, True)
    assert away.visitor().get("/sign-in").status_code == 200


def test_without_a_provider_there_is_no_such_page(open_web: Callable[..., Web]) -> None:
    web = open_web()
    assert "/sign-in/provider" not in web.visitor().get("/sign-in").text
    assert web.visitor().get("/sign-in/provider").status_code == 404
    assert web.visitor().get("/sign-in/provider/answer?code=x&state=y").status_code == 404


@pytest.mark.parametrize("wish", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_the_way_by_the_provider_ends_nowhere_but_here(web: Web, provider: OpenIdProvider, wish: str) -> None:
    assert sign_in(web.visitor(), provider, "s-mara", wish).headers["location"] == "/"


def test_a_provider_must_be_whole_and_secure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPATCHER_OIDC__ISSUER", "https://login.example")
    with pytest.raises(SettingsError, match="client_id"):
        load_settings()
    monkeypatch.setenv("DISPATCHER_OIDC__CLIENT_ID", "dispatcher")
    monkeypatch.setenv("DISPATCHER_OIDC__ROLES", '{"Desk Leads": "manager"}')
    assert load_settings().oidc.roles == {"Desk Leads": Role.MANAGER}
    monkeypatch.setenv("DISPATCHER_OIDC__ISSUER", "http://login.example")
    with pytest.raises(SettingsError, match="no https"):
        load_settings()


@pytest.mark.parametrize(
    ("claim", "table", "claims", "expected"),
    [
        ("roles", {}, {"roles": ["admin", "king"]}, {"admin"}),
        ("roles", {}, {"roles": "operator"}, {"operator"}),
        ("roles", {}, {"roles": {"admin": True}}, set()),
        ("roles", {}, {"roles": [["admin"], 1, None]}, set()),
        ("roles", {}, {}, set()),
        ("realm_access.roles", {}, {"realm_access": {"roles": ["auditor"]}}, {"auditor"}),
        ("realm_access.roles", {}, {"realm_access": ["auditor"]}, set()),
        ("https://x.example/roles", {}, {"https://x.example/roles": ["auditor"]}, {"auditor"}),
        (
            "groups",
            {"Desk Leads": "manager", "Clerks": "operator"},
            {"groups": ["Clerks", "manager"]},
            {"operator"},
        ),
    ],
)
def test_roles_are_those_that_the_claim_names(
    claim: str, table: dict[str, str], claims: Claims, expected: set[str]
) -> None:
    provider = Provider(
        issuer="https://x.example",
        client_id="x",
        redirect_uri="",
        roles_claim=claim,
        roles={word: Role(role) for word, role in table.items()},
    )
    assert roles_of(provider, claims) == expected
