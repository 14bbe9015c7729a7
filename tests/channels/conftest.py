"""Doubles over TLS as programs of their own, messages to send them, channels that talk to them."""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pypdf import PdfWriter

from channels.kind import ChannelKind
from channels.message import OutboundMessage, PostalAddress
from channels.settings import ChannelSettings
from tests.doubles.certificate import make_certificate
from tests.doubles.running import Running, running

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
ACCOUNT = "AC" + "0" * 32
TOKEN = "twilio-auth-token-of-the-tests"
API_KEY = "SG.the-key-of-the-tests"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority made for this test run and a certificate for localhost."""
    folder = tmp_path_factory.mktemp("certificate")
    make_certificate(folder)
    return folder


@pytest.fixture(autouse=True)
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's way to trust an authority of one's own."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "authority.pem"))


@pytest.fixture(scope="session")
def _sendgrid(certificate: Path) -> Iterator[Running]:
    with running("sendgrid", certificate=certificate) as double:
        yield double


@pytest.fixture(scope="session")
def _twilio(certificate: Path) -> Iterator[Running]:
    with running("twilio", "--secret", TOKEN, certificate=certificate) as double:
        yield double


@pytest.fixture(scope="session")
def _lob(certificate: Path) -> Iterator[Running]:
    with running("lob", certificate=certificate) as double:
        yield double


@pytest.fixture(scope="session")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the relay keeps what it took."""
    return tmp_path_factory.mktemp("mailbox")


@pytest.fixture(scope="session")
def relay(certificate: Path, mailbox: Path) -> Iterator[Running]:
    """A relay that wants STARTTLS and a log-in."""
    with running(
        "smtp", "--folder", str(mailbox), "--password", "pass-of-the-tests", certificate=certificate
    ) as double:
        yield double


@pytest.fixture(scope="session")
def pipelining_relay(certificate: Path) -> Iterator[Running]:
    """The same, where commands may come together."""
    words = ("smtp", "--password", "pass-of-the-tests", "--pipelining")
    with running(*words, certificate=certificate) as double:
        yield double


@pytest.fixture
def sendgrid(_sendgrid: Running) -> Running:
    _sendgrid.forget()
    return _sendgrid


@pytest.fixture
def twilio(_twilio: Running) -> Running:
    _twilio.forget()
    return _twilio


@pytest.fixture
def lob(_lob: Running) -> Running:
    _lob.forget()
    return _lob


def sendgrid_settings(double: Running, **more: object) -> ChannelSettings:
    return _settings(**{"provider": "sendgrid", "base_url": double.url, "api_key": API_KEY, **more})


def twilio_settings(double: Running, **more: object) -> ChannelSettings:
    defaults: dict[str, object] = {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": "+15005550006"}
    return _settings(provider="twilio", base_url=double.url, **{**defaults, **more})


def lob_settings(double: Running, **more: object) -> ChannelSettings:
    return _settings(provider="lob", base_url=f"{double.url}/v1", api_key="test_key", **more)


def smtp_settings(double: Running, **more: object) -> ChannelSettings:
    login = {"username": "acme", "password": "pass-of-the-tests"}
    return _settings(provider="smtp", host=double.host, port=double.port, **{**login, **more})


def _settings(**values: object) -> ChannelSettings:
    return ChannelSettings(**{"connect_timeout": 5.0, "timeout": 5.0, **values})


MIME = (
    (
        "From: Acme <letters@acme.example>\r\n"
        "To: Zoë <zoe@debtors.example>\r\n"
        "Subject: Ana, a message from Acme\r\n"
        "Message-ID: <m-1@acme.example>\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="=_b0"\r\n'
        "\r\n"
        "--=_b0\r\n"
        'Content-Type: text/plain; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "\r\n"
        "Hello Zo=C3=AB,\r\n"
        ".a line that begins with a dot, and a long =\r\nline\r\n"
        "\r\n--=_b0\r\n"
        'Content-Type: text/html; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: base64\r\n"
        "\r\n"
        "PHA+SGVsbG8gWm/Dqzwv\r\ncD4=\r\n"
        "--=_b0--\r\n"
    )
    .replace("To: Zoë <", "To: =?utf-8?q?Zo=C3=AB?= <")
    .encode()
)


def an_email(message_id: str = "m-1", **more: object) -> OutboundMessage:
    values: dict[str, object] = {
        "message_id": message_id,
        "channel": ChannelKind.EMAIL,
        "body": MIME,
        "to": "zoe@debtors.example",
        "to_name": "Zoë, the first",
        "sender": "letters@acme.example",
        "sender_name": "Acme",
        "reply_to": "answers@acme.example",
        "subject": "Ana, a message from Acme",
        "unsubscribe_url": "https://acme.example/u/token",
        "categories": ("first-reminder", "run-3", "first-reminder"),
    }
    return OutboundMessage(**{**values, **more})


def an_sms(message_id: str = "m-1", **more: object) -> OutboundMessage:
    values: dict[str, object] = {
        "message_id": message_id,
        "channel": ChannelKind.SMS,
        "body": "Zoë, a message from Acme: +1 800 555 0100. Reply STOP to end.".encode(),
        "to": "+14155550123",
    }
    return OutboundMessage(**{**values, **more})


def a_pdf(pages: int = 1) -> bytes:
    writer, content = PdfWriter(), io.BytesIO()
    for _ in range(pages):
        writer.add_blank_page(612, 792)
    writer.write(content)
    return content.getvalue()


US_HOME = PostalAddress(
    name="Zoë Example",
    lines=("Zoë Example", "210 King St", "San Francisco CA 94107"),
    address_line_1="210 King St",
    city="San Francisco",
    region="CA",
    postal_code="94107",
    country="US",
)
ACME = PostalAddress(
    name="Acme",
    lines=("Acme", "1 Main St", "Austin TX 78701"),
    address_line_1="1 Main St",
    city="Austin",
    region="TX",
    postal_code="78701",
    country="US",
)


def a_letter(message_id: str = "m-1", **more: object) -> OutboundMessage:
    values: dict[str, object] = {
        "message_id": message_id,
        "channel": ChannelKind.LETTER,
        "body": a_pdf(),
        "to": "",
        "postal_address": US_HOME,
        "return_address": ACME,
        "pages": 1,
    }
    return OutboundMessage(**{**values, **more})


MAKERS: dict[ChannelKind, Callable[..., OutboundMessage]] = {
    ChannelKind.EMAIL: an_email,
    ChannelKind.SMS: an_sms,
    ChannelKind.LETTER: a_letter,
}
