"""A whole day of the sample portfolio by the command alone, and every request that reached a provider."""

import email
import email.policy
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import phonenumbers
import pytest
from pypdf import PdfReader
from sqlalchemy import Row, select

from dispatcher.database.engine import open_database
from dispatcher.database.tables.delivery import attempts
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.portfolio import debtors, debts
from dispatcher.messages.storage import contents
from tests.command import dispatcher
from tests.outside_channels import mock_providers
from tests.outside_channels.conftest import OpenHome
from tests.outside_channels.home import (
    ACCOUNT,
    API_KEY,
    EMAIL_ONLY,
    LETTER_ONLY,
    LOB_KEY,
    NUMBER,
    SECRETS,
    TOKEN,
    Providers,
)
from tests.outside_channels.mock_providers import Call, basic
from tests.outside_channels.mock_relay import PASSWORD, USER, MockRelay
from tests.outside_channels.specs import body_schema, faults, header_faults, read_spec

pytestmark = [
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS"),  # the relay is on loopback
    pytest.mark.xdist_group("whole-run"),  # the day is made once
]

AS_OF, NOW = "2026-11-16", "2026-11-16T18:00:00Z"
PUBLIC_URL = "http://127.0.0.1:8765"
FROM = "reminders@acme.example"
E164 = re.compile(r"\+[1-9]\d{6,14}")


@dataclass(frozen=True, kw_only=True)
class Day:
    """What a day left behind: the requests, the home, what the program said."""

    home: Path
    providers: Providers
    said: str
    sample: dict[str, dict[str, str]]

    def rows(self, *columns: Any, **where: Any) -> list[Row[Any]]:
        database = open_database(f"sqlite:///{self.home / 'dispatcher.db'}")
        try:
            with database.reading() as connection:
                return list(connection.execute(select(*columns).filter_by(**where)).all())
        finally:
            database.close()

    def accepted(self, channel: str) -> dict[str, Row[Any]]:
        """The accepted messages of a channel by id."""
        found = self.rows(messages, channel=channel, state="accepted")
        assert found, f"the sample's day has no accepted {channel}"
        return {row.id: row for row in found}

    def owner(self, message: Row[Any]) -> dict[str, str]:
        """The sample's row of the debtor a message is for."""
        [reference] = [row.reference for row in self.rows(debtors.c.reference, id=message.recipient_id)]
        return self.sample[reference]

    def references(self, message_id: str) -> list[str]:
        """The references of the debts that a message speaks of."""
        ids = [row.debt_id for row in self.rows(message_debts.c.debt_id, message_id=message_id)]
        return [row.reference for key in ids for row in self.rows(debts.c.reference, id=key)]

    def kept(self, message: Row[Any]) -> bytes:
        """The exact bytes kept as evidence."""
        database = open_database(f"sqlite:///{self.home / 'dispatcher.db'}")
        try:
            with database.reading() as connection:
                return contents.bodies(connection, {message.content_sha256})[message.content_sha256]
        finally:
            database.close()

    def window_ends(self, message_id: str) -> datetime:
        """The end of the legal window that the log gives for the first attempt, or the message's own expiry."""
        entry = self.rows(log_entries.c.entry, message_id=message_id, event="attempting")[0].entry
        told = (json.loads(entry)["details"] or {}).get("not_after")
        expires: datetime = self.rows(messages.c.expires_at, id=message_id)[0].expires_at
        return min(expires, datetime.fromisoformat(told)) if told else expires


def environment(home: Path, providers: Providers, mail: str) -> dict[str, str]:
    email_settings = {
        "sendgrid": {
            "PROVIDER": "sendgrid",
            "BASE_URL": providers.sendgrid.url,
            "API_KEY": API_KEY,
            "FROM": FROM,
        },
        "smtp": {
            "PROVIDER": "smtp",
            "HOST": "127.0.0.1",
            "PORT": str(providers.relay.port),
            "TLS": "none",
            "USERNAME": USER,
            "PASSWORD": PASSWORD,
            "FROM": FROM,
        },
    }[mail]
    sms = {
        "PROVIDER": "twilio",
        "BASE_URL": providers.twilio.url,
        "ACCOUNT_SID": ACCOUNT,
        "AUTH_TOKEN": TOKEN,
    }
    letter = {"PROVIDER": "lob", "BASE_URL": providers.lob.url, "API_KEY": LOB_KEY}
    channels = {"EMAIL": email_settings, "SMS": {**sms, "FROM": NUMBER}, "LETTER": letter}
    named = {
        f"DISPATCHER_CHANNELS__{channel}__{name}": value
        for channel, values in channels.items()
        for name, value in values.items()
    }
    return named | {"DISPATCHER_HOME": str(home), "DISPATCHER_PUBLIC_URL": PUBLIC_URL}


def command(settings: dict[str, str], *words: str) -> str:
    """One command; what it said on either stream."""
    done = dispatcher(*words, **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def mocks() -> Iterator[Providers]:
    with ExitStack() as stack:
        three: dict[str, Any] = {
            name: stack.enter_context(getattr(mock_providers, name)().listening())
            for name in ("sendgrid", "twilio", "lob")
        }
        yield Providers(relay=stack.enter_context(MockRelay().listening()), **three)


@pytest.fixture(scope="module")
def imported(mocks: Providers, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sample of 120 debtors."""
    home = tmp_path_factory.mktemp("day") / "home"
    settings = environment(home, mocks, "sendgrid")
    home.mkdir()
    sample = str(home / "sample.csv")
    command(settings, "portfolio", "sample", "--out", sample, "--debtors", "120")
    command(settings, "portfolio", "import", sample, "--as-of", AS_OF)
    return home


def _a_day(mocks: Providers, home: Path, mail: str) -> Day:
    import csv

    said = command(environment(home, mocks, mail), "run", "--as-of", AS_OF, "--now", NOW)
    with (home / "sample.csv").open(encoding="utf-8") as file:
        rows = {row["debtor_reference"]: row for row in csv.DictReader(file)}
    return Day(home=home, providers=mocks, said=said, sample=rows)


@pytest.fixture(scope="module")
def smtp_day(mocks: Providers, imported: Path, tmp_path_factory: pytest.TempPathFactory) -> Day:
    import shutil

    home = shutil.copytree(imported, tmp_path_factory.mktemp("smtp-day") / "home")
    day = _a_day(mocks, home, "smtp")
    for one in (mocks.sendgrid, mocks.twilio, mocks.lob):
        one.forget()
    return day


@pytest.fixture(scope="module")
def day(mocks: Providers, imported: Path, smtp_day: Day) -> Day:
    """The day through SendGrid, Twilio and Lob; the one by SMTP came first."""
    return _a_day(mocks, imported, "sendgrid")


# ---- SendGrid


def sendgrid_id(call: Call) -> str:
    [person] = call.json()["personalizations"]
    return str(person["custom_args"]["message_id"])


def test_sendgrid_requests_are_those_of_the_accepted_messages_once_each(day: Day) -> None:
    calls = day.providers.sendgrid.calls
    assert {(call.method, call.path) for call in calls} == {("POST", "/v3/mail/send")}
    assert {call.headers["authorization"] for call in calls} == {f"Bearer {API_KEY}"}
    assert Counter(sendgrid_id(call) for call in calls) == Counter(day.accepted("email").keys())


def test_sendgrid_requests_break_no_rule_of_the_published_description(day: Day) -> None:
    spec = read_spec("tsg_mail_v3.json")
    schema = body_schema(spec, "/v3/mail/send", "application/json")
    found = {line for call in day.providers.sendgrid.calls for line in faults(spec, schema, call.json())}
    assert found == set()


def test_sendgrid_gets_the_text_that_is_kept_as_evidence_for_its_debtor(day: Day) -> None:
    accepted = day.accepted("email")
    for call in day.providers.sendgrid.calls:
        said, message = call.json(), accepted[sendgrid_id(call)]
        [person] = said["personalizations"]
        owner = day.owner(message)
        assert [to["email"] for to in person["to"]] == [message.address] == [owner["email"]]
        assert not {"cc", "bcc"} & person.keys()
        assert person["to"][0]["name"] == owner["debtor_name"]
        kept = parsed(day.kept(message))
        sent = {part["type"]: part["value"] for part in said["content"]}
        assert list(sent) == ["text/plain", "text/html"]
        texts = {part.get_content_type(): part.get_content().split() for part in kept.iter_parts()}
        assert {kind: text.split() for kind, text in sent.items()} == texts
        for reference in day.references(message.id):
            assert reference in sent["text/plain"]


def test_sendgrid_is_told_sender_answers_and_the_way_out(day: Day) -> None:
    for call in day.providers.sendgrid.calls:
        said = call.json()
        assert said["from"] == {"email": FROM, "name": "Acme"}
        assert said["reply_to"]["email"] == "hello@acme.example"
        assert said["headers"]["List-Unsubscribe"].startswith(f"<{PUBLIC_URL}/u/")
        assert said["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert not any(one["enable"] for one in said["tracking_settings"].values())
        assert said["subject"]
        assert not re.search(r"[$€£]\s?\d|debt|overdue|deuda", said["subject"], re.IGNORECASE)


def test_each_debtor_has_a_way_out_of_their_own(day: Day) -> None:
    links: dict[str, set[str]] = {}
    for call in day.providers.sendgrid.calls:
        said = call.json()
        links.setdefault(said["headers"]["List-Unsubscribe"], set()).add(
            said["personalizations"][0]["to"][0]["email"]
        )
    assert all(len(addresses) == 1 for addresses in links.values())


# ---- Twilio


def twilio_id(call: Call) -> str:
    [key] = parse_qs(urlsplit(call.form()["StatusCallback"]).query)["message_id"]
    return key


def test_twilio_requests_are_those_of_the_accepted_messages_once_each(day: Day) -> None:
    calls = day.providers.twilio.calls
    assert {(call.method, call.path) for call in calls} == {
        ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    }
    assert {basic(call) for call in calls} == {(ACCOUNT, TOKEN)}
    assert Counter(twilio_id(call) for call in calls) == Counter(day.accepted("sms").keys())


def test_twilio_requests_break_no_rule_of_the_published_description(day: Day) -> None:
    spec = read_spec("twilio_api_v2010.json")
    path = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
    schema = body_schema(spec, path, "application/x-www-form-urlencoded")
    found = {line for call in day.providers.twilio.calls for line in faults(spec, schema, typed(call.form()))}
    assert found == set()


def typed(form: dict[str, str]) -> dict[str, Any]:
    """A urlencoded form has strings alone: numbers and truths as the description means them."""
    words: dict[str, Any] = {"true": True, "false": False}
    return {
        name: int(value)
        if name == "ValidityPeriod"
        else words.get(value, value)
        if name == "SmartEncoded"
        else value
        for name, value in form.items()
    }


def test_twilio_gets_the_kept_text_for_its_debtors_number_until_the_window_ends(day: Day) -> None:
    accepted, now = day.accepted("sms"), datetime.fromisoformat(NOW).astimezone(UTC)
    for call in day.providers.twilio.calls:
        form, message = call.form(), accepted[twilio_id(call)]
        assert E164.fullmatch(form["To"])
        owner = day.owner(message)
        theirs = phonenumbers.parse(owner["phone"], owner["country"])
        assert form["To"] == phonenumbers.format_number(theirs, phonenumbers.PhoneNumberFormat.E164)
        assert form["From"] == NUMBER
        assert form["StatusCallback"].startswith(f"{PUBLIC_URL}/webhooks/twilio/status?message_id=")
        assert form["Body"].encode() == day.kept(message)
        assert form["SmartEncoded"] == "false"
        left = int((day.window_ends(message.id) - now) / timedelta(seconds=1))
        # The clock runs on from --now while the day is sent.
        assert min(left, 36_000) - 120 <= int(form["ValidityPeriod"]) <= min(left, 36_000)


# ---- Lob


def lob_id(call: Call) -> str:
    return call.parts()["metadata[message_id]"].decode()


def nested(parts: dict[str, bytes]) -> dict[str, Any]:
    """`to[name]` inside `to`; a file by its name, as the description has it."""
    form: dict[str, Any] = {}
    for name, value in parts.items():
        outer, _, inner = name.partition("[")
        text: Any = "letter.pdf" if name == "file" else value.decode()
        if outer in {"color", "double_sided"}:
            text = {"true": True, "false": False}[text]
        if inner:
            form.setdefault(outer, {})[inner.rstrip("]")] = text
        else:
            form[outer] = text
    return form


def test_lob_requests_are_those_of_the_accepted_messages_once_each_under_their_own_key(day: Day) -> None:
    calls = day.providers.lob.sends
    assert {call.path for call in calls} == {"/v1/letters"}
    assert {basic(call) for call in calls} == {(LOB_KEY, "")}
    assert Counter(lob_id(call) for call in calls) == Counter(day.accepted("letter").keys())
    assert all(call.headers["idempotency-key"] == lob_id(call) for call in calls)


def test_lob_requests_break_no_rule_of_the_published_description(day: Day) -> None:
    spec = read_spec("lob-api-bundled.yml")
    schema = body_schema(spec, "/letters", "multipart/form-data")
    calls = day.providers.lob.sends
    found = {line for call in calls for line in faults(spec, schema, nested(call.parts()))}
    found |= {line for call in calls for line in header_faults(spec, "/letters", dict(call.headers))}
    assert found == set()


def test_lob_gets_the_kept_letter_and_a_whole_address(day: Day) -> None:
    accepted = day.accepted("letter")
    for call in day.providers.lob.sends:
        parts, message = call.parts(), accepted[lob_id(call)]
        form, owner = nested(parts), day.owner(message)
        assert parts["file"] == day.kept(message)
        pages = PdfReader(io.BytesIO(parts["file"])).pages
        assert all(reference in pages[0].extract_text() for reference in day.references(message.id))
        assert form["to"]["name"] == owner["debtor_name"][:40]
        assert form["to"]["address_line1"] == owner["address_line_1"]
        assert form["to"]["address_country"] == owner["country"]
        assert owner["postal_code"] in form["to"].get("address_zip", owner["postal_code"])
        assert owner["city"] in form["to"]["address_city"]
        assert form["from"]["address_line1"] == "100 Example Street"
        assert {"address_city", "address_state", "address_zip"} <= form["from"].keys()
        assert form["use_type"] == "operational"


# ---- SMTP


def parsed(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_relay_gets_the_kept_mail_byte_for_byte_once_each(smtp_day: Day) -> None:
    accepted, taken = smtp_day.accepted("email"), smtp_day.providers.relay.taken
    assert Counter(str(parsed(mail.content)["X-Message-ID"]) for mail in taken) == Counter(accepted.keys())
    for mail in taken:
        said = parsed(mail.content)
        message = accepted[str(said["X-Message-ID"])]
        assert mail.content == smtp_day.kept(message)
        assert mail.to == message.address == smtp_day.owner(message)["email"]
        assert mail.sender == FROM


def test_relay_gets_mail_that_any_program_reads(smtp_day: Day) -> None:
    for mail in smtp_day.providers.relay.taken:
        said = parsed(mail.content)
        assert not said.defects
        assert max(map(len, mail.content.split(b"\r\n"))) <= 998
        assert said["From"].addresses[0].addr_spec == FROM
        assert said["Reply-To"].addresses[0].addr_spec == "hello@acme.example"
        assert said["To"].addresses[0].addr_spec == mail.to
        assert str(said["List-Unsubscribe"]).startswith(f"<{PUBLIC_URL}/u/")
        assert said["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert str(said["X-Message-ID"]) in str(said["Message-ID"])
        assert [part.get_content_type() for part in said.iter_parts()] == ["text/plain", "text/html"]


# ---- both days


def test_secrets_are_written_nowhere(day: Day, smtp_day: Day) -> None:
    for one in (day, smtp_day):
        assert not [secret for secret in SECRETS if secret in one.said]
        files = [file for file in one.home.rglob("*") if file.is_file()]
        assert any(file.name == "dispatcher.db" for file in files)
        found = [
            (file.name, secret)
            for file in files
            for secret in SECRETS
            if secret.encode() in file.read_bytes()
        ]
        assert found == []


def test_second_run_of_the_day_asks_nobody(day: Day) -> None:
    providers = day.providers
    before = len(providers.sendgrid.calls), len(providers.twilio.calls), len(providers.lob.calls)
    settings = environment(day.home, providers, "sendgrid")
    done = json.loads(command(settings, "run", "--as-of", AS_OF, "--now", "2026-11-16T18:20:00Z", "--json"))
    assert done["sent"] == 0
    assert (len(providers.sendgrid.calls), len(providers.twilio.calls), len(providers.lob.calls)) == before


def test_every_request_has_its_attempt_in_the_record(day: Day) -> None:
    providers = day.providers
    made = Counter(row.message_id for row in day.rows(attempts.c.message_id))
    asked = Counter(map(sendgrid_id, providers.sendgrid.sends))
    asked += Counter(map(twilio_id, providers.twilio.sends)) + Counter(map(lob_id, providers.lob.sends))
    assert made == asked


def test_what_turns_a_text_around_reaches_no_provider(open_home: OpenHome, providers: Providers) -> None:
    rows = [
        row.replace("Mail", "M\u202eail").replace("Letter", "L\u202eetter")
        for row in (EMAIL_ONLY, LETTER_ONLY)
    ]
    home = open_home(rows=tuple(rows), rules={"require_review": False})
    home.run()
    [person] = providers.sendgrid.sends[0].json()["personalizations"]
    assert person["to"][0]["name"] == "Ellen Mail"
    assert providers.lob.sends[0].parts()["to[name]"] == b"Lena Letter"


def test_checks_against_the_descriptions_can_fail() -> None:
    spec = read_spec("tsg_mail_v3.json")
    schema = body_schema(spec, "/v3/mail/send", "application/json")
    assert faults(spec, schema, {"personalizations": [{}], "subject": 5})
    assert "..pixel is not named".replace("..", ".tracking_settings.") in faults(
        spec, schema, {"tracking_settings": {"pixel": {}}}
    )
    lob = read_spec("lob-api-bundled.yml")
    assert faults(lob, body_schema(lob, "/letters", "multipart/form-data"), {"use_type": "unheard-of"})
