"""Connections are kept, given up in time, and a failure says whether the request had left."""

import contextlib
import socket
import struct
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from channels import http
from channels.email import smtp_session
from channels.email.sendgrid import SendGridChannel
from channels.email.smtp import SmtpChannel
from channels.http import NoAnswerError, NotWrittenError, Transport
from channels.outcome import Accepted, Rejected, Scope, TryLater, Unknown
from channels.settings import ChannelSettings
from tests.channels.conftest import MIME, NOW, an_email, sendgrid_settings, smtp_settings
from tests.doubles.answering import Play, answering
from tests.doubles.certificate import certificate_in
from tests.doubles.running import Running, running

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def _answer(times: int = 1) -> Play:
    def play(connection: socket.socket) -> None:
        for _ in range(times):
            connection.recv(65536)
            connection.sendall(ANSWER)

    return play


def _hang_up(connection: socket.socket) -> None:
    connection.recv(65536)


def _half_an_answer(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(ANSWER.replace(b"2\r\n", b"20\r\n"))


def _silence(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.recv(65536)


def _drip(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:  # until the other side has had enough
        connection.sendall(b"x")
        threading.Event().wait(0.02)


def _transport(url: str, timeout: float = 0.6) -> Transport:
    return Transport(url, connect_timeout=0.6, timeout=timeout, concurrency=4)


def test_connection_is_kept_for_the_next_request():
    with answering(_answer(3)) as url:
        transport = _transport(url)
        assert [transport.request("GET", "/", {}).body for _ in range(3)] == [b"ok"] * 3
        transport.close()


def test_answer_that_is_larger_than_any_provider_gives_is_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http, "LARGEST_ANSWER", 1)
    with answering(_answer()) as url, pytest.raises(NoAnswerError):
        _transport(url).request("GET", "/", {})


def test_connection_that_was_idle_for_long_is_replaced(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http, "IDLE_SECONDS", 0.0)
    with answering(_answer(), _answer()) as url:
        transport = _transport(url)
        assert [transport.request("GET", "/", {}).body for _ in range(2)] == [b"ok"] * 2


@pytest.mark.parametrize("play", [_hang_up, _half_an_answer, _silence, _drip])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_failure_after_the_request_left_is_no_answer(play: Play, tls: bool, certificate: Path):
    context = certificate_in(certificate).context() if tls else None
    with answering(play, context=context) as url, pytest.raises(NoAnswerError):
        _transport(url).request("POST", "/secret-path", {"Authorization": "secret"}, b"body")


def test_failure_while_reusing_a_connection_is_no_answer_either():
    def answer_then_hang_up(connection: socket.socket) -> None:
        _answer()(connection)
        _hang_up(connection)

    with answering(answer_then_hang_up) as url:
        transport = _transport(url)
        transport.request("GET", "/", {})
        with pytest.raises(NoAnswerError):
            transport.request("GET", "/", {})


@pytest.mark.parametrize("play", [lambda connection: connection.close(), _silence], ids=["reset", "silent"])
def test_failure_in_the_handshake_is_before_the_request(play: Play):
    with answering(play) as url, pytest.raises(NotWrittenError):
        _transport(url.replace("http:", "https:")).request("POST", "/", {}, b"body")


def test_unknown_host_is_before_the_request():
    with pytest.raises(NotWrittenError, match="cannot be resolved"):
        _transport("https://no-such-host.invalid").request("POST", "/", {}, b"body")


def test_failure_says_neither_path_nor_headers_nor_body():
    with answering(_hang_up) as url, pytest.raises(NoAnswerError) as caught:
        _transport(url).request("POST", "/secret-path", {"Authorization": "secret-key"}, b"secret-body")
    assert "secret" not in str(caught.value)


FAR = "provider.example"


def _proxy_to(double: Running) -> Play:
    """A proxy that lets the right log-in through to the one host it knows, which is the double."""

    def play(connection: socket.socket) -> None:
        asked = connection.recv(65536).decode().lower()
        if not asked.startswith(f"connect {FAR}:443 ") or "basic ywntztpwqhnz" not in asked:  # acme:p@ss
            connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(("127.0.0.1", urlsplit(double.url).port or 0)) as far:
            threading.Thread(target=_pump, args=(far, connection), daemon=True).start()
            _pump(connection, far)

    return play


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def test_proxy_of_the_environment_is_used(sendgrid: Running, monkeypatch: pytest.MonkeyPatch):
    with answering(_proxy_to(sendgrid)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.replace("//", "//acme:p%40ss@"))
        channel = SendGridChannel(sendgrid_settings(sendgrid, base_url=f"https://{FAR}"))
        assert isinstance(channel.send(an_email("m-through-the-proxy"), now=NOW), Accepted)
        channel.close()
    assert len(sendgrid.received()) == 1


def test_proxy_that_refuses_is_before_the_request(sendgrid: Running, monkeypatch: pytest.MonkeyPatch):
    with answering(_proxy_to(sendgrid)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.replace("//", "//acme:wrong@"))
        with pytest.raises(NotWrittenError, match="HTTPS_PROXY") as caught:
            _transport(f"https://{FAR}").request("POST", "/", {}, b"body")
    assert "wrong" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://127.0.0.1:1", "https://no-such-host.invalid"])
def test_proxy_is_not_asked_for_this_machine_or_where_none_is_wanted(
    url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "no-such-host.invalid")
    with pytest.raises(NotWrittenError) as caught:
        _transport(url).request("POST", "/", {}, b"body")
    assert "HTTPS_PROXY" not in str(caught.value)


def test_redirect_is_not_followed():
    def redirect(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
        )

    with answering(redirect) as url:
        assert _transport(url).request("POST", "/", {"Authorization": "secret"}, b"").status == 302


@pytest.mark.parametrize("url", ["", "api.lob.com", "ftp://x", "https://"])
def test_base_url_that_is_none_is_refused(url: str):
    with pytest.raises(ValueError, match="BASE_URL"):
        _transport(url)


def test_smtp_session_is_kept_and_bytes_arrive_as_they_are(
    relay: Running, mailbox: Path, monkeypatch: pytest.MonkeyPatch
):
    opened: list[object] = []
    real = smtp_session.SessionPool._open
    monkeypatch.setattr(smtp_session.SessionPool, "_open", lambda pool: opened.append(1) or real(pool))
    before = set(mailbox.glob("*.eml"))
    channel = SmtpChannel(smtp_settings(relay))
    assert all(isinstance(channel.send(an_email(), now=NOW), Accepted) for _ in range(5))
    channel.close()
    assert len(opened) == 1
    assert [path.read_bytes() for path in set(mailbox.glob("*.eml")) - before] == [MIME] * 5


def test_smtp_session_that_died_while_idle_is_replaced(relay: Running):
    channel = SmtpChannel(smtp_settings(relay))
    channel.send(an_email(), now=NOW)
    (session,) = channel._sessions._idle
    assert session.client.sock
    session.client.sock.shutdown(socket.SHUT_RDWR)
    assert isinstance(channel.send(an_email(), now=NOW), Accepted)


def test_smtp_session_is_closed_after_its_share_of_messages(relay: Running, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(smtp_session, "MOST_MESSAGES", 2)
    channel = SmtpChannel(smtp_settings(relay))
    channel.send(an_email(), now=NOW)
    assert len(channel._sessions._idle) == 1
    channel.send(an_email(), now=NOW)
    assert channel._sessions._idle == []


def test_smtp_speaks_tls_from_the_first_byte_when_asked(tmp_path: Path, certificate: Path):
    with running("smtp", "--folder", str(tmp_path), "--mode", "tls", certificate=certificate) as relay:
        channel = SmtpChannel(smtp_settings(relay, tls="tls", username=""))
        assert isinstance(channel.send(an_email(), now=NOW), Accepted)


@pytest.mark.parametrize(
    ("to", "envelope_to", "option"),
    [
        ("zoe@exämple.example", "zoe@xn--exmple-cua.example", ""),
        ("zoë@debtors.example", "zoë@debtors.example", "SMTPUTF8"),
    ],
)
def test_smtp_address_beyond_ascii_arrives(
    to: str, envelope_to: str, option: str, relay: Running, mailbox: Path
):
    before = set(mailbox.glob("*.envelope"))
    assert isinstance(SmtpChannel(smtp_settings(relay)).send(an_email(to=to), now=NOW), Accepted)
    (card,) = set(mailbox.glob("*.envelope")) - before
    sender, arrived, options = card.read_text(encoding="utf-8").splitlines()
    assert (sender, arrived) == ("letters@acme.example", envelope_to)
    assert ("SMTPUTF8" in options) is (option == "SMTPUTF8")


def test_smtp_eight_bit_body_is_announced(relay: Running, mailbox: Path):
    before = set(mailbox.glob("*.envelope"))
    body = MIME.replace(b"Hello Zo=C3=AB", "Hello Zoë".encode())
    SmtpChannel(smtp_settings(relay)).send(an_email(body=body), now=NOW)
    (card,) = set(mailbox.glob("*.envelope")) - before
    assert "BODY=8BITMIME" in card.read_text(encoding="utf-8")
    assert card.with_suffix(".eml").read_bytes() == body


def test_smtp_relay_without_smtputf8_refuses_what_needs_it(tmp_path: Path, certificate: Path):
    with running("smtp", "--folder", str(tmp_path), "--no-utf8", certificate=certificate) as relay:
        outcome = SmtpChannel(smtp_settings(relay, username="")).send(
            an_email(to="zoë@debtors.example"), now=NOW
        )
    assert "SMTPUTF8" in repr(outcome)
    assert not list(tmp_path.glob("*.eml"))


def test_smtp_bare_line_feeds_cannot_smuggle_a_second_message(relay: Running, mailbox: Path):
    before = set(mailbox.glob("*.eml"))
    body = MIME + b"\n.\nMAIL FROM:<x@y.example>\n\r.\r"
    assert isinstance(SmtpChannel(smtp_settings(relay)).send(an_email(body=body), now=NOW), Accepted)
    (arrived,) = set(mailbox.glob("*.eml")) - before
    assert arrived.read_bytes() == MIME + b"\r\n.\r\nMAIL FROM:<x@y.example>\r\n\r\n.\r\n"


def _relay_that(*says: bytes, heard: list[bytes]) -> Play:
    """A relay that greets, takes commands together and answers one thing to each write; then it hangs up."""

    def play(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(b"220 relay\r\n")
        for reply in (b"250-relay\r\n250 PIPELINING\r\n", *says):
            heard.append(connection.recv(65536))
            connection.sendall(reply)

    return play


def _plain_relay(url: str, **more: object) -> SmtpChannel:
    settings = {"host": "127.0.0.1", "port": urlsplit(url).port, "tls": "none", "timeout": 5.0, **more}
    return SmtpChannel(ChannelSettings(provider="smtp", sender="letters@acme.example", **settings))


GO = b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go\r\n"


def test_smtp_asks_for_everything_in_one_write_and_hands_over_in_a_second():
    heard: list[bytes] = []
    with answering(_relay_that(GO, b"250 queued as 7 for zoe@debtors.example\r\n", heard=heard)) as url:
        outcome = _plain_relay(url).send(an_email(body=b"a: b\r\n\r\n.hidden\r\n"), now=NOW)
    assert outcome == Accepted(provider_id="7", note="queued as 7 for ...")
    assert heard[1:] == [
        b"MAIL FROM:<letters@acme.example>\r\nRCPT TO:<zoe@debtors.example>\r\nDATA\r\n",
        b"a: b\r\n\r\n..hidden\r\n.\r\n",
    ]


@pytest.mark.parametrize(
    "says",
    [
        (b"250 2.1.0 ok\r\n550 5.1.1 nobody\r\n354 go\r\n", b"250 ok\r\n"),
        (b"250 2.1.0 ok\r\n550 5.1.1 nobody\r\n554 5.5.1 nobody left\r\n", b"250 ok\r\n"),
        (b"250 2.1.0 ok\r\n550 5.1.1 nobody\r\n",),
    ],
    ids=["waits for the content", "refuses the content too", "hangs up"],
)
def test_smtp_refusal_among_answers_that_come_together_counts_and_no_content_goes(
    says: tuple[bytes, ...],
):
    heard: list[bytes] = []
    with answering(_relay_that(*says, heard=heard)) as url:
        outcome = _plain_relay(url).send(an_email(), now=NOW)
    assert outcome == Rejected(reason="550 5.1.1 nobody", scope=Scope.ADDRESS, code="5.1.1")
    assert heard[2:] in ([], [b""], [b"rset\r\n"])


def test_smtp_session_that_breaks_before_the_final_dot_has_delivered_nothing():
    heard: list[bytes] = []
    first = (GO, b"250 queued\r\n")
    with answering(_relay_that(*first, GO, heard=heard), _relay_that(GO, b"250 ok\r\n", heard=heard)) as url:
        channel = _plain_relay(url)
        assert isinstance(channel.send(an_email(), now=NOW), Accepted)
        outcome = channel.send(an_email("m-2", body=MIME + b"long\r\n" * 4_000_000), now=NOW)
    assert isinstance(outcome, TryLater)
    assert len(heard) == 4  # and nothing was tried again behind the dispatcher's back


@pytest.mark.parametrize(
    ("reply", "end"),
    [
        (b"252 2.0.0 taken\r\n", Accepted),
        (b"250-one\r\n250 two\r\n", Accepted),
        (b"354 more\r\n", Unknown),
        (b"abc def\r\n", Unknown),
        (b"250-" + b"y" * 9000 + b"\r\n", Unknown),
        (b"421 4.3.2 going down\r\n", TryLater),
        (b"554 5.7.1 no\r\n", Rejected),
    ],
)
def test_smtp_answer_to_a_whole_message_goes_by_its_first_digit(reply: bytes, end: type):
    with answering(_relay_that(GO, reply, heard=[])) as url:
        assert isinstance(_plain_relay(url).send(an_email(), now=NOW), end)


def test_smtp_words_keep_nothing_that_a_database_refuses():
    with answering(_relay_that(GO, b"250 ok \x00 queued as \xff7\r\n", heard=[])) as url:
        outcome = _plain_relay(url).send(an_email(), now=NOW)
    assert outcome == Accepted(provider_id="\ufffd7", note="ok queued as \ufffd7")


def test_smtp_greeting_that_is_none_is_tried_later():
    with answering(lambda connection: connection.sendall(b"hello\r\n")) as url:
        outcome = _plain_relay(url).send(an_email(), now=NOW)
    assert outcome == TryLater(reason="the connection to 127.0.0.1 broke off")
