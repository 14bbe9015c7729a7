"""Requests per second of each adapter against a local sink over TLS, beside the bare library in a loop.

python -m benchmarks.channels [--seconds 3]; the sinks are the loopback doubles, in processes of their own.
"""

import argparse
import contextlib
import smtplib
import ssl
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from channels.kind import ChannelKind
from channels.port import Channel
from channels.registry import open_channel
from channels.settings import ChannelSettings
from tests.channels import conftest as made
from tests.doubles.certificate import make_certificate
from tests.doubles.running import Running, running

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
ROUNDS = 3


def per_second(call: Callable[[], object], seconds: float, threads: int = 1) -> float:
    """Median of a few rounds."""
    call()
    return statistics.median(_round(call, seconds / ROUNDS, threads) for _ in range(ROUNDS))


def _round(call: Callable[[], object], seconds: float, threads: int) -> float:
    def loop(_: int) -> int:
        count = 0
        while time.perf_counter() < end:
            call()
            count += 1
        return count

    begin = time.perf_counter()
    end = begin + seconds
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(loop, range(threads))) / (time.perf_counter() - begin)


def bare_sendgrid(double: Running) -> Callable[[], object]:
    """The library as its README shows it: a connection a call."""
    from sendgrid import SendGridAPIClient
    from sendgrid.helpers.mail import Content, Email, Mail, To

    def send() -> None:
        mail = Mail(Email("letters@acme.example"), To("zoe@debtors.example"), "a message from Acme")
        mail.add_content(Content("text/plain", "Hello Zoë"))
        mail.add_content(Content("text/html", "<p>Hello Zoë</p>"))
        SendGridAPIClient(made.API_KEY, host=double.url).send(mail)

    return send


def bare_twilio(double: Running) -> Callable[[], object]:
    """The library as its README shows it, which keeps connections."""
    from twilio.rest import Client

    client = Client(made.ACCOUNT, made.TOKEN)
    client.api.base_url = double.url
    body = made.an_sms().body.decode()
    return lambda: client.messages.create(to="+14155550123", from_="+15005550006", body=body)


def bare_smtp(double: Running) -> Callable[[], object]:
    """The standard library as its documentation shows it: a session a message."""

    def send() -> None:
        with smtplib.SMTP(double.host, double.port, local_hostname="localhost") as client:
            client.starttls(context=ssl.create_default_context())
            client.sendmail("letters@acme.example", "zoe@debtors.example", made.MIME)

    return send


def numbered(channel: Channel) -> Callable[[], object]:
    """Sends of ever new messages, as a run makes them."""
    make = made.MAKERS[channel.kind]
    pdf = {"body": made.a_pdf()} if channel.kind is ChannelKind.LETTER else {}
    counter = iter(range(10**9))
    return lambda: channel.send(make(f"m-{next(counter)}", **pdf), now=NOW)


def report(name: str, channel: Channel, seconds: float, bare: Callable[[], object] | None = None) -> None:
    send = numbered(channel)
    one, many = per_second(send, seconds), per_second(send, seconds, 16)
    base = per_second(bare, seconds) if bare else 0.0
    beside = f"{base:9,.0f} {one / base:7.1f}x {many / base:7.1f}x" if base else f"{'-':>9} {'-':>8} {'-':>8}"
    print(f"{name:<10} {one:9,.0f} {many:9,.0f} {beside}", flush=True)
    channel.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="per measurement")
    parser.add_argument(
        "--latency", type=float, default=0.0, help="milliseconds that the HTTP sinks take to answer"
    )
    arguments = parser.parse_args()
    seconds, latency = arguments.seconds, str(arguments.latency)
    folder = Path(tempfile.mkdtemp(prefix="benchmark-channels-"))
    certificate = folder / "certificate"
    with contextlib.ExitStack() as stack:
        authority = str(make_certificate(certificate).authority)
        patched = {"SSL_CERT_FILE": authority, "REQUESTS_CA_BUNDLE": authority}
        stack.enter_context(_environment(patched))

        def start(provider: str, *arguments: str) -> Running:
            more = ("--sink", "--latency", latency)
            return stack.enter_context(running(provider, *arguments, *more, certificate=certificate))

        print(f"{'sends/s':<10} {'1 thread':>9} {'16':>9} {'bare, 1':>9} {'1 : bare':>8} {'16 : bare':>9}")
        sendgrid, twilio, lob = start("sendgrid"), start("twilio", "--secret", made.TOKEN), start("lob")
        relay = start("smtp", "--pipelining", "--folder", str(folder / "mail"))
        email = open_channel(ChannelKind.EMAIL, made.sendgrid_settings(sendgrid))
        report("sendgrid", email, seconds, bare_sendgrid(sendgrid))
        sms = open_channel(ChannelKind.SMS, made.twilio_settings(twilio))
        report("twilio", sms, seconds, bare_twilio(twilio))
        mail = open_channel(ChannelKind.EMAIL, made.smtp_settings(relay, username=""))
        report("smtp", mail, seconds, bare_smtp(relay))
        report("lob", open_channel(ChannelKind.LETTER, made.lob_settings(lob)), seconds)
        for kind in ChannelKind:
            settings = ChannelSettings(folder=folder / "outbox")
            report(f"folder {kind}"[:10], open_channel(kind, settings), seconds)
        spool = ChannelSettings(provider="spool", spool=folder / "spool")
        report("spool", open_channel(ChannelKind.LETTER, spool), seconds)


@contextlib.contextmanager
def _environment(values: dict[str, str]):
    import os

    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


if __name__ == "__main__":
    main()
