"""What becomes known between planning and sending prevents the send, by the commands a person would use."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.command import dispatcher

NOW = "2026-03-04T16:00:00Z"
HEADER = "debt_reference,creditor,debtor_reference,debtor_name,debtor_kind,language,country,region,postal_code,city,address_line_1,email,currency,balance,due_date,debt_type\n"


def a_row(number: int) -> str:
    return (
        f"R{number},acme,D{number},Ana Person{number},person,en,US,US-NY,10001,New York,{number} Example Street,"
        f"ana{number}@debtors.example,USD,120.00,2026-03-02,consumer\n"
    )


Command = Callable[..., CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Command:
    (tmp_path / "ledger.csv").write_text(HEADER + a_row(1) + a_row(2))

    def command(*words: str) -> CompletedProcess[str]:
        return dispatcher(*words, home=tmp_path / "var", DISPATCHER_RULES__ONLY="default")

    imported = command("portfolio", "import", str(tmp_path / "ledger.csv"), "--as-of", "2026-03-04")
    assert imported.returncode == 0, imported.stdout + imported.stderr
    planned = command("run", "--as-of", "2026-03-04", "--now", NOW, "--no-wait")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    return command


def states(run: Command) -> dict[str, str]:
    """Debtor -> state of the message."""
    return {row["debtor"]: row["state"] for row in json.loads(run("messages", "list", "--json").stdout)}


@pytest.mark.parametrize(
    ("words", "state"),
    [
        (("record", "payment", "acme/D1", "120.00", "--on", "2026-03-04"), "cancelled"),
        (("record", "dispute", "acme/D1", "--note", "paid in May"), "cancelled"),
        (("record", "opt-out", "acme/D1", "--medium", "email"), "cancelled"),
        (("record", "opt-out", "acme/D1"), "cancelled"),
        (("record", "hold", "acme/D1"), "cancelled"),
    ],
    ids=lambda words: "-".join(words[1:5]) if isinstance(words, tuple) else words,
)
def test_a_fact_that_comes_after_planning_keeps_the_message_back(
    run: Command, words: tuple[str, ...], state: str
) -> None:
    assert states(run) == {"acme/D1": "queued", "acme/D2": "queued"}
    recorded = run(*words, "--now", NOW)
    assert recorded.returncode == 0, recorded.stderr
    run("dispatch", "--now", NOW)
    assert states(run) == {"acme/D1": state, "acme/D2": "accepted"}


def test_a_stop_keeps_everything_and_a_resume_lets_it_go(run: Command) -> None:
    assert run("stop", "--creditor", "acme", "--why", "wrong name").returncode == 0
    run("dispatch", "--now", NOW)
    assert states(run) == {"acme/D1": "queued", "acme/D2": "queued"}
    assert run("resume", "--creditor", "acme", "--why", "corrected").returncode == 0
    run("dispatch", "--now", NOW)
    assert states(run) == {"acme/D1": "accepted", "acme/D2": "accepted"}


def test_a_part_payment_gives_the_message_a_new_text(run: Command, tmp_path: Path) -> None:
    run("record", "payment", "acme/D1", "20.00", "--on", "2026-03-04", "--now", NOW)
    run("dispatch", "--now", NOW)
    assert states(run) == {"acme/D1": "accepted", "acme/D2": "accepted"}
    (key,) = [
        row["id"]
        for row in json.loads(run("messages", "list", "--json").stdout)
        if row["debtor"] == "acme/D1"
    ]
    text = (tmp_path / "var" / "outbox" / f"{key}.eml").read_text(encoding="utf-8", errors="replace")
    assert "100.00" in text
    assert "120.00" not in text.split("Content-Type: text/html")[0].split("Original")[0]


def test_a_person_can_hold_release_and_cancel(run: Command) -> None:
    ids = {row["debtor"]: row["id"] for row in json.loads(run("messages", "list", "--json").stdout)}
    assert run("messages", "hold", ids["acme/D1"], "--why", "asking the client").returncode == 0
    assert run("messages", "cancel", ids["acme/D2"], "--why", "client withdrew it").returncode == 0
    run("dispatch", "--now", NOW)
    assert states(run) == {"acme/D1": "held", "acme/D2": "cancelled"}
    assert run("messages", "release", ids["acme/D1"]).returncode == 0
    run("dispatch", "--now", NOW)
    assert states(run) == {"acme/D1": "accepted", "acme/D2": "cancelled"}
    assert run("messages", "release", ids["acme/D2"]).returncode == 2
