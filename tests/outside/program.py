"""Runs the program as its users do, by its command, and reads what it left: the export and the outbox."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from tests.command import dispatcher
from tests.outside.ladder import KeptBack, Sent
from tests.outside.legal_hours import in_hours, zone
from tests.shared import ROOT

KEEPS_BACK = {"blocked", "deferred", "held", "cancelled", "expired"}

# As from a terminal: a suite that was started in the background hands on a Ctrl-C that is ignored.
_COMMAND = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from dispatcher.cli.main import main; main()"
)


class Program:
    """A home and a configuration of its own; the strategies are given as the contents of their files."""

    def __init__(self, folder: Path, strategies: Sequence[dict[str, Any]], *, packs: str = "default") -> None:
        self.home, self.config = folder / "var", folder / "config"
        shutil.copytree(ROOT / "config", self.config, ignore=shutil.ignore_patterns("strategies"))
        (self.config / "strategies").mkdir()
        for number, strategy in enumerate(strategies):
            path = self.config / "strategies" / f"{number:02d}-{strategy['name']}.yaml"
            path.write_text(yaml.safe_dump(strategy, sort_keys=False), encoding="utf-8")
        clean = {k: v for k, v in os.environ.items() if not k.startswith("DISPATCHER_")}
        self.environment = clean | {
            "DISPATCHER_HOME": str(self.home),
            "DISPATCHER_CONFIG_DIR": str(self.config),
            "DISPATCHER_RULES__ONLY": packs,
        }

    def start(self, *words: str, **more: str) -> "subprocess.Popen[str]":
        """The command, begun."""
        return subprocess.Popen(
            [sys.executable, "-c", _COMMAND, *words],
            env=self.environment | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def do(self, *words: str, code: int = 0, **more: str) -> str:
        """What the command prints; it must end with `code` and never with a traceback."""
        done = dispatcher(
            *words,
            **{name: value for name, value in self.environment.items() if name.startswith("DISPATCHER_")}
            | more,
        )
        out, err = done.stdout, done.stderr
        assert "Traceback" not in out + err, err
        assert done.returncode == code, f"{words}: exit {done.returncode}\n{out}\n{err}"
        return out + err if code else out

    def report(self, *words: str, code: int = 0) -> Any:
        """A command's `--json`."""
        return json.loads(self.do(*words, "--json", code=code))

    def export(self) -> list[dict[str, Any]]:
        """Every entry of the log, after the exported file has been verified by itself."""
        path = self.home.parent / "log.jsonl"
        self.do("log", "export", "--out", str(path))
        self.do("log", "verify", str(path))
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert "seals" in lines[-1]
        entries = lines[:-1]
        assert [entry["position"] for entry in entries] == list(range(1, len(entries) + 1))
        return entries

    def outbox(self) -> dict[str, Path]:
        """The files that left, by the id they are named by."""
        folder = self.home / "outbox"
        return {path.stem: path for path in folder.iterdir()} if folder.exists() else {}


def sent(entries: Sequence[dict[str, Any]]) -> Counter[Sent]:
    """The accepted messages as the checker's own arithmetic tells them."""
    return Counter(
        Sent(
            date.fromisoformat(entry["as_of"]),
            entry["debtor"],
            tuple(sorted(entry["debts"])),
            entry["step"],
            entry["channel"],
            datetime.fromisoformat(entry["at"]),
        )
        for entry in entries
        if entry["event"] == "accepted"
    )


def kept_back(entries: Sequence[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """(debtor, debt, step) of what the log says was kept back by the ledger or the desk."""
    return {
        (entry["debtor"], debt, entry["step"])
        for entry in entries
        if entry["event"] in {"blocked", "held"}
        for debt in entry["debts"]
    }


def assert_log_is_whole(program: Program, entries: Sequence[dict[str, Any]]) -> None:
    """What holds for every log: lawful hours, reasons with references, one file for each accepted message."""
    accepted = [entry for entry in entries if entry["event"] == "accepted"]
    for entry in accepted:
        at = datetime.fromisoformat(entry["at"])
        assert entry["zones"] == sorted(entry["zones"])
        assert entry["zones"]
        assert datetime.fromisoformat(entry["local_time"]) == at
        assert datetime.fromisoformat(entry["local_time"]).replace(tzinfo=None) == at.astimezone(
            zone(entry["zones"][0])
        ).replace(tzinfo=None)
        assert entry["channel"] == "letter" or in_hours(at, entry["zones"]), entry
    for entry in entries:
        if entry["event"] in KEEPS_BACK:
            assert entry["reasons"], entry
            assert all(
                reason["reference"] and reason["detail"] and reason["rule"] for reason in entry["reasons"]
            )
    files = program.outbox()
    ids = Counter(entry["message_id"] for entry in accepted)
    assert max(ids.values(), default=1) == 1
    assert set(ids) == set(files)
    for entry in accepted:
        body = files[entry["message_id"]].read_bytes()
        assert sha256(body).hexdigest() == entry["body_sha256"]


def assert_same(
    entries: Sequence[dict[str, Any]], expected: Sequence[Sent], rested: Sequence[KeptBack] = ()
) -> None:
    """Message by message, and every restraint named."""
    found, wanted = sent(entries), Counter(expected)
    missing, surplus = sorted((wanted - found).elements()), sorted((found - wanted).elements())
    details = "\n".join(
        f"{word} {m}" for word, some in (("missing", missing), ("too many", surplus)) for m in some[:5]
    )
    assert missing + surplus == [], f"{len(missing)} missing, {len(surplus)} too many\n{details}"
    unnamed = {(rest.debtor, rest.debt, rest.step) for rest in rested} - kept_back(entries)
    assert not unnamed
