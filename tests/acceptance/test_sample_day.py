"""The day that `make run` shows, as a stranger sees it: commands in, files and sentences out."""

import email
import email.policy
import json
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from pypdf import PdfReader

from tests import command

Command = Callable[..., CompletedProcess[str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def dispatcher(home: Path) -> Command:
    """Run the command in this home, as a user would."""

    def run(*words: str, **more: str) -> CompletedProcess[str]:
        return command.dispatcher(*words, home=home, **more)

    return run


@pytest.fixture(scope="module")
def demo(dispatcher: Command) -> str:
    done = dispatcher("demo")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_summary_adds_up(demo: str) -> None:
    due, parts = re.search(r"^(\d+) due = (.*)$", demo, re.MULTILINE).groups()
    counts = [int(number) for number in re.findall(r"\d+", parts)]
    assert sum(counts) == int(due)
    assert all(word in parts for word in ("sent", "deferred", "held", "blocked"))


def test_three_people_are_told_in_sentences(demo: str) -> None:
    assert [
        line.split(":")[0] for line in demo.splitlines() if re.match(r"(Sent|Kept until|Never):", line)
    ] == [
        "Sent",
        "Kept until",
        "Never",
    ]


def test_every_email_parses_with_both_parts(demo: str, home: Path) -> None:
    files = list((home / "outbox").glob("*.eml"))
    assert files
    for file in files:
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        assert not message.defects
        assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
        assert message["X-Message-ID"] == file.stem


def test_every_letter_is_one_page_with_its_text(demo: str, home: Path) -> None:
    files = list((home / "outbox").glob("*.pdf"))
    assert files
    for file in files:
        pages = PdfReader(file).pages
        texts = [page.extract_text() for page in pages]
        # What a Mexican first contact must say of several debts needs a second sheet.
        assert len(pages) == 1 + any("Unidad de atenci" in text for text in texts[1:])
        assert "Acme" in texts[0]


def test_every_sms_names_its_sender_and_no_amount(demo: str, home: Path) -> None:
    texts = [file.read_text(encoding="utf-8") for file in (home / "outbox").glob("*.txt")]
    assert texts
    for text in texts:
        assert "Acme" in text
        assert not re.search(r"[$€£]\s?\d|\d+[.,]\d\d", text)


def test_report_is_self_contained(demo: str, home: Path) -> None:
    page = (home / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)=["'](?!#)""", page)
    assert "Three people" in page


def test_second_run_of_the_day_writes_to_nobody_who_was_written_to(
    demo: str, dispatcher: Command, home: Path
) -> None:
    before = {file.name: file.read_bytes() for file in (home / "outbox").iterdir()}
    done = dispatcher("run", "--as-of", "2026-11-16", "--now", "2026-11-16T14:30:00Z", "--json")
    second = json.loads(done.stdout)["run_id"]
    listed = json.loads(dispatcher("messages", "list", "--limit", "1000", "--json").stdout)
    sent = [(message["debtor"], message["run_id"]) for message in listed if message["state"] == "accepted"]
    again = {debtor for debtor, run in sent if run == second}
    assert not again & {debtor for debtor, run in sent if run != second}
    assert before.items() <= {file.name: file.read_bytes() for file in (home / "outbox").iterdir()}.items()


def test_log_verifies_after_the_day(demo: str, dispatcher: Command) -> None:
    done = dispatcher("log", "verify")
    assert done.returncode == 0, done.stdout + done.stderr


def test_log_and_states_agree(demo: str, dispatcher: Command, home: Path) -> None:
    messages = json.loads(dispatcher("messages", "list", "--json").stdout)
    sent = {message["id"] for message in messages if message["state"] == "accepted"}
    assert sent == {file.stem for file in (home / "outbox").iterdir()}


def test_demo_refuses_a_home_that_holds_something_else(dispatcher: Command, tmp_path: Path) -> None:
    (tmp_path / "ledger.csv").write_text("keep me\n" * 1000)
    done = dispatcher("demo", DISPATCHER_HOME=str(tmp_path))
    assert done.returncode == 2
    assert "DISPATCHER_HOME" in done.stderr
    assert (tmp_path / "ledger.csv").exists()


def test_check_finds_nothing_wrong_with_what_is_shipped(dispatcher: Command) -> None:
    done = dispatcher("check")
    assert done.returncode == 0, done.stdout
    assert "0 wrong" in done.stdout
