"""A code beside the password: once each, for who has set it up or must; and what helps when the phone is gone."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from httpx import Response
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import select
from starlette.testclient import TestClient

from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.users import second_factors
from dispatcher.users import second_factor
from dispatcher.users.domain.one_time_code import bare_code, matching_step, step_at
from dispatcher.users.manage_users import UserError, reset_second_factor
from dispatcher.users.passwords import is_right
from dispatcher.users.sealed_secrets import NAME, SealingKeyError, inspect_box
from dispatcher.users.sign_in import CodeWanted, SignedIn, SignInRefused, sign_in, sign_in_with_code
from dispatcher.users.storage import users
from tests.web.house import ALL, PASSWORD, Desk, Web
from tests.web.test_sign_in import attempt

LASTS = timedelta(hours=1)
NOW = datetime(2026, 11, 16, 18, 0, 10, tzinfo=UTC)  # the real clock stands still: a code lasts half a minute


@pytest.fixture
def web(web: Web) -> Web:
    web.house.real_now = lambda: NOW
    return web


def code_of(phone: pyotp.TOTP, now: datetime = NOW) -> str:
    return phone.generate_otp(step_at(now.timestamp()))


def set_up(desk: Desk) -> tuple[pyotp.TOTP, list[str]]:
    """As a person does: (their phone, their recovery codes)."""
    desk.post("/account/second-factor", {"do": "begin", "password": PASSWORD})
    secret = re.search(r'class="secret">([A-Z2-7 ]+)<', desk.page("/account/second-factor"))
    assert secret is not None
    phone = pyotp.TOTP(secret[1].replace(" ", ""))
    answer = desk.post(
        "/account/second-factor", {"do": "confirm", "code": code_of(phone, NOW - timedelta(seconds=30))}
    )
    codes = re.findall(r"<code>([a-z2-9-]{19})</code>", answer.text)
    assert (answer.status_code, len(codes)) == (200, 10), answer.text
    return phone, codes


def give(client: TestClient, page: Response, code: str, wish: str = "/") -> Response:
    token = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert token is not None
    return client.post("/sign-in/code", data={"csrf": token[1], "code": code, "next": wish})


def events(web: Web) -> list[dict[str, object]]:
    with web.house.database.reading() as connection:
        return [
            json.loads(entry)
            for entry in connection.scalars(select(log_entries.c.entry).order_by(log_entries.c.id))
        ]


def test_the_password_alone_opens_nothing_once_a_phone_is_set_up(web: Web) -> None:
    phone, _ = set_up(web.signed_in("auditor"))
    client = web.visitor()

    page = attempt(client, wish="/log")
    assert page.status_code == 200
    assert "code that your phone shows" in page.text
    assert client.get("/log").status_code == 303
    opened = give(client, page, code_of(phone), "/log")

    assert (opened.status_code, opened.headers["location"]) == (303, "/log")
    assert client.get("/log").status_code == 200
    last = events(web)[-1]
    assert (last["event"], last["details"]) == ("signed_in", {"address": "testclient", "way": "code"})


def test_a_code_opens_once(web: Web) -> None:
    phone, _ = set_up(web.signed_in("auditor"))
    code = code_of(phone)
    first, second = web.visitor(), web.visitor()
    pages = attempt(first), attempt(second)

    assert give(first, pages[0], code).status_code == 303
    refused = give(second, pages[1], code)

    assert refused.status_code == 401
    assert "used already" in refused.text
    assert second.get("/log").status_code == 303


def test_a_recovery_code_opens_once_and_is_counted(web: Web) -> None:
    desk = web.signed_in("auditor")
    _, codes = set_up(desk)
    first, second = web.visitor(), web.visitor()

    assert give(first, attempt(first), codes[0].upper().replace("-", " ")).status_code == 303
    assert give(second, attempt(second), codes[0]).status_code == 401
    assert "9 recovery codes are left" in re.sub(r"\s+", " ", desk.page("/account"))
    assert give(second, attempt(second), codes[1]).status_code == 303


def test_new_recovery_codes_end_the_former_ones(web: Web) -> None:
    desk = web.signed_in("auditor")
    _, former = set_up(desk)

    assert desk.post("/account/second-factor", {"do": "codes", "password": "wrong"}).status_code == 422
    answer = desk.post("/account/second-factor", {"do": "codes", "password": PASSWORD})
    codes = re.findall(r"<code>([a-z2-9-]{19})</code>", answer.text)

    client = web.visitor()
    assert not set(codes) & set(former)
    assert give(client, attempt(client), former[3]).status_code == 401
    assert give(client, attempt(client), codes[3]).status_code == 303


def test_whoever_guesses_codes_waits_from_wherever_and_the_right_one_does_not_help_meanwhile(
    web: Web,
) -> None:
    phone, _ = set_up(web.signed_in("auditor"))
    database, box, now = web.house.database, web.house.secret_box, web.house.real_now()
    answers = []
    for number in range(5):
        begun = sign_in(
            database, name="auditor", password=PASSWORD, now=now, lasts=LASTS, address=f"192.0.2.{number}"
        )
        assert isinstance(begun, CodeWanted)
        wrong = f"{(int(code_of(phone)) + 100_000 + number) % 1_000_000:06}"
        answers.append(sign_in_with_code(database, box, token=begun.token, code=wrong, now=now, lasts=LASTS))
    assert all(isinstance(answer, SignInRefused) for answer in answers)
    assert answers[-1].retry_after == timedelta(minutes=1)

    right = sign_in_with_code(database, box, token=begun.token, code=code_of(phone), now=now, lasts=LASTS)
    later = now + timedelta(minutes=2)
    after = sign_in_with_code(
        database, box, token=begun.token, code=code_of(phone, later), now=later, lasts=LASTS
    )

    assert isinstance(right, SignInRefused)
    assert isinstance(after, SignedIn)


def test_a_begun_sign_in_opens_one_session_and_not_for_ever(web: Web) -> None:
    phone, codes = set_up(web.signed_in("auditor"))
    database, box, now = web.house.database, web.house.secret_box, web.house.real_now()

    def begun() -> str:
        answer = sign_in(database, name="auditor", password=PASSWORD, now=now, lasts=LASTS)
        assert isinstance(answer, CodeWanted)
        return answer.token

    token, late = begun(), begun()
    ways = {"lasts": LASTS}
    assert isinstance(sign_in_with_code(database, box, token=token, code=codes[0], now=now, **ways), SignedIn)
    assert sign_in_with_code(database, box, token=token, code=codes[1], now=now, **ways) is None
    much_later = now + timedelta(minutes=11)
    assert (
        sign_in_with_code(database, box, token=late, code=code_of(phone, much_later), now=much_later, **ways)
        is None
    )
    assert sign_in_with_code(database, box, token="made-up", code=codes[2], now=now, **ways) is None


def test_setting_up_needs_the_password_and_ends_the_other_sessions(web: Web) -> None:
    here, elsewhere = web.signed_in("auditor"), web.signed_in("auditor")

    stolen = elsewhere.post("/account/second-factor", {"do": "begin", "password": "a guess"})
    assert (stolen.status_code, "password is not right" in stolen.text) == (422, True)
    assert 'class="secret"' not in elsewhere.page("/account/second-factor")
    set_up(here)

    assert here.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 303
    assert "second_factor_set" in [entry["event"] for entry in events(web)]


def test_a_secret_that_was_not_confirmed_is_not_asked_for(web: Web) -> None:
    desk = web.signed_in("auditor")
    desk.post("/account/second-factor", {"do": "begin", "password": PASSWORD})
    wrong = desk.post("/account/second-factor", {"do": "confirm", "code": "000000"})

    assert wrong.status_code == 422
    assert attempt(web.visitor()).status_code == 303


def test_the_secret_lies_sealed_and_opens_with_the_right_key_for_the_right_user_alone(web: Web) -> None:
    phone, _ = set_up(web.signed_in("auditor"))
    database = web.house.database
    with database.reading() as connection:
        row = connection.execute(select(second_factors)).one()
        auditor, other = users.find(connection, "auditor"), users.find(connection, "operator")
    assert auditor is not None
    assert other is not None
    assert phone.secret not in str(row._asdict())
    assert phone.secret not in json.dumps(events(web))
    with pytest.raises(SealingKeyError):
        web.house.secret_box.unseal(row.sealed_secret, f"second factor of user {other.id}")

    assert inspect_box(database, web.house.keys) == ""
    key = web.house.keys / NAME
    assert key.stat().st_mode & 0o777 == 0o600
    key.write_bytes(bytes(32))
    assert "is not the key" in inspect_box(database, web.house.keys)
    key.unlink()
    assert "is missing" in inspect_box(database, web.house.keys)
    client = web.visitor()
    answer = give(client, attempt(client), code_of(phone))
    assert (answer.status_code, "keys/" in answer.text) == (503, True)
    assert not key.exists(), "a new key would open none of the secrets"


def test_roles_that_need_a_second_factor_open_nothing_without(open_web: Callable[..., Web]) -> None:
    web = open_web(web={"second_factor": "admin,operator"})
    web.house.real_now = lambda: NOW
    client = web.visitor()
    assert attempt(client, "operator").headers["location"] == "/"
    for path in ("/", "/people", "/account", "/stops"):
        assert client.get(path).headers.get("location") == "/account/second-factor", path
    assert client.get("/api/v1/messages").status_code == 403
    assert attempt(client := web.visitor(), "auditor").status_code == 303
    assert client.get("/log").status_code == 200

    desk = web.signed_in("operator")
    assert desk.post("/stops", {"what": "all:", "why": "x"}).headers["location"] == "/account/second-factor"
    phone, _ = set_up(desk)
    assert desk.get("/people").status_code == 200
    kept = desk.post("/account/second-factor", {"do": "end", "password": PASSWORD})
    assert (kept.status_code, "your roles need it" in kept.text.lower()) == (422, True)
    client = web.visitor()
    assert give(client, attempt(client, "operator"), code_of(phone)).status_code == 303
    assert client.get("/people").status_code == 200


def test_its_owner_may_do_without_where_no_role_needs_it(web: Web) -> None:
    desk = web.signed_in("auditor")
    set_up(desk)
    desk.post("/account/second-factor", {"do": "end", "password": PASSWORD})

    assert attempt(web.visitor()).status_code == 303
    assert events(web)[-2]["event"] == "second_factor_ended"


def test_an_administrator_lets_in_who_has_lost_the_phone_and_the_log_says_why(web: Web) -> None:
    desk, admin = web.signed_in("auditor"), web.signed_in("admin")
    set_up(desk)
    half = web.visitor()
    page = attempt(half)

    assert "why" in admin.said(admin.post("/users/auditor/second-factor")).lower()
    admin.post("/users/auditor/second-factor", {"why": "lost her phone, came by in person"})

    entry = next(one for one in events(web) if one["event"] == "second_factor_reset")
    assert (entry["actor"], entry["details"]) == (
        "user:admin",
        {"user": "auditor", "why": "lost her phone, came by in person"},
    )
    assert desk.get("/").status_code == 303
    assert give(half, page, "123456").status_code == 401
    assert attempt(web.visitor()).status_code == 303
    with pytest.raises(UserError, match="no second factor"):
        reset_second_factor(
            web.house.database, name="auditor", why="again", by="test", at=web.house.real_now()
        )


def test_somebody_disabled_meanwhile_gets_no_session_by_a_code(web: Web) -> None:
    from dispatcher.users.manage_users import disable_user

    phone, _ = set_up(web.signed_in("auditor"))
    client = web.visitor()
    page = attempt(client)
    disable_user(web.house.database, name="auditor", by="test", at=web.house.real_now())

    assert give(client, page, code_of(phone)).status_code == 401


def test_the_code_form_needs_its_token(web: Web) -> None:
    phone, _ = set_up(web.signed_in("auditor"))
    client = web.visitor()
    page = attempt(client)

    assert client.post("/sign-in/code", data={"code": code_of(phone), "csrf": "made-up"}).status_code == 403
    assert give(web.visitor(), page, code_of(phone)).status_code == 403


def test_a_page_that_was_left_open_keeps_no_code(web: Web) -> None:
    answer = web.visitor().post("/account/second-factor", data={"do": "confirm", "code": "123456"})

    assert answer.status_code == 303
    assert "123456" not in answer.text


def test_without_a_password_of_ones_own_no_password_fits() -> None:
    for guess in ("", "nobody has this password"):
        assert not is_right("", guess)
        assert not is_right(None, guess)


def test_each_session_is_told_by_its_browser_and_can_be_ended_alone(web: Web) -> None:
    agents = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1",
    )
    office, phone = (web.visitor() for _ in agents)
    for client, agent in zip((office, phone), agents, strict=True):
        attempt(client, headers={"User-Agent": agent})
    page = office.get("/account", headers={"User-Agent": agents[0]}).text
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf is not None
    assert "Firefox on Windows" in page
    assert "Safari on iPhone" in page
    ends = re.findall(r'action="(/account/sessions/\w+)"', page)
    assert len(ends) == 1, "one's own is ended by signing out"

    assert web.signed_in("operator").post(ends[0]).status_code == 303
    assert phone.get("/account").status_code == 200, "somebody else's session is not there for others"
    assert office.post(ends[0], data={"csrf": csrf[1]}).status_code == 303
    assert (office.get("/account").status_code, phone.get("/account").status_code) == (200, 303)


def test_a_user_with_every_role_is_last_seen_when_they_were(web: Web) -> None:
    attempt(web.visitor(), ALL)
    with web.house.database.reading() as connection:
        user = users.find(connection, ALL)
    assert user is not None
    assert user.last_used_at is not None
    assert web.house.real_now() - user.last_used_at < timedelta(minutes=1)


@given(now=some.integers(2, 2**40), last=some.integers(-1, 2**40), of=some.integers(-3, 3))
def test_a_code_fits_its_half_minute_and_the_neighbours_and_never_again(now: int, last: int, of: int) -> None:
    step = matching_step(str(now + of), now, last, str)

    assert step == (now + of if abs(of) <= 1 and now + of > last else None)


@given(some.text(max_size=30))
def test_a_code_is_letters_and_digits_or_nothing(text: str) -> None:
    bare = bare_code(text)
    assert re.fullmatch("[a-z0-9]*", bare)
    assert step_at(59.9) == 1


def test_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B: the secret is the ASCII text below, six digits of each code."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    codes = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}
    for seconds, code in codes.items():
        assert matching_step(code, step_at(seconds), 0, pyotp.TOTP(secret).generate_otp) == seconds // 30
    assert second_factor.ISSUER
