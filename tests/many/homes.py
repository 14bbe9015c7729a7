"""Homes as a person has them: a folder, the command line in this process, and ledgers of made-up people."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.command import dispatcher

DAY, NOW = "2026-11-16", "2026-11-16T18:00:00Z"
NEXT_DAY, NEXT_NOON = "2026-11-17", "2026-11-17T18:00:00Z"
HEADER = "creditor,debt_reference,debtor_reference,debtor_name,country,region,email,currency,balance,due_date"


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Home:
    """One machine's home. `more` are settings as the environment has them."""

    folder: Path
    more: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *words: object, **more: str) -> Done:
        """Run a command in this process."""
        done = dispatcher(*words, home=self.folder, **{**self.more, **more})
        return Done(code=done.returncode, out=done.stdout, err=done.stderr)

    def take_in(self, count: int, *, due: str = "2026-11-10", day: str = DAY, first: int = 1) -> None:
        """Import a ledger of so many debtors, a debt each."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "ledger.csv"
        rows = [
            f"acme,R{n},D{n},Ana Example {n},US,NY,d{n}@debtors.example,USD,{100 + n}.00,{due}"
            for n in range(first, first + count)
        ]
        file.write_text("\n".join([HEADER, *rows]) + "\n")
        done = self("portfolio", "import", file, "--as-of", day)
        assert done.code == 0, done.err + done.out

    def run(self, day: str = DAY, now: str = NOW, *words: str) -> Done:
        """The daily run under a set clock."""
        return self("run", "--as-of", day, "--now", now, *words, "--json")

    def states(self) -> dict[str, int]:
        """State -> messages."""
        counts: dict[str, int] = {}
        for message in self("messages", "list", "--json").json:
            counts[message["state"]] = counts.get(message["state"], 0) + 1
        return counts

    def sent_files(self) -> int:
        """What lies in the outbox."""
        return len(list((self.folder / "outbox").glob("*.eml")))

    def restore_from(self, backup: Path, keys_of: "Home") -> None:
        """Put a backup into this empty home, with the keys of the machine that was lost."""
        self.folder.mkdir(parents=True)
        shutil.copy(backup, self.folder / "dispatcher.db")
        if (backup.parent / "seals.jsonl").exists():
            shutil.copy(backup.parent / "seals.jsonl", self.folder / "seals.jsonl")
        shutil.copytree(keys_of.folder / "keys", self.folder / "keys")
