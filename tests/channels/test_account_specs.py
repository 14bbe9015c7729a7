"""What we ask of accounts, and what the doubles answer, against the providers' own API descriptions."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from channels.account import Question, Wish
from channels.email.sendgrid_account import SendGridAccount
from channels.letter.lob_account import LobAccount
from channels.settings import ChannelSettings
from channels.sms.twilio_account import TwilioAccount
from tests.channels.test_specs import _resolved, _violations
from tests.doubles.http_server import Reply, Request, listening
from tests.doubles.lob import LobDouble
from tests.doubles.sendgrid import SendGridDouble
from tests.doubles.twilio import TwilioDouble
from tests.doubles.webhooks import Kept
from tests.shared import shared_folder

NOW = datetime(2026, 11, 16, 21, 30, tzinfo=UTC)
STAMP = int(NOW.timestamp())
ASKED = Question(since=NOW - timedelta(days=3), until=NOW, open=frozenset({"double-000002", "gone"}))


def spec(name: str) -> Any:
    text = (shared_folder() / "specs" / name).read_text(encoding="utf-8")
    if name.endswith(".json"):
        return json.loads(text)
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def heard(double: Any) -> list[tuple[Request, Reply]]:
    """What the double is asked from now on, with its answers."""
    kept: list[tuple[Request, Reply]] = []
    handle = double.handle

    def keeping(request: Request) -> Reply:
        reply = handle(request)
        kept.append((request, reply))
        return reply

    double.handle = keeping
    return kept


def operation(document: Any, method: str, path: str) -> tuple[str, Any]:
    """The template of the path and what the description says of the method there."""
    for template, methods in document["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and method.lower() in methods:
            return template, methods[method.lower()]
    raise AssertionError(f"the description knows no {method} {path}")


def misfits(document: Any, request: Request, reply: Reply, root: str = "") -> list[str]:
    """What of a question or its answer the description does not know."""
    parts = urlsplit(request.target)
    template, described = operation(document, request.method, parts.path.removeprefix(root))
    given = [
        *document["paths"][template].get("parameters", []),
        *described.get("parameters", []),
    ]
    known = {_resolved(document, each)["name"] for each in given}
    found = [f"?{name}" for name in parse_qs(parts.query) if name.partition("[")[0] not in known]
    answer = described["responses"].get(str(reply.status))
    if answer is None:
        return [*found, f"{request.method} {template} never answers {reply.status}"]
    content = _resolved(document, answer).get("content", {}).get("application/json")
    if content and reply.body:
        found += _violations(document, content["schema"], json.loads(reply.body))
    return found


def test_everything_asked_of_sendgrid_and_answered_by_its_double_is_described() -> None:
    double = SendGridDouble(Kept(), "seed")
    double.now = lambda: STAMP
    for to in ("fine@d.example", "bounce@d.example", "block@d.example", "spam@d.example", "unsub@d.example"):
        said = {"personalizations": [{"to": [{"email": to}], "custom_args": {"message_id": "m"}}]}
        headers = {"authorization": "Bearer x"}
        double.handle(Request("POST", "/v3/mail/send", headers, json.dumps(said).encode()))
    double.books.groups.append(
        {"created_at": 7, "email": "g@d.example", "group_id": 1, "group_name": "Letters"}
    )
    double.books.lists["invalid_emails"].append({"created": 1, "email": "a@b.example", "reason": "Invalid"})
    kept = heard(double)
    with listening(double) as url:
        account = SendGridAccount(ChannelSettings(base_url=url, api_key="SG.key", timeout=5))
        account.lists()
        account.history(ASKED)
        account.pass_on(
            [Wish(id=i, address="a+b@d.example", stops=stops, at=NOW) for i, stops in ((1, True), (2, False))]
        )
        account.close()
    suppressions, activity = spec("tsg_suppressions_v3.json"), spec("tsg_email_activity_v3.json")
    asked = {f"{request.method} {urlsplit(request.target).path}" for request, _ in kept}
    assert len(asked) == 10, asked
    for request, reply in kept:
        document = activity if request.target.startswith("/v3/messages") else suppressions
        assert misfits(document, request, reply) == [], request.target


def test_everything_asked_of_twilio_and_answered_by_its_double_is_described() -> None:
    double = TwilioDouble(Kept(), "token")
    double.now = lambda: STAMP
    double.inbound("http://x", "+12125550001", "+15005550006", "STOP")
    kept = heard(double)
    with listening(double) as url:
        settings = ChannelSettings(
            base_url=url, account_sid="AC" + "0" * 32, auth_token="token", sender="+15005550006", timeout=5
        )
        account = TwilioAccount(settings)
        sids = frozenset({f"SM{1:032x}", f"SM{77:032x}"})
        account.history(Question(since=ASKED.since, until=NOW, open=sids))
        account.close()
    document = spec("twilio_api_v2010.json")
    assert len(kept) == 2
    for request, reply in kept:
        if reply.status != 404:
            assert misfits(document, request, reply) == [], request.target


def test_everything_asked_of_lob_is_described() -> None:
    double = LobDouble(Kept(), "secret")
    kept = heard(double)
    with listening(double) as url:
        account = LobAccount(ChannelSettings(base_url=url, api_key="key", timeout=5))
        account.history(ASKED)
        account.close()
    ((request, _),) = kept
    document = spec("lob-api-bundled.yml")
    _, described = operation(document, "GET", urlsplit(request.target).path.removeprefix("/v1"))
    known = {_resolved(document, each)["name"] for each in described["parameters"]}
    assert {name.partition("[")[0] for name in parse_qs(urlsplit(request.target).query)} <= known


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/v3/suppression/bounces?limit=1&page=2", b"[]"),
        ("/v3/suppression/unsubscribes", b'[{"email": "a@b.example"}]'),
    ],
)
def test_the_comparison_can_fail(target: str, body: bytes) -> None:
    request = Request("GET", target, {}, b"")
    assert misfits(spec("tsg_suppressions_v3.json"), request, Reply(200, body))
