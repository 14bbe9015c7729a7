"""Every adapter keeps the same contract; the fake one of the tests keeps it too."""

import base64
import logging
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from channels.kind import ChannelKind
from channels.loopback import is_loopback
from channels.outcome import Accepted, Rejected, Scope, TryLater
from channels.port import Channel
from channels.registry import ADAPTERS, UnknownProviderError, deaf_without, open_channel
from channels.settings import ChannelSettings
from tests.channels.conftest import (
    API_KEY,
    MAKERS,
    NOW,
    TOKEN,
    lob_settings,
    sendgrid_settings,
    smtp_settings,
    twilio_settings,
)
from tests.doubles.fake_channel import FakeChannel
from tests.doubles.running import Running

SECRETS = (API_KEY, TOKEN, "pass-of-the-tests", "test_key")
REAL = {
    "sendgrid": ChannelKind.EMAIL,
    "smtp": ChannelKind.EMAIL,
    "twilio": ChannelKind.SMS,
    "lob": ChannelKind.LETTER,
}
FOLDERS = ["folder-email", "folder-sms", "folder-letter", "spool"]
FAKES = ["fake-email", "fake-sms", "fake-letter"]
EVERY = [*REAL, *FOLDERS, *FAKES]
REPEATABLE = ["lob", *FOLDERS, *FAKES]
KNOWS_OUR_ID = REPEATABLE
SAYS_NOTHING = ["sendgrid", "smtp"]


@pytest.fixture
def settings_of(
    sendgrid: Running, twilio: Running, lob: Running, relay: Running, tmp_path: Path
) -> Callable[[str], ChannelSettings]:
    def settings(name: str) -> ChannelSettings:
        match name:
            case "sendgrid":
                return sendgrid_settings(sendgrid)
            case "twilio":
                return twilio_settings(twilio)
            case "lob":
                return lob_settings(lob)
            case "smtp":
                return smtp_settings(relay)
            case "spool":
                return ChannelSettings(provider="spool", spool=tmp_path / "spool")
            case _:
                return ChannelSettings(provider="folder", folder=tmp_path / "outbox")

    return settings


def _kind(name: str) -> ChannelKind:
    if name in REAL:
        return REAL[name]
    return ChannelKind.LETTER if name == "spool" else ChannelKind(name.partition("-")[2])


@pytest.fixture(params=EVERY)
def channel(
    request: pytest.FixtureRequest, settings_of: Callable[[str], ChannelSettings]
) -> Iterator[Channel]:
    name = request.param
    opened: Channel = (
        FakeChannel(_kind(name)) if name in FAKES else open_channel(_kind(name), settings_of(name))
    )
    yield opened
    opened.close()


def test_channel_accepts_a_message_and_gives_its_name_for_it(channel: Channel):
    outcome = channel.send(MAKERS[channel.kind](), now=NOW)
    assert isinstance(outcome, Accepted)
    assert outcome.provider_id


def test_channel_with_good_settings_has_nothing_to_complain_of(channel: Channel):
    assert channel.check() is None


def test_channel_with_good_settings_is_let_in(channel: Channel):
    assert channel.log_in() is None


@pytest.mark.parametrize(
    ("name", "changes", "says"),
    [
        ("sendgrid", {"api_key": "SG.revoked"}, "SendGrid does not let us in (HTTP 401)"),
        ("sendgrid", {"api_key": "SG.only-reads"}, "not to send mail: give it mail.send"),
        ("twilio", {"auth_token": "revoked"}, "Twilio does not let us in (HTTP 401)"),
        ("twilio", {"account_sid": "AC" + "5" * 32}, "the account is suspended"),
        ("lob", {"api_key": "test_revoked"}, "Lob does not let us in (HTTP 401)"),
        ("smtp", {"password": "not-the-one"}, "the relay refused (auth, 535)"),
        ("smtp", {"port": 1}, "no conversation with localhost"),
    ],
)
def test_whom_the_provider_does_not_let_in_is_told_without_a_message(
    settings_of: Callable[[str], ChannelSettings], name: str, changes: dict[str, object], says: str
) -> None:
    channel = open_channel(REAL[name], replace(settings_of(name), **changes))
    said = channel.log_in() or ""
    channel.close()
    assert says in said
    assert str(next(iter(changes.values()))) not in said or name == "smtp"


def test_channel_says_which_repeats_are_safe(channel: Channel):
    assert channel.repeat_is_safe is (channel.provider in {"folder", "spool", "lob", "fake"})
    assert channel.can_look_up is (channel.provider in {"folder", "spool", "lob", "fake", "twilio"})


@pytest.mark.parametrize("channel", REPEATABLE, indirect=True)
def test_channel_that_is_safe_to_repeat_gives_the_same_answer_twice(channel: Channel):
    assert channel.repeat_is_safe
    message = MAKERS[channel.kind]("m-twice")
    first, second = channel.send(message, now=NOW), channel.send(replace(message, attempt=2), now=NOW)
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert first.provider_id == second.provider_id


@pytest.mark.parametrize("channel", KNOWS_OUR_ID, indirect=True)
def test_channel_that_can_look_up_tells_sent_from_not_sent(channel: Channel):
    assert channel.can_look_up
    channel.send(MAKERS[channel.kind]("m-known"), now=NOW)
    assert isinstance(channel.look_up("m-known", to="", attempted_at=NOW), Accepted)
    unknown = channel.look_up("m-never", to="", attempted_at=NOW)
    assert isinstance(unknown, TryLater)
    assert not unknown.provider_failed


@pytest.mark.parametrize("channel", SAYS_NOTHING, indirect=True)
def test_channel_that_cannot_look_up_says_nothing(channel: Channel):
    assert not channel.can_look_up
    assert channel.look_up("m-1", to="zoe@debtors.example", attempted_at=NOW) is None


def test_channel_takes_messages_from_several_threads(channel: Channel):
    messages = [MAKERS[channel.kind](f"m-thread-{number}") for number in range(24)]
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda message: channel.send(message, now=NOW), messages))
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert len({outcome.provider_id for outcome in outcomes if isinstance(outcome, Accepted)}) == 24


def test_channel_keeps_secrets_out_of_logs_and_outcomes(
    channel: Channel, sendgrid: Running, twilio: Running, lob: Running, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    outcomes = [channel.send(MAKERS[channel.kind]("m-secret"), now=NOW)]
    for double in (sendgrid, twilio, lob):
        double.script("401", "lost")
    outcomes += [channel.send(MAKERS[channel.kind](f"m-secret-{number}"), now=NOW) for number in (1, 2)]
    said = caplog.text + repr(outcomes) + repr(channel)
    encoded = [base64.b64encode(secret.encode()).decode()[:12] for secret in SECRETS]
    assert not [secret for secret in (*SECRETS, *encoded) if secret in said]


@pytest.mark.parametrize("name", REAL)
def test_channel_without_connection_tries_later(name: str, settings_of: Callable[[str], ChannelSettings]):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        settings = replace(
            settings_of(name), base_url=f"https://127.0.0.1:{port}", host="127.0.0.1", port=port
        )
        outcome = open_channel(REAL[name], settings).send(MAKERS[REAL[name]](), now=NOW)
    assert isinstance(outcome, TryLater)
    assert outcome.provider_failed


@pytest.mark.parametrize("name", REAL)
def test_channel_does_not_trust_an_unknown_authority(
    name: str, settings_of: Callable[[str], ChannelSettings], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("SSL_CERT_FILE")
    outcome = open_channel(REAL[name], settings_of(name)).send(MAKERS[REAL[name]](), now=NOW)
    assert isinstance(outcome, TryLater)
    assert "SSL_CERT_FILE" in outcome.reason


@pytest.mark.parametrize("name", REAL)
def test_channel_without_credentials_says_which_are_missing(name: str):
    settings = ChannelSettings(provider=name, public_url="https://pay.acme.example")
    complaint = open_channel(REAL[name], settings).check()
    assert complaint
    assert "DISPATCHER_CHANNELS__" in complaint


@pytest.mark.parametrize("name", ["sendgrid", "twilio", "lob"])
def test_channel_that_is_real_refuses_a_public_url_on_this_machine(
    name: str, settings_of: Callable[[str], ChannelSettings]
):
    complaint = open_channel(REAL[name], replace(settings_of(name), base_url="")).check()
    assert complaint
    assert "DISPATCHER_PUBLIC_URL" in complaint


def test_registry_names_the_choices_for_an_unknown_provider():
    with pytest.raises(
        UnknownProviderError, match="SMS__PROVIDER is 'sendgrid'; for sms it can be folder, twilio"
    ):
        open_channel(ChannelKind.SMS, ChannelSettings(provider="sendgrid"))


def test_registry_has_a_contract_test_for_every_provider():
    assert {adapter.name for adapter in ADAPTERS} == {*REAL, "folder", "spool"}


def test_settings_do_not_show_their_secrets():
    assert API_KEY not in repr(ChannelSettings(provider="sendgrid", api_key=API_KEY))


def test_folder_writes_the_exact_bytes_under_the_message_id(tmp_path: Path):
    settings = ChannelSettings(folder=tmp_path)
    for kind, suffix in ((ChannelKind.EMAIL, "eml"), (ChannelKind.SMS, "txt"), (ChannelKind.LETTER, "pdf")):
        message = MAKERS[kind]("m-1")
        open_channel(kind, settings).send(message, now=NOW)
        assert (tmp_path / f"m-1.{suffix}").read_bytes() == message.body
    assert len(list(tmp_path.iterdir())) == 3


def test_folder_keeps_the_first_copy(tmp_path: Path):
    channel = open_channel(ChannelKind.SMS, ChannelSettings(folder=tmp_path))
    channel.send(MAKERS[ChannelKind.SMS](body=b"first"), now=NOW)
    channel.send(MAKERS[ChannelKind.SMS](body=b"second"), now=NOW)
    assert (tmp_path / "m-1.txt").read_bytes() == b"first"


@pytest.mark.parametrize("message_id", ["../m-1", "a/b", ".hidden", "", "m\x00"])
def test_folder_never_leaves_its_folder(message_id: str, tmp_path: Path):
    outcome = open_channel(ChannelKind.SMS, ChannelSettings(folder=tmp_path / "outbox")).send(
        MAKERS[ChannelKind.SMS](message_id), now=NOW
    )
    assert isinstance(outcome, Rejected)
    assert outcome.scope is Scope.MESSAGE
    assert not list(tmp_path.rglob("*.txt"))


def test_folder_that_cannot_be_made_says_so(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    channel = open_channel(ChannelKind.SMS, ChannelSettings(folder=tmp_path / "file" / "outbox"))
    assert isinstance(channel.send(MAKERS[ChannelKind.SMS](), now=NOW), TryLater)
    assert "cannot be written into" in (channel.check() or "")


def test_registry_imports_no_provider_library_before_it_is_used():
    slow = "{'twilio', 'sendgrid', 'urllib3', 'cryptography', 'pypdf', 'smtplib'} & set(sys.modules)"
    asked = f"import sys, channels.registry; print({slow} or 'none')"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "none"


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("http://localhost:8000", True),
        ("https://127.0.0.1:8443/v1", True),
        ("http://[::1]:9", True),
        ("127.8.9.1", True),
        ("relay.localhost", True),
        ("https://api.sendgrid.com", False),
        ("https://localhost.evil.example", False),
        ("http://127.0.0.1.nip.example", False),
        ("10.0.0.1", False),
        ("", False),
    ],
)
def test_loopback_is_told_from_the_world(address: str, here: bool):
    assert is_loopback(address) is here


def test_a_provider_whose_webhooks_cannot_be_believed_is_said_to_be_unheard():
    assert deaf_without(ChannelSettings(provider="sendgrid")) == "DISPATCHER_CHANNELS__EMAIL__WEBHOOK_KEY"
    assert deaf_without(ChannelSettings(provider="lob")) == "DISPATCHER_CHANNELS__LETTER__WEBHOOK_SECRET"
    assert deaf_without(ChannelSettings(provider="sendgrid", webhook_key="key")) is None
    assert (
        deaf_without(ChannelSettings(provider="twilio")) is None
    )  # its AUTH_TOKEN signs, and sending needs it
