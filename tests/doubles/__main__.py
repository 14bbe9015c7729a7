"""Runs one double as a program: prints a line of JSON that says where it listens, ends when its input closes."""

import argparse
import asyncio
import json
import sys
from collections import deque
from pathlib import Path

from tests.doubles.certificate import certificate_in
from tests.doubles.http_server import Double, Sink, serve
from tests.doubles.lob import LobDouble
from tests.doubles.sendgrid import SendGridDouble
from tests.doubles.smtp import serve_smtp
from tests.doubles.twilio import TwilioDouble
from tests.doubles.webhooks import Webhooks

DOUBLES = {"sendgrid": SendGridDouble, "twilio": TwilioDouble, "lob": LobDouble}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.doubles", description=__doc__)
    parser.add_argument("provider", choices=[*DOUBLES, "smtp"])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--certificate", type=Path, help="folder made by make_certificate; without it plain HTTP"
    )
    parser.add_argument(
        "--secret", default="", help="auth token (Twilio), webhook secret (Lob), key seed (SendGrid)"
    )
    parser.add_argument("--public-url", default="", help="where webhooks go; empty: none")
    parser.add_argument("--disorder", action="store_true", help="shuffle and repeat webhooks")
    parser.add_argument("--faults", default="", help="comma-separated, see http_server.Faults")
    parser.add_argument(
        "--sink", action="store_true", help="always the same answer, nothing kept (for benchmarks)"
    )
    parser.add_argument("--latency", type=float, default=0.0, help="milliseconds that every answer takes")
    parser.add_argument("--folder", type=Path, help="where the relay keeps mail")
    parser.add_argument("--mode", choices=["starttls", "tls", "none"], default="starttls")
    parser.add_argument("--password", default="")
    parser.add_argument("--pipelining", action="store_true", help="a relay that takes commands together")
    parser.add_argument("--no-utf8", action="store_true", help="a relay without SMTPUTF8")
    return parser.parse_args()


def _double(arguments: argparse.Namespace) -> Double:
    webhooks = Webhooks(arguments.public_url, disorder=arguments.disorder)
    double: Double = DOUBLES[arguments.provider](webhooks, arguments.secret)
    double.faults.script = deque(word for word in arguments.faults.split(",") if word)
    chosen = Sink(double) if arguments.sink else double
    chosen.latency = arguments.latency / 1000
    return chosen


async def _serve_http(arguments: argparse.Namespace) -> dict[str, object]:
    double = _double(arguments)
    context = certificate_in(arguments.certificate).context() if arguments.certificate else None
    _, url = await serve(double, port=arguments.port, context=context)
    return {"url": url, "public_key": getattr(double, "public_key", "")}


async def _serve_mail(arguments: argparse.Namespace) -> dict[str, object]:
    _, port = await serve_smtp(
        None if arguments.sink else arguments.folder,
        context=certificate_in(arguments.certificate).context(),
        mode=arguments.mode,
        password=arguments.password,
        utf8=not arguments.no_utf8,
        pipelining=arguments.pipelining,
    )
    return {"host": "localhost", "port": port}


async def _main() -> None:
    arguments = _arguments()
    listening = await (_serve_mail if arguments.provider == "smtp" else _serve_http)(arguments)
    print(json.dumps(listening), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main())
