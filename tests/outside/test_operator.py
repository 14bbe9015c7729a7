"""What an operator meets at night: two runs at once, a killed one, Ctrl-C, a folder that cannot be written, odd files."""

import json
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import DEEP
from tests.outside.books import made_up, write
from tests.outside.program import Program, assert_log_is_whole
from tests.outside.test_made_up_books import FIRST, STRATEGIES

DAY = ("--as-of", f"{FIRST}", "--now", f"{FIRST}T18:00:00Z")
HEADER = "debt_reference,creditor,debtor_reference,currency,balance,due_date"
CHANNELS = ("EMAIL", "SMS", "LETTER")


@pytest.fixture
def program(tmp_path: Path) -> Program:
    made = Program(tmp_path, STRATEGIES["joined"])
    book = write(made_up(3, FIRST, people=40, debts=110), tmp_path / "book.csv")
    made.do("portfolio", "import", str(book), "--as-of", FIRST.isoformat())
    return made


def until_sending(program: Program, process: object, files: int) -> None:
    """Wait for the outbox to hold so many files, or for the run to end."""
    for _ in range(6000):
        if len(program.outbox()) >= files or process.poll() is not None:
            return
        time.sleep(0.01)
    raise AssertionError("the run did not begin to send")


def states(program: Program) -> Counter[str]:
    return Counter(message["state"] for message in program.report("messages", "list"))


def assert_finished(program: Program) -> None:
    """Everything that is due has gone out once; the log and the outbox agree."""
    program.do("run", *DAY)
    assert_log_is_whole(program, program.export())
    assert set(states(program)) <= {"accepted", "deferred"}
    assert states(program)["accepted"] == len(program.outbox()) > 10


@pytest.mark.parametrize(
    "how", [pytest.param(signal.SIGKILL, marks=pytest.mark.deep), signal.SIGINT], ids=["killed", "Ctrl-C"]
)
def test_a_run_keeps_others_out_and_one_that_was_ended_is_finished_by_the_next_at_once(
    program: Program, how: signal.Signals
) -> None:
    # So slow that it cannot end before the other has begun.
    first = program.start("run", *DAY, **{f"DISPATCHER_CHANNELS__{name}__RATE": "0.1" for name in CHANNELS})
    until_sending(program, first, 1)
    refused = program.do("run", *DAY, code=2)
    assert "another run is at work" in refused
    first.send_signal(how)
    out, err = first.communicate(timeout=120)
    assert "Traceback" not in out + err
    assert first.returncode == (130 if how is signal.SIGINT else -how)
    assert_finished(program)


def test_outbox_that_cannot_be_written_is_told_and_nothing_is_lost(program: Program) -> None:
    (program.home / "outbox").touch()
    said = program.do("run", *DAY, code=1)
    assert "cannot write into" in said
    assert "accepted" not in states(program)
    (program.home / "outbox").unlink()
    sent_later = program.start("dispatch", "--now", f"{FIRST}T18:30:00Z")
    assert "Traceback" not in "".join(sent_later.communicate(timeout=300))
    waiting = states(program)
    assert waiting["failed"] + waiting["unknown"] + waiting["cancelled"] == 0


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("latin.csv", f"{HEADER}\nR1,acme,D\xf1,USD,1.00,2026-01-01\n".encode("latin-1"), 1),
        ("empty.csv", b"", 2),
        ("huge.csv", f"{HEADER}\nR1,acme,{'x' * 300_000},USD,1.00,2026-01-01\n".encode(), 1),
        ("noise.csv", bytes(range(256)) * 400, 2),
        ("types.jsonl", b'{"debt_reference": {}, "balance": [1]}\n[1]\n"x"\n1e999\nnull\n', 1),
        ("deep.jsonl", b'{"debt_reference":' * 50_000 + b"\n", 1),
        ("array.jsonl", b"[{}]\n", 2),
        ("missing.csv", None, 2),
    ],
)
def test_odd_file_is_answered_in_sentences(
    name: str, content: bytes | None, code: int, tmp_path: Path
) -> None:
    program, path = Program(tmp_path, STRATEGIES["joined"]), tmp_path / name
    if content is not None:
        path.write_bytes(content)
    said = program.do("portfolio", "import", str(path), code=code)
    assert name in said
    assert "unexpected" not in said


def test_step_whose_template_cannot_serve_it_is_found_before_the_run(tmp_path: Path) -> None:
    steps = [
        {"name": "law", "kind": "notice", "day": 1, "channels": ["email"], "template": "first-reminder"},
        {
            "name": "end",
            "kind": "collection",
            "day": 9,
            "channels": ["sms", "letter"],
            "template": "final-notice",
        },
    ]
    said = Program(tmp_path, [{"name": "odd", "steps": steps}]).do("check", "--data-only", code=1)
    assert "step law: template 'first-reminder' serves collection, not notice" in said
    assert "step end: template 'final-notice' has no text for sms" in said


def test_export_in_which_anything_is_changed_does_not_verify(program: Program) -> None:
    program.do("run", *DAY)
    program.export()
    path = program.home.parent / "log.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    place = next(n for n, line in enumerate(lines) if json.loads(line).get("event") == "accepted")
    entry = json.loads(lines[place])
    entries = lines[:-1]
    forged = [
        [*entries[:place], json.dumps(entry | {name: value}), *entries[place + 1 :], lines[-1]]
        for name, value in {
            "debtor": "acme/P999",
            "address": "somebody@else.example",
            "debts": ["acme/R9999"],
            "at": "2026-03-02T17:00:00.000Z",
            "local_time": "2026-03-02T12:00:00.000-05:00",
            "step": "collection-9",
            "balance": "0.01",
            "body_sha256": "0" * 64,
            "event": "delivered",
            "position": 1,
            "hash": "0" * 64,
        }.items()
    ]
    forged += [
        [*entries[:place], *entries[place + 1 :], lines[-1]],
        [*entries[:place], entries[place + 1], entries[place], *entries[place + 2 :], lines[-1]],
        [*entries[: place + 1], entries[place], *entries[place + 1 :], lines[-1]],
        entries,
        lines[: len(lines) // 2],
    ]
    for case, changed in enumerate(forged if DEEP else forged[::4]):
        path.write_text("\n".join(changed) + "\n", encoding="utf-8")
        assert program.do("log", "verify", str(path), code=1), case
