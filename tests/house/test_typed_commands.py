"""Every command of a document's blocks works when it is typed, in a home that holds what the document supposes."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from dispatcher.bootstrap import open_dispatcher
from dispatcher.settings import load_settings
from tests.command import dispatcher
from tests.house.test_docs import verb
from tests.house.test_first_hour import answers
from tests.made_once import made_once
from tests.servers import free_port
from tests.shared import ROOT
from tests.web.test_incident_drill import publish_correction

DAY, NOW = "2026-12-01", "2026-12-01T15:00:00Z"  # the day of the documents' examples
PASSWORD = "correct horse battery"
DEBT = "2026-11-15,2026-12-15", "2026-08-15,2026-09-15"  # issued, due: the documents' debt is past due
_BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_TYPED = re.compile(r"(?:\w+=\S+ )*(?:dispatcher|make|openssl|python|curl|createdb|pg_\w+|docker) ")
IBM = """countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate,PaperlessBill
391,0001-AAAAA,1/2/2012,0000000001,1/2/2012,2/1/2012,55.94,No,4/15/2012,Paper
"""

# Lines that need another machine, and the test that does the same with one.
ELSEWHERE = {
    'pg_dump --format=custom --file=dispatcher.dump "$DISPATCHER_DATABASE_URL"': "tests/record/test_drill.py",
    "createdb dispatcher_new": "tests/record/test_drill.py",
    "pg_restore --dbname=dispatcher_new dispatcher.dump": "tests/record/test_drill.py",
    "DISPATCHER_DATABASE_URL=postgresql:///dispatcher_new dispatcher log verify": "tests/record/test_drill.py",
    "curl -H \"Authorization: Bearer $TOKEN\" 'https://dispatch.example/api/v1/messages?state=unknown&limit=100'": (
        "tests/web/test_api.py"
    ),
}
SERVES = ("dispatcher serve", "dispatcher up", "dispatcher worker", "dispatcher scheduler")


def lines_of(name: str) -> list[str]:
    """What a document's blocks give to type, in their order."""
    text = (ROOT / "docs" / f"{name}.md").read_text()
    blocks = [block for language, block in _BLOCK.findall(text) if language in {"", "sh", "shell", "console"}]
    lines = [line.strip() for block in blocks for line in re.sub(r"\\\n", " ", block).splitlines()]
    return [line for line in lines if _TYPED.match(line)]


DOCUMENTS = [name for name in sorted(path.stem for path in ROOT.glob("docs/*.md")) if lines_of(name)]
DEAR = {"writing_templates"}  # a text is tried in every branch at four of its lines
BY_DOCUMENT = [pytest.param(name, marks=[pytest.mark.deep] if name in DEAR else []) for name in DOCUMENTS]


class Desk:
    """A home in which somebody reads a document, and the folder in which they type."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "home"

    def types(self, line: str, **environment: str) -> "CompletedProcess[str]":
        """Type a line; the clock stands on the documents' day where the command can be told so."""
        words = shlex.split(on_the_day(line), comments=True)[1:]
        given = f"{PASSWORD}\n{PASSWORD}\n"
        return dispatcher(*words, home=self.home, cwd=self.folder, given=given, **environment)

    def did(self, line: str) -> str:
        """What a line printed that prepares another one."""
        done = self.types(f"dispatcher {line}")
        assert done.returncode == 0, f"{line}: {done.stderr}"
        return done.stdout

    def newest(self, listed: str) -> str:
        """The number of the newest of a list."""
        rows: list[dict[str, Any]] = json.loads(self.did(f"{listed} --json"))
        return str(max(int(row["id"]) for row in rows))

    def hears(self) -> None:
        """Somebody writes."""
        words = "Thank you. I dispute this debt, the amount is wrong."
        self.did(f'record contact acme/00042 email --inbound --text "{words}" --source mail')

    def confirms(self) -> None:
        """Somebody writes, and an operator has confirmed what it means."""
        self.hears()
        self.item = self.newest("inbox list")
        self.did(f"inbox confirm {self.item}")

    def cancels(self) -> None:
        """The arrangement before has ended: the document shows choices."""
        for row in json.loads(self.did("arrangements list --state active --json")):
            self.did(f"arrangements cancel {row['id']} --why another")

    def speaks(self) -> None:
        """Somebody has just been spoken with who has no arrangement."""
        self.cancels()
        self.did(
            "record contact acme/00042 call --outcome conversation --at 2026-12-01T14:30:00Z --source dialler"
        )

    def restores(self) -> None:
        """The database is put back from a copy."""
        copy = self.folder / "backups" / "2026-11-23" / "dispatcher.db"
        if not copy.exists():
            self.did(f"backup --out {copy}")
        for path in self.home.glob("dispatcher.db*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copy2(copy, self.home / "dispatcher.db")

    def saves(self) -> None:
        """A manager has saved one more draft."""
        draft = self.folder / "my-templates" / "first-reminder" / "template.yaml"
        draft.write_text(re.sub(r"^owner: .*$", "owner: Collections", draft.read_text(), flags=re.MULTILINE))
        self.did("templates save first-reminder my-templates/first-reminder --comment Again")

    def handed_over(self) -> None:
        """The decision before has been taken back: the document shows choices."""
        self.did("handover withdraw acme/00042 --debt 0000000082 --why another")

    def decides(self) -> None:
        """Somebody has decided to hand the debt over."""
        self.did("handover decide acme/00042 --debt 0000000082 --note again")

    def named(self, line: str) -> str:
        """The line with this home's numbers in place of the document's examples."""
        line = line.replace("/backups", f"{self.folder}/backups")
        if line.startswith("dispatcher arrangements cancel 7"):
            line = line.replace(" 7", f" {self.newest('arrangements list')}", 1)
        if line.startswith("dispatcher inbox undo 12"):
            line = line.replace(" 12", f" {self.item}", 1)
        if line.startswith("dispatcher inbox "):
            line = re.sub(r" 12\b", lambda _: f" {self.newest('inbox list')}", line, count=1)
        if line.startswith("dispatcher templates publish"):  # by the machine's clock
            line = line.replace(DAY, datetime.now(UTC).date().isoformat())
        return line.replace("--port 8000", f"--port {free_port()}")


# What has happened before a line, by how the line begins.
BEFORE: dict[str, Callable[[Desk], None]] = {
    "dispatcher record offer": Desk.speaks,
    "dispatcher record plan": Desk.cancels,
    "dispatcher record settlement": Desk.cancels,
    "dispatcher handover refuse": Desk.handed_over,
    "dispatcher handover withdraw": Desk.decides,
    "dispatcher inbox show": Desk.hears,
    "dispatcher inbox confirm 12 --as": Desk.hears,
    "dispatcher inbox dismiss": Desk.hears,
    "dispatcher inbox undo": Desk.confirms,
    "dispatcher adopt": Desk.restores,
    "dispatcher templates withdraw": Desk.saves,
}
BY_ANOTHER = ("dispatcher templates approve", "dispatcher templates publish")


def on_the_day(line: str) -> str:
    """The line, with `--now` where its command has that."""
    words = shlex.split(line, comments=True)[1:]
    called = verb(words[0])
    if inner := getattr(called, "commands", {}):
        called = inner[words[1]]
    has_clock = any("--now" in one.opts for one in called.params)
    typed, gap, remark = line.partition(" # ")
    return f"{typed} --now {NOW}{gap}{remark}" if has_clock else line


def make_desk(folder: Path) -> None:
    """A small ledger imported, its day run, a second person, a draft, and a text that puts a wrong one right."""
    folder.mkdir()
    desk = Desk(folder)
    ledger = folder / "ledger.csv"
    desk.did(f"portfolio sample --debtors 45 --out ledger.csv --as-of {DAY}")
    assert DEBT[0] in ledger.read_text()
    rows = ledger.read_text().splitlines()
    ledger.write_text("".join(f"{row.replace(*DEBT) if ',0000000082,' in row else row}\n" for row in rows))
    desk.did(f"portfolio import ledger.csv --as-of {DAY}")
    done = desk.types(f"dispatcher run --as-of {DAY}")
    assert done.returncode in {0, 1}, done.stderr  # 1: something waits for a person
    ledger.write_text(IBM)
    desk.did("users add noor --role manager --role approver")
    (folder / "noor.token").write_text(desk.did("users token noor"))
    shutil.copytree(ROOT / "templates" / "first-reminder", folder / "my-templates" / "first-reminder")
    words = folder / "my-templates" / "first-reminder" / "template.yaml"
    words.write_text(re.sub(r"^owner: .*$", "owner: The desk", words.read_text(), flags=re.MULTILINE))
    house = open_dispatcher(load_settings(home=desk.home), now=datetime.fromisoformat(NOW))
    publish_correction(house)
    house.close()


@pytest.fixture
def desk(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path / "desk"
    shutil.copytree(made_once(tmp_path_factory, "desk_of_documents", make_desk), folder)
    return Desk(folder)


def trouble(line: str, code: int, said: str) -> str:
    """What is wrong with how a line ended: mistyped, refused or broken; else nothing."""
    return f"{line}: {code}\n{said}" if code or "Traceback" in said else ""


def prepared(desk: Desk, line: str) -> tuple[str, dict[str, str]]:
    """A line as it is typed here, after what comes before it, and who types it."""
    for begins, happens in BEFORE.items():
        if line.startswith(begins):
            happens(desk)
    by = (
        {"DISPATCHER_USER_TOKEN_FILE": str(desk.folder / "noor.token")} if line.startswith(BY_ANOTHER) else {}
    )
    return desk.named(line), by


@pytest.mark.parametrize("name", BY_DOCUMENT)
def test_every_command_in_a_block_of_a_document_works_when_it_is_typed(name: str, desk: Desk) -> None:
    for line in lines_of(name):
        if line in ELSEWHERE:
            continue
        typed, by = prepared(desk, line)
        if typed.startswith(SERVES):  # started and stopped in the long form
            typed += " --help"
        done = desk.types(typed, **by)
        assert trouble(line, done.returncode, done.stdout + done.stderr) == ""


@pytest.mark.deep
@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_of_a_document_works_in_a_shell_that_knows_nothing_else(name: str, desk: Desk) -> None:
    for line in lines_of(name):
        if line in ELSEWHERE:
            continue
        typed, by = prepared(desk, line)
        process = subprocess.Popen(
            ["/bin/sh", "-c", on_the_day(typed)],
            cwd=desk.folder,
            env={"PATH": str(Path(sys.prefix) / "bin"), "DISPATCHER_HOME": str(desk.home), **by},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        if typed.startswith(SERVES):
            try:
                answers(int(shlex.split(typed, comments=True)[-1]), process)
            finally:
                os.killpg(process.pid, signal.SIGTERM)
        said, _ = process.communicate(f"{PASSWORD}\n{PASSWORD}\n", timeout=120)
        ended = (
            typed.startswith(SERVES) and process.returncode == -signal.SIGTERM
        )  # it shuts down, then obeys
        assert trouble(line, 0 if ended else process.returncode, said) == ""


def test_what_is_told_apart_stands_in_a_document() -> None:
    lines = [line for name in DOCUMENTS for line in lines_of(name)]
    assert len(lines) > 40
    assert [one for one in ELSEWHERE if one not in lines] == []
    assert [one for one in (*BEFORE, *BY_ANOTHER) if not any(line.startswith(one) for line in lines)] == []
    assert [path for path in ELSEWHERE.values() if not (ROOT / path).exists()] == []


def test_a_remark_that_a_shell_would_take_for_arguments_is_found(desk: Desk) -> None:
    done = desk.types("dispatcher handover list     what should be decided")
    with pytest.raises(AssertionError, match="unexpected extra argument"):
        assert trouble("dispatcher handover list", done.returncode, done.stdout + done.stderr) == ""
