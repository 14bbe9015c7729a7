"""A real IMAP server on loopback: every mail is read once, whatever dies in the middle, and nothing there is changed."""

import os
import random
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient
from sqlalchemy import select

from channels.email.mailbox import Mail, MailboxError, log_in, read_mailbox
from channels.email.mailbox_access import MailboxAccess, Place
from channels.settings import ChannelSettings
from dispatcher.bootstrap import open_dispatcher
from dispatcher.database.tables.delivery import provider_events, tasks
from dispatcher.settings import load_settings
from tests.channels.test_incoming import DSN, written
from tests.doubles.certificate import Certificate, make_certificate

DEEP = os.environ.get("DEEP") == "1"
MAILS, DEATHS = (200, 25) if DEEP else (24, 3)
ROOT = Path(__file__).parents[2]
START_SECONDS = 20.0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("imap"))


@pytest.fixture(scope="module")
def port(certificate: Certificate) -> Iterator[int]:
    """pymap with STARTTLS; one server for the module, a folder for each test."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["--host", "127.0.0.1", "--port", str(port), "--cert", str(certificate.certificate)]
    words += ["--key", str(certificate.key), "dict"]
    with subprocess.Popen([Path(sys.executable).with_name("pymap"), *words]) as server:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
        server.kill()


@pytest.fixture
def access(
    port: int, certificate: Certificate, monkeypatch: pytest.MonkeyPatch, request: Any
) -> MailboxAccess:
    """A folder of the test's own, whose server this process trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
    folder = f"F{abs(hash(request.node.name)) % 10**9}"
    with signed_in(port, certificate) as client:
        client.create_folder(folder)
    account = ChannelSettings(
        provider="imap", host="127.0.0.1", port=port, tls="starttls", username="demouser", password="demopass"
    )
    return MailboxAccess(account=account, folder=folder)


def signed_in(port: int, certificate: Certificate) -> Any:
    client = IMAPClient("127.0.0.1", port, ssl=False)
    client.starttls(ssl.create_default_context(cafile=str(certificate.authority)))
    client.login("demouser", "demopass")
    return client


def fill(access: MailboxAccess, certificate: Certificate, mails: list[bytes]) -> None:
    with signed_in(access.account.port, certificate) as client:
        for mail in mails:
            client.append(access.folder, mail)


def some_mails(count: int) -> list[bytes]:
    """Words, machines and bounces, each one another."""
    kinds = [
        lambda i: written(f"I can pay on day {i}", Message_ID=f"<w{i}@x>"),
        lambda i: written("away", Message_ID=f"<a{i}@x>", Auto_Submitted="auto-replied"),
        lambda i: (
            DSN.replace("ACTION", "failed").replace("STATUS", "5.1.1").replace("b1@", f"b{i}@").encode()
        ),
    ]
    return [kinds[i % 3](i) for i in range(count)]


def test_a_mailbox_that_lets_us_in_says_how_much_lies_there_and_one_that_does_not_why(
    access: MailboxAccess, certificate: Certificate
) -> None:
    fill(access, certificate, some_mails(2))
    assert log_in(access) == 2
    wrong = replace(access, account=replace(access.account, password="not-the-one"))
    with pytest.raises(MailboxError) as refused:
        log_in(wrong)
    assert "demouser@127.0.0.1" in str(refused.value)
    assert "not-the-one" not in str(refused.value)


def test_a_mailbox_is_read_from_where_it_was_left_and_stays_as_it_is(
    access: MailboxAccess, certificate: Certificate
) -> None:
    mails = some_mails(5)
    fill(access, certificate, mails[:3])
    first = list(read_mailbox(access, Place()))
    fill(access, certificate, mails[3:])
    second = list(read_mailbox(access, first[-1].place))

    assert [mail.raw for mail in first + second] == mails
    assert all(mail.at.tzinfo is not None for mail in first)
    assert list(read_mailbox(access, second[-1].place)) == []
    assert len(list(read_mailbox(access, Place(validity=1, uid=10_000)))) == 5  # another mailbox of that name
    with signed_in(access.account.port, certificate) as client:
        client.select_folder(access.folder)
        assert client.search("UNSEEN") == client.search("ALL")


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"password": "wrong"}, "demouser@127.0.0.1"), ({"port": 1}, "refused")],
)
def test_a_mailbox_that_cannot_be_read_says_why_without_its_secret(
    access: MailboxAccess, changes: dict[str, Any], says: str
) -> None:
    from dataclasses import replace

    wrong = replace(access, account=replace(access.account, **changes))
    with pytest.raises(MailboxError) as failed:
        list(read_mailbox(wrong, Place()))
    assert says in str(failed.value)
    assert "wrong" not in str(failed.value)


def test_a_server_that_nobody_vouches_for_gets_no_password(
    access: MailboxAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(MailboxError, match="CERTIFICATE_VERIFY_FAILED"):
        list(read_mailbox(access, Place()))


def test_each_mail_is_read_once_wherever_a_reader_dies(
    access: MailboxAccess, certificate: Certificate, tmp_path: Path
) -> None:
    mails = some_mails(MAILS)
    fill(access, certificate, mails)
    chance = random.Random(7)
    environment = os.environ | {
        "DISPATCHER_HOME": str(tmp_path / "home"),
        "DISPATCHER_MAILBOX__HOST": "127.0.0.1",
        "DISPATCHER_MAILBOX__PORT": str(access.account.port),
        "DISPATCHER_MAILBOX__TLS": "starttls",
        "DISPATCHER_MAILBOX__USERNAME": "demouser",
        "DISPATCHER_MAILBOX__PASSWORD": "demopass",
        "DISPATCHER_MAILBOX__FOLDER": access.folder,
        "SSL_CERT_FILE": str(certificate.authority),
    }

    def read(mail: int, moment: str) -> int:
        command = [sys.executable, "-m", "tests.delivery.mailbox_reader", str(mail), moment]
        return subprocess.run(command, cwd=ROOT, env=environment, check=False, timeout=120).returncode

    for number in range(DEATHS):
        assert read(chance.randint(1, MAILS // DEATHS), ("before", "between", "within")[number % 3]) == 9
    assert read(0, "") == 0

    program = open_dispatcher(load_settings(home=tmp_path / "home"))
    with program.database.reading() as connection:
        kinds = list(connection.scalars(select(provider_events.c.kind)))
        texts = [row.details["text"] for row in connection.execute(select(tasks))]
    program.close()
    assert len(kinds) == MAILS
    assert sorted(texts) == sorted(f"I can pay on day {i}" for i in range(0, MAILS, 3))


def test_one_mail_is_a_place_a_time_and_bytes(access: MailboxAccess, certificate: Certificate) -> None:
    fill(access, certificate, some_mails(1))
    [mail] = read_mailbox(access, Place())
    assert isinstance(mail, Mail)
    assert mail.place.uid > 0
