"""The program as its own processes: `dispatcher serve` takes webhooks, and the rehearsal plays a day to its end."""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.chaos.accidents import until
from tests.outside_channels.conftest import OpenHome
from tests.outside_channels.home import LOB_SECRET, TOKEN, Home
from tests.outside_channels.hooks import WEBHOOK_KEY, lob_headers, sendgrid_headers, twilio_headers
from tests.servers import free_port
from tests.shared import ROOT

PUBLIC = "http://127.0.0.1:8000"
MEGABYTE = b"x" * 1_000_000


@contextmanager
def served(home: Home) -> Iterator[http.client.HTTPConnection]:
    """`dispatcher serve` on a free port with the home's clock; a connection to it."""
    home.house.close()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCHER_")}
    settings = {
        "HOME": str(home.folder),
        "PUBLIC_URL": PUBLIC,
        "CHANNELS__EMAIL__WEBHOOK_KEY": WEBHOOK_KEY,
        "CHANNELS__SMS__AUTH_TOKEN": TOKEN,
        "CHANNELS__LETTER__WEBHOOK_SECRET": LOB_SECRET,
        "WEB__PORT": str(free_port()),
    }
    words = ["serve", "--now", home.now.at.isoformat()]
    process = subprocess.Popen(
        [sys.executable, "-c", "from dispatcher.cli.main import main; main()", *words],
        env=clean | {f"DISPATCHER_{name}": value for name, value in settings.items()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        line = process.stdout.readline()  # the program says where it will listen, then opens the port
        assert line.startswith("serving on http://127.0.0.1:"), process.communicate(timeout=10)
        port = int(line.rsplit(":", 1)[1])
        wait_for(port, process)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        yield connection
        connection.close()
    finally:
        process.terminate()
        process.communicate(timeout=30)
        home.open()


def wait_for(port: int, process: subprocess.Popen[str]) -> None:
    def answers() -> bool:
        assert process.poll() is None, process.communicate()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    until(answers, seconds=60, every=0.05, what=f"an answer on port {port}")


def post(connection: http.client.HTTPConnection, path: str, body: object, headers: dict[str, str]) -> int:
    connection.request("POST", path, body=body, headers=headers, encode_chunked=not isinstance(body, bytes))
    answer = connection.getresponse()
    answer.read()
    return answer.status


def test_webhooks_come_in_over_a_real_socket(open_home: OpenHome) -> None:
    home = open_home()
    home.dispatch()
    mail, sms, letter = (home.message(channel) for channel in ("email", "sms", "letter"))
    seconds = int(home.now().timestamp())
    bounce = [
        {
            "event": "bounce",
            "type": "bounce",
            "message_id": mail.id,
            "sg_event_id": "b1",
            "timestamp": seconds,
        }
    ]
    mail_body = json.dumps(bounce).encode() + b"\r\n"
    back = {
        "id": "evt_1",
        "event_type": {"id": "letter.returned_to_sender"},
        "body": {"metadata": {"message_id": letter.id}},
    }
    letter_body = json.dumps(back).encode()
    target, form = (
        f"/webhooks/twilio/status?message_id={sms.id}",
        {"MessageSid": sms.provider_id, "MessageStatus": "delivered"},
    )
    sms_body = f"MessageSid={sms.provider_id}&MessageStatus=delivered".encode()
    with served(home) as connection:
        answers = [
            post(connection, "/webhooks/sendgrid", mail_body, sendgrid_headers(mail_body, str(seconds))),
            post(
                connection, "/webhooks/sendgrid", mail_body, sendgrid_headers(mail_body, str(seconds - 601))
            ),
            post(connection, target, sms_body, twilio_headers(PUBLIC + target, form)),
            post(connection, target, sms_body, twilio_headers(PUBLIC + target, form, token="wrong")),
            post(connection, "/webhooks/lob", letter_body, lob_headers(letter_body, f"{seconds}000")),
        ]
    assert answers == [204, 403, 204, 403, 204]
    found = {channel: home.message(channel).state for channel in ("email", "sms", "letter")}
    assert found == {"email": "bounced", "sms": "delivered", "letter": "returned"}


def test_a_body_too_large_is_refused_over_a_real_socket_and_the_program_goes_on(open_home: OpenHome) -> None:
    home = open_home()
    with served(home) as connection:
        try:
            status = post(connection, "/webhooks/lob", iter([MEGABYTE] * 6), {"Transfer-Encoding": "chunked"})
        except (BrokenPipeError, ConnectionResetError):
            status = 413  # it hung up on us while we were still sending
        connection.close()
        assert status == 413
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200


@pytest.mark.deep
def test_the_rehearsal_plays_a_day_to_its_end_and_nobody_is_written_to_twice(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.doubles.rehearsal",
            "--folder",
            str(tmp_path / "stage"),
            "--debtors",
            "120",
        ],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("DISPATCHER_")},
        capture_output=True,
        text=True,
        timeout=540,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for provider in ("sendgrid", "twilio", "lob"):
        received = re.search(
            rf"{provider} +(\d+) messages, 0 twice; webhooks: (\d+) answered 20[04]", done.stdout
        )
        assert received is not None, done.stdout
        assert int(received[1]) > 0
    assert "dispatcher messages resolve" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
