"""Measures the front door beside a crowd: a debtor's page and a webhook, with and without 500 slow connections and 200
sign-ins at once.

    python -m benchmarks.front_door [--seconds 20]

`dispatcher serve` runs in a process of its own, on SQLite, with the sample's day behind it. The slow connections send
a byte of a request a second and come again when they are cut off; the sign-ins are wrong passwords, each from a place
of its own, so that no limit spares the machine the hashing. Ends with 1 where a median is above its limit.
"""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

import httpx
from sqlalchemy import select

from dispatcher.bootstrap import Dispatcher, open_dispatcher
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.portfolio import debtors
from dispatcher.people.domain.optout_token import OptOutLink, make_token
from dispatcher.settings import load_settings
from tests.doubles.sendgrid import SendGridDouble
from tests.doubles.webhooks import Webhooks
from tests.web.house import build_home

SLOW, SIGN_INS = 500, 200
LONGEST = "seconds that a sign-in waited at most"
LIMITS_MS = {"debtor's page": 200.0, "webhook": 100.0}
PAUSE = 0.1  # seconds between two measurements of a kind
Ask = Callable[[httpx.AsyncClient], Awaitable[None]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--crowd", metavar="BASE", help="Be the crowd; for this program's own use.")
    arguments = parser.parse_args()
    if arguments.crowd:
        asyncio.run(be_a_crowd(arguments.crowd))
        return
    seconds = arguments.seconds
    with tempfile.TemporaryDirectory(prefix="door-") as folder:
        home = Path(folder) / "home"
        build_home(home)
        house = open_dispatcher(load_settings(home=home))
        page, event = a_link(house), an_event(house)
        house.close()
        report = asyncio.run(measure(home, page, event, seconds))
    over = [name for name, limit in LIMITS_MS.items() if report["with the crowd"][name]["median"] > limit]
    print(
        json.dumps(
            {"machine": platform.machine(), "cores": os.cpu_count(), "ms": report, "over": over}, indent=2
        )
    )
    sys.exit(bool(over))


def a_link(house: Dispatcher) -> str:
    """A debtor's own address."""
    with house.database.reading() as connection:
        row = connection.execute(
            select(debtors.c.person, messages.c.contact_point_id)
            .join(debtors, debtors.c.id == messages.c.recipient_id)
            .where(messages.c.channel == "email")
        ).first()
    assert row is not None
    link = OptOutLink(person=row.person, medium="email", contact_point_id=row.contact_point_id)
    return f"/u/{make_token(house.optout_secret, link)}"


def an_event(house: Dispatcher) -> dict[str, str]:
    """What SendGrid would report of a message of ours."""
    with house.database.reading() as connection:
        query = select(messages.c.id).where(messages.c.channel == "email", messages.c.state == "accepted")
        message_id = connection.scalar(query)
    return {"event": "delivered", "message_id": str(message_id), "email": "ana@debtors.example"}


async def measure(
    home: Path, page: str, event: dict[str, str], seconds: float
) -> dict[str, dict[str, dict[str, float]]]:
    double = SendGridDouble(Webhooks())
    with serving(home, double.public_key) as base:
        kinds = {"debtor's page": asks_page(base + page), "webhook": asks_webhook(base, double, event)}
        alone = await latencies(kinds, seconds)
        with a_crowd(base) as crowd:
            beside = await latencies(kinds, seconds)
        beside["the crowd"] = crowd
    return {"alone": alone, "with the crowd": beside}


async def latencies(kinds: dict[str, Ask], seconds: float) -> dict[str, dict[str, float]]:
    return dict(
        zip(kinds, await asyncio.gather(*(_times(ask, seconds) for ask in kinds.values())), strict=True)
    )


async def _times(ask: Ask, seconds: float) -> dict[str, float]:
    took, end = [], time.monotonic() + seconds
    async with httpx.AsyncClient(timeout=60) as client:
        while time.monotonic() < end:
            began = time.monotonic()
            await ask(client)
            took.append((time.monotonic() - began) * 1000)
            await asyncio.sleep(PAUSE)
    cuts = statistics.quantiles(took, n=100, method="inclusive")
    return {"median": round(cuts[49], 1), "p99": round(cuts[98], 1), "times": len(took)}


def asks_page(address: str) -> Ask:
    async def ask(client: httpx.AsyncClient) -> None:
        answer = await client.get(address)
        assert answer.status_code == 200, answer.text

    return ask


def asks_webhook(base: str, double: SendGridDouble, event: dict[str, str]) -> Ask:
    async def ask(client: httpx.AsyncClient) -> None:
        now = int(time.time())
        one = event | {"timestamp": now, "sg_event_id": uuid.uuid4().hex, "sg_message_id": "x"}
        headers, body = double.signed(json.dumps([one]).encode(), now)
        answer = await client.post(
            f"{base}/webhooks/sendgrid", content=body, headers={"Content-Type": "application/json", **headers}
        )
        assert answer.status_code == 204, answer.text

    return ask


@contextlib.contextmanager
def a_crowd(base: str) -> Iterator[dict[str, float]]:
    """The crowd in a process of its own; what it met, filled in when the block ends."""
    met: dict[str, float] = {}
    command = [sys.executable, "-m", "benchmarks.front_door", "--crowd", base]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        yield met
        process.stdin.close()
        met |= json.loads(process.stdout.readline())


async def be_a_crowd(base: str) -> None:
    """500 slow connections and 200 people who sign in, again and again, until standard input ends."""
    count: Counter[str] = Counter({LONGEST: 0})
    port = int(base.rpartition(":")[2])
    limits = httpx.Limits(max_connections=SIGN_INS, max_keepalive_connections=SIGN_INS)
    async with httpx.AsyncClient(timeout=60) as visitor:
        page = await visitor.get(f"{base}/sign-in")
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found is not None
    # One form for all of them: none takes the cookie of another's answer.
    form = {"Cookie": "; ".join(f"{name}={value}" for name, value in page.cookies.items())}
    keeps_none = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    async with httpx.AsyncClient(timeout=60, limits=limits, headers=form, cookies=keeps_none) as client:
        tasks = [asyncio.create_task(_slow(port, count)) for _ in range(SLOW)]
        tasks += [
            asyncio.create_task(_sign_in(client, base, found[1], number, count)) for number in range(SIGN_INS)
        ]
        await asyncio.sleep(3)
        print("here", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        print(json.dumps(count), flush=True)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _slow(port: int, count: Counter[str]) -> None:
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            count["slow connections"] += 1
            try:
                for byte in b"GET /sign-in HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"y" * 1000:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(1)
            finally:
                count["slow connections"] -= 1
                writer.close()


async def _sign_in(
    client: httpx.AsyncClient, base: str, token: str, number: int, count: Counter[str]
) -> None:
    place = f"203.0.{number // 250}.{number % 250 + 1}"
    while True:
        form = {"csrf": token, "name": f"user{number}", "password": "a wrong guess at it", "next": "/"}
        wait, began = 1.0, time.monotonic()
        try:
            answer = await client.post(f"{base}/sign-in", data=form, headers={"X-Forwarded-For": place})
            count[f"sign-ins answered with {answer.status_code}"] += 1
            wait = float(answer.headers.get("Retry-After", wait))
        except httpx.HTTPError:
            count["sign-ins without an answer"] += 1
        count[LONGEST] = max(count[LONGEST], round(time.monotonic() - began))
        await asyncio.sleep(min(wait, 5.0))


@contextlib.contextmanager
def serving(home: Path, webhook_key: str) -> Iterator[str]:
    """The program's own server on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "DISPATCHER_HOME": str(home),
        "DISPATCHER_CHANNELS__EMAIL__WEBHOOK_KEY": webhook_key,
        "DISPATCHER_TRUSTED_PROXIES": "127.0.0.1",
    }
    command = [sys.executable, "-m", "dispatcher", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        base = f"http://127.0.0.1:{port}"
        for _ in range(200):
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{base}/healthz").status_code == 200:
                    break
            time.sleep(0.1)
        try:
            yield base
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
