"""Practise a day before going live: the whole program against loopback providers that fail on a script.

    python -m tests.doubles.rehearsal            a day on the sample portfolio, then what each provider received
    python -m tests.doubles.rehearsal --stay     only the providers, and the settings that point a program at them

Nothing leaves the machine. Exit code 1 when a provider accepted a message twice.
"""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.doubles.certificate import make_certificate
from tests.doubles.running import ROOT, Running, running
from tests.servers import free_port

AS_OF = "2026-11-16"
NOW = "2026-11-16T18:00:00Z"
LATER = "2026-11-16T18:30:00Z"
TOKEN = "rehearsal-auth-token"
SECRET = "rehearsal-webhook-secret"
SEED = "rehearsal"
FAULTS = {
    "sendgrid": "ok,429:1,ok,500,ok,ok,lost,ok,slow:0.4,ok,reset,ok,503:1",
    "twilio": "ok,429:1,ok,code:21610,ok,lost,ok,500,ok,slow:0.4,ok,code:21614,ok,503:1",
    "lob": "ok,500,lost,429:1,ok,reset,ok,slow:0.4",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """The doubles that listen, and the settings that point `dispatcher` at them."""

    home: Path
    port: int
    doubles: Mapping[str, Running]

    def settings(self) -> dict[str, str]:
        sendgrid, twilio, lob = (self.doubles[name] for name in ("sendgrid", "twilio", "lob"))
        return {
            "DISPATCHER_HOME": str(self.home / "home"),
            "DISPATCHER_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "DISPATCHER_TEMPLATES__SOURCE": "folder",
            "DISPATCHER_RULES__REQUIRE_REVIEW": "false",
            "SSL_CERT_FILE": sendgrid.authority,
            "DISPATCHER_CHANNELS__EMAIL__PROVIDER": "sendgrid",
            "DISPATCHER_CHANNELS__EMAIL__BASE_URL": sendgrid.url,
            "DISPATCHER_CHANNELS__EMAIL__API_KEY": "SG.rehearsal",
            "DISPATCHER_CHANNELS__EMAIL__WEBHOOK_KEY": sendgrid.public_key,
            "DISPATCHER_CHANNELS__SMS__PROVIDER": "twilio",
            "DISPATCHER_CHANNELS__SMS__BASE_URL": twilio.url,
            "DISPATCHER_CHANNELS__SMS__ACCOUNT_SID": "AC" + "0" * 32,
            "DISPATCHER_CHANNELS__SMS__AUTH_TOKEN": TOKEN,
            "DISPATCHER_CHANNELS__SMS__FROM": "+15005550006",
            "DISPATCHER_CHANNELS__LETTER__PROVIDER": "lob",
            "DISPATCHER_CHANNELS__LETTER__BASE_URL": f"{lob.url}/v1",
            "DISPATCHER_CHANNELS__LETTER__API_KEY": "test_rehearsal",
            "DISPATCHER_CHANNELS__LETTER__WEBHOOK_SECRET": SECRET,
        }


@contextlib.contextmanager
def stage(home: Path, *, faults: bool = True, disorder: bool = True) -> Iterator[Stage]:
    """Start the three providers; webhooks go to a free port where `dispatcher serve` may listen."""
    certificate = home / "certificate"
    make_certificate(certificate)
    port = free_port()
    secrets = {"sendgrid": SEED, "twilio": TOKEN, "lob": SECRET}
    with contextlib.ExitStack() as stack:
        doubles = {}
        for name, secret in secrets.items():
            arguments = ["--secret", secret, "--public-url", f"http://127.0.0.1:{port}"]
            arguments += ["--faults", FAULTS[name]] if faults else []
            arguments += ["--disorder"] if disorder else []
            doubles[name] = stack.enter_context(running(name, *arguments, certificate=certificate))
        yield Stage(home=home, port=port, doubles=doubles)


def play_a_day(on: Stage, debtors: int) -> None:
    """Import the sample portfolio, run the day, then once more half an hour later for what had to wait."""
    environment = {**os.environ, **on.settings()}
    sample = on.home / "sample.csv"
    _dispatcher(environment, "db", "upgrade")
    _dispatcher(environment, "portfolio", "sample", "--out", str(sample), "--debtors", str(debtors))
    _dispatcher(environment, "portfolio", "import", str(sample), "--as-of", AS_OF)
    with _served(environment, on.port):
        _dispatcher(environment, "run", "--as-of", AS_OF, "--now", NOW)
        _dispatcher(environment, "dispatch", "--until-empty", "--now", LATER)
        _dispatcher(environment, "reconcile")
        time.sleep(2)  # the last webhooks are on their way; they belong to the providers' time, not to ours
    _dispatcher(environment, "messages", "list", "--state", "unknown")


def _dispatcher(environment: Mapping[str, str], *arguments: str) -> int:
    """One command, its output shown; a finding (1) is part of a rehearsal, anything else ends it."""
    print(f"\n$ dispatcher {' '.join(arguments)}", flush=True)
    done = subprocess.run(_command(*arguments), env=dict(environment), cwd=ROOT, check=False)
    if done.returncode not in {0, 1}:
        raise SystemExit(f"rehearsal: dispatcher {arguments[0]} ended with {done.returncode}")
    return done.returncode


def _command(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("dispatcher")), *arguments]


@contextlib.contextmanager
def _served(environment: Mapping[str, str], port: int) -> Iterator[None]:
    """The web side, which takes the webhooks; the rehearsal goes on without it where it does not start."""
    more = {"DISPATCHER_WEB__PORT": str(port)}
    server = subprocess.Popen(
        _command("serve"), env={**environment, **more}, cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        if not _is_up(server, port):
            print("rehearsal: the web side does not answer; webhooks will find nobody", flush=True)
        yield
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _is_up(server: subprocess.Popen[bytes], port: int) -> bool:
    for _ in range(100):
        if server.poll() is not None:
            return False
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1),
        ):
            return True
        time.sleep(0.1)
    return False


def report(on: Stage) -> int:
    """What each provider received; the number of messages that one of them accepted more than once."""
    print("\nwhat the providers received")
    doubled = 0
    for name, double in on.doubles.items():
        accepted = Counter(_accepted(name, double))
        twice = sorted(message for message, times in accepted.items() if times > 1)
        doubled += len(twice)
        hooks = ", ".join(_answered(status, count) for status, count in sorted(double.hooks().items()))
        print(f"  {name:<9} {len(accepted):4} messages, {len(twice)} twice; webhooks: {hooks or 'none'}")
        for message in twice:
            print(f"            twice: {message}")
    return doubled


def _answered(status: str, count: int) -> str:
    return f"{count} found nobody" if status == "0" else f"{count} answered {status}"


def _accepted(name: str, double: Running) -> Iterator[str]:
    """Our id in each accepted message; Lob counts a letter once for all requests under its key."""
    seen: set[str] = set()
    for received in double.received():
        body = received["body"]
        assert isinstance(body, dict)
        if name == "sendgrid":
            yield str(body["personalizations"][0]["custom_args"]["message_id"])
        elif name == "twilio":
            yield str(body["StatusCallback"]).partition("message_id=")[2]
        elif (key := str(received["key"])) not in seen:
            seen.add(key)
            yield key


def _show(on: Stage) -> None:
    print("# settings of this rehearsal; faults in waiting:")
    for name, faults in FAULTS.items():
        print(f"#   {name}: {faults}")
    for name, value in on.settings().items():
        print(f"export {name}={value}")
    print(
        f"# webhooks go to http://127.0.0.1:{on.port} (DISPATCHER_WEB__PORT={on.port} dispatcher serve)",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.doubles.rehearsal",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--stay", action="store_true", help="only start the providers, until Ctrl-C")
    parser.add_argument("--debtors", type=int, default=200, help="size of the sample portfolio")
    parser.add_argument("--no-faults", action="store_true", help="providers that are well")
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "var" / "rehearsal", help="emptied before it begins"
    )
    arguments = parser.parse_args()
    shutil.rmtree(arguments.folder, ignore_errors=True)
    arguments.folder.mkdir(parents=True)
    with stage(arguments.folder, faults=not arguments.no_faults, disorder=not arguments.no_faults) as on:
        _show(on)
        with contextlib.suppress(KeyboardInterrupt):
            if arguments.stay:
                signal.pause()
            else:
                play_a_day(on, arguments.debtors)
        return 1 if report(on) else 0


if __name__ == "__main__":
    sys.exit(main())
